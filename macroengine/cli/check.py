"""`macroengine check`: find and fix problems in templates."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from macroengine.cli import output, process
from macroengine.cli.formats import FORMATS, report_of
from macroengine.cli.inputs import STANDARD_INPUT, InputError, check_read_once, input_name
from macroengine.cli.job import Collect, Findings, Found, Job
from macroengine.cli.jobs import jobs_of
from macroengine.cli.options import (
    REQUEST_HELP,
    column_options,
    context_option,
    dialect_or_auto_option,
    postback_option,
    read_codes,
    values_options,
)
from macroengine.cli.reports import Tally, print_findings
from macroengine.diagnostics import Severity, printable
from macroengine.workspace.abridging import abridged
from macroengine.workspace.config import NearestConfig, Settings, find_config, read_config
from macroengine.workspace.record import Record
from macroengine.workspace.sources import Source

if TYPE_CHECKING:
    from macroengine.cli.request_job import CollectRequest, InParts, RequestJob
    from macroengine.request_template import RequestTemplate

_REPORTS = (".html", ".xlsx", ".csv", ".md")


@click.command(
    epilog="""\b
Examples:
  macroengine check 'https://n.example/pb?c=(clickid)&idfa=(idfa)'
  macroengine check templates.txt --postback in-app --strict
  macroengine check partners.xlsx --report report.html
  macroengine check partners.csv --column postback_url --diff
  macroengine check partners.csv --dialect auto
  macroengine check --request request.toml --fix
  macroengine check src/ --diff
  pbpaste | macroengine check --file - --fix

An argument that names an existing file is read as --file reads it, and a directory as all of its files. The name says
how: .csv, .tsv, .xlsx and .xlsm have a header, .jsonl has a string or an object on each line, .toml and .json may have
a request as --request takes it, the strings of code (.py, .json, .yaml, .toml, .js, .ts, .php, .md, .html and others)
are searched for templates, and any other file has one template per line, where blank lines and lines that begin with #
are skipped. Columns called template, postback url, url or the like, and partner, platform, event and ignore, are
recognised.

