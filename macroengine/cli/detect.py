"""`macroengine detect`: the dialects in which templates can be written."""

import json
import sys
from collections.abc import Iterator

import click

from macroengine.cli import output
from macroengine.cli.files import DEFAULT_COLUMN
from macroengine.cli.job import Arguments, Source, given_sources
from macroengine.detection.detect import Detected
from macroengine.detection.detect import detect as detect_dialects
from macroengine.errors import TemplateError

_Found = tuple[str, str, list[Detected]]


@click.command(
    epilog="""\b
Examples:
  macroengine detect 'https://n.example/pb?id={adid}&idfa={idfa}&by={tracker}'
  macroengine detect --file partners.csv --column postback_url
  pbpaste | macroengine detect --file - --format json | jq '.[0].detected[0].dialect'
"""
)
@click.argument("templates", metavar="[TEMPLATE|FILE]...", nargs=-1)
@click.option("--file", "files", metavar="FILE", multiple=True, help="Look at the templates in a file; - is stdin.")
@click.option("--column", metavar="NAME", help=f"The column or key of the template.  [default: {DEFAULT_COLUMN}]")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def detect(templates: tuple[str, ...], files: tuple[str, ...], column: str | None, form: str) -> int:
    """Say in which dialect each TEMPLATE is written, the likeliest first, and what says so.

    Confidence is from 0 to 1. Drawn as a table on a terminal, tab-separated elsewhere. Files are read as check reads
    them.

    Exit status: 0 all were recognised, 1 some were not, 2 wrong usage.
    """
    if not templates and not files:
        raise click.UsageError("no templates given; give templates or files")
    search = _Search(given_sources(templates, files, column))
    if form == "json":
        _print_json(search.found())
        return search.status
    single = len(templates) == 1 and not files and isinstance(search.sources[0], Arguments)
    columns = ("dialect", "confidence", "evidence")
    rows = (
        (*(() if single else (place,)), one.dialect, f"{one.confidence:.3f}", "; ".join(one.evidence))
        for place, _, detected in search.found()
        for one in detected
    )
    output.print_table(columns if single else ("template", *columns), rows)
    return search.status


class _Search:
    """The templates of a call, each with its dialects."""

    def __init__(self, sources: list[Source]) -> None:
        self.sources = sources
        self.status = 0

    def found(self) -> Iterator[_Found]:
        """Yield where each template is, the template, and its dialects."""
        for source in self.sources:
            for record in source.records():
                if record.template is None:
                    continue
                place = f"{source.name}:{record.line}"
                yield place, record.template, self._detected(place, record.template)

    def _detected(self, place: str, template: str) -> list[Detected]:
        try:
            detected = detect_dialects(template)
        except TemplateError as error:  # it is too large to look at
            output.print_diagnostics(error.diagnostics, to=output.errors())
            detected = []
        else:
            if not detected:
                click.echo(f"macroengine: {place}: there is nothing to tell its dialect by", err=True)
        if not detected:
            self.status = 1
        return detected


def _print_json(found: Iterator[_Found]) -> None:
    between = "[\n"
    for place, template, detected in found:
        file, _, line = place.rpartition(":")
        rows = [{"dialect": one.dialect, "confidence": one.confidence, "evidence": one.evidence} for one in detected]
        row = {"file": file, "line": int(line), "template": template, "detected": rows}
        sys.stdout.write(between + json.dumps(row))
        between = ",\n"
    sys.stdout.write("[]\n" if between == "[\n" else "\n]\n")
