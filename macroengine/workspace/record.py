"""A template's record in a file: where it is, whose template it is, and how to replace it."""

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol

from macroengine.catalogue import Dialect, dialect, dialect_names
from macroengine.diagnostics import Diagnostic, Span
from macroengine.kinds import Postback
from macroengine.suggest import did_you_mean, edit_distance, question
from macroengine.workspace.assumed import AUTO
from macroengine.workspace.columns import folded, is_about_devices, kinds
from macroengine.workspace.inputs import InputError


class Said(NamedTuple):
    """What a table row says about its template. An empty text means nothing is said."""

    partner: str = ""
    dialect: str = ""
    postback: str = ""
    ignore: str = ""
    strict: frozenset[str] = frozenset()
    """The columns that were requested by name. A word in them must be a known one."""
    loose: bool = False
    """Whether the column of the dialect may be about something else, as one called `platform`."""


def _never(template: str) -> str | None:  # noqa: ARG001 - most records can have any template
    return None


NOTHING = Said()
Dialects = Mapping[str, Dialect | Literal["auto"]]
_NO_DIALECTS: Dialects = MappingProxyType({})
# A shorter name may be part of any word, or one letter from another.
_SHORTEST = 6


class Region(NamedTuple):
    """A place in a file: lines and columns from 1. The last column is the one after the place."""

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
        """Return the edits of the file that replace a part of the template; empty if that is not possible."""
        ...


class Record(NamedTuple):
    """A line of a file, or several lines that belong together. `raw` is their whole text."""

    raw: str
    line: int
    template: str | None = None
    """None if there is no template, as in a blank line."""
    with_template: Callable[[str], str] = str
    """Returns the text of the record with another template."""
    in_line: bool = False
    """Whether the template begins at the start of the line, so that its columns are those of the file."""
    sheet: str | None = None
    cell: str | None = None
    """The cell of a workbook, such as `D4`, or the name of a table's column."""
    said: Said = NOTHING
    made_by: str | None = None
    """The formula that computes the template. It cannot be replaced then."""
    places: Places | None = None
    """Where the characters of a template are, if it is embedded in another language."""
    noted: Diagnostic | None = None
    """The diagnostic for a template that cannot be checked."""
    broken: InputError | None = None
    """The error of a row that cannot be read, although the rows after it can."""
    refusal: Callable[[str], str | None] = _never
    """Says why another template cannot be written."""

    @property
    def place(self) -> str:
        """Where the template is in its file: a line, or a cell of a sheet."""
        return str(self.line) if self.sheet is None else f"{_quoted(self.sheet)}!{self.cell}"

    def region(self, span: Span) -> Region | None:
        """Return where a part of the template is in the file; None if only the line or the cell is known."""
        if self.places is not None:
            return self.places.region(span)
        return Region(self.line, span.start + 1, self.line, span.stop + 1) if self.in_line else None

    def position(self, index: int) -> tuple[int, int]:
        """Return the line of a character of the template, and its column in the line or in the template, from 1."""
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
        """Return the edits of the file that replace a part of the template; empty if its place is unknown."""
        if self.places is not None:
            return self.places.edits(span, replacement)
        region = self.region(span)
        return [] if region is None else [(region, replacement)]

    def dialect_named(self, where: str, custom: Dialects = _NO_DIALECTS) -> Dialect | Literal["auto"] | None:
        """Return the dialect that the row names: a built-in one, a custom one, or "auto"; None if it names none.

        Raises:
            InputError: the word in the column is not the name of a dialect; in a column that may be about something
                else, a misspelt one.
        """
        word = self.said.dialect
        if not word or (not folded(word) and "dialect" not in self.said.strict):  # a dash says nothing, either
            return None
        found = _dialect_named(folded(word), custom)
        if found is None and not self._may_be_about_else(custom):
            own = dict.fromkeys(one.name for one in custom.values() if isinstance(one, Dialect))
            known = list(dict.fromkeys([*dialect_names(), *own, AUTO]))
            near = did_you_mean(word, known) or f" (known: {', '.join(known)})"
            raise InputError(f"{where}:{self.place}: unknown dialect {word!r}{near}")
        return found

    def _may_be_about_else(self, custom: Dialects) -> bool:
        """Say whether the word for the dialect is about devices, or whether its column need not name dialects."""
        word = self.said.dialect
        if "dialect" not in self.said.strict and is_about_devices(word):
            return True
        return self.said.loose and not _is_misspelt(folded(word), custom)

    def unknown_platform(self) -> str:
        """Return the word of a row that names no dialect, if it may be meant to; otherwise an empty text."""
        word = self.said.dialect
        return "" if not folded(word) or is_about_devices(word) else word

    def postback_named(self, where: str) -> Postback | None:
        """Return the kind of postback that the row names; None if it names none.

        Any other word is read as the name of an in-app event, unless the column was requested by name.

        Raises:
            InputError: the word in the column is a misspelt kind, or the column was requested by name and the word is
                not a kind.
        """
        word = self.said.postback
        if not word or (not folded(word) and "postback" not in self.said.strict):  # a dash says nothing, either
            return None
        found = kinds().get(folded(word))
        meant = _misspelt_kinds(folded(word)) if found is None else []
        if meant or (found is None and "postback" in self.said.strict):
            known = did_you_mean(word, map(str, Postback)) or question(meant) or f" (known: {', '.join(Postback)})"
            raise InputError(f"{where}:{self.place}: unknown kind of postback {word!r}{known}")
        return Postback.IN_APP if found is None else found

    def ignored(self, where: str) -> tuple[str, ...]:
        """Return the rules to ignore, from the row or the lines before it.

        Raises:
            InputError: one of them is not a rule.
        """
        if not self.said.ignore:
            return ()
        # Here because a record may be read for something other than a check.
        from macroengine.rules.request_codes import request_codes  # noqa: PLC0415 - see above

        found = tuple(self.said.ignore.replace(",", " ").split())
        try:
            request_codes(None, found)
        except ValueError as error:
            raise InputError(f"{where}:{self.place}: ignore: {error}") from None
        return found


