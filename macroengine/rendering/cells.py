"""The cells of a rendering function: its texts, the places of its values, and what raises an error.

A cell is a free variable of the function. Which kinds of cells it has, in which order, is its shape.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NoReturn

from macroengine.encodings.encoder import SPEEDUPS
from macroengine.encodings.percent import Key
from macroengine.errors import MissingValueError, RenderError
from macroengine.plan.segments import Absent, Missing, Query, Refused, Segment, Text, Value
from macroengine.rendering.conversion import SOURCES, chooser, converter
from macroengine.rendering.maker import maker
from macroengine.rendering.shapes import Entry, Shape
from macroengine.rendering.steps import default_text

_ValueCells = Callable[[Value], tuple[str, tuple[object, ...]]]


def limit(max_bytes: int, cells: Iterable[object], kind: str) -> tuple[int, Callable[[str], str]]:
    """Return how many characters always fit into the limit, and a function that measures longer URLs."""

    def measured(url: str) -> str:
        if len(url.encode(errors="surrogatepass")) > max_bytes:
            # The full length is unknown: rendering stops when the limit is exceeded.
            raise RenderError(f"rendered {kind} has more than {max_bytes:,} bytes, the limit")
        return url

    # Values are ASCII, so only the template's own text can have more bytes than characters.
    longer = (text for text in _texts(cells) if not text.isascii())
    surplus = sum(len(text.encode(errors="surrogatepass")) - len(text) for text in longer)
    return max_bytes - surplus, measured


def _texts(cells: Iterable[object]) -> Iterator[str]:
    for cell in cells:
        if isinstance(cell, str):
            yield cell
        elif isinstance(cell, _InnerQuery):
            yield from _texts(cell.cells)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """The cell of a value that must not be sent. It raises an error when called."""

    macro: str

    def __call__(self) -> NoReturn:
        message = f"text before macro {self.macro!r} begins an escape that a value would complete"
        raise RenderError(message, self.macro)


@dataclass(frozen=True, slots=True)
class _Absence:
    """The cell of a value that must not be read. It raises an error when called."""

    macro: str
    reason: str = field(repr=False)

    def __call__(self) -> NoReturn:
        raise MissingValueError(self.reason, self.macro)


@dataclass(frozen=True, slots=True)
class Way:
    """How the function of a plan reads its values, and the maximum length of its URL."""

    entry: Entry
    value_cells: _ValueCells
    max_bytes: int
    kind: str = "URL"


@dataclass(slots=True, eq=False)
class _InnerQuery:
    """The cell of a query inside a parameter: a separate function that is called with the values."""

    query: Query
    way: Way = field(repr=False)
    cells: list[object] = field(init=False, repr=False)
    _render: Callable[[Any], str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        shape, self.cells = shape_of([self.query], self.way)
        entry = Entry.INNER_SHARED if self.way.entry is Entry.SHARED else Entry.INNER
        self._render = maker(shape, entry)(*limit(self.way.max_bytes, self.cells, self.way.kind), *self.cells)

    def __call__(self, values: Any) -> str:
        return self._render(values)


def shape_of(segments: Iterable[Segment], way: Way, *, in_query: bool = False) -> tuple[Shape, list[object]]:
    """Return the kind of each segment, and the cells of all segments in order."""
    shape: list[Any] = []
    cells: list[object] = []
    for segment in segments:
        match segment:
            case Text():
                _append_text(segment.text, shape, cells)
            case Value(reads=()):
                _append_text(default_text(segment), shape, cells)
            case Value():
                kind, taken = way.value_cells(segment)
                shape.append(kind)
                cells += taken
            case Absent():
                shape.append("absent")
                cells.append(_Absence(segment.macro, segment.reason))
            case Refused():
                shape.append("absent")
                cells.append(_Refusal(segment.macro))
            case Query() if in_query:
                shape.append("shared-query" if way.entry is Entry.SHARED else "query")
                cells.append(_InnerQuery(segment, way))
            case Query(opening, parameters, separator):  # pragma: no branch - there is no other kind of segment
                inner = [shape_of(parameter, way, in_query=True) for parameter in parameters]
                shape.append(tuple(kinds for kinds, _ in inner))
                cells += [opening, separator, *(cell for _, taken in inner for cell in taken)]
    return tuple(shape), cells


def _append_text(text: str, shape: list[Any], cells: list[object]) -> None:
    if shape and shape[-1] == "text":
        cells[-1] = f"{cells[-1]}{text}"
    else:
        shape.append("text")
        cells.append(text)


def key_of(value: Value) -> Key:
    """Return where a value is in the event, and its conversion. The value must have a single place."""
    ((source, field, *_),) = value.reads
    # The keys of most events are also interned, so that a look-up only compares identities.
    return SOURCES.index(source), sys.intern(field), converter(value)


# Templates use the same few values, so cache their cells.
@lru_cache(maxsize=1024)
def value_cells(value: Value) -> tuple[str, tuple[object, ...]]:
    """Return the kind of a value that is read from the event, and its cells."""
    if value.is_choice:
        choice = chooser(value)
        if value.missing is not _DROP:
            return "choice", (choice.convert,)
        kind = "choice-dropping" if value.hash is None else "hashed-choice-dropping"
        return kind, (choice.is_present, choice.convert)
    form = _form(value)
    key = key_of(value)
    if form == "plain":
        return form, (key,)
    return form, (*key, default_text(value)) if form == "default" else key


_DROP: Final = Missing.DROP
_RAISE: Final = Missing.RAISE


def _form(value: Value) -> str:
    if value.missing is _DROP:
        return "hashed-dropping" if value.hash is not None else "dropping" if value.is_plain else "nested-dropping"
    if not value.is_plain:
        return "converted"
    if value.missing is _RAISE:
        return "required"
    return "default" if value.missing else "plain" if SPEEDUPS else "gated"


def shared_cells(slots: Mapping[Value, int], value: Value) -> tuple[str, tuple[object, ...]]:
    """Return the kind of an already encoded value, and its cells."""
    slot = slots[value]
    match value.missing:
        case "":
            return "shared", (slot,)
        case Missing.DROP:
            return "shared-dropping", (slot,)
        case Missing.RAISE:
            return "shared-required", (slot, converter(value))
        case _:
            return "shared-default", (slot, default_text(value))
