"""The nodes of a JSON text with macros, as parsed by `grammar/json.lark`."""

from collections.abc import Iterator
from dataclasses import dataclass

from macroengine.diagnostics import Span
from macroengine.language.nodes import Macro, Pieces


@dataclass(frozen=True, slots=True)
class Word:
    """A number, a constant, or other text in its place."""

    text: str
    start: int

    @property
    def span(self) -> Span:
        """Where it is."""
        return Span(self.start, self.start + len(self.text))


@dataclass(frozen=True, slots=True)
class String:
    """A string in `"` or `'`."""

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
    """Their positions. There are as many as elements if the last comma is superfluous."""
    depth: int
    """The nesting depth of containers, including this one."""

    @property
    def element_spans(self) -> Iterator[Span]:
        """The span of each element, including white space before it."""
        start = self.span.start + 1
        for element, comma in zip(self.elements, (*self.commas, None), strict=False):
            yield Span(start, element.value[-1].span.stop if comma is None else comma)
            start = self.span.stop if comma is None else comma + 1


Part = Macro | Word | String | Container
Run = tuple[Part, ...]
"""The parts in the place of one value or name. Several parts are an error."""


@dataclass(frozen=True, slots=True)
class JsonFault:
    """Where a text stops being valid JSON, and what is there."""

    span: Span
    found: str
    """Empty at the end of the text."""
    after_macro: bool = False
    """Whether it is a macro, or directly follows one."""


@dataclass(frozen=True, slots=True)
class JsonText:
    """A parsed JSON text. If it is invalid, only its macros are known."""

    run: Run
    fault: JsonFault | None = None

    @property
    def depth(self) -> int:
        """The nesting depth of containers."""
        return depth_of(self.run)


def depth_of(run: Run) -> int:
    """Return the nesting depth of containers."""
    return max((part.depth for part in run if isinstance(part, Container)), default=0)


def parts_of(run: Run) -> Iterator[Part]:
    """Yield all parts in source order. Outer ones come before those inside them."""
    for part in run:
        yield part
        if isinstance(part, Container):
            for element in part.elements:
                yield from parts_of(element.name)
                yield from parts_of(element.value)
