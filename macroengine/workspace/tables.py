"""Templates in CSV: a header, and one row per template."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from macroengine.workspace.columns import ROLES, Layout, columns_of, recognised
from macroengine.workspace.inputs import MAX_BYTES, InputError, NoColumnError
from macroengine.workspace.lines import split_ending
from macroengine.workspace.record import Record, Said
from macroengine.workspace.text import BOM

# Delimiters that spreadsheets use in different locales. The first is the default.
_DELIMITERS = {".csv": ",;\t", ".tsv": "\t,;"}
_SEPARATOR = "sep="  # Excel's own line before the header
# Excel writes such line ends where a table is saved as "CSV (Macintosh)".
_LONE_RETURN = "a carriage return outside quotes; save the file with line feeds at the ends of its lines"


class Table:
    """A table that is read row by row."""

    def __init__(self, lines: Iterator[tuple[int, str]], name: str, layout: Layout) -> None:
        self._lines, self._name, self._layout = lines, name, layout
        self._taken: list[tuple[int, str]] = []
        self._size = 0
        self._strict = frozenset(layout.asked())
        self._loose = False

    def records(self, kind: str, *, strict: bool = False) -> Iterator[Record]:
        """Yield the header and the rows, including rows without a template. With `strict`, check the quotes."""
        delimiter, before = self._delimiter(kind)
        yield from before
        rows = csv.reader(self._feed(), delimiter=delimiter, strict=strict)
        header: list[str] | None = None
        found: dict[str, int] = {}
        try:
            for row in rows:
                raw, number = "".join(line for _, line in self._taken), self._taken[0][0]
                self._taken.clear()
                self._size = 0
                if header is None:
                    header, found = row, columns_of(row, self._layout, self._name)
                    self._loose = "dialect" in found and self._layout.is_loose(row[found["dialect"]])
                    yield Record(raw, number)
                    continue
                index = found["template"]
                if any(cell.strip() for cell in row[len(header) :]):
                    yield Record(raw, number, broken=self._too_wide(row, header, number, delimiter))
                    continue
                if len(row) <= index or not row[index].strip():
                    yield Record(raw, number, said=self._said(row, found))
                    continue
                with_cell, said = _with_cell(raw, row, index, delimiter), self._said(row, found)
                yield Record(raw, number, row[index], with_cell, cell=header[index], said=said)
        except csv.Error as error:
            reason = _LONE_RETURN if str(error).startswith("new-line character") else error
            raise InputError(f"{self._name}: line {rows.line_num + len(before):,}: {reason}") from None
        if header is None:
            wanted = self._layout.template or ROLES[0]
            raise NoColumnError(f"{self._name}: the file is empty; expected a header with the column {wanted!r}")

    def _said(self, row: Sequence[str], found: Mapping[str, int]) -> Said:
        said = {role: row[found[role]].strip() for role in ROLES[1:] if role in found and found[role] < len(row)}
        return Said(**said, strict=self._strict, loose=self._loose)

    def _too_wide(self, row: Sequence[str], header: Sequence[str], number: int, delimiter: str) -> InputError:
        return InputError(
            f"{self._name}:{number}: expected {len(header)} cells, as in the header, but found {len(row)}; "
            f"put a cell that contains {delimiter!r} in quotes"
        )

    def _feed(self) -> Iterator[str]:
        """Yield the lines to the CSV reader, and keep those of the current row."""
        for number, line in self._lines:
            self._taken.append((number, line))
            self._size += len(line)
            if self._size > MAX_BYTES:
                first = self._taken[0][0]
                message = f"{self._name}: the row at line {first:,} is longer than {MAX_BYTES:,} characters"
                raise InputError(message)
            yield line.removeprefix(BOM) if number == 1 else line
        if self._taken:  # the reader wants more lines only within quotes
            raise InputError(f'{self._name}:{self._taken[0][0]}: has an unclosed quote; inside a value write ""')

    def _delimiter(self, kind: str) -> tuple[str, list[Record]]:
        """Return the delimiter, and the record of the line before the header that declares it, if there is one."""
        first = next(self._lines, None)
        if first is None:
            return _DELIMITERS[kind][0], []
        number, line = first
        said = said_delimiter(line)
        if said is not None:
            return said, [Record(line, number)]
        lines = self._lines
        self._lines = _chained(first, lines)
        return max(_DELIMITERS[kind], key=lambda delimiter: self._likelihood(line, delimiter)), []

    def _likelihood(self, header: str, delimiter: str) -> tuple[bool, int]:
        """Return the sort key of a delimiter: whether the header then has a template column, and its cell count."""
        try:
            row = next(csv.reader([header.removeprefix(BOM)], delimiter=delimiter), [])
        except csv.Error:  # reported when the table is read
            return False, 0
        return "template" in recognised(row, self._layout), len(row)


def said_delimiter(line: str) -> str | None:
    r"""Return the delimiter that a line before the header says, as Excel writes it; None for any other line.

    >>> said_delimiter("sep=;\r\n"), said_delimiter("partner;template\r\n")
    (';', None)
    """
    said = split_ending(line.removeprefix(BOM))[0].strip('"')
    return said[-1] if said.lower().startswith(_SEPARATOR) and len(said) == len(_SEPARATOR) + 1 else None


def _chained(first: tuple[int, str], rest: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield first
    yield from rest


def _with_cell(raw: str, row: list[str], index: int, delimiter: str) -> Callable[[str], str]:
    def with_cell(template: str) -> str:
        wanted = [*row[:index], template, *row[index + 1 :]]
        for quoting in (csv.QUOTE_ALL, csv.QUOTE_MINIMAL):
            old, new = (_csv_line([text], delimiter, quoting=quoting) for text in (row[index], template))
            # Replace the cell, or an equal one elsewhere in the row. Accept the result only if it is the row that is
            # wanted.
            for changed in (raw.replace(old, new, 1), new.join(raw.rsplit(old, 1))):
                if next(csv.reader(io.StringIO(changed, newline=""), delimiter=delimiter)) == wanted:
                    return changed
        return _csv_line(wanted, delimiter) + split_ending(raw)[1]

    return with_cell


def _csv_line(row: list[str], delimiter: str, quoting: Literal[0, 1] = csv.QUOTE_MINIMAL) -> str:
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, quoting=quoting, lineterminator="").writerow(row)
    return line.getvalue()
