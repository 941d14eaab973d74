"""What the expressions of a backend are made of."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from macroengine.plan.segments import Read, Step, Value

C = TypeVar("C")
E = TypeVar("E")


class Column(NamedTuple, Generic[C]):
    """A column that holds a field."""

    name: str
    type: C


class Language(Protocol[E]):
    """What expressions are made of. A condition that is NULL does not hold."""

    @property
    def columns(self) -> Mapping[str, Column[Any]]:
        """The columns by field."""

    def shared(self, expression: E) -> E:
        """Return the expression, or a name for it, as it is used several times."""

    def literal(self, text: str) -> E:
        """Return a text."""

    def null(self) -> E:
        """Return NULL."""

    def value(self, read: Read, value: Value) -> tuple[E, list[tuple[E, str]]]:
        """Return the text of a value, and the conditions under which it has none, with the reason.

        Raises:
            UnsupportedError: the text of this type of column can differ from that of the Python engine.
        """

    def text_of_event(self, read: Read, value: Value) -> E | None:
        """Return the condition that a value is quoted where JSON takes a whole value, None where it never is."""

    def flag(self, field: str) -> E:
        """Return the truth of a column, NULL where it holds neither true nor false."""

    def joined(self, parts: Sequence[E]) -> E:
        """Return the parts as one text, without NULLs."""

    def chained(self, parts: Sequence[E]) -> E:
        """Return the parts as one text, NULL where one of them is."""

    def first(self, texts: Sequence[E]) -> E:
        """Return the first text that is not NULL."""

    def choose(self, cases: Sequence[tuple[E, E]], otherwise: E) -> E:
        """Return the result of the first condition that holds."""

    def every(self, conditions: Sequence[E]) -> E:
        """Return the condition that all conditions hold."""

    def negated(self, condition: E) -> E:
        """Return the condition that `condition` does not hold, NULL where it is NULL."""

    def is_null(self, expression: E) -> E:
        """Return the condition that there is nothing."""

    def is_one_of(self, text: E, words: Sequence[str]) -> E:
        """Return the condition that the text is one of the words."""

    def matches(self, text: E, pattern: str) -> E:
        """Return the condition that the whole text matches; `pattern` is what all regular expressions have alike."""

    def without(self, text: E, pattern: str) -> E:
        """Return the text without whatever matches the pattern."""

    def is_blank(self, text: E) -> E:
        """Return the condition that the text has nothing but `0` and `-`."""

    def is_ascii(self, text: E) -> E:
        """Return the condition that the text is ASCII."""

    def rest(self, text: E, length: int) -> E:
        """Return the text without its first characters, NULL where it is empty."""

    def upper(self, text: E) -> E:
        """Return an ASCII text in upper case."""

    def lower(self, text: E) -> E:
        """Return an ASCII text in lower case."""

    def hashed(self, text: E, algorithm: Step) -> E:
        """Return a hash in lower-case hex digits."""

    def base64(self, text: E) -> E:
        """Return the base64 of the UTF-8, in one line."""

    def json_string(self, text: E) -> E:
        """Return the text escaped as a part of a JSON string, as Python does it."""

    def encoded(self, text: E, encoder: Step) -> E:
        """Return the text encoded by one of the encoders of a URL."""

    def deepened(self, encoded: E, layers: int) -> E:
        """Return an encoded text with every `%` encoded, `layers` times."""
