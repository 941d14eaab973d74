"""The syntax tree of a template: what `parse` returns."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from macroengine.catalogue import Dialect
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


@dataclass(frozen=True, slots=True)
class Sha1(_Leaf):
    """A placeholder, replaced by the SHA-1 of the value that the macro `name` stands for."""

    text: str
    start: int = field(compare=False)
    name: str


@dataclass(frozen=True, slots=True)
class Encode(_Leaf):
    """A placeholder, replaced by the event value as JSON."""

    text: str
    start: int = field(compare=False)
    name: str


AnyMacro = Macro | Sha1 | Encode
_MACROS = (Macro, Sha1, Encode)
Piece = Literal | AnyMacro
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


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template. The texts of its leaves, joined, are `source`.

    The delimiters are None where their part is missing: `slashes` is what stands between scheme and authority,
    `hash` opens the fragment.
    """

    source: str
    dialect: Dialect
    scheme: Pieces = ()
    slashes: Delimiter | None = None
    authority: Pieces = ()
    path: Pieces = ()
    query: tuple[Pair, ...] = ()
    hash: Delimiter | None = None
    fragment: Pieces = ()

    def leaves(self) -> Iterator[tuple[Leaf, Part]]:
        """Yield every leaf with its part, in source order, without gap or overlap."""
        for delimiter, pieces, part in self._parts():
            if delimiter is not None:
                yield delimiter, part
            for piece in pieces:
                yield piece, part

    def _parts(self) -> Iterator[tuple[Delimiter | None, Pieces, Part]]:
        yield None, self.scheme, Part.SCHEME
        yield self.slashes, self.authority, Part.AUTHORITY
        yield None, self.path, Part.PATH
        for pair in self.query:
            yield pair.opening, pair.name, Part.NAME
            yield pair.equals, pair.value, Part.VALUE
        yield self.hash, self.fragment, Part.FRAGMENT

    def macros(self) -> Iterator[AnyMacro]:
        """Yield the macros in source order, repeats included."""
        for leaf, _ in self.leaves():
            if isinstance(leaf, _MACROS):
                yield leaf
