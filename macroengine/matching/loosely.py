"""Fit texts that differ from the template only in how often its own text is encoded."""

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from macroengine.matching.decoding import unquote
from macroengine.matching.faults import DOUBLE_ENCODED, NOT_ENCODED, Fault
from macroengine.matching.fitting import fit
from macroengine.matching.flat import Fit, Misfit, Part
from macroengine.matching.shape import Group, Pieces, merged

# RFC 3986, section 2.2, and the percent sign of escapes.
_LEGAL = ":/?#[]@!$&'()*+,;=%"


def as_sent(pieces: Pieces, part: Part, fitted: Fit) -> Fit:
    """Fit a text that did not fit as written after encoding illegal characters in the template, as clients do."""
    if isinstance(fitted, Misfit):
        for legal in (_LEGAL, _LEGAL.replace("[]", "")):
            other = fit(_with_texts(pieces, partial(quote, safe=legal, errors="surrogatepass")), part)
            if not isinstance(other, Misfit):
                return other
    return fitted


def fit_as_sent(pieces: Pieces, part: Part) -> Fit:
    """Fit a text as it is written, or else as clients send it."""
    return as_sent(pieces, part, fit(pieces, part))


def depth_fault(pieces: Pieces, part: Part) -> Fault | None:
    """Return the fault of a text that fits after one more or one less encoding; None if it does not fit."""
    for fault, change in ((NOT_ENCODED, unquote), (DOUBLE_ENCODED, _encoded_again)):
        changed = _with_texts(pieces, change)
        if changed != pieces and not isinstance(fit(changed, part), Misfit):
            return fault
    return None


def _encoded_again(text: str) -> str:
    return text.replace("%", "%25")


def _with_texts(pieces: Pieces, change: Callable[[str], str]) -> Pieces:
    if any(isinstance(piece, Group) for piece in pieces):
        return pieces
    return merged(change(piece) if isinstance(piece, str) else piece for piece in pieces)
