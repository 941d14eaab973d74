"""`macroengine bulk`: URLs from a template and a table of events."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from macroengine.backends.duckdb import Summary, render_table
from macroengine.backends.duckdb.files import files_of, rows_in
from macroengine.cli import output
from macroengine.cli.inputs import InputError, input_name, read_toml
from macroengine.cli.options import dialect_option, postback_option, template_source
from macroengine.cli.rendering import compiled_template, rendering_options
from macroengine.compiled_template import CompiledTemplate
from macroengine.kinds import Postback
from macroengine.workspace.assumed import assumed_postback
from macroengine.workspace.sources import open_source
from macroengine.workspace.tables import said_delimiter
from macroengine.workspace.text import read_decoded

# Enough for some thousands of templates.
_MAX_BYTES = 16_777_216
# What the end of a message advises in Python, and the options for it.
_ADVICE = (
    (re.compile(r"\bforce=True$"), "--force"),
    (re.compile(r"\bglob=True$"), "--glob"),
    (re.compile(r"\bmemory_limit$"), "--memory-limit"),
    (
        re.compile(r"\bcolumns={'([^']*)': 'COLUMN'}, or to none with columns={'\1': None}$"),
        r"--columns \1=COLUMN, or to none with --columns \1=",
    ),
)


def _read_columns(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str | None]:  # noqa: ARG001 - click's
    """Return the columns in `field=column,...` by field; None if nothing follows the =."""
    columns: dict[str, str | None] = {}
    for pair in next(csv.reader([",".join(values)]), []):
        field, equals, column = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"write field=column, not {pair!r}")
        if field in columns:
            raise click.BadParameter(f"{field!r} is given twice")
        columns[field] = column or None
    return columns


@click.command()
@click.argument("template", required=False)
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="Read the template from a file.")
@click.option(
    "--templates",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help='Many templates, rendered in one pass: .toml with partner = "template"; .csv or .xlsx with columns for both.',
)
@click.option(
    "--input",
    "source",
    metavar="PATH",
    required=True,
    help="A .parquet, .csv, .tsv or .jsonl file, or a directory of them.",
)
@click.option("--glob", is_flag=True, help="Read --input as a pattern, such as 'logs/*.csv'.")
@click.option(
    "--output",
    "target",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A .parquet, .csv or .txt file.",
)
@click.option(
    "--columns",
    metavar="FIELD=COLUMN,...",
    multiple=True,
    callback=_read_columns,
    help="The columns of fields with other names; FIELD= for none.",
)
@click.option("--where", metavar="SQL", help="Render only events that match this condition.")
@click.option("--keep", metavar="COLUMN", multiple=True, help="Also write this column of the input; may be repeated.")
@click.option("--force", is_flag=True, help="Replace the output if it exists.")
@click.option("--memory-limit", metavar="SIZE", help="Such as 2GB. Default: 80 % of the memory.")
@click.option("--threads", metavar="N", type=click.IntRange(min=1), help="Default: one per core.")
@dialect_option
@postback_option("Send this kind only.", default="what the macros of each template are for")
@rendering_options
def bulk(
    template: str | None, file: Path | None, templates: Path | None, source: str, target: Path, **options: Any
) -> int:
    """Render TEMPLATE for a whole table of events, with DuckDB.

    Columns are matched to fields by name, in any case, or by --columns. If they exist, a column `postback` decides
    which events are sent, and a boolean column `attributed` decides how; with --consent, columns such as `is_lat` and
    `att_status` decide whether identifiers are sent. The output is written completely or not at all: if an event cannot
    be sent, nothing is written, and the first such event is named. --where is SQL and can read everything that you can:
    never take it from an untrusted source.

    \b
    Examples:
      macroengine bulk 'https://n.example/pb?c=(clickid)' \\
          --input events.parquet --output urls.parquet
      macroengine bulk --file template.txt --input 'logs/*.csv' --glob \\
          --output urls.txt \\
          --columns click_id=cid,country_code=geo --where "day = '2024-05-01'"
      macroengine bulk --templates partners.toml --input logs/ \\
          --output fanout.parquet --keep event_id
    """
    table = {key: options.pop(key) for key in ("columns", "where", "keep", "memory_limit", "threads", "glob", "force")}
    compiled = _templates(template, file, templates, **options)
    try:
        with _progress(source, glob=table["glob"]) as report:
            summary = render_table(compiled, source, target, **table, progress=report)
    except ModuleNotFoundError as error:
        raise click.UsageError("this command needs its extra: pip install 'macroengine[duckdb]'") from error
    except ValueError as error:
        raise click.UsageError(_with_options(str(error))) from None
    except OSError as error:
        error.args = tuple(_with_options(one) if isinstance(one, str) else one for one in error.args)
        error.strerror = error.strerror and _with_options(error.strerror)
        raise
    _summarise(summary)
    return 0


def _with_options(message: str) -> str:
    """Return a message with the options of the command in place of arguments in Python."""
    for pattern, option in _ADVICE:
        message = pattern.sub(option, message)
    return message


def _templates(
    template: str | None, file: Path | None, templates: Path | None, *, postback: str | None, **options: Any
) -> CompiledTemplate | dict[str, CompiledTemplate]:
    def compiled(source: str) -> CompiledTemplate:
        kind = assumed_postback(source, options["dialect"]) if postback is None else Postback(postback)
        if postback is None and kind is not Postback.INSTALL:
            assumed.setdefault(kind)
        return compiled_template(source, kind, **options)

    assumed: dict[Postback, None] = {}
    if templates is None:
        found: CompiledTemplate | dict[str, CompiledTemplate] = compiled(template_source(template, file))
    elif template is not None or file is not None:
        raise click.UsageError("give one template, or --templates, not both")
    else:
        found = {partner: compiled(source) for partner, source in _read_templates(templates)}
    if assumed:
        click.echo(f"postback assumed from the macros: {', '.join(assumed)}; set it with --postback", err=True)
    return found


def _read_templates(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the partners in a file with their templates."""
    partners = set()
    for partner, template in _pairs(path):
        if not partner.strip():
            raise click.UsageError(f"{path}: a template has no partner")
        if not isinstance(template, str) or not template.strip():
            raise click.UsageError(f"{path}: the template of {partner!r} must be a text, and not blank")
        if partner in partners:
            raise click.UsageError(f"{path}: {partner!r} is repeated; give each partner one template")
        partners.add(partner)
        yield partner, template
    if not partners:
        raise click.UsageError(f"{path}: has no templates")


