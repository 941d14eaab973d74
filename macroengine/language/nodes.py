"""The nodes of a template: literals, delimiters, macros, and the pairs of its query.

They are tuples, which are created in C: a template of 300 characters has about a hundred of them.
"""

from enum import StrEnum
from functools import partial
from typing import NamedTuple

from macroengine.diagnostics import Span


class Part(StrEnum):
    """The part of a URL that a node is in. A delimiter belongs to the part that it opens."""

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
    """Common to all leaves. Two leaves of the same kind with the same text are equal, wherever they are."""

    __slots__ = ()
    text: str
    start: int

    @property
    def span(self) -> Span:
        """The span of the leaf in the source."""
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
    """One or more characters that separate the parts of a URL; sent as written."""

    __slots__ = ()


class _Placeholder(NamedTuple):
    text: str
    start: int
    name: str
    function: str | None = None
    """The function to apply to the value, if the macro names one: `sha1` in `(sha1-idfa)`."""
    argument: str | None = None
    """The text after the name in a syntax with arguments: `B64` in `${AUCTION_PRICE:B64}`."""
    alternatives: tuple[str, ...] = ()
    """Further names to try, in order, if `name` has no value: `b` in `{a||b}`."""


class Macro(_Leaf, _Placeholder):
    """A placeholder that is replaced by a value of the event. `text` is its text in the template."""

    __slots__ = ()

    def _unplaced(self) -> tuple[object, ...]:
        return (self.text, *self[2:])


Piece = Literal | Macro
Leaf = Piece | Delimiter
Pieces = tuple[Piece, ...]


class Pair(NamedTuple):
    """A parameter of the query. A pair without `equals` has no value. Between `&&` there is an empty pair.

    `opening` is the `?` or `&` before it; None if the template begins with a parameter.
    """

    opening: Delimiter | None
    name: Pieces
    equals: Delimiter | None
    value: Pieces


# Do what the constructors do, without a call to a Python function: half of the parsing time is spent creating nodes.
new_literal, new_delimiter = partial(tuple.__new__, Literal), partial(tuple.__new__, Delimiter)
new_macro, new_pair = partial(tuple.__new__, Macro), partial(tuple.__new__, Pair)
