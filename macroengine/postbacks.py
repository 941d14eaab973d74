"""One event for many networks: what their templates share is read and encoded once."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any, Generic, cast, overload

from macroengine.arguments import check_type, names_in, wrong_type
from macroengine.encodings.encoder import encode_field
from macroengine.encodings.percent import Key
from macroengine.engine import CompiledTemplate
from macroengine.errors import RenderError
from macroengine.event import Event
from macroengine.kinds import Postback
from macroengine.plan.segments import Missing, RenderPlan, Segment, Signal, Value, values_of
from macroengine.rendering.compiler import Values, compile_shared, key_of
from macroengine.rendering.consent import Refuses, refusal
from macroengine.rendering.conversion import chooser

_Named = dict[str, str | None]
_NamedOutcomes = dict[str, str | RenderError | None]
_Listed = list[str | None]
_ListedOutcomes = list[str | RenderError | None]

if TYPE_CHECKING:
    # Type checkers know of defaults, with which a bare PostbackSet is one without names; Python does from 3.13 on.
    from typing_extensions import TypeVar

    Urls = TypeVar("Urls", default=_Listed)
    Outcomes = TypeVar("Outcomes", default=_ListedOutcomes)
else:
    from typing import TypeVar

    Urls = TypeVar("Urls")
    Outcomes = TypeVar("Outcomes")


class PostbackSet(Generic[Urls, Outcomes]):
    """The templates of many networks, for one event at a time. Pickles small, and may be shared by threads.

    Given as a mapping, what comes out has the same names; otherwise it has the same order.
    """

    @overload
    def __init__(self: "PostbackSet[_Named, _NamedOutcomes]", templates: Mapping[str, CompiledTemplate]) -> None: ...
    @overload
    def __init__(self: "PostbackSet[_Listed, _ListedOutcomes]", templates: Iterable[CompiledTemplate]) -> None: ...
    def __init__(self, templates: Mapping[str, CompiledTemplate] | Iterable[CompiledTemplate]) -> None:
        self._names: tuple[str, ...] | None = None
        if isinstance(templates, Mapping):
            names_in("templates", templates)
            self._names = tuple(templates)
            templates = templates.values()
        self._templates = _checked(templates)
        self._fan_outs: dict[tuple[Postback, bool, tuple[bool, ...]], _FanOut] = {}
        self._heard: dict[tuple[Signal, ...], Refuses] | None = None

    @property
    def templates(self) -> tuple[CompiledTemplate, ...]:
        """The templates, in order."""
        return self._templates

    def render(self, event: Event) -> Urls:
        """Return the URL of each template, None where it does not admit the event.

        >>> from macroengine import Policy, compile_template
        >>> installs = compile_template("https://a.example/pb?c=(clickid)")
        >>> events = compile_template("https://b.example/pb?e=(event_name)", policy=Policy("in-app"))
        >>> PostbackSet([installs, events]).render(Event(link={"click_id": "1"}))
        ['https://a.example/pb?c=1', None]
        >>> PostbackSet({"a": installs, "b": events}).render(Event(link={"click_id": "1"}))
        {'a': 'https://a.example/pb?c=1', 'b': None}

        Raises:
            RenderError: an admitted event cannot be sent to one of them. `outcomes` has the URLs of the others.
        """
        urls = self._together(event)
        if urls is None:
            urls = [template.render(event) if template.admits(event) else None for template in self._templates]
        return cast("Urls", self._arranged(urls))

    def outcomes(self, event: Event) -> Outcomes:
        """Return what `render` returns, with the error in the place of a URL that cannot be rendered.

        >>> from macroengine import Missing, compile_template
        >>> strict = compile_template("https://a.example/pb?c=(clickid)", missing=Missing.RAISE)
        >>> other = compile_template("https://b.example/pb?c=(clickid)")
        >>> for outcome in PostbackSet([strict, other]).outcomes(Event()):
        ...     print(outcome)
        value of macro 'clickid' is missing: no 'click_id' in Link
        https://b.example/pb?c=
        """
        outcomes: list[Any] | None = self._together(event)
        if outcomes is None:
            outcomes = [_outcome(template, event) for template in self._templates]
        return cast("Outcomes", self._arranged(outcomes))

    def _together(self, event: Event) -> list[str | None] | None:
        """Return the URLs; None where there is a fault, which each template that has it is to report alone."""
        if event.__class__ is not Event:
            check_type("event", Event, "an Event", event)
        try:
            return self._fan_out(event).render(event)
        except Exception:  # noqa: BLE001 - the mappings of an event are the caller's, and may raise anything
            return None

    def _arranged(self, found: list[Any]) -> list[Any] | dict[str, Any]:
        return found if self._names is None else dict(zip(self._names, found, strict=True))

    def _fan_out(self, event: Event) -> "_FanOut":
        heard = self._heard
        if heard is None:
            unshared = [template.plan.unshared for template in self._templates]
            heard = self._heard = {one.signals: refusal(one.signals) for one in unshared if one is not None}
        refused = tuple([refuses(event) for refuses in heard.values()]) if heard else ()
        kind = event.postback, event.attributed, refused
        fan_out = self._fan_outs.get(kind)
        if fan_out is None:
            said = {signals for signals, is_refused in zip(heard, refused, strict=True) if is_refused}
            chosen = [_segments(template.plan, event, said) for template in self._templates]
            limits = [template.plan.max_bytes for template in self._templates]
            fan_out = self._fan_outs[kind] = _fan_out(chosen, limits)
        return fan_out

    def __reduce__(self) -> tuple[object, ...]:
        templates = self._templates
        return PostbackSet, (templates if self._names is None else dict(zip(self._names, templates, strict=True)),)


def _checked(templates: object) -> tuple[CompiledTemplate, ...]:
    if isinstance(templates, str) or not isinstance(templates, Iterable):
        raise wrong_type("templates", "a mapping or list of compiled templates", templates)
    checked = tuple(templates)
    for template in checked:
        check_type("each of templates", CompiledTemplate, "a compiled template", template)
    return checked


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
    """The others that are read in one place. A missing one is None."""
    choices: tuple[Callable[[Any], str | None], ...]
    """Those that may be found in several places. A missing one is None."""
    optional: tuple[tuple[int, str, int], ...]
    """Source, field and place in the list of plain values that are also needed as None where they are missing."""
    filled: tuple[int, ...]
    """Places of converted values that are also needed as an empty text where they are missing."""
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
    """Return what is done with events of one kind. Only values that some template may have for them are read.

    For each template there is what it sends for them, None where it does not admit them, and the longest URL.
    """
    needs = {value: _need(value) for segments in renderings for value in values_of(segments or ())}
    needed = dict.fromkeys(needs.values())
    shared = dict.fromkeys(value for value, _ in needed)
    plain = [value for value in shared if value.is_plain]
    converted = [value for value in shared if not value.is_plain and len(value.reads) == 1]
    choices = [value for value in shared if len(value.reads) > 1]
    optional = [value for value, is_optional in needed if is_optional and value.is_plain]
    filled = [value for value, is_optional in needed if not is_optional and not value.is_plain]
    or_none = [*converted, *choices, *optional]
    order = [(v, False) for v in plain] + [(v, True) for v in or_none] + [(v, False) for v in filled]
    places = {need: place for place, need in enumerate(order)}
    slots = {value: places[need] for value, need in needs.items()}
    return _FanOut(
        tuple(map(key_of, plain)),
        tuple(key_of(value._replace(missing=Missing.DROP)) for value in converted),
        tuple(chooser(value._replace(missing=Missing.DROP)) for value in choices),
        tuple((*key_of(value)[:2], places[value, False]) for value in optional),
        tuple(places[v, True] for v in filled),
        tuple(
            _not_sent if segments is None else compile_shared(segments, slots, max_bytes)
            for segments, max_bytes in zip(renderings, limits, strict=True)
        ),
    )


def _segments(plan: RenderPlan, event: Event, refused: Collection[tuple[Signal, ...]]) -> tuple[Segment, ...] | None:
    """Return what a template sends for events like this one, which refuse consent by the signals `refused`.

    None where it does not admit them.
    """
    if plan.postback is not event.postback:
        return None
    both = plan if plan.unshared is None or plan.unshared.signals not in refused else plan.unshared
    return both.attributed if event.attributed else both.unattributed


def _need(value: Value) -> tuple[Value, bool]:
    """Return what templates share of a value, and whether one has to know that it is missing."""
    return value._replace(macro="", missing=""), value.missing != ""


def _not_sent(values: Values) -> None:  # noqa: ARG001 - in the place of a template that renders them
    return None
