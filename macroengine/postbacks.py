"""Render one event for many networks; values that their templates share are read and encoded once."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, Protocol, cast, overload

from macroengine.arguments import check_mapping, check_type, names_in, wrong_type
from macroengine.compiled_request import CompiledRequest
from macroengine.compiled_template import CompiledTemplate
from macroengine.encodings.encoder import SPEEDUPS, encode_field
from macroengine.encodings.percent import Key
from macroengine.errors import RenderError
from macroengine.event import Event
from macroengine.kinds import Postback
from macroengine.observing import Observation, observation
from macroengine.plan.segments import Missing, RenderPlan, Segment, Signal, Value, values_of
from macroengine.rendering import native
from macroengine.rendering.cells import key_of
from macroengine.rendering.compiler import Values, compile_shared
from macroengine.rendering.consent import Refuses, refusal
from macroengine.rendering.conversion import chooser
from macroengine.representation import listed
from macroengine.request import PreparedRequest

Either = CompiledTemplate | CompiledRequest
Keys = Mapping[str, bytes] | Mapping[int, bytes]
_Named = dict[str, str | None]
_NamedOutcomes = dict[str, str | RenderError | None]
_Listed = list[str | None]
_ListedOutcomes = list[str | RenderError | None]
_NamedAny = dict[str, str | PreparedRequest | None]
_NamedAnyOutcomes = dict[str, str | PreparedRequest | RenderError | None]
_ListedAny = list[str | PreparedRequest | None]
_ListedAnyOutcomes = list[str | PreparedRequest | RenderError | None]

_NO_KEYS: Mapping[str, bytes] = MappingProxyType({})

if TYPE_CHECKING:
    # Type checkers support defaults of type variables, so that a bare PostbackSet has no names; Python does from 3.13
    # on.
    from typing_extensions import TypeVar

    Urls = TypeVar("Urls", default=_Listed)
    Outcomes = TypeVar("Outcomes", default=_ListedOutcomes)
else:
    from typing import TypeVar

    Urls = TypeVar("Urls")
    Outcomes = TypeVar("Outcomes")


class PostbackSet(Generic[Urls, Outcomes]):
    """The templates of many networks, rendered for one event at a time. Pickles are small, and threads may share them.

    Given a mapping, results are dicts with the same names; otherwise they are lists in the same order. A template gives
    a URL, and a compiled request gives a PreparedRequest.
    """

    @overload
    def __init__(self: "PostbackSet[_Named, _NamedOutcomes]", templates: Mapping[str, CompiledTemplate]) -> None: ...
    @overload
    def __init__(self: "PostbackSet[_Listed, _ListedOutcomes]", templates: Iterable[CompiledTemplate]) -> None: ...
    @overload
    def __init__(self: "PostbackSet[_NamedAny, _NamedAnyOutcomes]", templates: Mapping[str, Either]) -> None: ...
    @overload
    def __init__(self: "PostbackSet[_ListedAny, _ListedAnyOutcomes]", templates: Iterable[Either]) -> None: ...
    def __init__(self, templates: Mapping[str, Either] | Iterable[Either]) -> None:
        self._names: tuple[str, ...] | None = None
        if isinstance(templates, Mapping):
            names_in("templates", templates)
            self._names = tuple(templates)
            templates = templates.values()
        self._all = _checked(templates)
        self._templates = tuple(one for one in self._all if isinstance(one, CompiledTemplate))
        self._fan_outs: dict[tuple[Postback, bool, tuple[bool, ...]], _Renders] = {}
        self._heard: dict[tuple[Signal, ...], Refuses] | None = None

    def __repr__(self) -> str:
        count = len(self._all)
        names = "" if self._names is None else f": {listed(self._names)}"
        return f"<PostbackSet of {count:,} postback{'s' if count != 1 else ''}{names}>"

    @property
    def templates(self) -> tuple[Either, ...]:
        """The templates and requests, in order."""
        return self._all

    def render(self, event: Event, *, keys: Keys = _NO_KEYS) -> Urls:
        """Return the URL of each template, or the request; None if it does not admit the event.

        `keys` holds the signing keys of requests, by name or index.

        >>> from macroengine import Policy, compile_template
        >>> installs = compile_template("https://a.example/pb?c=(clickid)")
        >>> events = compile_template("https://b.example/pb?e=(event_name)", policy=Policy("in-app"))
        >>> PostbackSet([installs, events]).render(Event(link={"click_id": "1"}))
        ['https://a.example/pb?c=1', None]
        >>> PostbackSet({"a": installs, "b": events}).render(Event(link={"click_id": "1"}))
        {'a': 'https://a.example/pb?c=1', 'b': None}

        Raises:
            RenderError: the event is admitted by a template and cannot be sent. `outcomes` returns the URLs of the
                others.
        """
        if keys is not _NO_KEYS:
            check_mapping("keys", keys)
        urls = self._together(event)
        if urls is None:
            urls = [template.render(event) if template.admits(event) else None for template in self._templates]
        return cast("Urls", self._arranged(urls, lambda request: _rendered(request, event, keys)))

    def outcomes(
        self, event: Event, *, keys: Keys = _NO_KEYS, hook: Callable[[Observation], object] | None = None
    ) -> Outcomes:
        """Return what `render` returns, but with the error instead of a URL that cannot be rendered.

        `hook` is called with the outcome of each postback, for metrics and traces. It gets no value of the event.

        >>> from macroengine import Missing, compile_template
        >>> strict = compile_template("https://a.example/pb?c=(clickid)", missing=Missing.RAISE)
        >>> other = compile_template("https://b.example/pb?c=(clickid)")
        >>> for outcome in PostbackSet([strict, other]).outcomes(Event()):
        ...     print(outcome)
        value of macro 'clickid' is missing: no 'click_id' in Link
        https://b.example/pb?c=
        """
        if keys is not _NO_KEYS:
            check_mapping("keys", keys)
        if hook is not None and not callable(hook):
            raise wrong_type("hook", "a function", hook)
        outcomes: list[Any] | None = self._together(event)
        if outcomes is None:
            outcomes = [_outcome(template, event) for template in self._templates]
        found = self._arranged(outcomes, lambda request: _request_outcome(request, event, keys))
        if hook is not None:
            named: Iterable[tuple[str | int, Any]] = found.items() if isinstance(found, dict) else enumerate(found)
            for template, (name, outcome) in zip(self._all, named, strict=True):
                hook(observation(name, template.policy, event, outcome))
        return cast("Outcomes", found)

    def _together(self, event: Event) -> list[str | None] | None:
        """Return the URLs, or None if any template fails; each then has to report its own error."""
        if event.__class__ is not Event:
            check_type("event", Event, "an Event", event)
        try:
            return self._fan_out(event).render(event)
        except Exception:  # noqa: BLE001 - the caller's mappings may raise anything
            return None

    def _arranged(self, urls: list[Any], send: "_Send") -> list[Any] | dict[str, Any]:
        """Return the results in the order of the templates; `send` renders the requests among them."""
        found = urls
        if len(urls) < len(self._all):
            names: Iterable[str | int] = self._names or range(len(self._all))
            rest = iter(urls)
            found = [
                send((name, one)) if isinstance(one, CompiledRequest) else next(rest)
                for name, one in zip(names, self._all, strict=True)
            ]
        return found if self._names is None else dict(zip(self._names, found, strict=True))

    def _fan_out(self, event: Event) -> "_Renders":
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
            fan_out = self._fan_outs[kind] = _compiled(chosen, limits)
        return fan_out

    def __reduce__(self) -> tuple[object, ...]:
        templates = self._all
        return PostbackSet, (templates if self._names is None else dict(zip(self._names, templates, strict=True)),)


_NamedRequest = tuple[str | int, CompiledRequest]
_Send = Callable[[_NamedRequest], PreparedRequest | RenderError | None]


def _rendered(named: _NamedRequest, event: Event, keys: Mapping[Any, bytes]) -> PreparedRequest | None:
    name, request = named
    return request.render(event, key=keys.get(name)) if request.admits(event) else None


def _request_outcome(
    named: _NamedRequest, event: Event, keys: Mapping[Any, bytes]
) -> PreparedRequest | RenderError | None:
    try:
        return _rendered(named, event, keys)
    except RenderError as error:
        return error


def _checked(templates: object) -> tuple[Either, ...]:
    if isinstance(templates, str) or not isinstance(templates, Iterable):
        raise wrong_type("templates", "a mapping or list of compiled templates", templates)
    checked = tuple(templates)
    for template in checked:
        check_type("each of templates", Either, "a compiled template or request", template)
    return checked


def _outcome(template: CompiledTemplate, event: Event) -> str | RenderError | None:
    try:
        return template.render(event) if template.admits(event) else None
    except RenderError as error:
        return error


class _Renders(Protocol):
    """Renders the events of one kind."""

    def render(self, event: Event, /) -> list[str | None] | None:
        """Return the URLs, or None if they cannot be rendered here."""


def _compiled(renderings: Sequence[tuple[Segment, ...] | None], limits: Sequence[int]) -> _Renders:
    in_python = partial(_fan_out, renderings, limits)
    return _InC(native.fan_out(renderings, limits), in_python) if SPEEDUPS else in_python()


class _InC:
    """Renders in C, or in Python if C cannot."""

    def __init__(self, in_c: _Renders | None, make: Callable[[], _Renders]) -> None:
        self._in_c = in_c
        self._make: Callable[[], _Renders] = make
        self._in_python: _Renders | None = None

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
    """Return the plan for the events of one kind. It only reads values that some template may send for them.

    For each template, pass what it sends for these events, or None if it does not admit them, and its URL limit.
    """
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


def _segments(plan: RenderPlan, event: Event, refused: Collection[tuple[Signal, ...]]) -> tuple[Segment, ...] | None:
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
