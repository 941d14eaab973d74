"""`macroengine detect`: find out the dialect of templates."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from macroengine.cli import output
from macroengine.cli.given import Arguments, sources_of
from macroengine.cli.inputs import check_read_once
from macroengine.cli.options import file_options, layout_of
from macroengine.detection.detect import Detected
from macroengine.detection.detect import detect as detect_dialects
from macroengine.diagnostics import printable
from macroengine.errors import TemplateError
from macroengine.workspace.config import NearestConfig, find_config
from macroengine.workspace.record import Record
from macroengine.workspace.sources import Source, is_any_unreadable, notes_of_empty, whole_records

_Found = tuple[Source, Record, list[Detected]]


@click.command(
    epilog="""\b
Examples:
  macroengine detect 'https://n.example/pb?id={adid}&idfa={idfa}&by={tracker}'
  macroengine detect --file partners.csv --column postback_url
  pbpaste | macroengine detect --file - --format json | jq '.[0].detected'
"""
)
@click.argument("templates", metavar="[TEMPLATE|FILE]...", nargs=-1)
@click.option("--file", "files", metavar="FILE", multiple=True, help="Look at the templates in a file; - is stdin.")
@file_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def detect(templates: tuple[str, ...], files: tuple[str, ...], form: str, **options: Any) -> int:
    """Say in which dialect each TEMPLATE is written, the likeliest first, and what says so.

    Confidence is from 0 to 1. Drawn as a table on a terminal, tab-separated elsewhere. Files are read as check reads
    them.

    Exit status: 0 all were recognised, 1 some were not, 2 wrong usage.
    """
    if not templates and not files:
        raise click.UsageError("no templates given; give templates or files")
    check_read_once(("TEMPLATE", templates), ("--file", files))
    config = NearestConfig(find_config(Path.cwd()))
    search = _Search(sources_of(templates, files, layout_of(options, (*templates, *files)), config))
    if form == "json":
        _print_json(search.found())
    else:
        _print_text(search, is_single=len(templates) == 1 and not files and isinstance(search.sources[0], Arguments))
    output.print_notes(search.notes)
    return 2 if is_any_unreadable(search.sources) else search.status


def _print_text(search: "_Search", *, is_single: bool) -> None:
    columns = ("dialect", "confidence", "evidence")
    rows = (
        (
            *(() if is_single else (_place(source, record),)),
            one.dialect,
            f"{one.confidence:.3f}",
            "; ".join(one.evidence),
        )
        for source, record, detected in search.found()
        for one in detected
    )
    output.print_table(columns if is_single else ("template", *columns), rows)


def _place(source: Source, record: Record) -> str:
    return f"{printable(source.name)}:{record.place}"


class _Search:
    """The templates of a call, each with its likely dialects."""

    def __init__(self, sources: list[Source]) -> None:
        self.sources = sources
        self.status = 0
        self.notes: list[str] = []

    def found(self) -> Iterator[_Found]:
        """Yield each template with its source and its dialects."""
        for source in self.sources:
            is_empty = True
            for record in whole_records(source):
                if record.template is None:
                    continue
                is_empty = False
                yield source, record, self._detected(_place(source, record), record.template)
            self.notes += [*source.notes, *(notes_of_empty(source) if is_empty else ())]

    def _detected(self, place: str, template: str) -> list[Detected]:
        try:
            detected = detect_dialects(template)
        except TemplateError as error:  # it is too large to check
            output.print_diagnostics(error.diagnostics, to=output.errors())
            detected = []
        else:
            if not detected:
                click.echo(f"macroengine: {place}: nothing in it tells which dialect it is", err=True)
        if not detected:
            self.status = 1
        return detected


def _print_json(found: Iterator[_Found]) -> None:
    output.print_json(_row(*one) for one in found)


def _row(source: Source, record: Record, detected: list[Detected]) -> dict[str, Any]:
    rows = [{"dialect": one.dialect, "confidence": one.confidence, "evidence": one.evidence} for one in detected]
    row: dict[str, Any] = {"file": source.name, "line": record.line, "template": record.template, "detected": rows}
    # Only workbooks have these.
    return row | ({"sheet": record.sheet, "cell": record.cell} if record.sheet is not None else {})
