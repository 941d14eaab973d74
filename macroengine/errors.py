"""Every exception of the library.

MacroEngineError
├── TemplateError (ValueError)              a template that cannot be used
│   ├── PolicyError                         its policy forbids it, and nothing else is wrong
│   └── LimitError                          it is too large
├── RenderError                             a good template met a bad event
│   ├── MissingValueError (LookupError)     a value that must be there is not
│   └── SuppressedError                     this postback is not sent for this event
├── PayloadError (ValueError)               data that a platform sent, or that is to be sent, is wrong
├── UnsupportedError (NotImplementedError)  a backend, or any rendering, cannot express this template
└── CatalogueError (ValueError)             a data file or an event file is wrong
"""

from collections.abc import Sequence

from macroengine.diagnostics import Diagnostic, PayloadDiagnostic, Severity, Span


class MacroEngineError(Exception):
    """What all exceptions of the library are."""


LIMIT_EXCEEDED = "ME000"
"""The code of what LimitError says; all other codes are those of rules."""


class TemplateError(MacroEngineError, ValueError):
    """A template that cannot be used, with every reason why."""

    def __init__(self, source: str, diagnostics: Sequence[Diagnostic]) -> None:
        # Both go on to Exception, so that the error pickles.
        super().__init__(source, tuple(diagnostics))
        self.source = source
        self.diagnostics = tuple(diagnostics)

    def __str__(self) -> str:
        return "\n".join(map(str, self.diagnostics))


class PolicyError(TemplateError):
    """A template that its policy forbids; nothing else is wrong with it."""


class LimitError(TemplateError):
    """A template that is larger than the limits allow."""

    @classmethod
    def at(cls, source: str, span: Span, message: str) -> "LimitError":
        """Return the error for the text at `span`."""
        hint = "shorten the template, or raise the limit with limits=Limits(...)"
        return cls(source, [Diagnostic(LIMIT_EXCEEDED, "limit-exceeded", Severity.ERROR, message, span, source, hint)])


class RenderError(MacroEngineError):
    """A value that cannot be sent. `macro` is the name of the macro it was for, as the template spells it."""

    def __init__(self, message: str, macro: str | None = None) -> None:
        super().__init__(message, macro)
        self.macro = macro

    def __str__(self) -> str:
        return str(self.args[0])


class MissingValueError(RenderError, LookupError):
    """A value that the template cannot do without is missing."""


class SuppressedError(RenderError):
    """This postback is not sent for this event: another kind, or not attributed."""


class PayloadError(MacroEngineError, ValueError):
    """A payload that cannot be used, with every reason why."""

    def __init__(self, diagnostics: Sequence[Diagnostic] | Sequence[PayloadDiagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic | PayloadDiagnostic, ...] = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return "\n".join(map(str, self.diagnostics))


class UnsupportedError(MacroEngineError, NotImplementedError):
    """A backend cannot express this plan, or no event has a value for a macro; the message says what to do instead."""


class CatalogueError(MacroEngineError, ValueError):
    """A catalogue that cannot be used, or an event that does not fit it."""
