"""What stands around each macro of a component: URLs inside the URL, and JSON.

A component is a path, the name or the value of a parameter, or a fragment. Its text is read as its receivers read it:
each of them decodes it once more. A character has a *level*, which is how often it is encoded, and is seen by all
who decode as often. The level of a place is how often its text is decoded on the way to whoever reads the value.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote

from macroengine.diagnostics import Span, overlapping
from macroengine.language.nodes import Literal, Part, Pieces
from macroengine.plan.decoded import Token, Tokens, strings_of_json, tokens_of


class Escape(Enum):
    """What is done with a value before it is percent-encoded for the outermost URL."""

    PERCENT = auto()
    STRING = auto()
    """Escaped as a part of a JSON string."""
    VALUE = auto()
    """Written as a whole JSON value."""


class Place(NamedTuple):
    """What stands around a macro inside its component."""

    depth: int = 1
    """How many times its value is percent-encoded once everything else is done."""
    escapes: tuple[Escape, ...] = ()
    """What is done before that, in order."""
    part: Part | None = None
    """The part of the innermost URL inside the URL; None where there is none."""
    in_pair: bool = False
    """Whether it is in a parameter of a URL inside the URL."""
    glued: bool = False
    """Whether the text before it begins an escape that the value would complete."""

    @property
    def layers(self) -> int:
        """How many times more often than once the value is percent-encoded."""
        return self.depth - 1 + self.escapes.count(Escape.PERCENT)


class InnerQuery(NamedTuple):
    """The query of a URL inside the URL, in places of the source."""

    opening: Span
    """What is dropped with the last parameter: the encoded `?`, or nothing."""
    pairs: tuple[Span, ...]
    separator: str

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.opening.start, self.pairs[-1].stop)


class Nesting(NamedTuple):
    """What is known of one component."""

    places: dict[int, Place]
    """The place of each macro that has anything around it, by where it starts."""
    queries: tuple[InnerQuery, ...]
    """In source order; outer ones before those inside them."""


NOTHING = Nesting({}, ())

_may_matter = re.compile(r"[%{\[]").search
_HEX = "0123456789abcdefABCDEF"
_ends_in_half_an_escape = re.compile(r"%[0-9A-Fa-f]?\Z").search
_is_scheme_end = re.compile(r"[A-Za-z0-9+.-]\Z").search
_BESIDE_URL = {"?": Part.NAME, "&": Part.NAME, "#": Part.FRAGMENT}
# Deeper nesting is left alone: the limits refuse it long before.
_DEEPEST = 100

# The parts of a URL, and which character ends each; RFC 3986 section 3.
_AFTER_QUERY = {"#": Part.FRAGMENT}
_NEXT: dict[Part, dict[str, Part]] = {
    Part.AUTHORITY: {"/": Part.PATH, "\\": Part.PATH, "?": Part.NAME, **_AFTER_QUERY},
    Part.PATH: {"/": Part.PATH, "?": Part.NAME, **_AFTER_QUERY},
    Part.NAME: {"=": Part.VALUE, "&": Part.NAME, **_AFTER_QUERY},
    Part.VALUE: {"&": Part.NAME, **_AFTER_QUERY},
    Part.FRAGMENT: {},
}
_QUERY = (Part.NAME, Part.VALUE)


def nesting(pieces: Pieces, part: Part) -> Nesting:
    """Return what stands around the macros of a component.

    The work is in proportion to its length.
    """
    if not any(isinstance(piece, Literal) and _may_matter(piece.text) for piece in pieces):
        return NOTHING
    reader = _Reader()
    # In the server there is nothing but itself.
    outside = part in (Part.SCHEME, Part.AUTHORITY)
    for slot in () if outside else _slots([*tokens_of(pieces)], part):
        # A template that begins with JSON is a body, and no URL with JSON in it.
        is_body = part is Part.PATH and slot and slot[0].span.start == 0
        reader.read(slot, _Around(1, (), part), may_be_json=not is_body)
    places = reader.places
    is_in_pair = overlapping(pair for query in reader.queries for pair in query.pairs)
    for piece in pieces:
        if not isinstance(piece, Literal) and is_in_pair(piece.span):
            places[piece.start] = places[piece.start]._replace(in_pair=True)
    for before, piece in pairwise(pieces):
        if isinstance(before, Literal) and not isinstance(piece, Literal):
            place = places.get(piece.start, PLAIN)
            if _is_glued(before.text, place.layers + 1):
                places[piece.start] = place._replace(glued=True)
    queries = sorted(reader.queries, key=lambda query: (query.opening.start, -query.pairs[-1].stop))
    return Nesting(places, tuple(queries))


PLAIN = Place()
"""The place of a macro that has nothing around it."""


def _is_glued(text: str, times: int) -> bool:
    """Say whether a text ends in half an escape when it is decoded less often than `times`."""
    tail = text[len(text.rstrip("%" + _HEX)) :]
    for _ in range(times):
        if "%" not in tail:
            return False
        if _ends_in_half_an_escape(tail):
            return True
        tail = unquote(tail, "latin-1")
    return False


def _slots(tokens: Tokens, part: Part) -> Iterator[Tokens]:
    """Yield what the delimiters of the outermost URL leave of a component."""
    delimiters = {Part.PATH: "/", Part.FRAGMENT: "&="}.get(part, "")
    start = 0
    for index, token in enumerate(tokens):
        if token.level == 0 and token.text and token.text in delimiters:
            yield tokens[start:index]
            start = index + 1
    yield tokens[start:]


class _Around(NamedTuple):
    """What stands around a text."""

    level: int
    json: tuple[tuple[int, Escape], ...]
    """The level of each JSON around it, the outermost first, and what it does to values."""
    part: Part
    in_url: bool = False

    def place(self) -> Place:
        """Return the place of a macro in the text."""
        part = self.part if self.in_url else None
        escapes: list[Escape] = []
        level = self.level
        for start, escape in reversed(self.json):
            escapes += [Escape.PERCENT] * (level - start) + [escape]
            level = start
        return Place(level, tuple(escapes), part)


class _Opening(NamedTuple):
    """Where a URL inside a text begins."""

    start: int
    """The first token of it."""
    level: int
    part: Part
    """The part in which it begins."""
    pair: int | None = None
    """Where the parameter begins whose `=` shows that there is a query."""


class _Reader:
    """Reads the texts of a component, from the outermost to the innermost."""

    def __init__(self) -> None:
        self.places: dict[int, Place] = {}
        self.queries: list[InnerQuery] = []

    def read(self, tokens: Tokens, around: _Around, depth: int = 0, *, may_be_json: bool = True) -> None:
        """Find the places of all macros among the tokens."""
        if not any(token.is_macro for token in tokens):
            return
        if depth > _DEEPEST:
            self._put(tokens, around)
            return
        if may_be_json and tokens[0].text in ("{", "[") and self._read_json(tokens, around, depth):
            return
        opening = _first_opening(tokens, around)
        if opening is None:
            self._put(tokens, around)
            return
        self._put(tokens[: opening.start], around)
        while opening is not None:
            following = _next_opening(tokens, opening, around)
            end = len(tokens) if following is None else _end_before(following)
            self._read_url(tokens, opening, end, around, depth)
            opening = following

    def _put(self, tokens: Tokens, around: _Around) -> None:
        place = around.place()
        for token in tokens:
            if token.is_macro:
                self.places[token.span.start] = place

    def _read_url(self, tokens: Tokens, opening: _Opening, end: int, around: _Around, depth: int) -> None:
        """Take a URL apart, which stands in `tokens[opening.start:end]`."""
        query = _Query(tokens, opening)
        part, start = opening.part, opening.start
        for index in range(opening.start, end):
            token = tokens[index]
            following = _NEXT[part].get(token.text) if token.level <= opening.level else None
            if following is not None:
                self._read_part(tokens[start:index], part, opening.level, around, depth)
                query.meet(index, part, following)
                part, start = following, index + 1
        self._read_part(tokens[start:end], part, opening.level, around, depth)
        query.meet(end, part, Part.FRAGMENT)
        self.queries += query.found()

    def _read_part(self, tokens: Tokens, part: Part, level: int, around: _Around, depth: int) -> None:
        self.read(tokens, _Around(level + 1, around.json, part, in_url=True), depth + 1)

    def _read_json(self, tokens: Tokens, around: _Around, depth: int) -> bool:
        """Take JSON apart; return False where it is none."""
        level = max(tokens[0].level, around.level)
        strings = strings_of_json(tokens, level)
        if strings is None:
            return False
        whole = around._replace(level=level, json=(*around.json, (level, Escape.VALUE)), in_url=False)
        inside = around._replace(level=level, json=(*around.json, (level, Escape.STRING)), in_url=False)
        self._put(tokens, whole)
        for string in strings:
            self.read(string, inside, depth + 1)
        return True


class _Query:
    """Collects the parameters of a URL while it is read."""

    def __init__(self, tokens: Tokens, opening: _Opening) -> None:
        self._tokens = tokens
        self._start: int | None = opening.start if opening.part is Part.NAME else opening.pair
        self._pairs: list[Span] = []
        self._separator: tuple[str, int] | None = None
        self._opening = self._before(self._start)

    def _before(self, start: int | None) -> Span:
        """Return the delimiter before the first parameter."""
        if start is None:
            return Span(0, 0)  # known once a `?` is met
        at = self._tokens[start].span.start if start < len(self._tokens) else self._tokens[-1].span.stop
        before = self._tokens[start - 1] if start else None
        return before.span if before is not None and before.text in ("?", "&") else Span(at, at)

    def meet(self, index: int, part: Part, following: Part) -> None:
        """Take note of the delimiter at `index`, or of the end, which leads from one part to another."""
        if part in _QUERY and following is not Part.VALUE and self._start is not None:
            if following is Part.NAME and not self._separates(self._tokens[index]):
                return
            self._pairs.append(self._span(self._start, index))
            self._start = index + 1
        elif following is Part.NAME:
            self._opening = self._tokens[index].span
            self._start = index + 1

    def _separates(self, token: Token) -> bool:
        # All of one kind, so that one can stand for another.
        kind = (token.text, token.level)
        self._separator = self._separator or kind
        return self._separator == kind

    def _span(self, start: int, end: int) -> Span:
        if start < end:
            return Span(self._tokens[start].span.start, self._tokens[end - 1].span.stop)
        at = self._tokens[start - 1].span.stop
        return Span(at, at)

    def found(self) -> list[InnerQuery]:
        """Return the query, if there is one."""
        if not self._pairs:
            return []
        char, level = self._separator or ("&", 0)
        separator = f"%{'25' * (level - 1)}26" if level else char
        return [InnerQuery(self._opening, tuple(self._pairs), separator)]


def _first_opening(tokens: Tokens, around: _Around) -> _Opening | None:
    """Return where the first URL begins that is encoded deeper than the text around it."""
    in_json = bool(around.json) and around.json[-1][0] == around.level
    for index, token in enumerate(tokens):
        least = 1 if in_json else around.level
        if token.text == "=" and token.level >= least:
            level = max(token.level, around.level)
            return _Opening(index + 1, level, Part.VALUE, _pair_start(tokens, index, level))
        if token.text == ":":
            # In a string of JSON a URL need not be encoded to be one.
            found = _scheme(tokens, index)
            if found is not None and found >= (0 if in_json else around.level):
                return _Opening(index + 3, max(found, around.level), Part.AUTHORITY)
    return None


def _next_opening(tokens: Tokens, opening: _Opening, around: _Around) -> _Opening | None:
    """Return where a URL goes on that stands around this one, though nothing before said that there is one."""
    if opening.level == around.level:
        return None
    for index in range(opening.start, len(tokens)):
        token = tokens[index]
        if not around.level <= token.level < opening.level:
            continue
        if token.text in _BESIDE_URL:
            return _Opening(index + 1, token.level, _BESIDE_URL[token.text])
        if token.text == "=":
            return _Opening(index + 1, token.level, Part.VALUE, _pair_start(tokens, index, token.level, around.level))
        if token.text == ":" and (level := _scheme(tokens, index)) is not None and level < opening.level:
            return _Opening(index + 3, level, Part.AUTHORITY)
    return None


def _end_before(opening: _Opening) -> int:
    """Return where the URL ends behind which another one goes on."""
    return opening.start - (3 if opening.part is Part.AUTHORITY else 1)


def _scheme(tokens: Tokens, colon: int) -> int | None:
    """Return how deep `scheme://` is encoded, whose colon this is; None where it is none."""
    mark = tokens[colon : colon + 3]
    if "".join(token.text for token in mark) != "://" or colon == 0:
        return None
    before = tokens[colon - 1]
    return max(token.level for token in mark) if before.is_macro or _is_scheme_end(before.text) else None


def _pair_start(tokens: Tokens, equals: int, level: int, least: int = 0) -> int:
    """Return where the parameter begins whose `=` this is."""
    for index in range(equals - 1, -1, -1):
        token = tokens[index]
        if least <= token.level <= level and token.text in ("?", "&"):
            return index + 1
    return 0
