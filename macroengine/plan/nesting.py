"""Find out what surrounds each macro of a component: nested URLs, and JSON.

A component is a path, the name or value of a parameter, or a fragment. Its text is read as its receivers read it, each
of which decodes it once more. The *level* of a character is how often it is encoded; it is visible after as many
decodings. The level of a place is how often its text is decoded on the way to the reader of the value.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, auto
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote

from macroengine.diagnostics import overlapping
from macroengine.language.nodes import Literal, Part, Pieces
from macroengine.plan.decoded import Tokens, strings_of_json, tokens_of, unescaped
from macroengine.plan.inner_urls import (
    NEXT_PARTS,
    PARTS_AT_SEMICOLONS,
    InnerQuery,
    Opening,
    Parameters,
    end_before,
    first_opening,
    has_semicolons,
    next_opening,
)


class Escape(Enum):
    """How a value is escaped before it is percent-encoded for the outermost URL."""

    PERCENT = auto()
    STRING = auto()
    """Escape it for the inside of a JSON string."""
    VALUE = auto()
    """Write it as a whole JSON value."""
    NAME = auto()
    """Write it as the name of a member of a JSON object."""
    HEADER = auto()
    """Check that a header may contain it."""


class Place(NamedTuple):
    """What surrounds a macro inside its component."""

    depth: int = 1
    """How many times its value is percent-encoded after everything else; 0 if it is not in a URL."""
    escapes: tuple[Escape, ...] = ()
    """The escapes before that, in order."""
    part: Part | None = None
    """The part of the innermost nested URL; None if there is none."""
    in_pair: bool = False
    """Whether it is in a parameter of a nested URL."""
    url_part: Part | None = None
    """The part of the innermost nested URL, also if JSON in that part surrounds the macro."""
    glued: bool = False
    """Whether the text before it begins an escape that the value would complete."""

    @property
    def layers(self) -> int:
        """How many more times than once the value is percent-encoded."""
        return self.depth - 1 + self.escapes.count(Escape.PERCENT)


class Nesting(NamedTuple):
    """The nesting in one component."""

    places: dict[int, Place]
    """The place of each macro that is nested, by its start."""
    queries: tuple[InnerQuery, ...]
    """In source order. Outer ones come before those inside them."""


NOTHING = Nesting({}, ())

_may_matter = re.compile(r"[%{\[]").search
_HEX = "0123456789abcdefABCDEF"
_ends_in_half_an_escape = re.compile(r"%[0-9A-Fa-f]?\Z").search
# Deeper nesting is not read: templates with that much are too deep for the limits.
_DEEPEST = 100


def nesting(pieces: Pieces, part: Part) -> Nesting:
    """Return what surrounds the macros of a component.

    Takes time proportional to its length.
    """
    if not any(isinstance(piece, Literal) and _may_matter(piece.text) for piece in pieces):
        return NOTHING
    reader = _Reader()
    # Nothing can be nested in the server.
    outside = part in (Part.SCHEME, Part.AUTHORITY)
    for slot in () if outside else _slots([*tokens_of(pieces)], part):
        # A template that begins with JSON is a body, not a URL with JSON in it.
        is_body = part is Part.PATH and slot and slot[0].span.start == 0
        reader.read(slot, _Around(1, (), part), may_be_json=not is_body)
    return _completed(reader, [pieces])


PLAIN = Place()
"""The place of a macro that is not nested."""


def string_nesting(strings: Sequence[Pieces]) -> Nesting:
    """Return what surrounds the macros in strings of a JSON body, where a URL need not be encoded."""
    reader = _Reader()
    for pieces in strings:
        reader.read(unescaped([*tokens_of(pieces)], 0), _Around(0, ((0, Escape.STRING),), Part.VALUE))
    return _completed(reader, strings)


def _completed(reader: "_Reader", components: Iterable[Pieces]) -> Nesting:
    """Return the findings of a reader, completed by what depends on the queries and on the text before each macro."""
    places = reader.places
    is_in_pair = overlapping(pair for query in reader.queries for pair in query.pairs)
    for pieces in components:
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


def _is_glued(text: str, times: int) -> bool:
    """Say whether a text, decoded less than `times` times, ends in half an escape."""
    tail = text[len(text.rstrip("%" + _HEX)) :]
    for _ in range(times):
        if "%" not in tail:
            return False
        if _ends_in_half_an_escape(tail):
            return True
        tail = unquote(tail, "latin-1")
    return False


def _slots(tokens: Tokens, part: Part) -> Iterator[Tokens]:
    """Yield the stretches of a component between delimiters of the outermost URL."""
    delimiters = {Part.PATH: "/", Part.FRAGMENT: "&="}.get(part, "")
    start = 0
    for index, token in enumerate(tokens):
        if token.level == 0 and token.text and token.text in delimiters:
            yield tokens[start:index]
            start = index + 1
    yield tokens[start:]


class _Around(NamedTuple):
    """What surrounds a text."""

    level: int
    json: tuple[tuple[int, Escape], ...]
    """The level of each JSON around it, outermost first, and how it escapes values."""
    part: Part
    in_url: bool = False
    url_part: Part | None = None

    def place(self) -> Place:
        """Return the place of a macro in the text."""
        part = self.part if self.in_url else None
        escapes: list[Escape] = []
        level = self.level
        for start, escape in reversed(self.json):
            escapes += [Escape.PERCENT] * (level - start) + [escape]
            level = start
        return Place(level, tuple(escapes), part, url_part=self.url_part)


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
        in_json = bool(around.json) and around.json[-1][0] == around.level
        opening = first_opening(tokens, around.level, in_json=in_json)
        if opening is None:
            self._put(tokens, around)
            return
        self._put(tokens[: opening.start], around)
        first = opening
        while opening is not None:
            following = next_opening(tokens, opening, around.level)
            end = len(tokens) if following is None else end_before(following)
            # A URL that continues at a `=` has lost its other parameters to the URL before.
            is_whole = opening is first or opening.part is not Part.VALUE
            is_split = is_whole and has_semicolons(tokens, opening, end)
            self._read_url(tokens[:end], opening, around, depth, is_split=is_split)
            opening = following

    def _put(self, tokens: Tokens, around: _Around) -> None:
        place = around.place()
        for token in tokens:
            if token.is_macro:
                self.places[token.span.start] = place

    def _read_url(self, tokens: Tokens, opening: Opening, around: _Around, depth: int, *, is_split: bool) -> None:
        """Read the URL from its opening on. `is_split` says that semicolons separate its parameters."""
        query = Parameters(tokens, opening)
        part, start = opening.part, opening.start
        parts = PARTS_AT_SEMICOLONS if is_split else NEXT_PARTS
        if is_split:
            query.begin(opening)
        for index in range(opening.start, len(tokens)):
            token = tokens[index]
            following = parts[part].get(token.text) if token.level <= opening.level else None
            if following is not None:
                self._read_part(tokens[start:index], part, opening.level, around, depth)
                query.meet(index, part, following)
                part, start = following, index + 1
        self._read_part(tokens[start:], part, opening.level, around, depth)
        query.meet(len(tokens), part, Part.FRAGMENT)
        self.queries += query.found()

    def _read_part(self, tokens: Tokens, part: Part, level: int, around: _Around, depth: int) -> None:
        self.read(tokens, _Around(level + 1, around.json, part, in_url=True, url_part=part), depth + 1)

    def _read_json(self, tokens: Tokens, around: _Around, depth: int) -> bool:
        """Read the tokens as JSON; return False if they are not JSON."""
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
