"""A literal in a file: its text, the place of each character, and how to write another text."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from macroengine.workspace.embedded.changes import changes
from macroengine.workspace.embedded.notation import CannotWriteError, Notation, Piece

# A slash, a parameter, or the beginning of an escape.
_URL = re.compile(r"//|[?&][^=&]{1,200}=|\\|&")


class Edit(NamedTuple):
    """An edit of a text: write `replacement` instead of `text[start:end]`."""

    start: int
    end: int
    replacement: str


class Part(NamedTuple):
    """One of the parts that are joined to a literal: the content of its quotes."""

    start: int
    end: int
    notation: Notation
    close: str = ""
    valid: re.Pattern[str] | None = None
    """The pattern of its valid content."""
    hole: str = ""
    """The pattern of placeholders that a program fills in."""

    def check(self, content: str, expected: str) -> bool:
        """Say whether `content` is valid here, and is read as the expected text."""
        if self.valid is not None and not self.valid.fullmatch(content):
            return False
        return "".join(piece.text for piece in self.notation.pieces(content, 0, len(content), self.hole)) == expected


@dataclass(frozen=True)
class Literal:
    """A literal in `source`."""

    source: str
    parts: tuple[Part, ...]
    skipped: str | None = None
    """Why the program changes its text."""
    prose: bool = False
    """Whether it is part of a sentence, so that punctuation may follow it."""
    shown: bool = False
    """Whether it is shown to people, so that a long template may be broken into lines."""

    @cached_property
    def text(self) -> str:
        """The text that it is read as."""
        return "".join(piece.text for piece in self._pieces)

    def alone(self) -> tuple[int, "Literal"]:
        """Return where its first part begins, and the literal without the text around it, counted from there."""
        start, end = self.parts[0].start, self.parts[-1].end
        parts = tuple(part._replace(start=part.start - start, end=part.end - start) for part in self.parts)
        return start, Literal(self.source[start:end], parts, self.skipped, self.prose, self.shown)

    @property
    def may_have_url(self) -> bool:
        """Whether it is worth decoding: it looks like a URL, or contains an escape that may be part of one."""
        for part in self.parts:  # noqa: SIM110 - a file has thousands of literals, and this takes half as long
            if _URL.search(self.source, part.start, part.end):
                return True
        return False

    def position(self, offset: int) -> int:
        """Return where the character at `offset` of the text begins."""
        piece, inside = self._piece(offset)
        return piece.start + (inside if _is_verbatim(piece) else 0)

    def end_of(self, stop: int) -> int:
        """Return where the character before `stop` ends."""
        if not stop or not self._pieces:
            return self.parts[0].start
        piece, inside = self._piece(stop - 1)
        return piece.start + inside + 1 if _is_verbatim(piece) else piece.end

    def write(self, start: int, old: str, new: str) -> list[Edit]:
        """Return the edits that replace the text `old` at `start` with `new`, in order and without overlaps.

        Raises:
            CannotWriteError: the literal cannot contain such a text.
        """
        wanted = [(start + at, start + to, text) for at, to, text in changes(old, new)]
        shares = self._shares(wanted)
        edits: list[Edit] = []
        for (part, (first, last)), share in zip(self._bounded, shares, strict=True):
            if share:
                edits += self._in_part(part, first, last, share)
        return edits

    def _shares(self, wanted: Sequence[tuple[int, int, str]]) -> list[list[tuple[int, int, str]]]:
        """Return the changes for each part. New text goes into the first part that contains some of the old text."""
        shares: list[list[tuple[int, int, str]]] = [[] for _ in self.parts]
        for start, stop, text in wanted:
            rest = text
            for share, (_, (first, last)) in zip(shares, self._bounded, strict=True):
                is_here = first < stop and start < last if start < stop else first <= start <= last and rest
                if is_here:
                    share.append((max(start, first), min(stop, last), rest))
                    rest = ""
        return shares

    def _in_part(self, part: Part, first: int, last: int, share: list[tuple[int, int, str]]) -> list[Edit]:
        """Return the edits in one part, whose text is `first` to `last`. If necessary, replace all of it."""
        expected = _changed(self.text[first:last], [(at - first, to - first, text) for at, to, text in share])
        edits = [self._edit(part, *self._widened(change)) for change in share]
        if not part.check(self._edited(part, edits), expected):
            edits = [Edit(part.start, part.end, part.notation.write(expected, part.close))]
            if not part.check(edits[0].replacement, expected):
                raise CannotWriteError("a literal of this kind cannot have this text")
        return edits

    def _edit(self, part: Part, at: int, to: int, text: str) -> Edit:
        # Inserted text follows the character before it, but never goes into the previous part.
        start = max(self.position(at) if at < to else self.end_of(at), part.start)
        return Edit(start, max(self.end_of(to), start), part.notation.write(text, part.close))

    def _widened(self, change: tuple[int, int, str]) -> tuple[int, int, str]:
        """Return a change that replaces whole escapes, even if they stand for several characters."""
        start, stop, text = change
        if start < stop or 0 < start < len(self.text):
            piece, inside = self._piece(min(start, len(self.text) - 1))
            if inside and not _is_verbatim(piece):
                start, text = start - inside, piece.text[:inside] + text
        if start < stop:
            piece, inside = self._piece(stop - 1)
            if not _is_verbatim(piece):
                text, stop = text + piece.text[inside + 1 :], stop - inside - 1 + len(piece.text)
        return start, stop, text

    def _edited(self, part: Part, edits: Iterable[Edit]) -> str:
        moved = [(edit.start - part.start, edit.end - part.start, edit.replacement) for edit in edits]
        return _changed(self.source[part.start : part.end], moved)

    def _piece(self, offset: int) -> tuple[Piece, int]:
        index = bisect_right(self._offsets, offset) - 1
        return self._pieces[index], offset - self._offsets[index]

    @cached_property
    def _of_parts(self) -> list[list[Piece]]:
        return [part.notation.pieces(self.source, part.start, part.end, part.hole) for part in self.parts]

    @cached_property
    def _pieces(self) -> list[Piece]:
        return [piece for pieces in self._of_parts for piece in pieces]

    @cached_property
    def _offsets(self) -> list[int]:
        offsets, offset = [], 0
        for piece in self._pieces:
            offsets.append(offset)
            offset += len(piece.text)
        return offsets

    @cached_property
    def _bounded(self) -> list[tuple[Part, tuple[int, int]]]:
        """Each part with the start and end of its text in the text of the literal."""
        bounded, offset = [], 0
        for part, pieces in zip(self.parts, self._of_parts, strict=True):
            length = sum(len(piece.text) for piece in pieces)
            bounded.append((part, (offset, offset + length)))
            offset += length
        return bounded


def _is_verbatim(piece: Piece) -> bool:
    return len(piece.text) == piece.end - piece.start


def _changed(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text
