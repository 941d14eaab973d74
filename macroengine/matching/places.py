"""Which values of a template may be taken for each other's when a URL was reordered or damaged."""

from collections.abc import Iterable, Iterator

from macroengine.catalogue.folding import fold
from macroengine.matching.decoding import unquote
from macroengine.matching.result import Place
from macroengine.matching.shape import Group, Hole, Parameter, Piece, Shape


def places_of(shape: Shape) -> Iterator[Place]:
    """Yield the places of a template: its path, its fragment, and its parameters by name, also those in nested URLs."""
    for pieces in (shape.before, shape.fragment or ()):
        yield from _around({"": [pieces]})
    yield from _of_parameters(shape.parameters)


def _of_parameters(parameters: Iterable[Parameter]) -> Iterator[Place]:
    # Parameters of the same name are only distinguished by their order.
    named: dict[str | None, list[Iterable[Piece]]] = {}
    for one in parameters:
        named.setdefault(None if one.name is None else fold(unquote(one.name)), []).append(one.pieces)
    yield from _around(named)


def _around(named: dict[str | None, list[Iterable[Piece]]]) -> Iterator[Place]:
    for name, texts in named.items():
        pieces = [piece for text in texts for piece in text]
        numbers = frozenset(piece.number for piece in pieces if isinstance(piece, Hole))
        if numbers:
            yield Place(numbers, name is not None)
        for piece in pieces:
            if isinstance(piece, Group):
                yield from _of_parameters(piece.parameters)
