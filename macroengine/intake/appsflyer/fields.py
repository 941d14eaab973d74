"""The fields of AppsFlyer's S2S events: one row of `s2s.toml` each."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from macroengine.catalogue import Dialect, dialect
from macroengine.intake.tables import frozen, table

BODY = Path(__file__).with_name("s2s.toml")


@dataclass(frozen=True, slots=True)
class BodyField:
    """A field of an S2S event. A row of the file has these keys."""

    path: str
    """Its name in the JSON, after the names of the objects that contain it."""
    references: tuple[str, ...]
    example: str
    attribute: str
    """Its attribute in S2SEvent."""
    type: str = "text"
    required: bool = False
    form: str = ""
    """The pattern of the whole value: a key of the file's forms."""
    choices: tuple[object, ...] = ()
    """All valid values; empty: any."""
    platform: str = ""
    """The only platform that has it."""
    open: bool = False
    """Whether it contains an object with any fields, in addition to the listed ones."""
    field: str = ""
    """The field of an Event that it fills."""
    fills: Mapping[str, tuple[object, ...]] = dataclasses.field(default_factory=dict)
    """Fields of an Event that it fills with one of the listed values, by index."""
    outdates: tuple[str, ...] = ()
    """Fields of the install that are no longer valid if it is sent."""
    inferred: tuple[str, ...] = ()
    note: str = ""

    @property
    def name(self) -> str:
        """Its name in the JSON."""
        return self.path.rpartition("/")[2]


@cache
def body_fields() -> Mapping[str, BodyField]:
    """Return the fields of an S2S event by their paths, in order.

    >>> body_fields()["eventName"].attribute
    'event_name'
    """
    rows = table(BODY)["fields"].items()
    return {path: BodyField(path, **{"attribute": path.rpartition("/")[2], **frozen(row)}) for path, row in rows}


@lru_cache(maxsize=64)
def fields_below(parent: str) -> Mapping[str, BodyField]:
    """Return the fields of one object of an S2S event by their JSON names. `""` is the event itself."""
    return {row.name: row for row in body_fields().values() if row.path == f"{parent}/{row.name}".lstrip("/")}


def home_dialect() -> Dialect:
    """Return the dialect whose fields S2S events and installs fill."""
    return dialect(table(BODY)["dialect"])
