"""`macroengine match`: read the values in received URLs, and check how they were sent."""

import json
from collections.abc import Iterator
from pathlib import Path

import click

from macroengine.catalogue import Dialect
from macroengine.cli import output
from macroengine.cli.events import read_event
from macroengine.cli.inputs import (
    InputError,
    check_read_once,
    input_name,
    is_input,
    looks_like_path,
    no_such_file,
    read_lines,
    suffix,
)
from macroengine.cli.options import dialect_option, template_source
from macroengine.cli.received import Summary, counting
from macroengine.diagnostics import printable
from macroengine.engine import match as match_url
from macroengine.matching.front import matcher_of_source
from macroengine.matching.result import Match, Reading
from macroengine.workspace.abridging import abridged
from macroengine.workspace.columns import Layout
from macroengine.workspace.sources import open_source, whole_records
from macroengine.workspace.text import guessed_encoding

_RECORDS = (".csv", ".tsv", ".jsonl", ".ndjson", ".xlsx", ".xlsm")
DEFAULT_COLUMN = "url"


@click.command()
@click.argument("template", required=False)
@click.argument("url", required=False)
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="Read the template from a file.")
@click.option("--event", metavar="FILE", help="Compare with this event, one as JSON; - is standard input.")
@click.option("--events", metavar="FILE", help="Check a file of received URLs, one per line; - is standard input.")
@click.option(
    "--column", metavar="NAME", help="The column of a .csv, .jsonl or .xlsx file that has the URLs.  [default: url]"
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@dialect_option
def match(
    template: str | None,
    url: str | None,
    *,
    file: Path | None,
    event: str | None,
    events: str | None,
    column: str | None,
    form: str,
    dialect: Dialect,
) -> int:
    """Read the values of TEMPLATE's macros from URL, and say what is wrong with how they were sent.

    With --events, many URLs are read, and findings are counted for each parameter.

    Exit status: 0 no findings, 1 findings of any severity, 2 wrong usage or an unreadable file.

    \b
    Examples:
      macroengine match 'https://n.example/?c=(C)' 'https://n.example/?c=a%20b'
      macroengine match '?c={idfa}' "$URL" --dialect adjust --event event.json
      zcat urls.gz |
        macroengine match --file template.txt --events - --format json
    """
    if file is not None and url is None:
        template, url = None, template
    check_read_once(("TEMPLATE", template), ("--file", file), ("URL", url), ("--event", event), ("--events", events))
    source = template_source(template, file)
    if url is not None and events is None and is_input(url):
        url, events = None, url
    if (url is None) == (events is None):
        raise click.UsageError("give one URL: as an argument, or many with --events")
    if events is not None:
        if event is not None:
            raise click.UsageError("--event compares one URL; omit --events")
        return _match_many(source, dialect, events, column, form)
    if column is not None:
        raise click.UsageError("--column is for the files of --events")
    return _match_one(source, dialect, url or "", event, form)


def _match_one(source: str, dialect: Dialect, url: str, event: str | None, form: str) -> int:
    if looks_like_path(url):
        raise no_such_file(url, "to read it as a URL, pipe it to --events -")
    found = match_url(source, url, dialect=dialect, event=None if event is None else read_event(event, dialect))
    if form == "json":
        click.echo(json.dumps(_as_json(source, dialect, url, found), indent=2))
    else:
        output.print_table(("parameter", "macro", "field", "state", "value"), map(_row, found.readings))
        output.print_diagnostics(abridged(found.diagnostics), to=output.errors())
    return 1 if found.diagnostics else 0


def _row(reading: Reading) -> tuple[str, ...]:
    fields = " or ".join(reading.fields)
    named = fields if reading.function is None else f"{reading.function}-{fields}"
    return (
        *map(printable, (reading.parameter, reading.macro, named)),
        reading.state,
        printable(reading.text or ""),
    )


def _as_json(source: str, dialect: Dialect, url: str, found: Match) -> dict[str, object]:
    return {
        "template": source,
        "dialect": dialect.name,
        "url": url,
        "values": found.values,
        "hashes": found.hashes,
        "candidates": found.candidates,
        "pairs": [
            {"name": pair.name, "value": pair.value, "span": [pair.span.start, pair.span.stop]} for pair in found.pairs
        ],
        "readings": [
            {
                "parameter": reading.parameter,
                "macro": reading.macro,
                "fields": reading.fields,
                "function": reading.function,
                "state": reading.state,
                "value": reading.text,
            }
            for reading in found.readings
        ],
        "diagnostics": [
            {
                "code": one.code,
                "name": one.name,
                "severity": one.severity,
                "parameter": parameter,
                "message": one.message,
                "span": [one.span.start, one.span.stop],
                "hint": one.hint,
            }
            for parameter, one in found.findings()
        ],
    }


def _match_many(source: str, dialect: Dialect, events: str, column: str | None, form: str) -> int:
    matcher = matcher_of_source(source, dialect)
    summary = Summary()
    with counting() as advance:
        for number, url in _received(events, column):
            summary.count(number, matcher.match(url))
            advance(summary.urls)
    if form == "json":
        click.echo(json.dumps({"template": source, "dialect": dialect.name, **summary.as_json()}, indent=2))
    else:
        output.print_table(summary.COLUMNS, summary.rows())
        click.echo(str(summary), err=True)
    return 1 if summary.with_findings else 0


def _received(file: str, column: str | None) -> Iterator[tuple[int, str]]:
    """Yield the URLs in a file with their line numbers. Bytes that are not UTF-8 are kept for the audit to report."""
    if column is not None or suffix(file) in _RECORDS:
        records = whole_records(open_source(file, Layout(template=column or DEFAULT_COLUMN)))
        yield from ((record.line, record.template) for record in records if record.template)
        return
    for number, line in read_lines(file):
        if number == 1 and guessed_encoding(line) != "utf-8":
            raise InputError(f"{input_name(file)}: not UTF-8; convert it, as with iconv -f UTF-16 -t UTF-8")
        url = line.decode("utf-8", "surrogateescape").strip("\r\n\t \ufeff")
        if url:
            yield number, url
