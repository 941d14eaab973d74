"""The closed sets that catalogues, events and policies speak in."""

from enum import StrEnum
from typing import Literal

# The words of the sets that callers choose from, for type checkers.
PostbackWord = Literal["install", "in-app", "rejected-install", "rejected-in-app", "re-engagement", "re-attribution"]
SourceWord = Literal["Link", "SDK", "AF"]
HashCaseWord = Literal["upper", "lower", "as-is"]


class Postback(StrEnum):
    """What a postback reports.

    >>> Postback("in-app") is Postback.IN_APP
    True
    """

    INSTALL = "install"
    IN_APP = "in-app"
    REJECTED_INSTALL = "rejected-install"
    REJECTED_IN_APP = "rejected-in-app"
    RE_ENGAGEMENT = "re-engagement"
    RE_ATTRIBUTION = "re-attribution"


class Source(StrEnum):
    """Where a value comes from, which decides who may see it and who could forge it."""

    LINK = "Link"
    """A parameter of the attribution link: whoever made the link wrote it."""
    SDK = "SDK"
    """Sent by the SDK in the app, or by the advertiser's server in its place."""
    AF = "AF"
    """Derived by the platform while it processed the event."""


class ValueType(StrEnum):
    """How a macro writes the values that are not text already."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    """`true` and `false`, or what the partner chose."""
    FLAG = "flag"
    """`1` and `0`, whatever the partner chose."""
    UUID = "uuid"
    TIME = "time"
    """`2016-01-04 15:26:00`, UTC."""
    UNIX_TIME = "unix-time"
    """Whole seconds since 1970-01-01 UTC."""
    RFC3339 = "rfc3339"
    """`2016-01-04T15:26:00Z`."""
    JSON = "json"
    """The event value; a dict or list becomes compact JSON."""


class HashCase(StrEnum):
    """The case in which an identifier is hashed."""

    UPPER = "upper"
    LOWER = "lower"
    AS_IS = "as-is"
