"""What a plan is made of: texts, values, and queries from which parameters may be dropped.

These are types alone. A backend knows them and nothing of templates, catalogues and policies.
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
    """Nothing, or what the platform documents that it sends: a text, or not even the parameter."""
    DROP = "drop"
    """The parameter with the macro is dropped, with its `&`; outside the query, nothing is sent."""
    KEEP = "keep"
    """The macro as the template writes it."""
    RAISE = "raise"
    """The postback is not rendered: MissingValueError."""


MissingWord = OneOf["empty", "drop", "keep", "raise"]


@dataclass(frozen=True, slots=True)
class Default:
    """A custom text that is sent for a missing value, encoded as the value would be.

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
    """One thing that is done with the text of a value. Each step takes the text that the one before it made."""

    UPPER = "upper"
    LOWER = "lower"
    SHA1 = "sha1"
    """In lower-case hex digits, as all hashes."""
    MD5 = "md5"
    SHA256 = "sha256"
    BASE64 = "base64"
    """RFC 4648, section 4, of the UTF-8."""
    JSON_STRING = "json-string"
    """Escaped as a part of a JSON string."""
    JSON_VALUE = "json-value"
    """Written as a whole JSON value, by its type; always the first step, except for a function."""
    JSON_NAME = "json-name"
    """Written as the name of a member of a JSON object: in quotes, whatever its type."""
    HEADER = "header"
    """Checked: visible ASCII, and spaces inside, which is what a header may hold."""
    PERCENT = "percent"
    """Percent-encoded: RFC 3986, all but the unreserved characters."""
    COMPONENT = "component"
    """Percent-encoded as JavaScript's encodeURIComponent does."""
    FORM = "form"
    """Percent-encoded as forms are, a space as `+`."""
    NFC = "nfc"
    """Brought to Unicode normalization form C."""
    LIST = "list"
    """The steps after it are done with each element of a list; a comma joins the results."""
    SEGMENT = "segment"
    """Checked: `.` and `..` in a path lead to another path."""
    IN_PLACE = "in-place"
    """Checked: a value that is not encoded must not leave its place in the URL."""
    IN_SEGMENT = "in-segment"
    """Checked: nor must it leave its segment, where it is in a path."""
    HOST_LABEL = "host-label"
    """Checked: a label of a host, of letters, digits and hyphens."""


HASHES: Final = frozenset([Step.SHA1, Step.MD5, Step.SHA256])
_PLAIN: Final = (Step.PERCENT,)
_EMPTY: Final = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Text that is sent literally."""

    text: str


class Read(NamedTuple):
    """Where a value is looked for in an event."""

    source: Source
    field: str
    case: HashCase = HashCase.AS_IS
    """The case in which it is hashed."""


class Converted(NamedTuple):
    """Another field with the same value in a larger unit, which is read where the first has none."""

    field: str
    times: int
    """How many of the smaller unit it has."""


class Value(NamedTuple):
    """A value of the event: read, turned into text, and sent after some steps.

    A tuple, which is made in a quarter of the time: every macro of every template becomes one, or two.
    """

    macro: str
    """The name of the macro in the template, for errors."""
    reads: tuple[Read, ...]
    """Where it is looked for; the first that has a value is sent. Nowhere, where only its Default may be sent."""
    type: ValueType
    booleans: tuple[str, str]
    """The words for true and false."""
    steps: tuple[Step, ...]
    """What is done with its text, in order."""
    missing: str | Default | OneOf[Missing.DROP, Missing.RAISE]
    """What is sent where it is missing: a text as it is, a Default after the steps of the value, or, in a parameter
    that may be dropped, Missing.DROP; Missing.RAISE where rendering must fail."""
    converted: Converted | None = None
    """Where it is looked for in the same source after that, and what is then done with it; of a value that is read in
    one place."""

    @property
    def is_plain(self) -> bool:
        """Whether reading one field and percent-encoding its text once is all there is to do."""
        return self.steps == _PLAIN and len(self.reads) == 1 and self.converted is None

    @property
    def other_fields(self) -> tuple[str, ...]:
        """The fields in another unit that it can be converted from."""
        return () if self.converted is None else (self.converted.field,)

    @property
    def is_choice(self) -> bool:
        """Whether it is looked for in several places."""
        return len(self.reads) > 1 or self.converted is not None

    @property
    def hash(self) -> Step | None:
        """The hash among the steps, None where there is none."""
        return next((step for step in self.steps if step in HASHES), None)


@dataclass(frozen=True, slots=True)
class Absent:
    """A value that this rendering must not read and cannot do without: rendering raises MissingValueError."""

    macro: str
    is_known: bool = True
    """Whether it is withheld; if not, the catalogue does not have its macro."""

    @property
    def reason(self) -> str:
        """Why it is not there."""
        if self.is_known:
            return f"value of macro {self.macro!r} is withheld from this network for this event"
        return f"value of macro {self.macro!r} is missing: the catalogue does not have this macro"


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that would form an escape with the text before it: rendering raises RenderError."""

    macro: str


Atom = Text | Value | Absent | Refused


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of a URL, or of a URL inside it, joined by `separator` after `opening`.

    A parameter is dropped where a value with Missing.DROP in it is missing. Where none is left, nothing is sent, not
    even `opening`.
    """

    opening: str
    parameters: "tuple[tuple[Segment, ...], ...]"
    """With a query among their segments where a URL inside the URL has parameters."""
    separator: str = "&"


Segment = Atom | Query


class Signal(NamedTuple):
    """A field in which an event may say that its user does not share identifiers.

    It says so where it has a value, and the text of that is neither empty nor one of the words that say otherwise.
    """

    source: Source
    field: str
    shares: tuple[str, ...]
    """The texts that say that the user shares them."""


@dataclass(frozen=True, slots=True)
class Unshared:
    """What to send for events whose users do not share their identifiers. Has none of their values."""

    signals: tuple[Signal, ...]
    """Any of them says so."""
    macros: tuple[str, ...]
    """The names of the macros that are withheld, as the template writes them, in order and without repeats."""
    attributed: tuple[Segment, ...]
    unattributed: tuple[Segment, ...] | None
    """The same as that of the plan where nothing more is withheld."""


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """What to send for which event. No text is next to another one."""

    postback: Postback
    """Sent for this kind of event only."""
    attributed: tuple[Segment, ...]
    """For events that are attributed to the network."""
    unattributed: tuple[Segment, ...] | None
    """For the others; None where they are not sent. Has no value that the policy withholds."""
    max_bytes: int
    """The longest text to send."""
    unshared: Unshared | None = None
    """What to send in the place of both where the user does not share identifiers; None where that changes nothing."""
    kind: str = "URL"
    """What the text is, for errors."""

    @property
    def renderings(self) -> tuple[tuple[Segment, ...], ...]:
        """All that may be sent."""
        both = [self.attributed, self.unattributed]
        if self.unshared is not None:
            both += [self.unshared.attributed, self.unshared.unattributed]
        return tuple(segments for segments in both if segments is not None)


def values_of(segments: Iterable[Segment]) -> Iterator[Value]:
    """Yield every value that is read, in order, repeats included."""
    for segment in segments:
        if isinstance(segment, Value):
            if segment.reads:
                yield segment
        elif isinstance(segment, Query):
            for parameter in segment.parameters:
                yield from values_of(parameter)
