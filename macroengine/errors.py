"""Every exception of the library.

MacroEngineError
├── TemplateError (ValueError)              the template cannot be used
│   ├── PolicyError                         the policy forbids it, and nothing else is wrong
│   └── LimitError                          it is too large
├── RenderError                             the template is valid, but this event cannot be sent
│   ├── MissingValueError (LookupError)     a required value is missing
│   └── SuppressedError                     the postback is not sent for this event
├── PayloadError (ValueError)               data from a platform, or to be sent to one, is wrong
├── UnsupportedError (NotImplementedError)  a backend, or the library, cannot express this template
└── CatalogueError (ValueError)             a data file or an event file is wrong
"""

from collections.abc import Sequence

from macroengine.diagnostics import Diagnostic, PayloadDiagnostic, Severity, Span


class MacroEngineError(Exception):
    """The base class of all exceptions of the library."""


LIMIT_EXCEEDED = "ME000"
"""The code of every LimitError; all other codes are those of rules."""


class TemplateError(MacroEngineError, ValueError):
    """A template cannot be used. The exception lists all of its errors."""

    def __init__(self, source: str, diagnostics: Sequence[Diagnostic]) -> None:
        # Pass both to Exception, so that the error pickles.
        super().__init__(source, tuple(diagnostics))
        self.source = source
        self.diagnostics = tuple(diagnostics)

    def __str__(self) -> str:
        return "\n".join(map(str, self.diagnostics))


class PolicyError(TemplateError):
    """The policy forbids the template; nothing else is wrong with it."""


class LimitError(TemplateError):
    """A template is larger than the limits allow."""

    @classmethod
    def at(cls, source: str, span: Span, message: str) -> "LimitError":
        """Return the error for the text at `span`."""
        hint = "shorten the template, or raise the limit with limits=Limits(...)"
        return cls(source, [Diagnostic(LIMIT_EXCEEDED, "limit-exceeded", Severity.ERROR, message, span, source, hint)])


class RenderError(MacroEngineError):
    """A value cannot be sent. `macro` is the name of its macro, as the template spells it."""

    def __init__(self, message: str, macro: str | None = None) -> None:
        super().__init__(message, macro)
        self.macro = macro

    def __str__(self) -> str:
        return str(self.args[0])


class MissingValueError(RenderError, LookupError):
    """A required value is missing."""


class SuppressedError(RenderError):
    """The postback is not sent for this event: it is of another kind, or not attributed to the network."""


class PayloadError(MacroEngineError, ValueError):
    """A payload cannot be used. The exception lists all of its errors."""

    def __init__(self, diagnostics: Sequence[Diagnostic] | Sequence[PayloadDiagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic | PayloadDiagnostic, ...] = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return "\n".join(map(str, self.diagnostics))


class UnsupportedError(MacroEngineError, NotImplementedError):
    """A backend cannot express the plan, or no event can have a value for a macro; the message says what to do."""


class CatalogueError(MacroEngineError, ValueError):
    """A catalogue is invalid, or an event does not match it."""
