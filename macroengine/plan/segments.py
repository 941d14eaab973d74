"""The parts of a plan: texts, values, and queries whose parameters may be dropped.

This module only has types. A backend knows them, and knows nothing about templates, catalogues and policies.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, NamedTuple
from typing import Literal as OneOf

from macroengine.arguments import check_type
from macroengine.kinds import HashCase, Postback, Source, ValueType


class Missing(Enum):
    """What is sent for a macro whose value is missing: None, absent, or withheld."""

    EMPTY = "empty"
    """Nothing, or what the platform documents: a text, or no parameter."""
    DROP = "drop"
    """The macro's parameter is dropped, with its `&`. Outside a query, nothing is sent."""
    KEEP = "keep"
    """The macro, as the template writes it."""
    RAISE = "raise"
    """Nothing: rendering raises MissingValueError."""

    # That of Enum is written in Python, and compiling a template hashes two for each macro.
    __hash__ = object.__hash__


MissingWord = OneOf["empty", "drop", "keep", "raise"]


@dataclass(frozen=True, slots=True)
class Default:
    """A custom text for a missing value, encoded like the value.

    >>> Default("n/a")
    Default(text='n/a')
    """

    text: str
    """The text, before it is encoded."""

    def __post_init__(self) -> None:
        check_type("text", str, "a string", self.text)
        text = str.__str__(self.text)
        if not text.isprintable() and any("\ud800" <= char <= "\udfff" for char in text):
            raise ValueError("text of a Default has a lone surrogate, which cannot be sent")
        object.__setattr__(self, "text", text)


ForMissing = Missing | Default


class Step(StrEnum):
    """One operation on the text of a value. Each step takes the result of the previous one."""

    UPPER = "upper"
    LOWER = "lower"
    SHA1 = "sha1"
    """In lower-case hex digits, like all hashes."""
    MD5 = "md5"
    SHA256 = "sha256"
    BASE64 = "base64"
    """Base64 of the UTF-8 text (RFC 4648, section 4)."""
    JSON_STRING = "json-string"
    """Escape for the inside of a JSON string."""
    JSON_VALUE = "json-value"
    """Write as a whole JSON value, by its type. Always the first step, except after a function."""
    JSON_NAME = "json-name"
    """Write as the name of a member of a JSON object: in quotes, whatever its type."""
    HEADER = "header"
    """Check that a header may contain it: visible ASCII, and spaces inside."""
    PERCENT = "percent"
    """Percent-encode everything except the unreserved characters of RFC 3986."""
    COMPONENT = "component"
    """Percent-encode like JavaScript's encodeURIComponent."""
    FORM = "form"
    """Percent-encode like HTML forms, with `+` for a space."""
    NFC = "nfc"
    """Convert to Unicode normalization form C."""
    LIST = "list"
    """Apply the steps after it to each element of a list, and join the results with commas."""
    SEGMENT = "segment"
    """Check that it is not `.` or `..`, which would lead to another path."""
    IN_PLACE = "in-place"
    """Check that an unencoded value does not break out of its place in the URL."""
    IN_SEGMENT = "in-segment"
    """Check the same for the path segment that it is in, and that it is not an escaped `.` or `..`."""
    NO_SEMICOLON = "no-semicolon"
    """Check that it has no `;`, which would separate parameters where no `&` does."""
    NO_PAIR = "no-pair"
    """Check that it has no `;name=`, which would begin another parameter where there is no `&`."""
    NO_EQUALS = "no-equals"
    """Check that it has no `=`, which would end the name of a parameter."""
    HOST_LABEL = "host-label"
    """Check that it is a label of a host: letters, digits and hyphens."""


