"""The kinds of loss in a translation, with the code and name of their diagnostics."""

from enum import Enum
from typing import NamedTuple

from macroengine.diagnostics import Diagnostic, Severity, Span, printable

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO


class Kind(Enum):
    """A kind of loss. The value is its code, its severity and its meaning. Codes are never reused."""

    UNTRANSLATED = ("MT001", _E, "the other platform has nothing for this macro; UNTRANSLATED-name replaces it")
    FORBIDDEN = ("MT002", _E, "the policy forbids this value; UNTRANSLATED-name replaces it")
    READ_AS_MACRO = ("MT003", _E, "the other platform reads literal text as a macro")
    UNAVAILABLE = ("MT004", _E, "the value is never there for the policy's kind of postback")
    WITHHELD = ("MT005", _W, "the value is not there for events that are attributed to others")
    CONVERTED = ("MT006", _W, "the same value in another unit, case or encoding, or written differently")
    APPROXIMATE = ("MT007", _W, "nearly the same value, or not in all cases")
    RESPELLED = ("MT008", _I, "the same value, but translating back gives another name of the macro")

    @property
    def code(self) -> str:
        """The code of its diagnostics."""
        return self.value[0]

    @property
    def severity(self) -> Severity:
        """The severity of its diagnostics."""
        return self.value[1]

    @property
    def meaning(self) -> str:
        """What it means for a macro."""
        return self.value[2]

    @property
    def label(self) -> str:
        """The name of its diagnostics."""
        return self.name.lower().replace("_", "-")


class Loss(NamedTuple):
    """A loss for one macro."""

    kind: Kind
    message: str
    hint: str | None = None

    def at(self, span: Span, source: str) -> Diagnostic:
        """Return the diagnostic for this part of the source."""
        kind, message, hint = self
        return Diagnostic(kind.code, kind.label, kind.severity, printable(message), span, source, hint)


# From least to worst.
_ORDER = (Kind.RESPELLED, Kind.APPROXIMATE, Kind.CONVERTED)


def badness(losses: tuple[Loss, ...]) -> tuple[int, int]:
    """Return the sort key of counterparts: the worst loss, then the number of losses."""
    return max((1 + _ORDER.index(loss.kind) for loss in losses), default=0), len(losses)
