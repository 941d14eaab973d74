"""A file of another language as a source of templates. Templates and the text between them are records."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest
from pathlib import Path

from macroengine.catalogue import Dialect
from macroengine.diagnostics import Span
from macroengine.rules.file_faults import UNCHECKED
from macroengine.workspace.columns import Layout
from macroengine.workspace.embedded.embedded import Embedded
from macroengine.workspace.embedded.finder import find_templates
from macroengine.workspace.embedded.languages import comment_marks
from macroengine.workspace.embedded.notation import CannotWriteError
from macroengine.workspace.embedded.reuse import Memory
from macroengine.workspace.inputs import InputError, input_name
from macroengine.workspace.record import NOTHING, Record, Region, Said
from macroengine.workspace.text import BOM, decoded_lines
from macroengine.workspace.writing import Write, in_encoding, rewriting_if_changed

_DIRECTIVE = "macroengine:"
# Far larger than any file that people write.
_MAX_LENGTH = 33_554_432


class EmbeddedFile:
    """The templates in a file of another language."""

    def __init__(self, file: str, language: str, layout: Layout, *, among_others: bool = False) -> None:
        self.name = file
        self.path = Path(file)
        self._language = language
        self._encoding = layout.encoding
        self._dialect = layout.embedded
        self._among_others = among_others
        self._notes: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """The reason the file was not read, if any."""
        return self._notes

    def records(self) -> Iterator[Record]:
        """Yield the records of the file. Joining their texts gives the file.

        Raises:
            InputError: the file is too large, or not valid text. In a folder, such a file is skipped with a note.
            OSError: the file cannot be read.
        """
        self._notes = ()
        try:
            text = self._text()
        except InputError as error:
            if not self._among_others:
                raise
            self._notes = (f"skipped {error}",)
            return
        found = records(text, self._language, self._dialect)
        yield from found if self._encoding is None else in_encoding(found, self._encoding)

    def _text(self) -> str:
        lines: list[str] = []
        length = 0
        for _, line in decoded_lines(self.name, self._encoding):
            lines.append(line)
            length += len(line)
            if length > _MAX_LENGTH:
                raise InputError(f"{input_name(self.name)}: longer than {_MAX_LENGTH:,} characters")
        return "".join(lines)

    def rewriting(self) -> AbstractContextManager[Write]:
        """Rewrite the file in its encoding, if a template in it was fixed."""
        return rewriting_if_changed(self.path, self._encoding)

    def check_fixable(self, *, written: bool = True) -> None:
        """Do nothing: only templates are changed, so every file can be fixed."""


def records(text: str, language: str, dialect: Dialect | None = None, memory: Memory | None = None) -> Iterator[Record]:
    """Yield the records of a text. They are whole lines, unless a line contains several templates."""
    found = find_templates(text, language, dialect, memory)
    lines = _Lines(text)
    done = 0
    for embedded, following in zip_longest(found, found[1:]):
        start = max(done, lines.start_of(embedded.start))
        end = lines.end_of(embedded.end)
        if following is not None and following.start < end:
            end = embedded.end
        if done < start:
            yield Record(text[done:start], lines.number(done))
        yield _record(text, embedded, lines, start, end)
        done = end
    if done < len(text):
        yield Record(text[done:], lines.number(done))


class _Lines:
    """Where the lines of a text begin."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._mark = len(BOM) if text.startswith(BOM) else 0
        self._said: dict[tuple[int, int], Said] | None = {} if _DIRECTIVE in text else None

    def number(self, offset: int) -> int:
        return bisect_right(self._starts, offset)

    def start_of(self, offset: int) -> int:
        return self._starts[self.number(offset) - 1]

    def end_of(self, offset: int) -> int:
        """Return where the line ends, including its line break."""
        number = self.number(offset)
        return self._starts[number] if number < len(self._starts) else len(self._text)

    def column(self, offset: int) -> int:
        start = self.start_of(offset)
        return offset - (start or self._mark) + 1

    def said(self, start: int, end: int) -> Said:
        """Return what comments say about a template: in its lines, or on the line before."""
        if self._said is None:
            return NOTHING
        first, last = self.start_of(start), self.end_of(end)
        if (first, last) not in self._said:
            before = self._text[self.start_of(first - 1) : first] if first else ""
            self._said[first, last] = Said(ignore=_ignored(before, self._text[first:last]))
        return self._said[first, last]


@dataclass(frozen=True)
class EmbeddedPlaces:
    """Where the characters of a template are in its file."""

    embedded: Embedded
    lines: _Lines = field(repr=False, compare=False)

    def region(self, span: Span) -> Region:
        """Return where a part of the template is."""
        return self._region(*self.embedded.extent(span.start, span.stop))

    def edits(self, span: Span, replacement: str) -> list[tuple[Region, str]]:
        """Return what to write in the file to replace a part of the template; nothing where it cannot be written."""
        template = self.embedded.template
        try:
            edits = self.embedded.write(template[: span.start] + replacement + template[span.stop :])
        except CannotWriteError:
            return []
        return [(self._region(edit.start, edit.end), edit.replacement) for edit in edits]

    def _region(self, start: int, end: int) -> Region:
        lines = self.lines
        return Region(lines.number(start), lines.column(start), lines.number(end), lines.column(end))


def _record(text: str, embedded: Embedded, lines: _Lines, start: int, end: int) -> Record:
    places, line = EmbeddedPlaces(embedded, lines), lines.number(embedded.start)
    raw, said = text[start:end], lines.said(embedded.start, embedded.end)
    if embedded.skipped is not None:
        about = UNCHECKED.on(
            embedded.template,
            Span(0, len(embedded.template)),
            f"template that is not checked: it is in {embedded.skipped}",
            "keep the template in a literal of its own, and fill it in with the library",
        )
        return Record(raw, line, noted=about, places=places, said=said)
    write, refusal = _writing(raw, embedded, start)
    return Record(raw, line, embedded.template, write, places=places, said=said, refusal=refusal)


def _writing(raw: str, embedded: Embedded, start: int) -> tuple[Callable[[str], str], Callable[[str], str | None]]:
    """Return a function that writes another template into a record, and one that says why it cannot be written."""

    def with_template(template: str) -> str:
        changed = raw
        try:
            for edit in reversed(embedded.write(template)):
                changed = changed[: edit.start - start] + edit.replacement + changed[edit.end - start :]
        except CannotWriteError:
            return raw
        return changed

    def refusal(template: str) -> str | None:
        try:
            embedded.write(template)
        except CannotWriteError as error:
            return str(error)
        return None

    return with_template, refusal


def _ignored(before: str, own: str) -> str:
    """Return the rules to ignore, from comments in the lines of a template or on the line before."""
    marks = comment_marks()
    comments = [before] if before.lstrip().startswith(marks) else []
    return " ".join(found["rules"] for line in (*comments, own) for found in _ignore().finditer(line))


@cache
def _ignore() -> re.Pattern[str]:
    marks = "|".join(map(re.escape, comment_marks()))
    rules = r"(?P<rules>[A-Za-z][\w-]*(?:[\s,]+[A-Za-z][\w-]*)*)"
    return re.compile(
        rf"(?:{marks})\s*{_DIRECTIVE}[ \t]*ignore[ \t]+{rules}[ \t]*(?:\*/|-->|\r?$)".replace(r"[\s,]", "[ \t,]"),
        re.MULTILINE,
    )
