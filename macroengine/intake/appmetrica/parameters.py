"""The parameters of AppMetrica's tracking URLs: one row of `tracking.toml` each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from macroengine.intake.tables import frozen, table

TRACKING = Path(__file__).with_name("tracking.toml")


@dataclass(frozen=True, slots=True)
class TrackingParameter:
    """A parameter of a tracking URL. A row of the file has these keys."""

    name: str
    references: tuple[str, ...]
    example: str
    attribute: str
    """Its attribute in Click and Impression."""
    type: str = "text"
    required: bool = False
    default: object = None
    always: bool = False
    """Whether it is also written with its default value."""
    form: str = ""
    spellings: tuple[str, ...] = ()
    s2s: bool = False
    """Whether only a server sends it; links for a browser have none of these."""
    link: tuple[str, ...] = ()
    """The Link fields of an Event that it fills."""


@cache
def parameters() -> Mapping[str, TrackingParameter]:
    """Return the parameters of a tracking URL by their documented names, in order."""
    rows = table(TRACKING)["parameters"].items()
    return {name: TrackingParameter(name, **{"attribute": name, **frozen(row)}) for name, row in rows}


def parameter(name: str) -> TrackingParameter | None:
    """Return the parameter with this documented name or spelling, or None."""
    return _spelled().get(name)


@cache
def _spelled() -> Mapping[str, TrackingParameter]:
    return {name: row for row in parameters().values() for name in (row.name, *row.spellings)}
