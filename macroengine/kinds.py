"""The enumerations that catalogues, events and policies use."""

from enum import StrEnum
from typing import Literal

# The values that callers choose from, for type checkers.
PostbackWord = Literal["install", "in-app", "rejected-install", "rejected-in-app", "re-engagement", "re-attribution"]
SourceWord = Literal["Link", "SDK", "Platform"]
HashCaseWord = Literal["upper", "lower", "as-is"]


class Postback(StrEnum):
    """What a postback reports.

    >>> Postback("in-app") is Postback.IN_APP
    True
    """

    INSTALL = "install"
    """The first start of an app."""
    IN_APP = "in-app"
    """An event in the app, such as a purchase."""
    REJECTED_INSTALL = "rejected-install"
    """An install that was rejected as fraud."""
    REJECTED_IN_APP = "rejected-in-app"
    """An event in the app that was rejected as fraud."""
    RE_ENGAGEMENT = "re-engagement"
    """A user who already has the app follows an advertisement."""
    RE_ATTRIBUTION = "re-attribution"
    """A user who removed the app installs it again."""


class Source(StrEnum):
    """Where a value comes from. That decides who may see it and who could forge it.

    >>> Source("platform") is Source("AF") is Source.PLATFORM
    True
    """

    LINK = "Link"
    """A parameter of the attribution link, written by the author of the link."""
    SDK = "SDK"
    """Sent by the SDK in the app, or by the advertiser's server instead."""
    PLATFORM = "Platform"
    """Derived by the platform while it processed the event. AppsFlyer's documentation calls it AF."""

    @classmethod
    def _missing_(cls, value: object) -> "Source | None":
        """Return the source for its name in any case, or for AppsFlyer's name."""
        words = {source.value.lower(): source for source in cls} | {"af": cls.PLATFORM}
        return words.get(value.lower()) if isinstance(value, str) else None


class ValueType(StrEnum):
    """How a macro writes values that are not strings."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    """`true` and `false`, or the texts that the partner chose."""
    FLAG = "flag"
    """`1` and `0`, even if the partner chose other texts."""
    UUID = "uuid"
    TIME = "time"
    """`2016-01-04 15:26:00`, UTC."""
    UNIX_TIME = "unix-time"
    """Whole seconds since 1970-01-01 UTC."""
    UNIX_TIME_MS = "unix-time-ms"
    """Whole milliseconds since 1970-01-01 UTC."""
    RFC3339 = "rfc3339"
    """`2016-01-04T15:26:00Z`."""
    LIST = "list"
    """A list, or a text with commas. Elements are encoded one by one and joined by a comma, which is not encoded."""
    JSON = "json"
    """The event value. A dict or list becomes compact JSON."""


class Function(StrEnum):
    """What a macro may ask to be done with its value, before or instead of the dialect's encoding."""

    SHA1 = "sha1"
    MD5 = "md5"
    SHA256 = "sha256"
    BASE64 = "base64"
    PERCENT = "percent"
    """Percent-encoded once, whatever the dialect's encoding is. The next two: twice and three times."""
    PERCENT2 = "percent2"
    PERCENT3 = "percent3"
    UPPER = "upper"
    LOWER = "lower"
    NONE = "none"
    """Left as it is, without the dialect's encoding."""


HASHES = frozenset([Function.SHA1, Function.MD5, Function.SHA256])


class Encoding(StrEnum):
    """How a platform encodes the values that it inserts into a template."""

    PERCENT = "percent"
    """Percent-encode everything except the unreserved characters of RFC 3986."""
    NFC = "nfc"
    """The same, after Unicode normalization form C."""
    COMPONENT = "component"
    """Like JavaScript's encodeURIComponent, which also keeps `!'()*`."""
    FORM = "form"
    """Like HTML forms: a space becomes `+`."""
    NONE = "none"
    """No encoding."""
    JSON = "json"
    """Escape as in a JSON string."""
    BASE64 = "base64"


class Identifier(StrEnum):
    """The kinds of identifiers that users may refuse to share."""

    ADVERTISING = "advertising"
    """An advertising identifier, which the user can reset, or its hash."""
    DEVICE = "device"
    """An identifier of the device or installation, which the user cannot reset, or its hash."""


class Consent(StrEnum):
    """How the value of a field says that the user does not share identifiers."""

    LIMITED = "limited"
    """True or 1: the user limits ad tracking."""
    AUTHORIZED = "authorized"
    """False or 0: the user has not authorized tracking."""
    STATUS = "status"
    """Any App Tracking Transparency status other than authorized, which is also written as 3."""


class HashCase(StrEnum):
    """The case in which an identifier is hashed."""

    UPPER = "upper"
    LOWER = "lower"
    AS_IS = "as-is"
    """Unchanged, as in the event."""
