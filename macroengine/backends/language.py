"""The operations that a backend provides for building expressions."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from macroengine.plan.segments import Read, Step, Value

C = TypeVar("C")
E = TypeVar("E")


class Column(NamedTuple, Generic[C]):
    """A column that contains a field."""

    name: str
    type: C


class Language(Protocol[E]):
    """Builds expressions. A condition that is NULL does not count as true."""

    @property
    def columns(self) -> Mapping[str, Column[Any]]:
        """The columns by field."""

    def shared(self, expression: E) -> E:
        """Return the expression, or a name for it, since it is used several times."""

    def literal(self, text: str) -> E:
        """Return a text literal."""

    def null(self) -> E:
        """Return NULL."""

    def value(self, read: Read, value: Value) -> tuple[E, list[tuple[E, str]]]:
        """Return the text of a value, and the conditions under which it cannot be sent, with the reason.

        Raises:
            UnsupportedError: the text for this type of column may differ from that of the Python engine.
        """

    def text_of_event(self, read: Read, value: Value) -> E | None:
        """Return the condition that a value must be quoted as a whole JSON value; None if it never is."""

    def flag(self, field: str) -> E:
        """Return the boolean value of a column; NULL if it is neither true nor false."""

    def joined(self, parts: Sequence[E]) -> E:
        """Return the concatenated parts, ignoring NULLs."""

    def chained(self, parts: Sequence[E]) -> E:
        """Return the concatenated parts; NULL if any of them is NULL."""

    def first(self, texts: Sequence[E]) -> E:
        """Return the first text that is not NULL."""

    def choose(self, cases: Sequence[tuple[E, E]], otherwise: E) -> E:
        """Return the result of the first true condition."""

    def every(self, conditions: Sequence[E]) -> E:
        """Return the condition that all conditions are true."""

    def negated(self, condition: E) -> E:
        """Return the condition that `condition` is false; NULL if it is NULL."""

    def is_null(self, expression: E) -> E:
        """Return the condition that the expression is NULL."""

    def is_one_of(self, text: E, words: Sequence[str]) -> E:
        """Return the condition that the text is one of the words."""

    def matches(self, text: E, pattern: str) -> E:
        """Return the condition that the whole text matches. `pattern` must mean the same in all regex dialects."""

    def without(self, text: E, pattern: str) -> E:
        """Return the text without all matches of the pattern."""

    def is_blank(self, text: E) -> E:
        """Return the condition that the text contains only `0` and `-`."""

    def is_ascii(self, text: E) -> E:
        """Return the condition that the text is ASCII."""

    def rest(self, text: E, length: int) -> E:
        """Return the text without its first characters; NULL if it is empty."""

    def upper(self, text: E) -> E:
        """Return an ASCII text in upper case."""

    def lower(self, text: E) -> E:
        """Return an ASCII text in lower case."""

    def hashed(self, text: E, algorithm: Step) -> E:
        """Return the hash in lower-case hex digits."""

    def base64(self, text: E) -> E:
        """Return the base64 of the UTF-8 text, on one line."""

    def json_string(self, text: E) -> E:
        """Return the text escaped for the inside of a JSON string, as Python does it."""

    def encoded(self, text: E, encoder: Step) -> E:
        """Return the text encoded by one of the URL encoders."""

    def deepened(self, encoded: E, layers: int) -> E:
        """Return an encoded text with each `%` encoded again, `layers` times."""
