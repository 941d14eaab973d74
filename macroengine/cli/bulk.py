"""`macroengine bulk`: URLs from a template and a table of events."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from macroengine.backends.duckdb import Summary, render_table
from macroengine.backends.duckdb.files import files_of, rows_in
from macroengine.cli import output
from macroengine.cli.bulk_templates import read_templates
from macroengine.cli.options import dialect_option, postback_option, template_source
from macroengine.cli.rendering import compiled_template, rendering_options
from macroengine.compiled_template import CompiledTemplate
from macroengine.diagnostics import printable
from macroengine.errors import TemplateError
from macroengine.kinds import Postback
from macroengine.workspace.abridging import abridged
from macroengine.workspace.assumed import assumed_postback
from macroengine.workspace.config import Settings

# What messages call arguments in Python, and the options for them.
_ADVICE = (
    (re.compile(r"^memory_limit or threads:"), "--memory-limit or --threads:"),
    (re.compile(r"^(where:|columns gives) "), r"--\1 "),
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
    if templates is not None:
        if template is not None or file is not None:
            raise click.UsageError("give one template, or --templates, not both")
        return _partners(templates, postback, options)
    source = template_source(template, file)
    kind = assumed_postback(source, options["dialect"]) if postback is None else Postback(postback)
    _say_assumed([] if postback is not None else [kind])
    return compiled_template(source, kind, **options)


def _partners(path: Path, postback: str | None, options: dict[str, Any]) -> dict[str, CompiledTemplate]:
    """Return the templates of a file. All that cannot be rendered are reported, and the command fails."""
    is_given = click.get_current_context().get_parameter_source("dialect") is ParameterSource.COMMANDLINE
    given = {"dialect"} if is_given else set()
    kind = None if postback is None else Postback(postback)
    settings = Settings(options["dialect"], kind, context=options["context"], ignore=options["ignore"])
    found = read_templates(path, settings, given if kind is None else {*given, "postback"})
    _say_assumed(one.assumed for one in found if one.assumed is not None)
    compiled = {}
    for one in found:
        chosen = {"dialect": one.settings.dialect_of(one.template), "ignore": one.settings.ignore}
        try:
            compiled[one.partner] = compiled_template(
                one.template, one.settings.policy.postback, **{**options, **chosen}
            )
        except TemplateError as error:
            click.echo(printable(f"{one.place}: the template of {one.partner!r} cannot be rendered"), err=True)
            output.print_diagnostics(abridged(error.diagnostics), to=output.errors())
    if len(compiled) < len(found):
        raise click.exceptions.Exit(1)
    return compiled


def _say_assumed(kinds: Iterable[Postback]) -> None:
    assumed = [kind for kind in dict.fromkeys(kinds) if kind is not Postback.INSTALL]
    if assumed:
        click.echo(f"postback assumed from the macros: {', '.join(assumed)}; set it with --postback", err=True)


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