def _dialect_named(word: str, custom: Dialects) -> Dialect | Literal["auto"] | None:
    """Return the dialect whose name a text is or contains, since people add the name of a company or a product."""
    names = built_in_names()
    within = [name for name in (*custom, *names) if len(name) >= _SHORTEST and name in word]
    found = word if word in custom or word in names else max(within, key=len, default="")
    if found in custom:
        return custom[found]
    if word == AUTO:
        return AUTO
    return dialect(names[found]) if found else None


def _is_misspelt(word: str, custom: Dialects) -> bool:
    """Say whether one letter of the name of a dialect is wrong. The column may be about something else, as iOS."""
    return any(_is_nearly(word, name) for name in (*custom, *built_in_names()))


def _is_nearly(word: str, name: str) -> bool:
    """Say whether a letter of a name is wrong, or two of a long one."""
    allowed = min(len(name) // _SHORTEST, 2)
    return abs(len(word) - len(name)) <= allowed and 0 < edit_distance(word, name) <= allowed


@lru_cache(maxsize=1024)
def _misspelt_kinds(word: str) -> list[str]:
    """Return the kind of postback that a word is a misspelt one of, if any. Other words are names of in-app events."""
    found = (kind for name, kind in kinds().items() if kind is not Postback.IN_APP and _is_nearly(word, name))
    return list(dict.fromkeys(found))


@cache
def built_in_names() -> dict[str, str]:
    """Return the names of the dialects by their folded names and titles."""
    titles = {folded(dialect(name).title): name for name in dialect_names()}
    return titles | {folded(name): name for name in dialect_names()}


def _quoted(sheet: str) -> str:
    return sheet if sheet.isidentifier() else "'" + sheet.replace("'", "''") + "'"
