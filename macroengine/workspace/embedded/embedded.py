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
    """The literal that contains it, without the text around it."""
    base: int = field(repr=False, compare=False, kw_only=True)
    """Where the literal begins."""
    offset: int = field(repr=False, compare=False, kw_only=True)
    """Where it begins in the text of the literal."""

    def moved(self, by: int) -> "Embedded":
        """Return the same template so many characters later in the file."""
        literal, base, offset = self.literal, self.base + by, self.offset
        start, end = self.start + by, self.end + by
        return Embedded(self.template, start, end, self.skipped, literal=literal, base=base, offset=offset)

    def position(self, offset: int) -> int:
        """Return where the character at `offset` begins; for the length of the template, return where it ends."""
        return self.end if offset >= len(self.template) else self.base + self.literal.position(self.offset + offset)

    def extent(self, start: int, stop: int) -> tuple[int, int]:
        """Return where `template[start:stop]` begins and ends."""
        first = self.position(start)
        return first, max(first, self.base + self.literal.end_of(self.offset + stop)) if stop > start else first

    def write(self, template: str) -> list[Edit]:
        """Return the edits that replace the template, as the language writes it, in order and without overlaps.

        Raises:
            CannotWriteError: this kind of literal cannot contain the text; the message says why. A ValueError.
        """
        base = self.base
        edits = self.literal.write(self.offset, self.template, template)
        return [Edit(base + edit.start, base + edit.end, edit.replacement) for edit in edits]
