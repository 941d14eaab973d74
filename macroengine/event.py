"""Events: the values that a postback reports, grouped by their source."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from macroengine.arguments import check_flag, check_mapping, check_type, member, shown
from macroengine.catalogue import Dialect, dialect_of
from macroengine.catalogue.other_fields import other_fields, source_of_other
from macroengine.errors import CatalogueError
from macroengine.kinds import Postback, PostbackWord, Source
from macroengine.suggest import did_you_mean, question

__all__ = ["Event", "Postback", "Source"]

_SOURCES = {"link": Source.LINK, "sdk": Source.SDK, "platform": Source.PLATFORM}
# AppsFlyer's name for a source, accepted in JSON events.
_ALIASES = {"af": "platform"}
_HEAD = ("postback", "attributed")
_KEYS = frozenset([*_SOURCES, *_HEAD])
_NESTED = (*_SOURCES, *_ALIASES)
_ORDER = tuple(_SOURCES.values())
# A dict look-up takes a quarter of the time of calling the enumeration.
_POSTBACKS = {str(postback): postback for postback in Postback}
_INSTALL = Postback.INSTALL

_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True, init=False)
class Event:
    """One install or in-app event. Keys are field names, which all dialects share.

    A macro is filled only from the mapping of its documented source, so that no source can supply the values of
    another.

    >>> Event(link={"click_id": "8594845"}, sdk={"event_name": "af_purchase"}, postback="in-app").postback
    <Postback.IN_APP: 'in-app'>
    """

    link: Mapping[str, object]
    """Parameters of the attribution link, by field."""
    sdk: Mapping[str, object]
    """Values sent by the SDK in the app, or by the advertiser's server."""
    platform: Mapping[str, object]
    """Values derived by the platform."""
    postback: Postback
    """What happened, which decides which templates are sent."""
    attributed: bool
    """Whether the event is attributed to the network that receives the postback."""

    # Written by hand: it also accepts the names of postbacks, and it must be fast, since every event is created here.
    def __init__(
        self,
        link: Mapping[str, object] = _NOTHING,
        sdk: Mapping[str, object] = _NOTHING,
        platform: Mapping[str, object] = _NOTHING,
        postback: Postback | PostbackWord = Postback.INSTALL,
        attributed: bool = True,
    ) -> None:
        if link.__class__ is not dict:
            link = _mapping("link", link)
        if sdk.__class__ is not dict:
            sdk = _mapping("sdk", sdk)
        if platform.__class__ is not dict:
            platform = _mapping("platform", platform)
        if postback.__class__ is not Postback:
            postback = member("postback", Postback, postback)
        if attributed is not True and attributed is not False:
            check_flag("attributed", attributed)
        _set_link(self, link)
        _set_sdk(self, sdk)
        _set_platform(self, platform)
        _set_postback(self, postback)
        _set_attributed(self, attributed)

    @classmethod
    def from_flat(cls, values: Mapping[str, object], dialect: str | Dialect) -> "Event":
        """Return an event from a flat mapping of fields; the catalogue gives the source of each.

        Use it only if you trust every value. `postback` and `attributed` may be among the fields. In an open dialect, a
        key that is not a field is a link parameter.

        >>> Event.from_flat({"click_id": "1", "country_code": "DE"}, "appsflyer").platform
        {'country_code': 'DE'}

        Raises:
            CatalogueError: a key is not a field, and the dialect is closed.
        """
        if values.__class__ is not dict:
            check_mapping("values", values)
        chosen = dialect_of(dialect)
        places = _places(chosen)
        parts: tuple[dict[str, object], dict[str, object], dict[str, object]] = ({}, {}, {})
        for name, value in values.items():
            place = places.get(name)
            if place is not None:
                parts[place][name] = value
            elif name not in _HEAD:
                parts[_ORDER.index(_source(name, chosen))][name] = value
        link, sdk, platform = parts
        postback, attributed = _head(values)
        return cls(link, sdk, platform, postback, attributed)

    @classmethod
    def from_json(cls, data: object, dialect: str | Dialect) -> "Event":
        """Return an event from decoded JSON: `{"postback", "attributed", "link", "sdk", "platform"}`, or flat.

        `af` is accepted for `platform`.

        Raises:
            CatalogueError: the data is not an object, a key is not a field, or a field is under the wrong source.
        """
        if not isinstance(data, dict):
            raise CatalogueError(f"an event is a JSON object, not {json_word(data)}")
        for key in _NESTED:
            if isinstance(data.get(key), dict):
                break
        else:
            if not _is_empty(data):
                try:
                    return cls.from_flat(data, dialect)
                except CatalogueError:
                    _check_sources(data, dialect_of(dialect))
                    raise
        if not data.keys() <= _KEYS:
            data = _under_known_keys(data)
        chosen = dialect_of(dialect)
        link, sdk, platform = data.get("link"), data.get("sdk"), data.get("platform")
        of_link, of_sdk, of_platform = _fields(chosen)
        if not (
            link.__class__ is sdk.__class__ is platform.__class__ is dict
            and link.keys() <= of_link
            and sdk.keys() <= of_sdk
            and platform.keys() <= of_platform
        ):
            link, sdk, platform = _checked_parts(data, chosen)
        postback, attributed = _head(data)
        return cls(link, sdk, platform, postback, attributed)


