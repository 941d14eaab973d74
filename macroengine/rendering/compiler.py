"""Compile a render plan into a function.

The source of a function depends only on the shape of its plan: how many texts and values it has, of which kinds, in
which order. Texts and fields are passed as closure cells. So no part of a template becomes code, and compiling another
template of the same shape costs a single call.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import NoReturn

from macroengine.arguments import check_type
from macroengine.encodings.encoder import SPEEDUPS
from macroengine.errors import SuppressedError
from macroengine.event import Event
from macroengine.plan.segments import RenderPlan, Segment, Value
from macroengine.rendering import native
from macroengine.rendering.cells import Way, limit, shape_of, shared_cells, value_cells
from macroengine.rendering.consent import refusal
from macroengine.rendering.maker import maker
from macroengine.rendering.shapes import Entry, function_source

Render = Callable[[Event], str]
Values = list[str | None]
RenderValues = Callable[[Values], str]


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
    shape, cells = shape_of(segments, Way(Entry.SHARED, partial(shared_cells, slots), max_bytes))
    render: RenderValues = maker(shape, Entry.SHARED)(*limit(max_bytes, cells, "URL"), *cells)
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
        shape, cells = shape_of(segments, Way(entry, value_cells, plan.max_bytes))
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
    shape, cells = shape_of(segments, Way(entry, value_cells, plan.max_bytes, plan.kind))
    render: Render = maker(shape, entry)(*limit(plan.max_bytes, cells, plan.kind), plan.postback, otherwise, *cells)
    return render


def _refusal(plan: RenderPlan) -> Callable[[Event], NoReturn]:
    def refuse(event: Event) -> NoReturn:
        check_type("event", Event, "an Event", event)
        if event.postback is not plan.postback:
            raise SuppressedError(f"template is for {plan.postback} postbacks, event is for {event.postback}")
        raise SuppressedError("event is not attributed to the network, and its policy is not send-all")

    return refuse
