"""Nested URLs: where each begins, where it continues, and its parameters."""

import re
from typing import NamedTuple

from macroengine.caching import late_pattern
from macroengine.diagnostics import Span
from macroengine.language.nodes import Part
from macroengine.plan.decoded import Token, Tokens

_is_scheme_end = re.compile(r"[A-Za-z0-9+.-]\Z").search
_BESIDE_URL = {"?": Part.NAME, "&": Part.NAME, "#": Part.FRAGMENT}
# The parts of a URL, and the character that ends each; RFC 3986 section 3.
_AFTER_QUERY = {"#": Part.FRAGMENT}
NEXT_PARTS: dict[Part, dict[str, Part]] = {
    Part.AUTHORITY: {"/": Part.PATH, "\\": Part.PATH, "?": Part.NAME, **_AFTER_QUERY},
    Part.PATH: {"/": Part.PATH, "?": Part.NAME, **_AFTER_QUERY},
    Part.NAME: {"=": Part.VALUE, "&": Part.NAME, **_AFTER_QUERY},
    Part.VALUE: {"&": Part.NAME, **_AFTER_QUERY},
    Part.FRAGMENT: {},
}
# The same in a query that is separated by semicolons.
PARTS_AT_SEMICOLONS: dict[Part, dict[str, Part]] = {
    **NEXT_PARTS,
    Part.NAME: {"=": Part.VALUE, ";": Part.NAME, **_AFTER_QUERY},
    Part.VALUE: {";": Part.NAME, **_AFTER_QUERY},
}
_QUERY = (Part.NAME, Part.VALUE)
_PAIR = late_pattern(r";[^/:;?#&=]+=")


class InnerQuery(NamedTuple):
    """The query of a nested URL, as places in the source."""

    opening: Span
    """The span that is dropped with the last parameter: the encoded `?`, or an empty one."""
    pairs: tuple[Span, ...]
    separator: str

    @property
    def span(self) -> Span:
        """Where it is."""
        return Span(self.opening.start, self.pairs[-1].stop)


class Opening(NamedTuple):
    """Where a nested URL begins."""

    start: int
    """Its first token."""
    level: int
    part: Part
    """The part of the URL in which it begins."""
    pair: int | None = None
    """The start of the parameter whose `=` shows that there is a query."""


class Parameters:
    """Collects the parameters of a URL while it is read."""

    def __init__(self, tokens: Tokens, opening: Opening) -> None:
        self._tokens = tokens
        self._start: int | None = opening.start if opening.part is Part.NAME else opening.pair
        self._pairs: list[Span] = []
        self._separator: tuple[str, int, str] | None = None
        self._opening = self._before(self._start)

    def begin(self, opening: Opening) -> None:
        """Record the semicolons before the `=` that shows that there is a query."""
        for index in range(opening.start if opening.pair is None else opening.pair, opening.start):
            token = self._tokens[index]
            if token.text == ";" and token.level <= opening.level:
                self.meet(index, Part.NAME, Part.NAME)

    def _before(self, start: int | None) -> Span:
        """Return the delimiter before the first parameter."""
        if start is None:
            return Span(0, 0)  # unknown until a `?` is found
        at = self._tokens[start].span.start if start < len(self._tokens) else self._tokens[-1].span.stop
        before = self._tokens[start - 1] if start else None
        return before.span if before is not None and before.text in ("?", "&") else Span(at, at)

    def meet(self, index: int, part: Part, following: Part) -> None:
        """Record the delimiter at `index`, or the end, which leads from one part to another."""
        if part in _QUERY and following is not Part.VALUE and self._start is not None:
            if following is Part.NAME and not self._separates(self._tokens[index]):
                return
            self._pairs.append(self._span(self._start, index))
            self._start = index + 1
        elif following is Part.NAME:
            self._opening = self._tokens[index].span
            self._start = index + 1

    def _separates(self, token: Token) -> bool:
        # All separators must be equal, so that one can replace another.
        kind = (token.text, token.level, token.digits)
        self._separator = self._separator or kind
        return self._separator == kind

    def _span(self, start: int, end: int) -> Span:
        if start < end:
            return Span(self._tokens[start].span.start, self._tokens[end - 1].span.stop)
        at = self._tokens[start - 1].span.stop if start else self._tokens[0].span.start
        return Span(at, at)

    def found(self) -> list[InnerQuery]:
        """Return the query, if there is one."""
        if not self._pairs:
            return []
        char, level, digits = self._separator or ("&", 0, "")
        separator = f"%{'25' * (level - 1)}{digits}" if level else char
        return [InnerQuery(self._opening, tuple(self._pairs), separator)]


def has_semicolons(tokens: Tokens, opening: Opening, end: int) -> bool:
    """Say whether semicolons separate the parameters of a URL: it has `;name=` and no `&`."""
    start = opening.start if opening.pair is None else opening.pair
    read = tokens[start:end]
    if opening.part is Part.FRAGMENT or not any(token.text == ";" for token in read):
        return False
    if start and tokens[start - 1].text == "&":
        return False
    # Neither a macro nor a deeper escape is a delimiter.
    visible = (token.text or "/" if token.level <= opening.level else "%" for token in read)
    text = "".join(visible).partition("#")[0]
    if opening.part not in _QUERY:
        text = text.partition("?")[2]
    return "&" not in text and _PAIR.search(text) is not None


def first_opening(tokens: Tokens, around: int, *, in_json: bool) -> Opening | None:
    """Return where the first URL begins that is encoded more deeply than the surrounding text, whose level is `around`.

    In a JSON string, a URL need not be encoded.
    """
    for index, token in enumerate(tokens):
        least = 1 if in_json else around
        if token.text == "=" and token.level >= least:
            level = max(token.level, around)
            return Opening(index + 1, level, Part.VALUE, _pair_start(tokens, index, level))
        if token.text == ":":
            found = _scheme(tokens, index)
            if found is not None and found >= (0 if in_json else around):
                return Opening(index + 3, max(found, around), Part.AUTHORITY)
    return None


def next_opening(tokens: Tokens, opening: Opening, around: int) -> Opening | None:
    """Return where an outer URL continues whose beginning was not visible.

    The level of the text around both URLs is `around`.
    """
    if opening.level == around:
        return None
    for index in range(opening.start, len(tokens)):
        token = tokens[index]
        if not around <= token.level < opening.level:
            continue
        if token.text in _BESIDE_URL:
            return Opening(index + 1, token.level, _BESIDE_URL[token.text])
        if token.text == "=":
            return Opening(index + 1, token.level, Part.VALUE, _pair_start(tokens, index, token.level, around))
        if token.text == ":" and (level := _scheme(tokens, index)) is not None and level < opening.level:
            return Opening(index + 3, level, Part.AUTHORITY)
    return None


def end_before(opening: Opening) -> int:
    """Return the end of the URL before another one continues."""
    return opening.start - (3 if opening.part is Part.AUTHORITY else 1)


def _scheme(tokens: Tokens, colon: int) -> int | None:
    """Return the level of the `scheme://` with this colon; None if there is none."""
    mark = tokens[colon : colon + 3]
    if "".join(token.text for token in mark) != "://" or colon == 0:
        return None
    before = tokens[colon - 1]
    return max(token.level for token in mark) if before.is_macro or _is_scheme_end(before.text) else None


def _pair_start(tokens: Tokens, equals: int, level: int, least: int = 0) -> int:
    """Return the start of the parameter with this `=`."""
    for index in range(equals - 1, -1, -1):
        token = tokens[index]
        if least <= token.level <= level and token.text in ("?", "&"):
            return index + 1
    return 0
