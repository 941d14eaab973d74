"""The shape of a plan: its texts and values, split at the delimiters that a receiver of the URL splits at."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from macroengine.plan.segments import Absent, Missing, Query, Refused, Segment, Step, Text, Value
from macroengine.rendering.steps import default_text

_LAYERS = frozenset([Step.PERCENT, Step.COMPONENT, Step.FORM])
_FIRST_NAME = re.compile(r"&|[^/:?#&=]+=")
_SEMICOLON_PAIR = re.compile(r";[^/:;?#&=]+=")
_NO_NAME = "/"
_escape = re.compile("%[0-9A-Fa-f]{2}")


class Hole(NamedTuple):
    """The place of a value in a template. Without a value, it is a macro that cannot be rendered: any text fits."""

    number: int
    """Its number in the template."""
    macro: str
    value: Value | None

    @property
    def depth(self) -> int:
        """How many times the value is percent-encoded after all other steps."""
        depth = 0
        for step in reversed(self.value.steps if self.value else ()):
            if step not in _LAYERS:
                break
            depth += 1
        return depth

    @property
    def absent(self) -> str | None:
        """The text for a missing value; None if it cannot be distinguished from a value."""
        value = self.value
        return None if value is None or isinstance(value.missing, Missing) else default_text(value)

    @property
    def is_dropped(self) -> bool:
        """Whether its parameter is dropped if the value is missing."""
        return self.value is not None and self.value.missing is Missing.DROP

    def may_hold(self, separator: str) -> bool:
        """Say whether a value may contain a separator as it is written in the URL."""
        value = self.value
        if value is None or separator == "&":
            return False
        is_raw = self.depth == 0 and Step.BASE64 not in value.steps and bool({_PLACE, _PART} & {*value.steps})
        if separator in (";", "?"):
            return is_raw and (separator == ";" or _PLACE in value.steps)
        return self.depth <= 1 + separator.count("25")


_PLACE, _PART = Step.IN_PLACE, Step.IN_SEGMENT


class Group(NamedTuple):
    """The parameters of a nested URL, some of which may be dropped."""

    opening: str
    parameters: "tuple[Parameter, ...]"
    separator: str


Piece = str | Hole | Group
Pieces = tuple[Piece, ...]


class Parameter(NamedTuple):
    """A parameter as the template writes it, including `name=`."""

    pieces: Pieces
    equals: str = "="
    """The separator after the name. It is encoded in a nested URL."""

    @property
    def name(self) -> str | None:
        """Its name as it is written; None if the name contains a value."""
        first = self.pieces[0] if self.pieces else ""
        if not isinstance(first, str):
            return None
        name, equals, _ = first.partition(self.equals)
        return name if equals or len(self.pieces) == 1 or not self.pieces else None

    @property
    def is_optional(self) -> bool:
        """Whether it may be dropped, or consists only of values, all of which may be empty."""
        holes = [piece for piece in self.pieces if isinstance(piece, Hole)]
        return any(hole.is_dropped for hole in holes) or len(holes) == len(self.pieces)


@dataclass(frozen=True, slots=True)
class Shape:
    """A template as its receivers read it."""

    before: Pieces
    """The pieces before the query."""
    parameters: tuple[Parameter, ...]
    separator: str
    has_query: bool
    is_query: bool
    """Whether it begins with a parameter, without `?`."""
    fragment: Pieces | None


def holes_of(pieces: Iterable[Piece]) -> Iterator[Hole]:
    """Yield all holes, including those in inner parameters."""
    for piece in pieces:
        if isinstance(piece, Hole):
            yield piece
        elif isinstance(piece, Group):
            for parameter in piece.parameters:
                yield from holes_of(parameter.pieces)


def shape_of(segments: Iterable[Segment], prepare: Callable[[str], str]) -> Shape:
    """Return the shape of a rendering. `prepare` is applied to its texts, as it is to the URLs."""
    return _Shaping(prepare).shape(segments)


def normal(text: str) -> str:
    """Return a text with the hex digits of its escapes in upper case. Its length does not change."""
    return _escape.sub(lambda match: match[0].upper(), text) if "%" in text else text


class _Shaping:
    def __init__(self, prepare: Callable[[str], str]) -> None:
        self._prepare = prepare
        self._holes = 0

    def shape(self, segments: Iterable[Segment]) -> Shape:
        before: list[Piece] = []
        query: list[Piece] = []
        fragment: list[Piece] | None = None
        has_query = is_query = False
        parameters: tuple[Parameter, ...] | None = None
        separator = ""
        for piece in self._pieces(segments, is_top=True):
            if fragment is not None:
                fragment.append(piece)
            elif isinstance(piece, Group) and not has_query and (piece.opening == "?" or not before):
                has_query, is_query = True, piece.opening != "?"
                parameters, separator = piece.parameters, piece.separator
            elif isinstance(piece, str):
                text = piece
                if not before and not has_query and _FIRST_NAME.match(text):
                    has_query = is_query = True
                    text = text.removeprefix("&")
                text, hash_sign, rest = text.partition("#")
                if has_query:
                    query.append(text)
                else:
                    path, mark, pairs = text.partition("?")
                    before.append(path)
                    has_query = bool(mark)
                    query += [pairs] if mark else []
                fragment = [rest] if hash_sign else None
            else:
                (query if has_query else before).append(piece)
        if parameters is None:
            separator = _separator(query)
            parameters = tuple(_split(query, separator)) if has_query else ()
        after = None if fragment is None else merged(fragment)
        return Shape(_in_lower_origin(merged(before)), parameters, separator, has_query, is_query, after)

    def _pieces(self, segments: Iterable[Segment], *, is_top: bool = False) -> Iterator[Piece]:
        for segment in segments:
            match segment:
                case Text(text):
                    yield self._prepare(text)
                case Value(reads=()):
                    yield self._prepare(default_text(segment))
                case Value(macro=macro):
                    yield self._hole(macro, segment)
                case Absent(macro) | Refused(macro):
                    yield self._hole(macro, None)
                case Query(opening, parameters, separator):  # pragma: no branch - there is no other kind of segment
                    equals = separator[:-2] + "3D" if "%" in separator else "="
                    inner = tuple(Parameter(merged(self._pieces(parameter)), equals) for parameter in parameters)
                    yield Group(opening if is_top else self._prepare(opening), inner, self._prepare(separator))

    def _hole(self, macro: str, value: Value | None) -> Hole:
        self._holes += 1
        return Hole(self._holes - 1, macro, value)


def merged(pieces: Iterable[Piece]) -> Pieces:
    """Join adjacent texts, and remove empty ones."""
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece != "":
            joined.append(piece)
    return tuple(joined)


def _separator(query: Iterable[Piece]) -> str:
    text = "".join(piece if isinstance(piece, str) else _NO_NAME for piece in query)
    return ";" if "&" not in text and _SEMICOLON_PAIR.search(text) else "&"


def _split(query: Iterable[Piece], separator: str) -> Iterator[Parameter]:
    taken: list[Piece] = []
    for piece in query:
        if not isinstance(piece, str):
            taken.append(piece)
            continue
        first, *others = piece.split(separator)
        taken.append(first)
        for text in others:
            yield Parameter(merged(taken))
            taken = [text]
    yield Parameter(merged(taken))


def _in_lower_origin(before: Pieces) -> Pieces:
    """Return the pieces with scheme and host in lower case, since these ignore case."""
    if not before or not isinstance(before[0], str) or "://" not in before[0]:
        return before
    pieces: list[Piece] = []
    is_origin = True
    for index, piece in enumerate(before):
        if is_origin and isinstance(piece, str):
            end = piece.find("/", 0 if index else piece.find("://") + 3)
            is_origin = end < 0
            end = len(piece) if is_origin else end
            pieces.append(lower(piece[:end]) + piece[end:])
        else:
            pieces.append(piece)
    return tuple(pieces)


def lower(text: str) -> str:
    """Return a text in lower case if its length stays the same; otherwise unchanged."""
    return text.lower() if text.isascii() else text
