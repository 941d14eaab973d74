"""Postback templates: parse, check, compile and render them."""

from importlib import import_module

__version__ = "0.2.0"

# Type checkers treat any name spelled like this as true. Importing it from `typing` would take longer than the rest of
# this file.
TYPE_CHECKING = False

# `X as X` marks an import as a re-export for type checkers.
if TYPE_CHECKING:
    from macroengine.catalogue import (
        Dialect as Dialect,
        MacroSpec as MacroSpec,
        dialect as dialect,
        dialect_names as dialect_names,
    )
    from macroengine.detection.detect import Detected as Detected, detect as detect
    from macroengine.compiled_request import CompiledRequest as CompiledRequest, compile_request as compile_request
    from macroengine.compiled_template import CompiledTemplate as CompiledTemplate
    from macroengine.diagnostics import (
        Diagnostic as Diagnostic,
        Fix as Fix,
        PayloadDiagnostic as PayloadDiagnostic,
        Severity as Severity,
        Span as Span,
    )
    from macroengine.encodings.encoder import SPEEDUPS as SPEEDUPS
    from macroengine.engine import (
        compile_template as compile_template,
        match as match,
        render as render,
    )
    from macroengine.errors import (
        CatalogueError as CatalogueError,
        LimitError as LimitError,
        MacroEngineError as MacroEngineError,
        MissingValueError as MissingValueError,
        PayloadError as PayloadError,
        PolicyError as PolicyError,
        RenderError as RenderError,
        SuppressedError as SuppressedError,
        TemplateError as TemplateError,
        UnsupportedError as UnsupportedError,
    )
    from macroengine.event import Event as Event, Postback as Postback, Source as Source
    from macroengine.kinds import HashCase as HashCase
    from macroengine.limits import Limits as Limits
    from macroengine.matching.result import Match as Match, Reading as Reading, ReceivedPair as ReceivedPair
    from macroengine.observing import Observation as Observation
    from macroengine.plan.segments import Default as Default, Missing as Missing
    from macroengine.policy import Policy as Policy
    from macroengine.postbacks import PostbackSet as PostbackSet
    from macroengine.redaction import redact as redact
    from macroengine.request import PreparedRequest as PreparedRequest, Request as Request, Signature as Signature
    from macroengine.request_template import RequestTemplate as RequestTemplate, parse_request as parse_request
    from macroengine.rules import RULES as RULES, check as check
    from macroengine.rules.fixing import Fixed as Fixed, fix as fix
    from macroengine.rules.requests import check_request as check_request
    from macroengine.template import Template as Template, parse as parse
    from macroengine.translation.translate import Translation as Translation, translate as translate
    from macroengine.workspace.preview import Preview as Preview, preview as preview

# Where each public name is defined. A module is loaded when one of its names is first used, so a program that only
# catches errors does not load the parser.
_HOMES = {
    "catalogue": ("Dialect", "MacroSpec", "dialect", "dialect_names"),
    "detection.detect": ("Detected", "detect"),
    "compiled_request": ("CompiledRequest", "compile_request"),
    "diagnostics": ("Diagnostic", "Fix", "PayloadDiagnostic", "Severity", "Span"),
    "encodings.encoder": ("SPEEDUPS",),
    "compiled_template": ("CompiledTemplate",),
    "engine": ("compile_template", "match", "render"),
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
    "matching.result": ("Match", "Reading", "ReceivedPair"),
    "template": ("Template", "parse"),
    "observing": ("Observation",),
    "plan.segments": ("Default", "Missing"),
    "policy": ("Policy",),
    "postbacks": ("PostbackSet",),
    "redaction": ("redact",),
    "request": ("PreparedRequest", "Request", "Signature"),
    "request_template": ("RequestTemplate", "parse_request"),
    "rules": ("RULES", "check"),
    "rules.requests": ("check_request",),
    "rules.fixing": ("Fixed", "fix"),
    "translation.translate": ("Translation", "translate"),
    "workspace.preview": ("Preview", "preview"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

if not TYPE_CHECKING:  # pragma: no branch - always true when run
    __all__ = sorted(_HOME_OF)  # noqa: PLE0605 - names come from the table

    def __getattr__(name: str) -> object:
        if name not in _HOME_OF:
            raise AttributeError(f"module 'macroengine' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"macroengine.{_HOME_OF[name]}"), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
