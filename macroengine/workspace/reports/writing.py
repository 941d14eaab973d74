"""Write a report to a file. The name of the file decides the format."""

from collections.abc import Callable, Sequence
from pathlib import Path

from macroengine import atomic
from macroengine.workspace.inputs import suffix
from macroengine.workspace.reports.entry import Entry
from macroengine.workspace.reports.html import html_report
from macroengine.workspace.reports.markdown import markdown_report
from macroengine.workspace.reports.tables import csv_report, write_workbook

# Excel reads CSV as UTF-8 only with a byte order mark.
_TEXTS: dict[str, tuple[Callable[[Sequence[Entry], Sequence[str]], str], str]] = {
    ".html": (html_report, "utf-8"),
    ".md": (markdown_report, "utf-8"),
    ".csv": (csv_report, "utf-8-sig"),
}


def write_report(entries: Sequence[Entry], path: Path, unchecked: Sequence[str] = ()) -> None:
    """Write the report in the format of the file's suffix. The file appears only once it is complete.

    `unchecked` says what was not checked, and why.

    Raises:
        InputError: it is a workbook, and openpyxl is not installed.
        OSError: the file cannot be written.
    """
    with atomic.replacing(path) as new:
        kind = suffix(path)
        if kind in _TEXTS:
            text, encoding = _TEXTS[kind]
            new.write_bytes(text(entries, unchecked).encode(encoding))
        else:
            write_workbook(entries, new, unchecked)
