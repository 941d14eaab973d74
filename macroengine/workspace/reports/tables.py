"""The report as a table: one row per finding, and one for each template without any."""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from macroengine.diagnostics import Diagnostic, Severity, printable
from macroengine.workspace.inputs import InputError
from macroengine.workspace.reports.entry import Entry, Group, by_partner, by_rule, counted, instead

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_TEMPLATES = ("partner", "place", "platform", "kind", "template", "found", "fixed", "preview")
_FINDINGS = ("partner", "place", "severity", "code", "rule", "message", "at", "instead", "template")
_COLUMNS = (*_FINDINGS[:-1], "template", "fixed", "preview")
_COUNTS = ("templates", "errors", "warnings", "infos", "fixable")
# A spreadsheet reads a cell that begins like this as a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NOT_CHECKED = "not checked"
_MAX_CELL = 32_767
_WIDTHS = {"partner": 20, "place": 28, "message": 50, "instead": 30, "template": 80, "found": 24, "fixed": 80}
_RED, _HEAD, _BACK = "FFA40E26", "FFFFFFFF", "FF24415F"


def csv_report(entries: Sequence[Entry], unchecked: Sequence[str] = ()) -> str:
    """Return the table as CSV. An apostrophe keeps spreadsheets from reading a cell as a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for entry in entries:
        rest = (entry.template, entry.fixed or entry.template, _preview(entry))
        for row in [_finding(entry, one) for one in entry.found] or [(entry.partner, entry.place, "clean", *[""] * 5)]:
            writer.writerow(map(_neutral, (*row, *rest)))
    for reason in unchecked:
        writer.writerow(map(_neutral, ("", "", _NOT_CHECKED, "", "", reason, *[""] * 5)))
    return text.getvalue()


def _neutral(text: str) -> str:
    shown = printable(text)
    return f"'{shown}" if text.startswith(_FORMULA) else shown


def _finding(entry: Entry, one: Diagnostic) -> tuple[str, ...]:
    at = one.source[one.span.start : one.span.stop]
    return entry.partner, entry.place, one.severity, one.code, one.name, one.message, at, instead(one)


def _preview(entry: Entry) -> str:
    return "" if entry.preview is None else entry.preview.attributed


def write_workbook(entries: Sequence[Entry], path: Path, unchecked: Sequence[str] = ()) -> None:
    """Write the report as a workbook: templates, findings, and totals by partner and by rule.

    Raises:
        InputError: openpyxl is not installed.
    """
    try:
        from openpyxl import Workbook  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise InputError("a report as a workbook needs an extra: pip install 'macroengine[excel]'") from None
    book = Workbook()
    book.remove(book.worksheets[0])
    _fill(book.create_sheet("Templates"), _TEMPLATES, map(_template, entries))
    _fill(book.create_sheet("Findings"), _FINDINGS, chain(_findings(entries), map(_left_out, unchecked)))
    _fill(book.create_sheet("Partners"), ("partner", *_COUNTS), map(_sums, by_partner(entries)))
    _fill(book.create_sheet("Rules"), ("rule", *_COUNTS), map(_sums, by_rule(entries)))
    book.save(path)


def _template(entry: Entry) -> tuple[object, ...]:
    group = Group("")
    group.add(entry.found, entry.place)
    facts = (entry.partner, entry.place, entry.dialect.title, str(entry.policy.postback))
    return (*facts, entry.template, counted(group), entry.fixed or entry.template, _preview(entry))


def _findings(entries: Sequence[Entry]) -> Iterator[tuple[object, ...]]:
    for entry in entries:
        for one in entry.found:
            yield (*_finding(entry, one), _marked(one))


def _left_out(reason: str) -> tuple[object, ...]:
    return ("", "", _NOT_CHECKED, "", "", reason, "", "", "")


def _sums(group: Group) -> tuple[object, ...]:
    return (group.name, group.templates, *(group.found[severity] for severity in Severity), group.fixable)


def _marked(one: Diagnostic) -> object:
    """Return the template as rich text, with the found text in red."""
    from openpyxl.cell.rich_text import CellRichText, TextBlock  # noqa: PLC0415 - an extra
    from openpyxl.cell.text import InlineFont  # noqa: PLC0415 - an extra
    from openpyxl.styles.colors import Color  # noqa: PLC0415 - an extra

    pieces = (one.source[: one.span.start], one.source[one.span.start : one.span.stop], one.source[one.span.stop :])
    before, at, after = map(printable, pieces)
    marked = TextBlock(InlineFont(b=True, u="single", color=Color(rgb=_RED)), at)
    return CellRichText([piece for piece in (before, marked if at else "", after) if piece])


def _fill(sheet: "Worksheet", head: Sequence[str], rows: Any) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill  # noqa: PLC0415 - an extra
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 - an extra

    sheet.append(list(head))
    for column, (cell, name) in enumerate(zip(sheet[1], head, strict=True), 1):
        cell.font, cell.fill = Font(b=True, color=_HEAD), PatternFill("solid", fgColor=_BACK)
        sheet.column_dimensions[get_column_letter(column)].width = _WIDTHS.get(name, 14)
    for number, row in enumerate(rows, 2):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(number, column)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if isinstance(value, str):
                cell.value = printable(value)[:_MAX_CELL]
                # Write text, not a formula. With the quote prefix, Excel keeps it text when the cell is edited.
                cell.data_type, cell.quotePrefix = "s", value.startswith(_FORMULA)
            else:
                cell.value = value
                cell.quotePrefix = str(value).startswith(_FORMULA)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
