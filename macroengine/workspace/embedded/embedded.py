"""A template inside a file of another language, with the place of each character."""

from dataclasses import dataclass, field

from macroengine.workspace.embedded.literal import Edit, Literal


@dataclass(frozen=True, slots=True)
class Embedded:
    """A template in the text of a file. All places are offsets in that text, in code points."""

    template: str
    """The template as a program that reads the file sees it: with escapes decoded."""
    start: int
    """Where it begins."""
    end: int
    """Where it ends. If a literal has several parts, there is other text in between."""
    skipped: str | None = None
    """Why it cannot be checked, such as "an f-string with holes"; None if it can."""
    literal: Literal = field(repr=False, compare=False, kw_only=True)
    """The literal that contains it."""
    offset: int = field(default=0, repr=False, compare=False, kw_only=True)
    """Where it begins in the text of the literal."""

    def position(self, offset: int) -> int:
        """Return where the character at `offset` begins; for the length of the template, return where it ends."""
        return self.end if offset >= len(self.template) else self.literal.position(self.offset + offset)

    def extent(self, start: int, stop: int) -> tuple[int, int]:
        """Return where `template[start:stop]` begins and ends."""
        first = self.position(start)
        return first, max(first, self.literal.end_of(self.offset + stop)) if stop > start else first

    def write(self, template: str) -> list[Edit]:
        """Return the edits that replace the template, as the language writes it, in order and without overlaps.

        Raises:
            CannotWriteError: this kind of literal cannot contain the text; the message says why. A ValueError.
        """
        return self.literal.write(self.offset, self.template, template)
