"""One event for many networks: what their templates share is read and encoded once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import repeat

from macroengine.compiler import Values, compile_shared, key_of
from macroengine.encoding import encode_field
from macroengine.engine import CompiledTemplate
from macroengine.errors import RenderError
from macroengine.event import Event
from macroengine.kinds import Postback
from macroengine.percent import Key
from macroengine.plan import Missing, RenderPlan, Segment, Value, values_of


class PostbackSet:
    """The templates of many networks, for one event at a time. Pickles small, and may be shared by threads."""

    def __init__(self, templates: Iterable[CompiledTemplate]) -> None:
        self.templates = tuple(templates)
        self._fan_outs: dict[tuple[Postback, bool], _FanOut] = {}

    def render(self, event: Event) -> list[str | None]:
        """Return the URL of each template in order, None where it does not admit the event.

        >>> from macroengine import Policy, compile_template
        >>> installs = compile_template("https://a.example/pb?c=(clickid)")
        >>> events = compile_template("https://b.example/pb?e=(event_name)", policy=Policy("in-app"))
        >>> PostbackSet([installs, events]).render(Event(link={"click_id": "1"}))
        ['https://a.example/pb?c=1', None]

        Raises:
            RenderError: an admitted event cannot be sent to one of them. `outcomes` has the URLs of the others.
        """
        try:
            return self._fan_out(event).render(event)
        except RenderError:
            # Alone, each template reports the faults that are its own.
            return [template.render(event) if template.admits(event) else None for template in self.templates]

    def outcomes(self, event: Event) -> list[str | RenderError | None]:
        """Return what `render` returns, with the error in the place of a URL that cannot be rendered.

        >>> from macroengine import Missing, compile_template
        >>> strict = compile_template("https://a.example/pb?c=(clickid)", missing=Missing.RAISE)
        >>> other = compile_template("https://b.example/pb?c=(clickid)")
        >>> for outcome in PostbackSet([strict, other]).outcomes(Event()):
        ...     print(outcome)
        value of macro 'clickid' is missing: no 'click_id' in Link
        https://b.example/pb?c=
        """
        try:
            return [*self._fan_out(event).render(event)]
        except RenderError:
            return [_outcome(template, event) for template in self.templates]

    def _fan_out(self, event: Event) -> "_FanOut":
        kind = event.postback, event.attributed
        fan_out = self._fan_outs.get(kind)
        if fan_out is None:
            plans = [template.plan for template in self.templates]
            fan_out = self._fan_outs[kind] = _fan_out(plans, event.postback, attributed=event.attributed)
        return fan_out

    def __reduce__(self) -> tuple[object, ...]:
        return PostbackSet, (self.templates,)


def _outcome(template: CompiledTemplate, event: Event) -> str | RenderError | None:
    try:
        return template.render(event) if template.admits(event) else None
    except RenderError as error:
        return error


@dataclass(frozen=True, slots=True)
class _FanOut:
    """What is done with the events of one kind. The values stand in a list, in the order of the attributes."""

    plain: tuple[Key, ...]
    """Values that are only encoded. A missing one is an empty text."""
    converted: tuple[Key, ...]
    """The others. A missing one is None."""
    optional: tuple[tuple[int, str, int], ...]
    """Source, field and place in the list of plain values that are also needed as None where they are missing."""
    filled: tuple[int, ...]
    """Places of converted values that are also needed as an empty text where they are missing."""
    renders: tuple[Callable[[Values], str | None], ...]

    def render(self, event: Event) -> list[str | None]:
        sources = event.link, event.sdk, event.af
        values: Values = [*map(encode_field, repeat(sources), self.plain)]
        values += [convert(sources[source].get(field)) for source, field, convert in self.converted]
        values += [
            None if sources[source].get(field) is None else values[place] for source, field, place in self.optional
        ]
        values += [values[place] or "" for place in self.filled]
        return [render(values) for render in self.renders]


def _fan_out(plans: Iterable[RenderPlan], postback: Postback, *, attributed: bool) -> _FanOut:
    """Return what is done with events of one kind. Only values that some template may have for them are read."""
    renderings = [_segments(plan, postback, attributed=attributed) for plan in plans]
    needs = {value: _need(value) for segments in renderings for value in values_of(segments or ())}
    needed = dict.fromkeys(needs.values())
    shared = dict.fromkeys(value for value, _ in needed)
    plain = [value for value in shared if value.is_plain]
    converted = [value for value in shared if not value.is_plain]
    optional = [value for value, or_none in needed if or_none and value.is_plain]
    filled = [value for value, or_none in needed if not or_none and not value.is_plain]
    order = [(v, False) for v in plain] + [(v, True) for v in converted + optional] + [(v, False) for v in filled]
    places = {need: place for place, need in enumerate(order)}
    slots = {value: places[need] for value, need in needs.items()}
    return _FanOut(
        tuple(map(key_of, plain)),
        tuple(key_of(value._replace(missing=Missing.DROP)) for value in converted),
        tuple((*key_of(value)[:2], places[value, False]) for value in optional),
        tuple(places[v, True] for v in filled),
        tuple(
            _not_sent if segments is None else compile_shared(segments, slots, plan.most_bytes)
            for segments, plan in zip(renderings, plans, strict=True)
        ),
    )


def _segments(plan: RenderPlan, postback: Postback, *, attributed: bool) -> tuple[Segment, ...] | None:
    """Return what a template sends for events of one kind, None where it does not admit them."""
    if plan.postback is not postback:
        return None
    return plan.attributed if attributed else plan.unattributed


def _need(value: Value) -> tuple[Value, bool]:
    """Return what templates share of a value, and whether one has to know that it is missing."""
    return value._replace(macro="", missing=""), value.missing != ""


def _not_sent(values: Values) -> None:  # noqa: ARG001 - in the place of a template that renders them
    return None
