"""How results look: colour on a terminal only, and nowhere where NO_COLOR is set."""

import csv
import sys
from collections.abc import Iterable, Sequence

import click
from rich.console import Console
from rich.text import Text

from macroengine.diagnostics import Diagnostic, PayloadDiagnostic, Severity

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}


def results() -> Console:
    """Return the console for results, standard output."""
    return Console(highlight=False, soft_wrap=True)


def errors() -> Console:
    """Return the console for what is wrong, standard error."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def style(text: str, colour_name: str, *, colour: bool) -> str:
    """Return text in bold and in a colour, if there is to be colour.

    What is printed by the thousand is printed so: a console of rich takes longer than the check.
    """
    return click.style(text, fg=colour_name, bold=True) if colour else text


def print_diagnostics(diagnostics: Iterable[Diagnostic | PayloadDiagnostic], *, to: Console) -> None:
    """Print diagnostics, each over the text or the pointer that shows its place."""
    for diagnostic in diagnostics:
        head, *lines = str(diagnostic).split("\n")
        severity, _, rest = head.partition("[")
        to.print(Text.assemble((severity, f"bold {COLOURS[diagnostic.severity]}"), f"[{rest}"))
        for line in lines:
            marked = line.strip() and not line.strip(" ^")
            to.print(Text(line, style="bold" if marked else ""))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: drawn on a terminal, tab-separated with a head line elsewhere."""
    console = results()
    if not console.is_terminal:
        writer = csv.writer(sys.stdout, dialect="excel-tab", lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        return
    from rich.table import Table  # noqa: PLC0415 - most commands draw none

    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*map(Text, row))
    Console(highlight=False).print(table)
