"""`macroengine check`: what is wrong with templates, and the templates that were intended."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from macroengine.cli import output
from macroengine.cli.config import find_config, read_config
from macroengine.cli.files import DEFAULT_COLUMN, check_fixable
from macroengine.cli.inputs import InputError, input_name, is_input, looks_like_path
from macroengine.cli.job import Arguments, File, Job, Source
from macroengine.cli.options import dialect_option, postback_option
from macroengine.cli.reports import GITHUB_REPORT, JSON_REPORT, WIDTH, Report, Tally, print_findings, text_report
from macroengine.diagnostics import Severity
from macroengine.kinds import Postback
from macroengine.rules import codes


@click.command(
    epilog="""\b
Examples:
  macroengine check 'https://n.example/pb?c=(clickid)&idfa=(idfa)'
  macroengine check templates.txt --postback in-app --strict
  macroengine check --file partners.csv --column postback_url --diff
  pbpaste | macroengine check --file - --fix

\b
An argument that names an existing file is read as --file reads it. The name says how: .csv and .tsv have a header,
.jsonl has a string or an object on each line, and any other has one template per line, where blank lines and lines
that begin with # are skipped.

\b
Settings are taken from macroengine.toml or [tool.macroengine] in the nearest pyproject.toml upwards.
"""
)
@click.argument("templates", metavar="[TEMPLATE|FILE]...", nargs=-1)
@click.option(
    "--file", "files", metavar="FILE", multiple=True, help="Check the templates in a file; - is standard input."
)
@click.option(
    "--files", "as_files", is_flag=True, help="Treat all arguments as names of files, as pre-commit gives them."
)
@click.option("--column", metavar="NAME", help=f"The column or key of the template.  [default: {DEFAULT_COLUMN}]")
@click.option(
    "--fix", is_flag=True, help="Rewrite .txt, .csv, .tsv and .jsonl files; other templates are printed after fixing."
)
@click.option("--diff", is_flag=True, help="Show what --fix would change, without changing it.")
@click.option("--unsafe-fixes", is_flag=True, help="Also apply fixes that may not be what was intended.")
@dialect_option
@postback_option("The kind of postback that the templates are for.  [default: install]")
@click.option("--send-all/--no-send-all", default=None, help="Templates are for events of other networks, too.")
@click.option("--consent/--no-consent", default=None, help="Identifiers are sent only for users who share them.")
@click.option(
    "--select", metavar="CODE", multiple=True, help="Check only these rules; ME3 is a family. May be repeated."
)
@click.option("--ignore", metavar="CODE", multiple=True, help="Skip these rules. May be repeated.")
@click.option("--strict", is_flag=True, help="Warnings count as errors for the exit status.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github", "sarif"]), default="text", show_default=True
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Take the settings from this file.",
)
@click.pass_context
def check(context: click.Context, /, templates: tuple[str, ...], files: tuple[str, ...], **options: Any) -> int:
    """Say what is wrong with each TEMPLATE, where, and what to write instead.

    Exit status: 0 clean, 1 errors (with --strict warnings, with --diff changes), 2 wrong usage.
    """
    if options["as_files"]:
        templates, files = (), (*templates, *files)
    if not templates and not files:
        raise click.UsageError("no templates given; give templates or files")
    if options["fix"] and options["diff"]:
        raise click.UsageError("--fix changes files and --diff only shows the changes; give one of them")
    path = options["config"]
    config = find_config(Path.cwd()) if path is None else read_config(path)
    sources = _sources(templates, files, options["column"])
    if options["fix"] or options["diff"]:
        for source in sources:
            if isinstance(source, File) and source.path is not None:
                check_fixable(source.file)
    job = Job(sources, config, _given(context, options), unsafe=options["unsafe_fixes"])
    if options["diff"]:
        return job.diff()
    tally = Tally()
    # Where fixed templates go to standard output, what is found goes to the other.
    aside = options["fix"] and any(source.path is None for source in sources)
    report = _report(options["form"], aside=aside)
    found = job.fixed(tally) if options["fix"] else job.found(tally)
    with _progress(sources) as advance:
        job.advance = advance
        # The stream itself, on which the progress bar makes room: a console takes longer to print a line than the
        # check to find what it says.
        print_findings(report, found, tally, (sys.stderr if aside else sys.stdout).write)
    worst = {Severity.ERROR, Severity.WARNING} if options["strict"] else {Severity.ERROR}
    return 1 if worst & tally.found.keys() else 0


def _sources(arguments: tuple[str, ...], files: tuple[str, ...], column: str | None) -> list[Source]:
    """Return what is to be checked: the arguments that are templates, then all files."""
    templates = tuple(argument for argument in arguments if not is_input(argument))
    for template in templates:
        if looks_like_path(template):
            raise InputError(f"{input_name(template)}: no such file; to check it as a template, pipe it to --file -")
    sources: list[Source] = [Arguments(templates)] if templates else []
    return sources + [File(file, column) for file in (*filter(is_input, arguments), *files)]


def _given(context: click.Context, options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that the command line gives."""
    given = {}
    if context.get_parameter_source("dialect") is ParameterSource.COMMANDLINE:
        given["dialect"] = options["dialect"]
    if options["postback"] is not None:
        given["postback"] = Postback(options["postback"])
    for name in ("send_all", "consent"):
        if options[name] is not None:
            given[name] = options[name]
    for name in ("select", "ignore"):
        chosen = tuple(code for group in options[name] for code in group.split(","))
        try:
            codes(chosen, ())
        except ValueError as error:
            raise click.UsageError(f"--{name}: {error}") from None
        if chosen:
            given[name] = chosen
    return given


def _report(form: str, *, aside: bool) -> Report:
    match form:
        case "json":
            return JSON_REPORT
        case "github":
            return GITHUB_REPORT
        case "sarif":
            # Here because the metadata of packages, where the version is from, takes long to load.
            from macroengine.cli.sarif import sarif_report  # noqa: PLC0415

            return sarif_report()
        case _ if output.is_plain(sys.stderr if aside else sys.stdout):
            return text_report(WIDTH, colour=False)
        case _:
            to = output.errors() if aside else output.results()
            width = min(WIDTH, to.width) if to.is_terminal else WIDTH
            return text_report(width, colour=to.color_system is not None and not to.no_color)


@contextmanager
def _progress(sources: Iterable[Source]) -> Iterator[Callable[[str], object]]:
    """Show how much of the files is done, where nothing else is printed on the terminal."""
    paths = [source.path for source in sources if source.path is not None]
    if not paths or not output.shows_progress():
        yield lambda _: None
        return
    # Here because it takes longer to load than a template to check.
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("checking"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    # Left to itself, rich would take what goes to standard output, and print it above the bar.
    with Progress(*columns, console=output.errors(), transient=True, redirect_stdout=False) as progress:
        task = progress.add_task("", total=sum(path.stat().st_size for path in paths))
        yield lambda text: progress.advance(task, len(text))
