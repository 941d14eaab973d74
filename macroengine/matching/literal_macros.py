"""Find macros that were sent without being replaced."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

from macroengine.catalogue import Dialect
from macroengine.catalogue.aliases import documented_by
from macroengine.catalogue.foreign import foreign_texts
from macroengine.diagnostics import Span, overlapping
from macroengine.language.syntax import Syntax
from macroengine.matching.decoding import layers

# A URL may consist of nothing but macros.
_MAX_LISTED = 50

Place = tuple[str, Span]
"""A parameter, and the place of its value in the URL."""


def literal_macros(
    url: str, values: Iterable[Place], others: Iterable[Place], home: Dialect
) -> Iterator[tuple[str, str, Span]]:
    """Yield the parameter, the macro and the place of each macro in the URL: of the dialect, or of any other platform.

    The other places are wider than those of values, and are skipped if a value inside them contains a macro.
    """
    found = [*islice(_found(url, values, home), _MAX_LISTED)]
    is_known = overlapping(span for _, _, span in found)
    yield from found
    yield from islice(_found(url, (place for place in others if not is_known(place[1])), home), _MAX_LISTED)


def _found(url: str, places: Iterable[Place], home: Dialect) -> Iterator[tuple[str, str, Span]]:
    may_open = _openers(home.syntax).search
    for parameter, span in places:
        text = url[span.start : span.stop]
        macro = next((found for layer in layers(text) if may_open(layer) for found in _macros(layer, home)), None)
        if macro is not None:
            at = url.find(macro, span.start, span.stop)
            yield parameter, macro, span if at < 0 else Span(at, at + len(macro))


def is_documented(name: str, home: Dialect) -> bool:
    """Say whether a dialect has a macro with this name, alone or in a family, ignoring case."""
    return home.named(name) is not None or home.member(name) is not None


@lru_cache(maxsize=64)
def _openers(syntax: Syntax) -> re.Pattern[str]:
    """Return the pattern for the beginning of a macro of any platform."""
    own = "|".join(re.escape(opener) for opener in syntax.openers)
    return re.compile(rf"[{{\[<]|%%|__|##|\$\$|@{{|{own}")


def _macros(text: str, home: Dialect) -> Iterator[str]:
    """Yield the macros in a text: those with a documented name, and those in a syntax that is used for nothing else."""
    for match in home.syntax.find.finditer(text):
        reading = home.syntax.read(match[0])
        if reading is not None and (is_documented(reading.name, home) or _is_macro(match[0], text)):
            yield match[0]
    for found in foreign_texts(text, home.syntax):
        written = text[found.span.start : found.span.stop]
        if found.syntax.certain or documented_by(found.name, found.syntax.platforms or ()) or _is_macro(written, text):
            yield written


def _is_macro(written: str, text: str) -> bool:
    """Say whether a whole value in macro delimiters is a macro, even if its name is not documented.

    Words in parentheses are values: `(direct)`, `(not set)`. A version in brackets is a value, too.
    """
    return written == text and not written.startswith(("(", "["))
