"""Postback templates: parse, check, compile and render them."""

from macroengine.catalogue import Dialect, MacroSpec, dialect, dialect_names
from macroengine.diagnostics import Diagnostic, Fix, PayloadDiagnostic, Severity, Span
from macroengine.encoding import SPEEDUPS
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
from macroengine.nodes import Template
from macroengine.parser import parse
from macroengine.plan import Missing
from macroengine.policy import Policy
from macroengine.postbacks import PostbackSet
from macroengine.rules import RULES, check
from macroengine.rules.fixing import Fixed, fix

__all__ = [
    "RULES",
    "SPEEDUPS",
    "CatalogueError",
    "CompiledTemplate",
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
