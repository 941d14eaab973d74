"""What the expressions of a backend are made of."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from macroengine.plan.segments import Value

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

    def literal(self, text: str) -> E:
        """Return a text."""

    def null(self) -> E:
        """Return NULL."""

    def value(self, value: Value) -> tuple[E, list[tuple[E, str]]]:
        """Return the text of a value, and the conditions under which it has none, with the reason.

        Raises:
            UnsupportedError: the text of this type of column can differ from that of the Python engine.
        """

    def flag(self, field: str) -> E:
        """Return the truth of a column, NULL where it holds neither true nor false."""

    def joined(self, parts: Sequence[E]) -> E:
        """Return the parts as one text, NULLs left out."""

    def chained(self, parts: Sequence[E]) -> E:
        """Return the parts as one text, NULL where one of them is."""

    def either(self, text: E, otherwise: str) -> E:
        """Return the text, or `otherwise` where it is NULL."""

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

    def is_blank(self, text: E) -> E:
        """Return the condition that the text has nothing but `0` and `-`."""

    def is_ascii(self, text: E) -> E:
        """Return the condition that the text is ASCII."""

    def rest(self, text: E) -> E:
        """Return the text without its first character, NULL where it is empty."""

    def upper(self, text: E) -> E:
        """Return an ASCII text in upper case."""

    def lower(self, text: E) -> E:
        """Return an ASCII text in lower case."""

    def sha1(self, text: E) -> E:
        """Return the SHA-1 in lower-case hex digits."""

    def encoded(self, text: E, depth: int) -> E:
        """Return the text percent-encoded `depth` times."""
