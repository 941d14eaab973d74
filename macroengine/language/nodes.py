"""The pieces of a template: literals, delimiters, macros, and the pairs of its query.

All are tuples, because a template of 300 characters has a hundred of them, and a tuple is made in C.
"""

from enum import StrEnum
from functools import partial
from typing import NamedTuple

from macroengine.diagnostics import Span


class Part(StrEnum):
    """The part of a URL that a piece is in. A delimiter belongs to the part that it opens."""

    SCHEME = "scheme"
    AUTHORITY = "authority"
    PATH = "path"
    NAME = "name"
    VALUE = "value"
    FRAGMENT = "fragment"


class _Text(NamedTuple):
    text: str
    start: int


class _Leaf:
    """What every leaf has. Two leaves of a kind with the same text are equal wherever they are."""

    __slots__ = ()
    text: str
    start: int

    @property
    def span(self) -> Span:
        """Where the leaf is in the source."""
        return Span(self.start, self.start + len(self.text))

    def __eq__(self, other: object) -> bool:
        return self.__class__ is other.__class__ and self._unplaced() == other._unplaced()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._unplaced())

    def _unplaced(self) -> tuple[object, ...]:
        return (self.text,)


class Literal(_Leaf, _Text):
    """Text that is sent as written."""

    __slots__ = ()


class Delimiter(_Leaf, _Text):
    """A character or two that separate the parts of a URL; sent as written."""

    __slots__ = ()


class _Placeholder(NamedTuple):
    text: str
    start: int
    name: str
    function: str | None = None
    """What is done with the value, where the macro says so: `sha1` in `(sha1-idfa)`."""
    argument: str | None = None
    """What follows the name in a syntax with arguments: `B64` in `${AUCTION_PRICE:B64}`."""
    alternatives: tuple[str, ...] = ()
    """Further names, in the order in which they are tried where `name` has no value: `b` in `{a||b}`."""


class Macro(_Leaf, _Placeholder):
    """A placeholder, replaced by a value of the event. `text` is how the template writes it."""

    __slots__ = ()

    def _unplaced(self) -> tuple[object, ...]:
        return (self.text, *self[2:])


Piece = Literal | Macro
Leaf = Piece | Delimiter
Pieces = tuple[Piece, ...]


class Pair(NamedTuple):
    """A parameter of the query. A pair without `equals` has no value; an empty one is between `&&`.

    `opening` is the `?` or `&` before it, None where a template begins with a parameter.
    """

    opening: Delimiter | None
    name: Pieces
    equals: Delimiter | None
    value: Pieces


# What the constructors do, without a call of Python: half of the time to parse goes into making nodes.
new_literal, new_delimiter = partial(tuple.__new__, Literal), partial(tuple.__new__, Delimiter)
new_macro, new_pair = partial(tuple.__new__, Macro), partial(tuple.__new__, Pair)
