"""What the platforms' documents say about their payloads, read from one TOML file a payload."""

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).resolve().parent / "data"

ADDRESSES = "addresses"
BODY = "appsflyer_s2s"
TRACKING = "appmetrica_tracking"
DELIVERY = "delivery"
PLACEHOLDERS = "placeholders"


@dataclass(frozen=True, slots=True)
class BodyField:
    """One field of an S2S event. A row of the file has these keys."""

    path: str
    """Its name on the wire, behind the names of the objects that it stands in."""
    references: tuple[str, ...]
    example: str
    attribute: str
    """Our name for it."""
    type: str = "text"
    required: bool = False
    form: str = ""
    """The form of the whole value, a key of the file's forms."""
    choices: tuple[object, ...] = ()
    """All values that it may have; empty: any."""
    platform: str = ""
    """The only platform that has it."""
    open: bool = False
    """Whether it holds an object with any fields, the listed ones among them."""
    field: str = ""
    """The field of an Event that it fills."""
    fills: Mapping[str, tuple[object, ...]] = dataclasses.field(default_factory=dict)
    """Fields of an Event that it fills from a list, by its value."""
    outdates: tuple[str, ...] = ()
    """Fields of the install that it makes wrong."""
    inferred: tuple[str, ...] = ()
    note: str = ""

    @property
    def name(self) -> str:
        """Its name on the wire."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class TrackingParameter:
    """One parameter of a tracking URL. A row of the file has these keys."""

    name: str
    references: tuple[str, ...]
    example: str
    attribute: str
    """Our name for it."""
    type: str = "text"
    required: bool = False
    default: object = None
    always: bool = False
    """Whether it is written with its default value, too."""
    form: str = ""
    spellings: tuple[str, ...] = ()
    s2s: bool = False
    """Whether only a server sends it; a link that a browser opens has none of these."""
    link: tuple[str, ...] = ()
    """The Link fields of an Event that it fills."""


@lru_cache(maxsize=8)
def table(name: str) -> Mapping[str, Any]:
    """Return the content of a data file."""
    return tomllib.loads((_DATA / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def body_fields() -> Mapping[str, BodyField]:
    """Return the fields of an S2S event by their paths, in order.

    >>> body_fields()["eventName"].attribute
    'event_name'
    """
    rows = table(BODY)["fields"].items()
    return {path: BodyField(path, **{"attribute": path.rpartition("/")[2], **_frozen(row)}) for path, row in rows}


@lru_cache(maxsize=64)
def fields_below(parent: str) -> Mapping[str, BodyField]:
    """Return the fields of one object of an S2S event by their names on the wire; `""` is the event itself."""
    return {row.name: row for row in body_fields().values() if row.path == f"{parent}/{row.name}".lstrip("/")}


@cache
def parameters() -> Mapping[str, TrackingParameter]:
    """Return the parameters of a tracking URL by their documented names, in order."""
    rows = table(TRACKING)["parameters"].items()
    return {name: TrackingParameter(name, **{"attribute": name, **_frozen(row)}) for name, row in rows}


def parameter(name: str) -> TrackingParameter | None:
    """Return the parameter that has `name` for a documented name or spelling, or None."""
    return _spelled().get(name)


@cache
def _spelled() -> Mapping[str, TrackingParameter]:
    return {name: row for row in parameters().values() for name in (row.name, *row.spellings)}


@lru_cache(maxsize=32)
def pattern(file: str, form: str) -> re.Pattern[str]:
    """Return the regular expression of a form, a key of the file's forms."""
    return re.compile(table(file)["forms"][form])


def _frozen(value: Any) -> Any:
    match value:
        case list():
            return tuple(map(_frozen, value))
        case dict():
            return {key: _frozen(item) for key, item in value.items()}
        case _:
            return value
