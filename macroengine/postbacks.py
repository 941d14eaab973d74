"""Render one event for many networks; values that their templates share are read and encoded once."""

from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, cast, overload

from macroengine.arguments import check_mapping, check_type, names_in, wrong_type
from macroengine.compiled_request import CompiledRequest
from macroengine.compiled_template import CompiledTemplate
from macroengine.errors import RenderError
from macroengine.event import Event
from macroengine.kinds import Postback
from macroengine.observing import Observation, observation
from macroengine.plan.segments import Signal
from macroengine.rendering.consent import Refuses, refusal
from macroengine.rendering.fan_out import Renders, compile_fan_out, segments_for
from macroengine.representation import listed
from macroengine.request import PreparedRequest
from macroengine.suggest import did_you_mean

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
        names = self._names or range(len(self._all))
        named = dict[str | int, Either](zip(names, self._all, strict=True))
        self._signed = dict.fromkeys(name for name, one in named.items() if _is_signed(one))
        self._fan_outs: dict[tuple[Postback, bool, tuple[bool, ...]], Renders] = {}
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
            ValueError: a signed request has no key, or there is a key for something that is not one.
        """
        if keys is not _NO_KEYS or self._signed:
            self._check_keys(keys)
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

        Raises:
            ValueError: as for `render`.
        """
        if keys is not _NO_KEYS or self._signed:
            self._check_keys(keys)
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

    def _check_keys(self, keys: Keys) -> None:
        # Of keys only the names are shown.
        check_mapping("keys", keys)
        given: dict[Any, Any] = dict(keys)
        for name, key in given.items():
            if name not in self._signed:
                raise self._unwanted(name)
            if not isinstance(key, bytes):
                raise TypeError(f"keys[{name!r}] must be bytes, not {type(key).__name__}")
        missing = [name for name in self._signed if not given.get(name)]
        if missing:
            raise ValueError(f"request {missing[0]!r} is to be signed; give keys={{{missing[0]!r}: ...}}")

    def _unwanted(self, name: object) -> ValueError:
        """Return the error for a key that signs nothing."""
        names: Collection[object] = self._names or range(len(self._all))
        if name in names:
            return ValueError(f"keys has {name!r}, which is not a signed request; remove it")
        if not isinstance(name, str | int):
            return ValueError(f"each name in keys must be a name or an index, not {type(name).__name__}")
        if self._names is None:
            hint = f"; indexes are from 0 to {len(names) - 1}" if names else ""
        else:
            hint = did_you_mean(name, self._names) if isinstance(name, str) else ""
        return ValueError(f"keys has {name!r}, which this PostbackSet does not have{hint}")

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

    def _fan_out(self, event: Event) -> "Renders":
        heard = self._heard
        if heard is None:
            unshared = [template.plan.unshared for template in self._templates]
            heard = self._heard = {one.signals: refusal(one.signals) for one in unshared if one is not None}
        refused = tuple([refuses(event) for refuses in heard.values()]) if heard else ()
        kind = event.postback, event.attributed, refused
        fan_out = self._fan_outs.get(kind)
        if fan_out is None:
            said = {signals for signals, is_refused in zip(heard, refused, strict=True) if is_refused}
            chosen = [segments_for(template.plan, event, said) for template in self._templates]
            limits = [template.plan.max_bytes for template in self._templates]
            fan_out = self._fan_outs[kind] = compile_fan_out(chosen, limits)
        return fan_out

    def __reduce__(self) -> tuple[object, ...]:
        templates = self._all
        return PostbackSet, (templates if self._names is None else dict(zip(self._names, templates, strict=True)),)


_NamedRequest = tuple[str | int, CompiledRequest]
_Send = Callable[[_NamedRequest], PreparedRequest | RenderError | None]


def _is_signed(one: Either) -> bool:
    return isinstance(one, CompiledRequest) and one.request.signature is not None


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
