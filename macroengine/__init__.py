"""Postback templates: parse, check, compile and render them."""

from importlib import import_module

# What type checkers call by this name is true to them; the one of `typing` would cost more than the rest of this file.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from macroengine.catalogue import Dialect, MacroSpec, dialect, dialect_names
    from macroengine.diagnostics import Diagnostic, Fix, PayloadDiagnostic, Severity, Span
    from macroengine.encodings.encoder import SPEEDUPS
    from macroengine.engine import CompiledTemplate, compile_template, render
    from macroengine.errors import (
        CatalogueError,
        LimitError,
        MacroEngineError,
        MissingValueError,
        PayloadError,
        PolicyError,
        RenderError,
        SuppressedError,
        TemplateError,
        UnsupportedError,
    )
    from macroengine.event import Event, Postback, Source
    from macroengine.kinds import HashCase
    from macroengine.limits import Limits
    from macroengine.plan.segments import Default, Missing
    from macroengine.policy import Policy
    from macroengine.postbacks import PostbackSet
    from macroengine.rules import RULES, check
    from macroengine.rules.fixing import Fixed, fix
    from macroengine.template import Template, parse

__all__ = [
    "RULES",
    "SPEEDUPS",
    "CatalogueError",
    "CompiledTemplate",
    "Default",
    "Diagnostic",
    "Dialect",
    "Event",
    "Fix",
    "Fixed",
    "HashCase",
    "LimitError",
    "Limits",
    "MacroEngineError",
    "MacroSpec",
    "Missing",
    "MissingValueError",
    "PayloadDiagnostic",
    "PayloadError",
    "Policy",
    "PolicyError",
    "Postback",
    "PostbackSet",
    "RenderError",
    "Severity",
    "Source",
    "Span",
    "SuppressedError",
    "Template",
    "TemplateError",
    "UnsupportedError",
    "check",
    "compile_template",
    "dialect",
    "dialect_names",
    "fix",
    "parse",
    "render",
]

# Loaded at the first use, with what they need themselves: a program that only raises our errors waits for no parser.
_HOMES = {
    "catalogue": ("Dialect", "MacroSpec", "dialect", "dialect_names"),
    "diagnostics": ("Diagnostic", "Fix", "PayloadDiagnostic", "Severity", "Span"),
    "encodings.encoder": ("SPEEDUPS",),
    "engine": ("CompiledTemplate", "compile_template", "render"),
    "errors": (
        "CatalogueError",
        "LimitError",
        "MacroEngineError",
        "MissingValueError",
        "PayloadError",
        "PolicyError",
        "RenderError",
        "SuppressedError",
        "TemplateError",
        "UnsupportedError",
    ),
    "event": ("Event", "Postback", "Source"),
    "kinds": ("HashCase",),
    "limits": ("Limits",),
    "template": ("Template", "parse"),
    "plan.segments": ("Default", "Missing"),
    "policy": ("Policy",),
    "postbacks": ("PostbackSet",),
    "rules": ("RULES", "check"),
    "rules.fixing": ("Fixed", "fix"),
}

if not TYPE_CHECKING:  # pragma: no branch - nobody runs it otherwise

    def __getattr__(name: str) -> object:
        for home, names in _HOMES.items():
            if name in names:
                value = globals()[name] = getattr(import_module(f"macroengine.{home}"), name)
                return value
        raise AttributeError(f"module 'macroengine' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
