"""`macroengine render`: URLs from a template and events."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from macroengine.catalogue import Dialect
from macroengine.cli import output
from macroengine.cli.events import read_event, read_events
from macroengine.cli.inputs import input_name
from macroengine.cli.options import dialect_option, postback_option, template_source
from macroengine.cli.rendering import compiled_template, rendering_options
from macroengine.diagnostics import printable
from macroengine.engine import CompiledTemplate
from macroengine.errors import RenderError, SuppressedError, TemplateError
from macroengine.kinds import Postback


@click.command()
@click.argument("template", required=False)
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="Read the template from a file.")
@click.option("--event", metavar="FILE", help="One event as JSON; - is standard input.")
@click.option("--events", metavar="FILE", help="Events as JSON Lines, one URL a line; - is standard input.")
@dialect_option
@postback_option("Send this kind only. Default: whatever the event is.")
@rendering_options
def render(template: str | None, file: Path | None, event: str | None, events: str | None, **options: Any) -> int:
    """Render TEMPLATE for one event, or for many.

    Of many events, those that the template is not for are skipped, and those that cannot be sent are reported with
    their line; the exit status is then 1.

    \b
    Examples:
      macroengine render 'https://n.example/pb?c=(clickid)' --event event.json
      macroengine render --file template.txt --events events.jsonl --postback in-app > urls.txt
      zcat events.gz | macroengine render --file template.txt --events - --send-all --missing drop

    \b
    An event is JSON, {"postback": "in-app", "attributed": true, "link": {"click_id": "1"},
    "sdk": {"event_name": "af_purchase"}, "platform": {"country_code": "DE"}}, or flat, with the same fields
    side by side.
    """
    source = template_source(template, file)
    if (event is None) == (events is None):
        raise click.UsageError(
            "no events given; use --event or --events" if event is None else "give --event or --events, not both"
        )
    dialect: Dialect = options["dialect"]

    # Looked up once for each kind of event, which takes longer than to render one.
    @cache
    def compiled(kind: Postback) -> CompiledTemplate:
        return _compiled(source, kind, **options)

    if event is None:
        return _render_many(compiled, events or "", dialect)
    one = read_event(event, dialect)
    # Not click.echo, which would take the escapes of colours for its own, and out of the URL.
    sys.stdout.write(compiled(one.postback).render(one) + "\n")
    return 0


def _compiled(source: str, kind: Postback, *, postback: str | None, **options: Any) -> CompiledTemplate:
    """Return the template for the kind of postback that is asked for, or else for that of an event."""
    return compiled_template(source, Postback(postback or kind), **options)


def _render_many(compiled: Callable[[Postback], CompiledTemplate], events: str, dialect: Dialect) -> int:
    sent = suppressed = failed = 0
    refused: set[Postback] = set()
    with _progress() as advance:
        for number, event in read_events(events, dialect):
            advance(number)
            if event.postback in refused:
                failed += 1
                continue
            try:
                sys.stdout.write(compiled(event.postback).render(event) + "\n")
                sent += 1
            except SuppressedError:
                suppressed += 1
            except RenderError as error:
                failed += 1
                click.echo(printable(f"{input_name(events)}:{number}: {error}"), err=True)
            except TemplateError as error:
                failed += 1
                refused.add(event.postback)
                output.print_diagnostics(output.abridged(error.diagnostics), to=output.errors())
    if suppressed or failed:
        click.echo(f"{sent:,} URLs, {suppressed:,} events not sent, {failed:,} failed", err=True)
    return 1 if failed else 0


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """Show how many events are done, where the URLs do not go to the same terminal."""
    console = output.errors()
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} events"), TimeElapsedColumn())
    hidden = not output.shows_progress()
    # Left to itself, rich would take what goes to standard output, and print it above the bar.
    progress = Progress(*columns, console=console, transient=True, disable=hidden, redirect_stdout=False)
    with progress:
        task = progress.add_task("", total=None)
        yield lambda done: None if done % 1000 else progress.update(task, completed=done)