HASHES: Final = frozenset([Step.SHA1, Step.MD5, Step.SHA256])
_PLAIN: Final = (Step.PERCENT,)
_EMPTY: Final = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Text that is sent literally."""

    text: str


class Converted(NamedTuple):
    """Another field with the same value in a larger unit. It is read if the first field has no value."""

    field: str
    times: int
    """How many of the smaller unit are in the larger one."""


class Read(NamedTuple):
    """A place in an event where a value is looked up."""

    source: Source
    field: str
    case: HashCase = HashCase.AS_IS
    """The case in which the value is hashed."""
    converted: Converted | None = None
    """Where it is looked up next, in the same source, and how it is then converted."""


class Value(NamedTuple):
    """A value of the event: it is read, converted to text, and sent after some steps.

    It is a tuple, which can be created in a quarter of the time: every macro of every template becomes one or two.
    """

    macro: str
    """The name of the macro in the template, for errors."""
    reads: tuple[Read, ...]
    """The places where it is looked up. The first that has a value is used. Empty if only its Default is sent."""
    type: ValueType
    booleans: tuple[str, str]
    """The texts for true and false."""
    steps: tuple[Step, ...]
    """The steps that are applied to its text, in order."""
    missing: str | Default | OneOf[Missing.DROP, Missing.RAISE]
    """What is sent if it is missing: a text without further steps, a Default after the steps, Missing.DROP in a
    parameter that may be dropped, or Missing.RAISE if rendering must fail."""

    @property
    def is_plain(self) -> bool:
        """Whether it only needs one field, percent-encoded once."""
        return self.steps == _PLAIN and len(self.reads) == 1 and self.reads[0].converted is None

    @property
    def other_fields(self) -> tuple[str, ...]:
        """The fields in another unit that it can be converted from."""
        return tuple([read.converted.field for read in self.reads if read.converted])

    @property
    def is_choice(self) -> bool:
        """Whether it may be in several places."""
        return len(self.reads) > 1 or any(read.converted for read in self.reads)

    @property
    def hash(self) -> Step | None:
        """The hash among the steps, or None."""
        return next((step for step in self.steps if step in HASHES), None)


@dataclass(frozen=True, slots=True)
class Absent:
    """A required value that this rendering must not read. Rendering raises MissingValueError."""

    macro: str
    is_known: bool = True
    """Whether it is withheld. Otherwise the catalogue does not have its macro."""

    @property
    def reason(self) -> str:
        """Why it is missing."""
        if self.is_known:
            return f"value of macro {self.macro!r} is withheld from this network for this event"
        return f"value of macro {self.macro!r} is missing: the catalogue does not have this macro"


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that would complete an escape in the text before it. Rendering raises RenderError."""

    macro: str


Atom = Text | Value | Absent | Refused


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of a URL or a nested URL, joined by `separator` after `opening`.

    A parameter is dropped if it contains a missing value with Missing.DROP. If no parameter is left, nothing is sent,
    not even `opening`.
    """

    opening: str
    parameters: "tuple[tuple[Segment, ...], ...]"
    """The segments of each parameter. They include a query if the parameter contains a URL with parameters."""
    separator: str = "&"


Segment = Atom | Query


class Signal(NamedTuple):
    """A field in which an event may say that its user does not share identifiers.

    It says so if it has a value whose text is neither empty nor one of `shares`.
    """

    source: Source
    field: str
    shares: tuple[str, ...]
    """The texts that mean that the user shares identifiers."""


@dataclass(frozen=True, slots=True)
class Unshared:
    """What to send for events whose users do not share identifiers. Contains none of those values."""

    signals: tuple[Signal, ...]
    """The signals, of which one is enough."""
    macros: tuple[str, ...]
    """The names of the withheld macros, as the template writes them, in order and without repeats."""
    attributed: tuple[Segment, ...]
    unattributed: tuple[Segment, ...] | None
    """Equal to that of the plan if nothing else is withheld."""


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """What to send for which event. No two texts are adjacent."""

    postback: Postback
    """The only kind of event that it is sent for."""
    attributed: tuple[Segment, ...]
    """What is sent for events that are attributed to the network."""
    unattributed: tuple[Segment, ...] | None
    """For other events; None if they are not sent. Has no value that the policy withholds."""
    max_bytes: int
    """The maximum length of the rendered text."""
    unshared: Unshared | None = None
    """What to send instead of both if the user does not share identifiers; None if it is the same."""
    kind: str = "URL"
    """What the text is, for error messages."""

    @property
    def renderings(self) -> tuple[tuple[Segment, ...], ...]:
        """All renderings of the plan."""
        both = [self.attributed, self.unattributed]
        if self.unshared is not None:
            both += [self.unshared.attributed, self.unshared.unattributed]
        return tuple(segments for segments in both if segments is not None)


def values_of(segments: Iterable[Segment]) -> Iterator[Value]:
    """Yield all values that are read, in order, including repeats."""
    for segment in segments:
        if isinstance(segment, Value):
            if segment.reads:
                yield segment
        elif isinstance(segment, Query):
            for parameter in segment.parameters:
                yield from values_of(parameter)
