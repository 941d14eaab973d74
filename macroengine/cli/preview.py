"""`macroengine preview`: show what partners would receive, with the catalogue's examples."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from macroengine.catalogue import Dialect
from macroengine.cli import output
from macroengine.cli.events import event_reader
from macroengine.cli.inputs import InputError, check_read_once, input_name
from macroengine.cli.job import Job
from macroengine.cli.jobs import jobs_of
from macroengine.cli.options import (
    REQUEST_HELP,
    column_options,
    context_option,
    dialect_or_auto_option,
    postback_option,
    set_option,
    values_options,
)
from macroengine.cli.reports import Tally, wrapped
from macroengine.cli.request_job import RequestJob, name_of
from macroengine.cli.request_previews import (
    Warnings,
    reasons,
    request_as_json,
    request_as_text,
    warning_lines,
    warning_rows,
    warnings_of,
)
from macroengine.diagnostics import printable
from macroengine.errors import RenderError, TemplateError
from macroengine.event import Event
from macroengine.plan.segments import Missing
from macroengine.workspace.abridging import abridged
from macroengine.workspace.checking import findings
from macroengine.workspace.config import NearestConfig, find_config
from macroengine.workspace.preview import Preview
from macroengine.workspace.preview import preview as preview_of
from macroengine.workspace.record import Record
from macroengine.workspace.request_preview import preview_request
from macroengine.workspace.requests import read_request_file


@click.command()
@click.argument("templates", metavar="[TEMPLATE|FILE|DIR]...", nargs=-1)
@click.option("--file", "files", metavar="FILE", multiple=True, help="Preview the templates in a file; - is stdin.")
@click.option("--request", "requests", metavar="FILE", multiple=True, help=REQUEST_HELP)
@column_options
@dialect_or_auto_option
@postback_option("The kind of postback.", default="what the macros of each template are for")
@context_option
@values_options
@click.option("--send-all/--no-send-all", default=None, help="Also show what is sent for events of other networks.")
@click.option(
    "--consent/--no-consent", default=None, help="Also show what is sent for users who do not share identifiers."
)
@click.option("--event", metavar="FILE", help="Take the values of this event, as JSON, not those of the catalogue.")
@set_option
@click.option(
    "--missing",
    type=click.Choice([member.value for member in Missing]),
    default="empty",
    show_default=True,
    help="What is sent for a missing value.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def preview(context: click.Context, /, templates: tuple[str, ...], files: tuple[str, ...], **options: Any) -> int:
    """Show what the partner would receive for each TEMPLATE, with example values from the catalogue.

    Each parameter is shown decoded, as its receiver reads it, with the macro that fills it. With --send-all, events
    that are attributed to the network and others are shown side by side. A request is shown whole; no key is needed.
    Warnings of check are shown with what they are about.

    \b
    Examples:
      macroengine preview 'https://n.example/pb?geo=(country_code)' --send-all
      macroengine preview partners.xlsx --set country_code=DE
      macroengine preview partners.csv --format json
      macroengine preview --request request.toml

    Exit status: 0 no errors, 1 a template that cannot be rendered, 2 wrong usage or an unreadable file.
    """
    if not templates and not files and not options["requests"]:
        raise click.UsageError("no templates given; give templates or files")
    requests_, event = options["requests"], options["event"]
    check_read_once(("TEMPLATE", templates), ("--file", files), ("--request", requests_), ("--event", event))
    job, requests = jobs_of(context, templates, files, options, NearestConfig(find_config(Path.cwd())))
    as_json = options["form"] == "json"
    # Read once, though templates may be in several dialects.
    work = _Work(options, as_json, None if event is None else event_reader(event))
    sys.stdout.write("[\n" if as_json else "")
    try:
        work.show_templates(job)
        if requests is not None:
            work.show_requests(requests)
    except (InputError, click.UsageError):  # what has been printed ends properly
        sys.stdout.write(work.end())
        raise
    sys.stdout.write(work.end())
    output.print_notes(job.notes)
    return job.status(work.status)


@dataclass(slots=True)
class _Work:
    """Shows the templates and requests, one by one."""

    options: dict[str, Any]
    as_json: bool
    event_in: Callable[[Dialect], Event] | None
    status: int = 0
    between: str = ""

    def show_templates(self, job: Job) -> None:
        """Show what partners would receive from each template."""
        for source, record, settings in job.records(Tally()):
            if record.template is None:
                continue
            dialect = settings.dialect_of(record.template)
            with self._reporting(f"{input_name(source.name)}:{record.place}"):
                shown = preview_of(record.template, dialect=dialect, policy=settings.policy, **self._values(dialect))
                found = warnings_of(("", one) for one in findings(record.template, settings))
                written = _as_json if self.as_json else _as_text
                self._write(written(source.name, record, shown, found))

    def show_requests(self, job: RequestJob) -> None:
        """Show what partners would receive from each request."""
        for file in job.files:
            read = read_request_file(file)
            settings = job.settings_for(read, Tally())
            dialect = settings.dialect_of("")
            with self._reporting(input_name(name_of(file))):
                shown = preview_request(read.request, dialect=dialect, policy=settings.policy, **self._values(dialect))
                written = request_as_json if self.as_json else request_as_text
                self._write(written(name_of(file), shown, warnings_of(job.checked(read, settings))))

    def _values(self, dialect: Dialect) -> dict[str, Any]:
        event = None if self.event_in is None else self.event_in(dialect)
        return {"event": event, "values": dict(self.options["set_"]), "missing": self.options["missing"]}

    def end(self) -> str:
        """Return what ends the output."""
        return ("\n]\n" if self.between else "]\n") if self.as_json else ""

    def _write(self, text: str) -> None:
        sys.stdout.write(self.between + text)
        self.between = ",\n" if self.as_json else "\n"

    def _separate(self) -> None:
        """Leave a line blank around an error that is printed between results, on the same terminal."""
        if not self.as_json and sys.stdout.isatty() and sys.stderr.isatty():
            click.echo(self.between, nl=False, err=True)
            self.between = "\n"

    @contextmanager
    def _reporting(self, place: str) -> Iterator[None]:
        """Report an error for something that cannot be rendered, and continue."""
        try:
            yield
        except (TemplateError, RenderError) as error:
            self.status = 1
            self._separate()
            _print_error(place, error)
        except ValueError as error:
            raise click.UsageError(f"--set: {error}") from None


def _print_error(place: str, error: TemplateError | RenderError) -> None:
    click.echo(f"{place}: cannot be rendered", err=True)
    if isinstance(error, TemplateError):
        output.print_diagnostics(abridged(error.diagnostics), to=output.errors())
    else:
        click.echo(f"  {printable(str(error))}", err=True)


def _as_text(name: str, record: Record, shown: Preview, found: Warnings) -> str:
    facts = [record.said.partner, shown.policy.postback, shown.dialect.title]
    lines = [f"{printable(name)}:{record.place}  {printable(', '.join(filter(None, facts)))}"]
    instead = reasons(shown)
    other = instead.get("not attributed", shown.not_attributed) or ""
    lines += [f"  attributed      {printable(shown.attributed)}", f"  not attributed  {printable(other)}"]
    refused = instead.get("without consent", shown.without_consent)
    if refused is not None:
        lines.append(f"  without consent {printable(refused)}")
    if shown.without_values is not None:
        lines.append(f"  without values  {printable(shown.without_values)}")
    for title, names in (
        ("withheld", shown.withheld),
        ("needs consent", shown.needs_consent),
        ("dropped", shown.dropped),
    ):
        lines += [f"  {title:14}  {printable(', '.join(names))}"] if names else []
    return "\n".join([*lines, *warning_lines(found), *_table(shown)]) + "\n"


def _table(shown: Preview) -> Iterator[str]:
    """Yield the lines of the table of parameters, aligned."""
    others = {parameter.name: parameter.value for parameter in shown.other_parameters}
    rows = [("parameter", "attributed", *(("not attributed",) if others else ()), "macro")]
    for one in shown.parameters:
        other = (others.get(one.name, "(dropped)"),) if others else ()
        rows.append((one.name, one.value, *other, " ".join(one.macros)))
    if len(rows) == 1:
        return
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    width = output.width_of(sys.stdout)
    if width is None or sum(widths) + 2 * len(widths) <= width:
        for row in cells:
            yield "  " + "  ".join(f"{cell:{size}}" for cell, size in zip(row, widths, strict=True)).rstrip()
        return
    # Too wide for the terminal: print the parameters one below the other.
    heads = cells[0]
    for row in cells[1:]:
        yield from wrapped(f"  {row[0]}", width, 0)
        for head, cell in list(zip(heads, row, strict=True))[1:]:
            if cell or head != "macro":
                lines = wrapped(f"{head}: {cell or '(empty)'}", max(width - 4, 16), 0)
                yield from (f"    {line.strip()}" for line in lines)


def _as_json(name: str, record: Record, shown: Preview, found: Warnings) -> str:
    def listed(parameters: Any) -> list[dict[str, Any]]:
        return [{"name": one.name, "value": one.value, "macros": list(one.macros)} for one in parameters]

    row = {
        "file": name,
        "place": record.place,
        "partner": record.said.partner or None,
        "template": shown.source,
        "dialect": shown.dialect.name,
        "postback": shown.policy.postback,
        "attributed": shown.attributed,
        "not_attributed": shown.not_attributed,
        "without_values": shown.without_values,
        "without_consent": shown.without_consent,
        "withheld": list(shown.withheld),
        "needs_consent": list(shown.needs_consent),
        "dropped": list(shown.dropped),
        "parameters": listed(shown.parameters),
        "other_parameters": listed(shown.other_parameters),
        "warnings": warning_rows(found),
    }
    return json.dumps(row)