# `object.__setattr__` without the name look-up, since this runs for every event.
_set_link, _set_sdk, _set_platform, _set_postback, _set_attributed = (
    vars(Event)[name].__set__ for name in Event.__dataclass_fields__
)


@lru_cache(maxsize=32)
def _places(dialect: Dialect) -> dict[str, int]:
    """Return the index of the source of each field."""
    return {name: _ORDER.index(source) for name, source in dialect.fields.items() if name not in _HEAD}


@lru_cache(maxsize=32)
def _fields(dialect: Dialect) -> tuple[frozenset[str], ...]:
    """Return the set of fields of each source, in order."""
    fields = dialect.fields.items()
    return tuple(frozenset(name for name, own in fields if own is source) for source in _ORDER)


def _check_sources(data: Mapping[str, object], dialect: Dialect) -> None:
    """Raise CatalogueError for a source that is not an object, unless it may be the name of a field."""
    for key in _NESTED:
        if key in data and key not in dialect.fields and not dialect.open:
            _object(key, data[key])


def _checked_parts(data: Mapping[str, object], dialect: Dialect) -> list[dict[str, object]]:
    """Return the values of each source; raise CatalogueError for the first field that is under the wrong source."""
    parts = {key: _object(key, data.get(key)) for key in _SOURCES}
    for (key, values), known in zip(parts.items(), _fields(dialect), strict=True):
        for name in values:
            if name not in known:
                _check_source(name, key, dialect)
    return list(parts.values())


def _under_known_keys(data: Mapping[str, object]) -> dict[str, object]:
    """Return the data with aliases of keys resolved; raise CatalogueError for an unknown key."""
    for alias in _ALIASES.keys() & data.keys():
        if (key := _ALIASES[alias]) in data:
            raise CatalogueError(f"{alias!r} and {key!r} are one source; write its fields under {key!r}")
    known = {_ALIASES.get(name, name): value for name, value in data.items()}
    for key in known:
        if key not in _KEYS:
            raise CatalogueError(f"unknown key {key!r}{did_you_mean(key, [*_SOURCES, *_HEAD])}")
    return known


def _mapping(argument: str, given: Mapping[str, object]) -> Mapping[str, object]:
    """Check that the argument is a mapping, and return it; return an empty dict for none."""
    if given is _NOTHING:
        return {}
    check_mapping(argument, given)
    return given


def _source(name: str, dialect: Dialect) -> Source:
    check_type("each field", str, "a string", name)
    source = dialect.source_of(name)
    if source is None:
        source = Source.LINK if dialect.open else source_of_other(name, dialect)
    if source is not None:
        return source
    raise CatalogueError(f"unknown field {name!r}{_field_hint(name, dialect)}")


def _field_hint(name: str, dialect: Dialect) -> str:
    found = dialect.find(name)
    return question([found[0].field]) if found else did_you_mean(name, dialect.fields)


def _check_source(name: str, key: str, dialect: Dialect) -> None:
    # In an open dialect any name may be a link parameter, including the names of fields.
    if dialect.open and _SOURCES[key] is Source.LINK:
        return
    source = _source(name, dialect)
    if source is not _SOURCES[key] and (name, _SOURCES[key]) not in other_fields(dialect):
        right = next(word for word, meant in _SOURCES.items() if meant is source)
        label = dialect.labels[source]
        raise CatalogueError(f"field {name!r} comes from {label} and is under {key!r}; write it under {right!r}")


def _head(data: Mapping[str, object]) -> tuple[Postback, bool]:
    given, attributed = data.get("postback", _INSTALL), data.get("attributed", True)
    if attributed is not True and attributed is not False:
        raise CatalogueError(f"'attributed' must be true or false, not {shown(attributed)}")
    known = _POSTBACKS.get(given) if isinstance(given, str) else None
    if known is None:
        near = did_you_mean(given, map(str, Postback)) if isinstance(given, str) else ""
        raise CatalogueError(f"unknown postback {shown(given)}{near} (known: {', '.join(Postback)})")
    return known, attributed


def _is_empty(data: Mapping[str, object]) -> bool:
    """Say whether the data has sources, of which none has values."""
    known = {*_NESTED, *_HEAD}
    given = [value for name, value in data.items() if name not in _HEAD]
    return bool(given) and data.keys() <= known and not any(value is not None for value in given)


def _object(key: str, value: object) -> dict[str, object]:
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise CatalogueError(f"{key!r} must be an object, not {json_word(value)}")


def json_word(value: object) -> str:
    """Return the JSON name of a value's type, for error messages."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    # What is not from JSON at all is named as Python does.
    return names.get(type(value)) or ("a number" if hasattr(type(value), "__abs__") else type(value).__name__)
