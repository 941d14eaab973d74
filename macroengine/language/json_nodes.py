"""The pieces of a JSON text with macros, as `grammar/json.lark` reads it."""

from collections.abc import Iterator
from dataclasses import dataclass

from macroengine.diagnostics import Span
from macroengine.language.nodes import Macro, Pieces


@dataclass(frozen=True, slots=True)
class Word:
    """A number, a constant, or what is in the place of one."""

    text: str
    start: int

    @property
    def span(self) -> Span:
        """Where it is."""
        return Span(self.start, self.start + len(self.text))


@dataclass(frozen=True, slots=True)
class String:
    """A string, in `"` or `'`."""

    quote: str
    span: Span
    pieces: Pieces


@dataclass(frozen=True, slots=True)
class Element:
    """A member of an object, or an element of an array, which has no name."""

    name: "Run"
    value: "Run"


@dataclass(frozen=True, slots=True)
class Container:
    """An object or an array."""

    opening: str
    span: Span
    elements: tuple[Element, ...]
    commas: tuple[int, ...]
    """Where they are: as many as there are elements if the last one is superfluous."""
    depth: int
    """How many containers are inside one another, with this one."""

    @property
    def element_spans(self) -> Iterator[Span]:
        """Where each element is, with the blanks before it."""
        start = self.span.start + 1
        for element, comma in zip(self.elements, (*self.commas, None), strict=False):
            yield Span(start, element.value[-1].span.stop if comma is None else comma)
            start = self.span.stop if comma is None else comma + 1


Part = Macro | Word | String | Container
Run = tuple[Part, ...]
"""What is in the place of one value or name: several parts are an error."""


@dataclass(frozen=True, slots=True)
class JsonFault:
    """Where a text stops to be JSON, and what is there."""

    span: Span
    found: str
    """Nothing at the end of the text."""
    after_macro: bool = False
    """Whether what is there is a macro, or directly follows one."""


@dataclass(frozen=True, slots=True)
class JsonText:
    """A JSON text; where it is none, its macros alone are known."""

    run: Run
    fault: JsonFault | None = None

    @property
    def depth(self) -> int:
        """How many containers are inside one another."""
        return depth_of(self.run)


def depth_of(run: Run) -> int:
    """Return how many containers are inside one another."""
    return max((part.depth for part in run if isinstance(part, Container)), default=0)


def parts_of(run: Run) -> Iterator[Part]:
    """Yield every part in source order, outer ones before those inside them."""
    for part in run:
        yield part
        if isinstance(part, Container):
            for element in part.elements:
                yield from parts_of(element.name)
                yield from parts_of(element.value)
