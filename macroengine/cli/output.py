"""How results look: colour on a terminal only, and nowhere where NO_COLOR is set."""

import csv
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING

import click

from macroengine.cli import process
from macroengine.diagnostics import Diagnostic, PayloadDiagnostic, Severity, excerpt, printable

# rich takes longer to load than a template to check; who needs no console does not wait for it.
if TYPE_CHECKING:
    from rich.console import Console

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}


def is_plain(stream: IO[str]) -> bool:
    """Say whether a stream is not a terminal, and what only terminals show was not asked for."""
    return not stream.isatty() and not {"FORCE_COLOR", "TTY_COMPATIBLE"} & os.environ.keys()


def results() -> "Console":
    """Return the console for results, standard output."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


def errors() -> "Console":
    """Return the console for what is wrong, standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def shows_progress(*, prints_results: bool = True) -> bool:
    """Say whether a progress bar can be drawn: standard error is a terminal, and results do not go to it as well."""
    return sys.stderr.isatty() and not (prints_results and sys.stdout.isatty()) and errors().is_interactive


def style(text: str, colour_name: str, *, colour: bool) -> str:
    """Return text in bold and in a colour, if there is to be colour.

    What is printed by the thousand is printed so: a console of rich takes longer than the check.
    """
    return click.style(text, fg=colour_name, bold=True) if colour else text


def complain(message: str) -> None:
    """Print what is wrong, as every error of the command line is printed."""
    click.echo(f"macroengine: {printable(message)}", err=True)


def print_notes(notes: Iterable[str]) -> None:
    """Print what could not be done, for the person who asked for it."""
    with suppress(OSError):
        for note in notes:
            complain(note)


def width_of(stream: IO[str]) -> int | None:
    """Return how many columns standard output or error has; None where it is not a terminal and nothing is cut."""
    if is_plain(stream):
        return None
    to = errors() if stream is sys.stderr else results()
    return to.width if to.is_terminal else None


def print_diagnostics(diagnostics: Iterable[Diagnostic | PayloadDiagnostic], *, to: "Console") -> None:
    """Print diagnostics, each over the text or the pointer that shows its place."""
    from rich.text import Text

    for diagnostic in diagnostics:
        head, *lines = _shown(diagnostic, to.width if to.is_terminal else None)
        severity, _, rest = head.partition("[")
        to.print(Text.assemble((severity, f"bold {COLOURS[diagnostic.severity]}"), f"[{rest}"))
        for line in lines:
            marked = line.strip() and not line.strip(" ^")
            to.print(Text(line, style="bold" if marked else ""))


def _shown(diagnostic: Diagnostic | PayloadDiagnostic, columns: int | None) -> list[str]:
    """Return the lines of a diagnostic; the template in it is cut only to fit a terminal."""
    lines = str(diagnostic).split("\n")
    if isinstance(diagnostic, Diagnostic):
        lines[1:3] = excerpt(diagnostic.source, diagnostic.span, columns and columns - 2)
    return lines


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: drawn on a terminal, tab-separated with a header elsewhere, whatever the colours."""
    if not sys.stdout.isatty():
        writer = csv.writer(sys.stdout, dialect="excel-tab", lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")  # or a narrow terminal would not show names whole
    for row in rows:
        table.add_row(*map(Text, map(printable, row)))
    Console(highlight=False).print(table)


def lasting(write: Callable[[str], object]) -> Callable[[str], object]:
    """Return what writes until the reader is gone, and nothing then: files are to be written all the same."""

    def written(text: str) -> None:
        try:
            write(text)
        except BrokenPipeError:
            process.discard_output()

    return written
