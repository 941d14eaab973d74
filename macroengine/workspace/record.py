"""What a file has for each template: where it is, whose it is, and how it is replaced."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol

from macroengine.catalogue import Dialect, dialect, dialect_names
from macroengine.diagnostics import Diagnostic, Span
from macroengine.kinds import Postback
from macroengine.rules.request_codes import request_codes
from macroengine.suggest import did_you_mean
from macroengine.workspace.assumed import AUTO
from macroengine.workspace.columns import KINDS, folded
from macroengine.workspace.inputs import InputError


@dataclass(frozen=True, slots=True)
class Said:
    """What a row says about its template beside it. An empty text says nothing."""

    partner: str = ""
    dialect: str = ""
    postback: str = ""
    ignore: str = ""
    strict: frozenset[str] = frozenset()
    """The columns that were asked for by name, so that a word in them must be a known one."""


def _never(template: str) -> str | None:  # noqa: ARG001 - most records can have any template
    return None


_NOTHING = Said()
Dialects = Mapping[str, Dialect | Literal["auto"]]
_NO_DIALECTS: Dialects = MappingProxyType({})
# A shorter name may be in any word.
_SHORTEST = 6


class Region(NamedTuple):
    """A place in a file: lines and columns from 1; the last column is after the place."""

    line: int
    column: int
    end_line: int
    end_column: int


class Places(Protocol):
    """Where the characters of a template are in its file."""

    def region(self, span: Span) -> Region:
        """Return where a part of the template is."""
        ...

    def edits(self, span: Span, replacement: str) -> list[tuple[Region, str]]:
        """Return what to write in the file to replace a part of the template; nothing where that cannot be."""
        ...


@dataclass(frozen=True, slots=True)
class Record:
    """A line of a file, or several that belong together: `raw` is all of its text."""

    raw: str
    line: int
    template: str | None = None
    """None where there is none, as in a blank line."""
    with_template: Callable[[str], str] = str
    """Returns the text of the record with another template."""
    in_line: bool = False
    """Whether the template begins where the line does, so that its columns are those of the file."""
    sheet: str | None = None
    cell: str | None = None
    """The cell of a workbook, as `D4`, or the name of the column of a table."""
    said: Said = _NOTHING
    made_by: str | None = None
    """The formula that makes the template; it cannot be replaced then."""
    places: Places | None = None
    """Where the characters of a template are that is inside another language."""
    noted: Diagnostic | None = None
    """What there is to say of a template that cannot be checked."""
    refusal: Callable[[str], str | None] = _never
    """Says why another template cannot be written."""

    @property
    def place(self) -> str:
        """Where the template is in its file: a line, or the cell of a sheet."""
        return str(self.line) if self.sheet is None else f"{_quoted(self.sheet)}!{self.cell}"

    def region(self, span: Span) -> Region | None:
        """Return where a part of the template is in the file; None where only the line or the cell is known."""
        if self.places is not None:
            return self.places.region(span)
        return Region(self.line, span.start + 1, self.line, span.stop + 1) if self.in_line else None

    def position(self, index: int) -> tuple[int, int]:
        """Return the line of a character of the template, and its column there or in the template, from 1."""
        if self.places is None:
            return self.line, index + 1
        region = self.places.region(Span(index, index))
        return region.line, region.column

    def place_of(self, index: int) -> str:
        """Return where a character of the template is in its file."""
        if self.places is None:
            return f"{self.place}:{index + 1}"
        line, column = self.position(index)
        return f"{line}:{column}"

    def edits(self, span: Span, replacement: str) -> list[tuple[Region, str]]:
        """Return what to write in the file to replace a part of the template; nothing where that is not known."""
        if self.places is not None:
            return self.places.edits(span, replacement)
        region = self.region(span)
        return [] if region is None else [(region, replacement)]

    def dialect_named(self, where: str, custom: Dialects = _NO_DIALECTS) -> Dialect | Literal["auto"] | None:
        """Return the dialect that the row says: one of the library, a custom one, or "auto"; None where it says none.

        Raises:
            InputError: the column was asked for, and the word in it is not the name of a dialect.
        """
        word = self.said.dialect
        if not word:
            return None
        if folded(word) in custom:
            return custom[folded(word)]
        if folded(word) == AUTO:
            return AUTO
        found = _dialect_named(folded(word))
        if found is not None:
            return dialect(found)
        if "dialect" in self.said.strict:
            near = did_you_mean(word, [*dialect_names(), AUTO])
            raise InputError(f"{where}:{self.place}: unknown dialect {word!r}{near}")
        return None

    def postback_named(self, where: str) -> Postback | None:
        """Return the kind of postback that the row says; None where it says none.

        Any other word is the name of an event in the app, unless the column was asked for.

        Raises:
            InputError: the column was asked for, and the word in it is not a kind.
        """
        word = self.said.postback
        if not word:
            return None
        found = KINDS.get(folded(word))
        if found is None and "postback" in self.said.strict:
            known = did_you_mean(word, map(str, Postback)) or f" (known: {', '.join(Postback)})"
            raise InputError(f"{where}:{self.place}: unknown kind of postback {word!r}{known}")
        return Postback.IN_APP if found is None else found

    def ignored(self, where: str) -> tuple[str, ...]:
        """Return the rules that the row or the lines before it say to ignore.

        Raises:
            InputError: one of them is not a rule.
        """
        if not self.said.ignore:
            return ()
        found = tuple(self.said.ignore.replace(",", " ").split())
        try:
            request_codes(None, found)
        except ValueError as error:
            raise InputError(f"{where}:{self.place}: ignore: {error}") from None
        return found


def _dialect_named(word: str) -> str | None:
    """Return the name of the dialect that a word is, or that it has in it: people add a company or a product."""
    names = _dialect_names()
    if word in names:
        return names[word]
    within = [name for name in names if len(name) >= _SHORTEST and name in word]
    return names[max(within, key=len)] if within else None


@cache
def _dialect_names() -> dict[str, str]:
    """Return the names of the dialects by their names and titles, folded."""
    titles = {folded(dialect(name).title): name for name in dialect_names()}
    return titles | {folded(name): name for name in dialect_names()}


def _quoted(sheet: str) -> str:
    return sheet if sheet.isidentifier() else "'" + sheet.replace("'", "''") + "'"
