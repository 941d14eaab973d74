"""Print results. Colours are used only on a terminal, and not if NO_COLOR is set."""

import csv
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING

import click

from macroengine.cli import process
from macroengine.diagnostics import Diagnostic, PayloadDiagnostic, Severity, excerpt, printable
from macroengine.diagnostics import columns as columns_of
from macroengine.workspace.inputs import InputError

# rich takes longer to load than a template takes to check, so import it only for a console.
if TYPE_CHECKING:
    from rich.console import Console

# Between the columns of a table.
_GAP = 2
# A longer word, such as a URL, is broken in a column of a table; sooner in the last one, which has texts and values.
_MAX_WORD = 24
_MAX_LAST_WORD = 16
COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}


def is_plain(stream: IO[str]) -> bool:
    """Say whether to print plain text: the stream is not a terminal, and colours are not forced."""
    return not stream.isatty() and not {"FORCE_COLOR", "TTY_COMPATIBLE"} & os.environ.keys()


def results() -> "Console":
    """Return the console for results, on standard output."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


def errors() -> "Console":
    """Return the console for errors, on standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def harmless(text: str) -> str:
    """Return a text that controls nothing on a terminal, if it is printed on one. Files and pipes get it unchanged."""
    if not sys.stdout.isatty() or text.isprintable():
        return text
    return "".join(line if line == "\n" else printable(line) for line in re.split("(\n)", text))


def write_result(text: str) -> None:
    """Write a template or URL on standard output. Another character must not take the place of one of its own.

    Raises:
        InputError: the encoding of standard output does not have one of its characters.
    """
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError as error:
        missing = error.object[error.start : error.start + 1]
        instead = "" if "\ud800" <= missing <= "\udfff" else "; set PYTHONIOENCODING=utf-8"
        raise InputError(f"standard output is {encoding}, which cannot hold {missing!a}{instead}") from None
    sys.stdout.write(text)


def print_json(rows: Iterable[object]) -> None:
    """Print rows as a JSON array, as they come. It ends properly even if an input turns out to be unreadable."""
    import json

    before = "[\n"
    try:
        for row in rows:
            sys.stdout.write(before + json.dumps(row))
            before = ",\n"
    except InputError:
        sys.stdout.write("" if before == "[\n" else "\n]\n")
        raise
    sys.stdout.write("[]\n" if before == "[\n" else "\n]\n")


def shows_progress(*, prints_results: bool = True) -> bool:
    """Say whether a progress bar can be drawn: standard error is a terminal, and results are not printed on it."""
    return sys.stderr.isatty() and not (prints_results and sys.stdout.isatty()) and errors().is_interactive


def style(text: str, colour_name: str, *, colour: bool) -> str:
    """Return the text in bold and in a colour, if `colour` is true.

    Used for long outputs: a rich console takes longer to print a line than the check takes.
    """
    return click.style(text, fg=colour_name, bold=True) if colour else text


def complain(message: str) -> None:
    """Print an error message, in the format of all errors of the command line."""
    click.echo(f"macroengine: {printable(message)}", err=True)


def print_notes(notes: Iterable[str]) -> None:
    """Print the notes for the user about what could not be done."""
    with suppress(OSError):
        for note in notes:
            complain(note)


def width_of(stream: IO[str]) -> int | None:
    """Return the width of standard output or error in columns; None if it is not a terminal, so that nothing is cut."""
    if is_plain(stream):
        return None
    to = errors() if stream is sys.stderr else results()
    return to.width if to.is_terminal else None


def print_diagnostics(diagnostics: Iterable[Diagnostic | PayloadDiagnostic], *, to: "Console") -> None:
    """Print diagnostics, each above the text or the pointer that shows its place."""
    from rich.text import Text

    for diagnostic in diagnostics:
        head, *lines = _shown(diagnostic, to.width if to.is_terminal else None)
        severity, _, rest = head.partition("[")
        head_text = Text.assemble((severity, f"bold {COLOURS[diagnostic.severity]}"), f"[{rest}")
        to.print(head_text, soft_wrap=not to.file.isatty())
        for line in lines:
            marked = line.strip() and not line.strip(" ^")
            to.print(Text(line, style="bold" if marked else ""), soft_wrap=not to.file.isatty())


def _shown(diagnostic: Diagnostic | PayloadDiagnostic, columns: int | None) -> list[str]:
    """Return the lines of a diagnostic. The template in it is cut only to fit a terminal."""
    lines = str(diagnostic).split("\n")
    if isinstance(diagnostic, Diagnostic):
        lines[1:3] = excerpt(diagnostic.source, diagnostic.span, columns and columns - 2)
    return lines


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: drawn on a terminal, otherwise tab-separated with a header, regardless of colours.

    On a terminal that is too narrow for its words, each row is a block with a line for each cell that is not empty.
    """
    if not sys.stdout.isatty():
        writer = csv.writer(sys.stdout, dialect="excel-tab", lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        return
    from rich.console import Console

    console = Console(highlight=False)
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = _widths(console.width, list(zip(columns, *shown, strict=True)))
    if widths is not None:
        _draw_table(console, columns, shown, widths)
    else:
        _print_blocks(console, columns, shown)


def _widths(width: int, columns: list[tuple[str, ...]]) -> list[int] | None:
    """Return the widths of columns of cells with which their words stay whole, None where the table would be wider."""
    limits = [*[_MAX_WORD] * (len(columns) - 1), _MAX_LAST_WORD]
    longest = (max(columns_of(word) for cell in cells for word in cell.split(" ")) for cells in columns)
    widths = list(map(min, longest, limits))
    room = width - sum(widths) - _GAP * (len(widths) - 1)
    if room < 0:
        return None
    for index, cells in enumerate(columns):  # the first ones have names, and the last ones texts
        more = min(room, max(map(columns_of, cells)) - widths[index])
        widths[index] += more
        room -= more
    return widths


def _draw_table(console: "Console", columns: Sequence[str], rows: list[list[str]], widths: list[int]) -> None:
    from rich.table import Table
    from rich.text import Text

    # With widths of its own choice, rich would break or cut words.
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column, width in zip(columns, widths, strict=True):
        table.add_column(column, overflow="fold", width=width)
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def _print_blocks(console: "Console", columns: Sequence[str], rows: list[list[str]]) -> None:
    from rich.text import Text

    for number, row in enumerate(rows):
        if number:
            console.print()
        for column, cell in zip(columns, row, strict=True):
            if cell:
                console.print(Text.assemble((f"{column}: ", "bold"), cell), overflow="fold")


def lasting(write: Callable[[str], object]) -> Callable[[str], object]:
    """Return a function that stops writing once the reader is gone, since files must still be written."""

    def written(text: str) -> None:
        try:
            write(text)
        except BrokenPipeError:
            process.discard_output()

    return written