def _pairs(path: Path) -> list[tuple[str, Any]]:
    if path.suffix == ".toml":
        return list(read_toml(path, _MAX_BYTES).items())
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        records = open_source(str(path)).records()
        return [(record.said.partner, record.template) for record in records if record.template is not None]
    text = read_decoded(path, _MAX_BYTES)
    try:
        return list(_csv_pairs(text))
    except (csv.Error, ValueError) as error:
        raise InputError(f"{input_name(path)}: {error}") from None


def _csv_pairs(text: str) -> Iterator[tuple[str, str]]:
    wanted = ("partner", "template")
    lines = list(io.StringIO(text, newline=""))
    said = said_delimiter(lines[0]) if lines else None
    before = int(said is not None)
    lines = lines[before:]
    # What spreadsheets write between cells, by locale.
    headers = ((one, next(csv.reader(lines, delimiter=one), [])) for one in ",;\t")
    delimiter = said or next((one for one, header in headers if {*wanted} <= {*header}), ",")
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    header = next(rows, [])
    if any(header.count(column) != 1 for column in wanted):
        raise ValueError("needs the columns partner and template, each once, named in the first line")
    for row in rows:
        if not row:
            continue
        if len(row) != len(header):
            raise ValueError(
                f"line {rows.line_num + before:,}: expected {len(header)} values, as the header has names, "
                f"but found {len(row)}"
            )
        partner, template = (row[header.index(column)] for column in wanted)
        yield partner, template


def _summarise(summary: Summary) -> None:
    rate = summary.events / max(summary.seconds, 0.001)
    read, events, urls = (
        f"{number:,} {word}" + "s" * (number != 1)
        for number, word in ((summary.read or 0, "row"), (summary.events, "event"), (summary.urls, "URL"))
    )
    text = f"{read} read, {events}, {urls} in {summary.seconds:,.1f} s ({rate:,.0f} events/s)"
    for reason, count in summary.suppressed.items():
        text += f"\n{count:,} not sent: {reason}"
    click.echo(text, err=True)


class _Rate(ProgressColumn):
    """The rows rendered per second; or the share of the input that was read, if its number of rows is unknown."""

    def __init__(self, rows: int | None) -> None:
        super().__init__()
        self._rows = rows

    def render(self, task: Task) -> Text:
        speed = task.speed or 0
        if self._rows is None:
            return Text(f"{decimal(int(speed))}/s")
        return Text(f"{speed * self._rows / max(task.total or 0, 1):,.0f} rows/s")


@contextmanager
def _progress(source: str, *, glob: bool) -> Iterator[Callable[[float], None] | None]:
    """Show the progress on a terminal."""
    console = output.errors()
    if not output.shows_progress(prints_results=False):
        yield None
        return
    files = files_of(source, glob=glob)
    size = sum(file.stat().st_size for file in files)
    columns = (BarColumn(), TaskProgressColumn(), _Rate(rows_in(files)), TimeRemainingColumn(), TextColumn("left"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=size)
        yield lambda share: progress.update(task, completed=share * size)
