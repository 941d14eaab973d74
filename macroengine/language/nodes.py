"""The pieces of a template: literals, delimiters, macros, and the pairs of its query."""

from dataclasses import dataclass, field
from enum import StrEnum

from macroengine.diagnostics import Span


class Part(StrEnum):
    """The part of a URL in which a piece stands. A delimiter belongs to the part that it opens."""

    SCHEME = "scheme"
    AUTHORITY = "authority"
    PATH = "path"
    NAME = "name"
    VALUE = "value"
    FRAGMENT = "fragment"


class _Leaf:
    """What every leaf has. Two leaves with the same text are equal wherever they stand."""

    __slots__ = ()
    text: str
    start: int

    @property
    def span(self) -> Span:
        """Where the leaf stands in the source."""
        return Span(self.start, self.start + len(self.text))


@dataclass(frozen=True, slots=True)
class Literal(_Leaf):
    """Text that is sent as written."""

    text: str
    start: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Delimiter(_Leaf):
    """A character or two that separate the parts of a URL; sent as written."""

    text: str
    start: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Macro(_Leaf):
    """A placeholder, replaced by a value of the event. `text` is how the template writes it."""

    text: str
    start: int = field(compare=False)
    name: str
    function: str | None = None
    """What is done with the value, where the macro says so: `sha1` in `(sha1-idfa)`."""
    argument: str | None = None
    """What follows the name in a syntax with arguments: `B64` in `${AUCTION_PRICE:B64}`."""
    alternatives: tuple[str, ...] = ()
    """Further names, in the order in which they are tried where `name` has no value: `b` in `{a||b}`."""


Piece = Literal | Macro
Leaf = Piece | Delimiter
Pieces = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A parameter of the query. A pair without `equals` has no value; an empty one stands between `&&`.

    `opening` is the `?` or `&` before it, None where a template begins with a parameter.
    """

    opening: Delimiter | None
    name: Pieces
    equals: Delimiter | None
    value: Pieces
