"""Templates in Excel workbooks: the sheets with a template column, cell by cell.

The only module that imports openpyxl to read. The extra `excel` installs it.
"""

import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from macroengine.suggest import did_you_mean
from macroengine.workspace.columns import DEFAULT_COLUMN, ROLES, Layout, columns_of, recognised
from macroengine.workspace.inputs import InputError, NoColumnError, UnreadableError, input_name, read_whole
from macroengine.workspace.record import Record, Said
from macroengine.workspace.workbook_parts import check_archive, lost_parts
from macroengine.workspace.writing import Write, replacing

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

_MAX_BYTES = 67_108_864
# Titles and notes may precede the header.
_HEADER_ROWS = 20


@dataclass(frozen=True)
class WorkbookFile:
    """A workbook whose templates are read and replaced."""

    file: str
    layout: Layout

    @property
    def name(self) -> str:
        """The name of the file in reports."""
        return self.file

    @property
    def path(self) -> Path:
        """The path of the file."""
        return Path(self.file)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for the user about parts that were not read."""
        if self.layout.sheet is not None:
            return ()
        hidden = [sheet.title for sheet in self._sheets if sheet.sheet_state != "visible" and self._header(sheet)]
        name = input_name(self.file)
        return tuple(f"{name}: sheet {title!r} is hidden and was skipped; read it with --sheet" for title in hidden)

    def records(self) -> Iterator[Record]:
        """Yield a record for each cell with a template.

        Raises:
            NoColumnError: no sheet has a template column.
            InputError: the workbook cannot be read.
        """
        chosen = self._chosen()
        # A sheet with links is not one of templates where another has a column called so.
        sure = [(sheet, self._header(sheet, self.layout._replace(is_sure=True))) for sheet in chosen]
        found = sure if any(header for _, header in sure) else [(sheet, self._header(sheet)) for sheet in chosen]
        for sheet, header in found:
            if header is not None:
                yield from self._rows(sheet, *header)
        if not any(header for _, header in found):
            raise self._without_column(chosen)

    def _without_column(self, chosen: "list[Worksheet]") -> NoColumnError:
        """Return the error for sheets of which none has a template column."""
        wanted = self.layout.template or DEFAULT_COLUMN
        near = did_you_mean(wanted, (text for sheet in chosen for row in _top(sheet) for text in row if text))
        if self.layout.sheet is None:
            where, titles = "a visible sheet", ", ".join(repr(sheet.title) for sheet in self._sheets)
            advice = f" (sheets: {titles}); say where the templates are with --sheet and --column"
        else:
            where = f"sheet {chosen[0].title!r}"
            advice = "; say which column has the templates with --column" if self.layout.template is None else ""
        return NoColumnError(
            f"{input_name(self.file)}: no column {wanted!r} in the first {_HEADER_ROWS} rows of {where}{near}{advice}"
        )

    @contextmanager
    def rewriting(self) -> Iterator[Write]:
        """Yield a function that takes each record and its new template. Cells are changed at the end."""
        self.check_fixable()
        changes: dict[tuple[str, str], str] = {}

        def write(record: Record, template: str | None) -> None:
            if template is not None and template != record.template:
                changes[record.sheet or "", record.cell or ""] = template

        with replacing(self.path) as new:
            yield write
            if read_whole(self.file, _MAX_BYTES) != self._content:
                raise InputError(
                    f"{input_name(self.file)}: changed while it was being fixed; nothing was written, run the command "
                    "again"
                )
            self._save(changes, new)

    def check_fixable(self, *, written: bool = True) -> None:
        """Refuse to rewrite a workbook if anything but the template cells would change.

        Raises:
            InputError: parts would be lost; the message names them.
        """
        lost = lost_parts(self._content) if written else []
        if lost:
            *others, last = lost
            words = f"{', '.join(others)} and {last}" if others else last
            raise InputError(
                f"{input_name(self.file)}: rewriting it would lose its {words}; "
                "write the fixed templates to a new file with --report fixed.xlsx, and copy the column from there"
            )

    def _save(self, changes: Mapping[tuple[str, str], str], new: Path) -> None:
        if not changes:
            new.write_bytes(self._content)
            return
        for (title, place), template in changes.items():
            sheet = self._book[title]
            cell = sheet[place]
            if sheet.protection.sheet and cell.protection.locked:
                raise InputError(
                    f"{input_name(self.file)}:{Record('', 0, sheet=title, cell=place).place}: the sheet is protected "
                    "and the cell is locked; unprotect the sheet, or write the fixed templates with --report"
                )
            if cell.hyperlink is not None and cell.hyperlink.target == cell.value:
                cell.hyperlink.target = template
            # Write a template that begins with = as text.
            cell.value = template
            cell.data_type = "s"
        self._book.save(new)

    def _chosen(self) -> "list[Worksheet]":
        wanted = self.layout.sheet
        if wanted is None:
            return [sheet for sheet in self._sheets if sheet.sheet_state == "visible"]
        found = [sheet for sheet in self._sheets if sheet.title.casefold() == wanted.casefold()]
        if not found:
            titles = [sheet.title for sheet in self._sheets]
            known = ", ".join(map(repr, titles))
            name = input_name(self.file)
            raise InputError(f"{name}: no sheet {wanted!r}{did_you_mean(wanted, titles)} (known: {known})")
        return found

    def _header(self, sheet: "Worksheet", layout: Layout | None = None) -> tuple[int, dict[str, int]] | None:
        """Return the row of the header and the roles of its columns; None if the sheet has no templates."""
        for number, header in enumerate(_top(sheet), 1):
            if "template" in recognised(header, layout or self.layout):
                return number, columns_of(header, self.layout, f"{input_name(self.file)}: sheet {sheet.title!r}")
        return None

    def _rows(self, sheet: "Worksheet", header: int, found: Mapping[str, int]) -> Iterator[Record]:
        strict = frozenset(self.layout.asked())
        loose = "dialect" in found and self.layout.is_loose(self._said(sheet, header, found["dialect"] + 1))
        for row in range(header + 1, sheet.max_row + 1):
            cell = sheet.cell(row, found["template"] + 1)
            if cell.value is None or (isinstance(cell.value, str) and not cell.value.strip()):
                continue
            template, formula = self._template(cell, sheet)
            said = {role: self._said(sheet, row, found[role] + 1) for role in ROLES[1:] if role in found}
            yield Record(
                f"{template}\n",
                row,
                template,
                lambda fixed: f"{fixed}\n",
                sheet=sheet.title,
                cell=cell.coordinate,
                said=Said(**said, strict=strict, loose=loose),
                made_by=formula,
            )

    def _template(self, cell: "Cell", sheet: "Worksheet") -> tuple[str, str | None]:
        """Return the template of a cell, and the formula that computes it, if any."""
        if cell.data_type != "f":
            return str(cell.value), None
        formula = str(getattr(cell.value, "text", cell.value))
        result = self._results[sheet.title][cell.coordinate].value
        if result is None:
            place = Record("", 0, sheet=sheet.title, cell=cell.coordinate).place
            raise InputError(
                f"{input_name(self.file)}:{place}: the template is made by a formula whose result is not stored; "
                "open the workbook in Excel and save it, or paste the templates as values"
            )
        return str(result), formula

    def _said(self, sheet: "Worksheet", row: int, column: int) -> str:
        """Return the text of a cell; for merged cells, that of the first."""
        value = sheet.cell(row, column).value
        if value is None:
            for merged in sheet.merged_cells.ranges:
                if merged.min_row <= row <= merged.max_row and merged.min_col <= column <= merged.max_col:
                    value = sheet.cell(merged.min_row, merged.min_col).value
        return "" if value is None else str(value).strip()

    @cached_property
    def _content(self) -> bytes:
        content = read_whole(self.file, _MAX_BYTES)
        check_archive(content, input_name(self.file))
        return content

    @cached_property
    def _book(self) -> "Workbook":
        return self._loaded(rich_text=True)

    @cached_property
    def _results(self) -> "Workbook":
        return self._loaded(data_only=True)

    @property
    def _sheets(self) -> "list[Worksheet]":
        return list(self._book.worksheets)

    def _loaded(self, **options: bool) -> "Workbook":
        name = input_name(self.file)
        try:
            from openpyxl import load_workbook  # noqa: PLC0415 - an extra
        except ModuleNotFoundError:
            raise InputError(f"{name}: workbooks need an extra: pip install 'macroengine[excel]'") from None
        content: Any = io.BytesIO(self._content)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # warnings about parts that make check_fixable refuse
                return load_workbook(content, **options)
        except Exception as error:  # noqa: BLE001 - openpyxl's errors have no base class
            raise UnreadableError(f"{name}: not a workbook that can be read: {error}") from None


def _top(sheet: "Worksheet") -> Iterator[list[str]]:
    """Yield the texts of the rows that may contain the header."""
    for row in sheet.iter_rows(max_row=_HEADER_ROWS, values_only=True):
        yield ["" if value is None else str(value) for value in row]
