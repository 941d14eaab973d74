"""Render one event for many templates; values that they share are read and encoded once."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Any, Protocol

from macroengine.encodings.encoder import SPEEDUPS, encode_field
from macroengine.encodings.percent import Key
from macroengine.event import Event
from macroengine.plan.segments import Missing, RenderPlan, Segment, Signal, Value, values_of
from macroengine.rendering import native
from macroengine.rendering.cells import key_of
from macroengine.rendering.compiler import Values, compile_shared
from macroengine.rendering.conversion import chooser


class Renders(Protocol):
    """Renders the events of one kind."""

    def render(self, event: Event, /) -> list[str | None] | None:
        """Return the URLs, or None if they cannot be rendered here."""


def compile_fan_out(renderings: Sequence[tuple[Segment, ...] | None], limits: Sequence[int]) -> Renders:
    """Return what renders the events of one kind.

    For each template, pass what it sends for these events, or None if it does not admit them, and its URL limit.
    """
    in_python = partial(_fan_out, renderings, limits)
    return _InC(native.fan_out(renderings, limits), in_python) if SPEEDUPS else in_python()


class _InC:
    """Renders in C, or in Python if C cannot."""

    def __init__(self, in_c: Renders | None, make: Callable[[], Renders]) -> None:
        self._in_c = in_c
        self._make: Callable[[], Renders] = make
        self._in_python: Renders | None = None

    def render(self, event: Event) -> list[str | None] | None:
        urls = None if self._in_c is None else self._in_c.render(event)
        if urls is not None:
            return urls
        in_python = self._in_python
        if in_python is None:
            in_python = self._in_python = self._make()
        return in_python.render(event)


@dataclass(frozen=True, slots=True)
class _FanOut:
    """The plan for the events of one kind. Values are kept in one list, in the order of these attributes."""

    plain: tuple[Key, ...]
    """Values that are only encoded. A missing one is an empty string."""
    converted: tuple[Key, ...]
    """Other values with a single place. A missing one is None."""
    choices: tuple[Callable[[Any], str | None], ...]
    """Values that may be in several places. A missing one is None."""
    optional: tuple[tuple[int, str, int], ...]
    """Plain values that must also be None if missing: source, field, and index in the list."""
    filled: tuple[int, ...]
    """Indexes of converted values that must also be an empty string if missing."""
    renders: tuple[Callable[[Values], str | None], ...]

    def render(self, event: Event) -> list[str | None]:
        sources = event.link, event.sdk, event.platform
        values: Values = [*map(encode_field, repeat(sources), self.plain)]
        values += [convert(sources[source].get(field)) for source, field, convert in self.converted]
        values += [choose(sources) for choose in self.choices]
        values += [
            None if sources[source].get(field) is None else values[place] for source, field, place in self.optional
        ]
        values += [values[place] or "" for place in self.filled]
        return [render(values) for render in self.renders]


def _fan_out(renderings: Sequence[tuple[Segment, ...] | None], limits: Iterable[int]) -> _FanOut:
    """Return the plan for the events of one kind. It only reads values that some template may send for them."""
    needs = {value: _need(value) for segments in renderings for value in values_of(segments or ())}
    needed = dict.fromkeys(needs.values())
    shared = dict.fromkeys(value for value, _ in needed)
    plain = [value for value in shared if value.is_plain]
    converted = [value for value in shared if not value.is_plain and not value.is_choice]
    choices = [value for value in shared if value.is_choice]
    optional = [value for value, is_optional in needed if is_optional and value.is_plain]
    filled = [value for value, is_optional in needed if not is_optional and not value.is_plain]
    or_none = [*converted, *choices, *optional]
    order = [(v, False) for v in plain] + [(v, True) for v in or_none] + [(v, False) for v in filled]
    places = {need: place for place, need in enumerate(order)}
    slots = {value: places[need] for value, need in needs.items()}
    return _FanOut(
        tuple(map(key_of, plain)),
        tuple(key_of(value._replace(missing=Missing.DROP)) for value in converted),
        tuple(chooser(value._replace(missing=Missing.DROP)).convert for value in choices),
        tuple((*key_of(value)[:2], places[value, False]) for value in optional),
        tuple(places[v, True] for v in filled),
        tuple(
            _not_sent if segments is None else compile_shared(segments, slots, max_bytes)
            for segments, max_bytes in zip(renderings, limits, strict=True)
        ),
    )


def segments_for(plan: RenderPlan, event: Event, refused: Collection[tuple[Signal, ...]]) -> tuple[Segment, ...] | None:
    """Return what a template sends for events like this one, whose users refuse consent by the signals `refused`.

    None if it does not admit them.
    """
    if plan.postback is not event.postback:
        return None
    both = plan if plan.unshared is None or plan.unshared.signals not in refused else plan.unshared
    return both.attributed if event.attributed else both.unattributed


def _need(value: Value) -> tuple[Value, bool]:
    """Return the part of a value that templates share, and whether they must know that it is missing."""
    return value._replace(macro="", missing=""), value.missing != ""


def _not_sent(values: Values) -> None:  # noqa: ARG001 - has the signature of a render function
    return None