Settings are taken from the nearest macroengine.toml, or [tool.macroengine] of pyproject.toml, from the folder of a
file upwards, or else from the working folder.
"""
)
@click.argument("templates", metavar="[TEMPLATE|FILE|DIR]...", nargs=-1)
@click.option(
    "--file", "files", metavar="FILE", multiple=True, help="Check the templates in a file; - is standard input."
)
@click.option(
    "--files", "as_files", is_flag=True, help="Treat all arguments as names of files, as pre-commit gives them."
)
@click.option("--request", "requests", metavar="FILE", multiple=True, help=REQUEST_HELP)
@column_options
@click.option(
    "--fix", is_flag=True, help="Rewrite files of templates, and change nothing else in them; print other templates."
)
@click.option("--diff", is_flag=True, help="Show what --fix would change, without changing it.")
@click.option("--unsafe-fixes", is_flag=True, help="Also apply fixes that may not be what was intended.")
@dialect_or_auto_option
@postback_option("The kind of postback that the templates are for.", default="what their macros are for")
@context_option
@values_options
@click.option(
    "--send-all/--no-send-all", default=None, help="Events that are not attributed to the network are sent, too."
)
@click.option("--consent/--no-consent", default=None, help="Identifiers are sent only for users who share them.")
@click.option(
    "--select",
    metavar="RULE,...",
    multiple=True,
    callback=read_codes,
    help="Check only these rules; ME3 is a family. May be repeated.",
)
@click.option(
    "--ignore",
    metavar="RULE,...",
    multiple=True,
    callback=read_codes,
    help="Skip these rules, by code or name. May be repeated.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Check many templates with N processes; not with --fix or --diff.",
    metavar="N",
)
@click.option("--strict", is_flag=True, help="Warnings count as errors for the exit status.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--report",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write a report for people: .html, .xlsx, .csv or .md.",
)
@click.option("--statistics", is_flag=True, help="Print how often each rule found something, not where.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Take the settings from this file.",
)
@click.pass_context
def check(context: click.Context, /, templates: tuple[str, ...], files: tuple[str, ...], **options: Any) -> int:
    """Say what is wrong with each TEMPLATE, where, and what to write instead.

    Exit status: 0 no errors, 1 errors (with --strict also warnings, with --diff only changes), 2 wrong usage or an
    unreadable file.
    """
    if options["as_files"]:
        templates, files = (), (*templates, *files)
    _check_usage(templates, files, options)
    path = options["config"]
    config = NearestConfig(find_config(Path.cwd())) if path is None else read_config(path)
    job, requests = jobs_of(context, templates, files, options, config)
    jobs: list[Job | RequestJob] = [job] if requests is None else [job, requests]
    request_files = [] if requests is None else requests.files
    if options["fix"] or options["diff"]:
        for source in job.sources:
            source.check_fixable(written=options["fix"])

    if options["diff"]:
        return _with_notes(job, max([one.diff() for one in jobs]))
    entries: list[Any] = []
    if options["report"] is not None:
        _check_report(options["report"], [*(source.path for source in job.sources), *request_files])
        job.collect = _collecting(entries)
        if requests is not None:
            requests.collect = _collecting_requests(entries)
    worst = frozenset({Severity.ERROR, Severity.WARNING} if options["strict"] else {Severity.ERROR})
    tally = Tally()
    # If fixed templates are printed on standard output, findings are printed on standard error.
    aside = options["fix"] and (any(source.path is None for source in job.sources) or STANDARD_INPUT in request_files)
    report = report_of(options["form"], aside=aside, statistics=options["statistics"], strict=options["strict"])
    found = chain(*(one.fixed(tally) if options["fix"] else one.found(tally) for one in jobs))
    with _progress(job.sources) as advance:
        job.advance = advance
        # The stream itself, for which the progress bar makes room. A rich console takes longer to print a line than the
        # check takes to find the problem.
        write = (sys.stderr if aside else sys.stdout).write
        does_more = options["fix"] or options["report"] is not None
        try:
            print_findings(report, found, tally, output.lasting(write) if does_more else write)
        except BrokenPipeError:
            _check_unread(found, tally, worst)
    if options["report"] is not None:
        _write_report(entries, options["report"], tally.unchecked)
    return _with_notes(job, 1 if worst & tally.found.keys() else 0)


def _check_unread(found: Found, tally: Tally, worst: frozenset[Severity]) -> None:
    """Check on until the exit status is known, though nobody reads what is found."""
    process.discard_output()
    for _, _, diagnostic in found if worst.isdisjoint(tally.found) else ():
        tally.count(diagnostic)
        if diagnostic.severity in worst:
            return


def _check_usage(templates: tuple[str, ...], files: tuple[str, ...], options: dict[str, Any]) -> None:
    if not templates and not files and not options["requests"]:
        raise click.UsageError("no templates given; give templates or files")
    check_read_once(("TEMPLATE", templates), ("--file", files), ("--request", options["requests"]))
    if options["fix"] and options["diff"]:
        raise click.UsageError("--fix changes files and --diff only shows the changes; give one of them")
    if options["jobs"] > 1 and (options["fix"] or options["diff"]):
        raise click.UsageError("--jobs only checks; omit it with --fix and --diff")
    if options["report"] is not None and options["report"].suffix.lower() not in _REPORTS:
        raise click.UsageError(
            f"--report: expected a file that ends in {', '.join(_REPORTS)}, not {options['report'].name!r}"
        )
    if options["report"] is not None and options["diff"]:
        raise click.UsageError("--diff only shows changes; give --report without it")
    if options["diff"] and options["form"] != "text":
        raise click.UsageError("--diff is a unified diff; give it without --format")
    if options["statistics"] and options["form"] != "text":
        raise click.UsageError("--statistics is text; give it without --format")


def _check_report(report: Path, files: Iterable[Path | str | None]) -> None:
    if any(file is not None and os.path.realpath(file) == os.path.realpath(report) for file in files):
        raise InputError(f"{input_name(report)}: the report would replace the file that is checked; give another name")


def _collecting_requests(entries: list[Any]) -> "CollectRequest":
    """Return a function that adds an entry to the report for each request."""
    from macroengine.workspace.reports.entry import entry_of_request  # noqa: PLC0415 - rarely needed

    def collect(file: str, parsed: "RequestTemplate", settings: Settings, found: "InParts") -> None:
        entries.append(
            entry_of_request(
                parsed, place=file, policy=settings.policy, found=found, select=settings.select, ignore=settings.ignore
            )
        )

    return collect


def _collecting(entries: list[Any]) -> Collect:
    """Return a function that adds an entry to the report for each template."""
    from macroengine.workspace.reports.entry import entry_of  # noqa: PLC0415 - rarely needed

    def collect(source: Source, record: Record, settings: Settings, found: Findings) -> None:
        entries.append(
            entry_of(
                record,
                file=source.name,
                dialect=settings.dialect_of(record.template or ""),
                policy=settings.policy,
                found=abridged(found),
                wanted=settings.wanted,
                ignored=settings.ignored,
            )
        )

    return collect


def _write_report(entries: list[Any], path: Path, unchecked: list[str]) -> None:
    from macroengine.workspace.reports.writing import write_report  # noqa: PLC0415 - rarely needed

    write_report(entries, path, unchecked)
    click.echo(f"report written to {printable(str(path))}", err=True)


def _with_notes(job: Job, status: int) -> int:
    """Print the notes, and return the exit status."""
    output.print_notes(job.notes)
    return job.status(status)


@contextmanager
def _progress(sources: Iterable[Source]) -> Iterator[Callable[[str], object]]:
    """Show the progress, if nothing else is printed on the terminal."""
    paths = [source.path for source in sources if source.path is not None]
    if not paths or not output.shows_progress():
        yield lambda _: None
        return
    # Imported here, since it takes longer to load than a template takes to check.
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("checking"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    # By default, rich would capture standard output and print it above the bar.
    with Progress(*columns, console=output.errors(), transient=True, redirect_stdout=False) as progress:
        task = progress.add_task("", total=sum(path.stat().st_size for path in paths))
        yield lambda text: progress.advance(task, len(text))
