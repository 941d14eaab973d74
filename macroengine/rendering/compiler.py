"""Compile a render plan into a function. The only module that calls `exec`.

The source of a function depends only on the shape of its plan: how many texts and values it has, of which kinds, in
which order. Texts and fields are passed as closure cells. So no part of a template becomes code, and compiling another
template of the same shape costs a single call.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import cycle
from typing import Any, Final, NoReturn

from macroengine.arguments import check_type, wrong_type
from macroengine.caching import sized_cache
from macroengine.encodings.encoder import ENCODERS, SPEEDUPS
from macroengine.encodings.percent import Key
from macroengine.errors import MissingValueError, RenderError, SuppressedError
from macroengine.event import Event
from macroengine.plan.segments import (
    Absent,
    Missing,
    Query,
    Refused,
    RenderPlan,
    Segment,
    Text,
    Value,
)
from macroengine.rendering import native
from macroengine.rendering.consent import refusal
from macroengine.rendering.conversion import SOURCES, chooser, converter
from macroengine.rendering.shapes import Entry, Shape, function_source
from macroengine.rendering.steps import default_text

Render = Callable[[Event], str]
Values = list[str | None]
RenderValues = Callable[[Values], str]
_ValueCells = Callable[[Value], tuple[str, tuple[object, ...]]]


def compile_plan(plan: RenderPlan) -> Render:
    """Return the function that renders an event.

    It raises RenderError if a value cannot be sent, MissingValueError if a required value is missing, and
    SuppressedError if the template is not sent for the event.
    """
    shared = _compiled(plan, plan.attributed, plan.unattributed)
    if plan.unshared is None:
        return shared
    unshared = _compiled(plan, plan.unshared.attributed, plan.unshared.unattributed)
    refuses = refusal(plan.unshared.signals)

    def render(event: Event) -> str:
        return unshared(event) if refuses(event) else shared(event)

    return render


def compile_python(plan: RenderPlan) -> Render:
    """Return the Python function for events whose users share identifiers; otherwise like `compile_plan`."""
    return _in_python(plan, plan.attributed, plan.unattributed)


def _compiled(plan: RenderPlan, attributed: Iterable[Segment], unattributed: Iterable[Segment] | None) -> Render:
    in_python = partial(_in_python, plan, attributed, unattributed)
    if SPEEDUPS:  # pragma: no branch - depends on the environment of the tests
        return native.program(plan.postback, plan.max_bytes, attributed, unattributed, _Deferred(in_python))
    return in_python()  # pragma: no cover - as above


def _in_python(plan: RenderPlan, attributed: Iterable[Segment], unattributed: Iterable[Segment] | None) -> Render:
    otherwise: Render = _refusal(plan)
    if unattributed is not None:
        otherwise = _of_event(plan, unattributed, Entry.UNATTRIBUTED, otherwise)
    return _of_event(plan, attributed, Entry.ATTRIBUTED, otherwise)


class _Deferred:
    """A function that is compiled on its first call. For most templates the C program renders instead."""

    __slots__ = ("_compile", "_render")

    def __init__(self, compile_it: Callable[[], Render]) -> None:
        self._compile: Callable[[], Render] = compile_it
        self._render: Render | None = None

    def __call__(self, event: Event) -> str:
        render = self._render
        if render is None:
            render = self._render = self._compile()
        return render(event)


def compile_shared(segments: Iterable[Segment], slots: Mapping[Value, int], max_bytes: int) -> RenderValues:
    """Return the function that renders already encoded values. `slots` maps each value to its index in the list.

    It raises RenderError if the URL is too long, and MissingValueError if a required value is missing.
    """
    shape, cells = _shape(segments, _Way(Entry.SHARED, partial(_shared_cells, slots), max_bytes))
    render: RenderValues = _maker(shape, Entry.SHARED)(*_limit(max_bytes, cells, "URL"), *cells)
    return render


def plan_source(plan: RenderPlan) -> str:
    """Return the source that `compile_plan` compiles, with the cells as comments. For reading, not for running."""
    parts = []
    if plan.unshared is not None:
        heard = [f"# {source} {name!r}: {', '.join(map(repr, words))}" for source, name, words in plan.unshared.signals]
        parts.append(
            "\n".join(["# texts that mean that identifiers are shared; any other text means that they are not", *heard])
        )
    for title, segments, entry in _entries(plan):
        shape, cells = _shape(segments, _Way(entry, _value_cells, plan.max_bytes))
        values = "\n".join(f"# c{index} = {_written(cell)}" for index, cell in enumerate(cells))
        parts.append(f"# {title}\n{values}\n\n{function_source(shape, entry)}")
    return "\n\n".join(parts)


def _entries(plan: RenderPlan) -> Iterator[tuple[str, Iterable[Segment], Entry]]:
    """Yield a title, the segments and the entry for each rendering of a plan."""
    for withheld, both in (("", plan), (", identifiers not shared", plan.unshared)):
        if both is not None:
            yield f"attributed{withheld}", both.attributed, Entry.ATTRIBUTED
            if both.unattributed is not None:
                yield f"not attributed{withheld}", both.unattributed, Entry.UNATTRIBUTED


def _written(cell: object) -> str:
    if isinstance(cell, tuple):
        return f"({', '.join(map(_written, cell))})"
    # A conversion is a bound method; the repr of its object describes it.
    return repr(getattr(cell, "__self__", cell))


def _of_event(plan: RenderPlan, segments: Iterable[Segment], entry: Entry, otherwise: Render) -> Render:
    shape, cells = _shape(segments, _Way(entry, _value_cells, plan.max_bytes, plan.kind))
    limit = _limit(plan.max_bytes, cells, plan.kind)
    render: Render = _maker(shape, entry)(*limit, plan.postback, otherwise, *cells)
    return render


def _refusal(plan: RenderPlan) -> Callable[[Event], NoReturn]:
    def refuse(event: Event) -> NoReturn:
        check_type("event", Event, "an Event", event)
        if event.postback is not plan.postback:
            raise SuppressedError(f"template is for {plan.postback} postbacks, event is for {event.postback}")
        raise SuppressedError("event is not attributed to the network, and its policy is not send-all")

    return refuse


def _limit(max_bytes: int, cells: Iterable[object], kind: str) -> tuple[int, Callable[[str], str]]:
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
class _Way:
    """How the function of a plan reads its values, and the maximum length of its URL."""

    entry: Entry
    value_cells: _ValueCells
    max_bytes: int
    kind: str = "URL"


@dataclass(slots=True, eq=False)
class _InnerQuery:
    """The cell of a query inside a parameter: a separate function that is called with the values."""

    query: Query
    way: _Way = field(repr=False)
    cells: list[object] = field(init=False, repr=False)
    _render: Callable[[Any], str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        shape, self.cells = _shape([self.query], self.way)
        entry = Entry.SHARED if self.way.entry is Entry.SHARED else Entry.INNER
        self._render = _maker(shape, entry)(*_limit(self.way.max_bytes, self.cells, self.way.kind), *self.cells)

    def __call__(self, values: Any) -> str:
        return self._render(values)


def _shape(segments: Iterable[Segment], way: _Way, *, in_query: bool = False) -> tuple[Shape, list[object]]:
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
                inner = [_shape(parameter, way, in_query=True) for parameter in parameters]
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
    ((source, field, _),) = value.reads
    # The keys of most events are also interned, so that a look-up only compares identities.
    return SOURCES.index(source), sys.intern(field), converter(value)


# Templates use the same few values, so cache their cells.
@lru_cache(maxsize=1024)
def _value_cells(value: Value) -> tuple[str, tuple[object, ...]]:
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


def _shared_cells(slots: Mapping[Value, int], value: Value) -> tuple[str, tuple[object, ...]]:
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


def fault(event: object, error: Exception) -> Exception:
    """Return the exception for the caller when rendering an event raised `error`.

    The mappings of an event belong to the caller, and may raise anything.
    """
    if isinstance(error, RenderError | MemoryError):
        return error
    found: Exception
    if not isinstance(event, Event):
        found = wrong_type("event", "an Event", event)
    else:
        found = RenderError(f"cannot read the event: {type(error).__name__}")
    found.__cause__ = error
    return found


class _Loader:
    """Shows the generated source in tracebacks. It is only put into `linecache` when a traceback is printed."""

    def __init__(self, source: str) -> None:
        self._source = source

    def get_source(self, name: str) -> str:  # noqa: ARG002 - required by linecache
        return self._source


# CPython keeps every file name that it has compiled code under, so reuse a fixed number of names. `cycle` runs no
# Python code, so threads may share it.
_names = cycle(map("macroengine-shape-{}".format, range(4096)))


@sized_cache({64: 512, 256: 64, 2_048: 16})
def _maker(shape: Shape, entry: Entry) -> Callable[..., Any]:
    source = function_source(shape, entry)
    name = next(_names)
    namespace: dict[str, Any] = {"__name__": name, "__loader__": _Loader(source), "fault": fault, **ENCODERS}
    exec(compile(source, name, "exec"), namespace)  # noqa: S102 - the source depends only on the shape
    make: Callable[..., Any] = namespace["make"]
    return make
