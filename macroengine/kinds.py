"""The closed sets that catalogues, events and policies speak in."""

from enum import StrEnum
from typing import Literal

# The words of the sets that callers choose from, for type checkers.
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
    """A user who has the app follows an advertisement."""
    RE_ATTRIBUTION = "re-attribution"
    """A user who removed the app installs it again."""


class Source(StrEnum):
    """Where a value comes from, which decides who may see it and who could forge it.

    >>> Source("platform") is Source("AF") is Source.PLATFORM
    True
    """

    LINK = "Link"
    """A parameter of the attribution link: written by whoever made the link."""
    SDK = "SDK"
    """Sent by the SDK in the app, or by the advertiser's server in its place."""
    PLATFORM = "Platform"
    """Derived by the platform while it processed the event. AppsFlyer's documents call it AF."""

    @classmethod
    def _missing_(cls, value: object) -> "Source | None":
        """Return the source for a word in another case, or AppsFlyer's word for it."""
        words = {source.value.lower(): source for source in cls} | {"af": cls.PLATFORM}
        return words.get(value.lower()) if isinstance(value, str) else None


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
    UNIX_TIME_MS = "unix-time-ms"
    """Whole milliseconds since 1970-01-01 UTC."""
    RFC3339 = "rfc3339"
    """`2016-01-04T15:26:00Z`."""
    LIST = "list"
    """Elements that are encoded one by one and joined by a comma, which is not encoded: a list, or a text with commas.
    """
    JSON = "json"
    """The event value; a dict or list becomes compact JSON."""


class Function(StrEnum):
    """What a macro may say is done with its value, before or instead of the encoding of the dialect."""

    SHA1 = "sha1"
    MD5 = "md5"
    SHA256 = "sha256"
    BASE64 = "base64"
    PERCENT = "percent"
    """Percent-encoded once, whatever the encoding of the dialect; the next two, twice and three times."""
    PERCENT2 = "percent2"
    PERCENT3 = "percent3"
    UPPER = "upper"
    LOWER = "lower"
    NONE = "none"
    """As it is, without the encoding of the dialect."""


HASHES = frozenset([Function.SHA1, Function.MD5, Function.SHA256])


class Encoding(StrEnum):
    """How a platform encodes the values that it puts into a template."""

    PERCENT = "percent"
    """All but the unreserved characters of RFC 3986."""
    NFC = "nfc"
    """The same, after Unicode normalization form C."""
    COMPONENT = "component"
    """As JavaScript's encodeURIComponent does: `!'()*` are kept, too."""
    FORM = "form"
    """As forms do: a space is `+`."""
    NONE = "none"
    """Not at all."""
    JSON = "json"
    """Escaped as in a JSON string."""
    BASE64 = "base64"


class Identifier(StrEnum):
    """What an identifier is, where the user may ask that it is not shared."""

    ADVERTISING = "advertising"
    """An identifier for advertising, which the user can reset, or a hash of one."""
    DEVICE = "device"
    """An identifier of the device or installation, which the user cannot reset, or a hash of one."""


class Consent(StrEnum):
    """How a value says that the user does not share identifiers."""

    LIMITED = "limited"
    """True or 1: the user limits ad tracking."""
    AUTHORIZED = "authorized"
    """False or 0: the user has not authorized tracking."""
    STATUS = "status"
    """Any status of App Tracking Transparency other than authorized, which is also written 3."""


class HashCase(StrEnum):
    """The case in which an identifier is hashed."""

    UPPER = "upper"
    LOWER = "lower"
    AS_IS = "as-is"
    """As the event has it."""
