"""`macroengine render`: render URLs from templates and events."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from macroengine.catalogue import Dialect
from macroengine.cli import output
from macroengine.cli.events import read_event, read_events
from macroengine.cli.inputs import InputError, check_read_once, input_name, is_input, looks_like_path, no_such_file
from macroengine.cli.options import REQUEST_HELP, column_options, dialect_option, layout_of, postback_option, set_option
from macroengine.cli.rendering import compiled_request, compiled_template, rendering_options
from macroengine.cli.requests import as_json_line, as_text, read_key, read_request
from macroengine.cli.unread import Unread
from macroengine.compiled_request import CompiledRequest
from macroengine.compiled_template import CompiledTemplate
from macroengine.diagnostics import printable
from macroengine.errors import RenderError, SuppressedError, TemplateError
from macroengine.event import Event
from macroengine.kinds import Postback
from macroengine.request import PreparedRequest, Request
from macroengine.workspace.abridging import abridged
from macroengine.workspace.assumed import dialect_for
from macroengine.workspace.preview import with_values
from macroengine.workspace.record import Record
from macroengine.workspace.sources import open_source, whole_records


@click.command()
@click.argument("template", required=False)
@click.option("--file", metavar="FILE", help="Read templates from a file: one per line, or per row of a table.")
@click.option("--request", metavar="FILE", help=REQUEST_HELP)
@click.option("--key-file", type=click.Path(path_type=Path, dir_okay=False), help="Sign the request with this key.")
@click.option("--event", metavar="FILE", help="One event as JSON; - is standard input.")
@click.option("--events", metavar="FILE", help="Events as JSON Lines, one URL per line; - is standard input.")
@set_option
@column_options
@dialect_option
@postback_option("Send this kind only.", default="the kind of the event")
@rendering_options
def render(template: str | None, file: str | None, event: str | None, events: str | None, **options: Any) -> int:
    """Render TEMPLATE, or each template of a file, for one event or for many.

    With many events, those that the template is not for are skipped. Events that cannot be sent are reported with their
    line, and the exit status is 1.

    \b
    Examples:
      macroengine render 'https://n.example/pb?c=(clickid)' --event event.json
      macroengine render 'https://n.example/pb?c=(clickid)' --set clickid=8594845
      macroengine render --file templates.txt --events events.jsonl > urls.txt
      macroengine render --request request.toml --event event.json
      zcat events.gz |
        macroengine render --file template.txt --events - --missing drop

    An event is JSON, either with the values of each source in an object:

    \b
      {"postback": "in-app", "attributed": true, "link": {"click_id": "1"},
       "sdk": {"event_name": "sale"}, "platform": {"country_code": "DE"}}

    or flat, with the same fields side by side. Values of --set override those of the event.
    """
    request, key_file = options.pop("request"), options.pop("key_file")
    if key_file is not None and request is None:
        raise click.UsageError("--key-file signs a request; give one with --request")
    if request is not None and (template is not None or file is not None):
        raise click.UsageError("give a template or --request, not both")
    if event is not None and events is not None:
        raise click.UsageError("give --event or --events, not both")
    check_read_once(
        ("TEMPLATE", template),
        ("--file", file),
        ("--request", request),
        ("--key-file", key_file),
        ("--event", event),
        ("--events", events),
    )
    if event is None and events is None and not options["set_"]:
        raise click.UsageError("no events given; use --event, --events or --set")
    templates = _templates(template, file, request, options)
    values = dict(options.pop("set_"))
    if request is not None:
        return _render_request(request, read_key(key_file), options, values=values, event=event, events=events)
    work = _Work(templates, values, options)
    if events is not None:
        return work.render_many(events)
    dialect: Dialect = options["dialect"]
    one = Event(postback=options["postback"] or Postback.INSTALL) if event is None else read_event(event, dialect)
    return work.render_one(one)


def _render_request(
    file: str,
    key: bytes | None,
    options: dict[str, Any],
    *,
    values: dict[str, str],
    event: str | None,
    events: str | None,
) -> int:
    """Print a request for one event, or for many events one line of JSON each."""
    request, options["dialect"] = read_request(file)
    work = _RequestWork([("", Record("", 1, request.url))], values, options, request=request, key=key)
    if events is not None:
        work.written = as_json_line
        return work.render_many(events)
    kind = options["postback"] or Postback.INSTALL
    return work.render_one(Event(postback=kind) if event is None else read_event(event, options["dialect"]))


def _templates(
    template: str | None, file: str | None, request: str | None, options: dict[str, Any]
) -> list[tuple[str, Record]]:
    """Return the templates with their places."""
    layout = layout_of(options, (template, file, request))
    for name in ("column", "partner_column", "dialect_column", "postback_column", "sheet", "encoding"):
        del options[name]
    if request is not None:
        return []
    if (template is None) == (file is None):
        raise click.UsageError("give one template: as an argument, or with --file")
    if template is not None and is_input(template):
        file = template
    if template is not None and looks_like_path(template) and file is None:
        raise no_such_file(template, "to render it as a template, pipe it to --file -")
    if file is None:
        return [("", Record("", 1, template))]
    name = input_name(file)
    found = [(f"{name}:{record.place}", record) for record in whole_records(open_source(file, layout))]
    found = [(place, record) for place, record in found if record.template is not None]
    if not found:
        raise InputError(f"{name}: has no templates")
    return found


@dataclass
class _Work:
    """The templates of a call, and how to render them."""

    templates: list[tuple[str, Record]]
    values: dict[str, str]
    options: dict[str, Any]
    failed: int = 0
    sent: int = 0
    suppressed: int = 0
    reported: set[tuple[str, Postback]] = field(default_factory=set)
    compiled: dict[tuple[str, Postback], CompiledTemplate] = field(default_factory=dict)
    unread: Unread = field(default_factory=Unread)

    def render_one(self, event: Event) -> int:
        """Print a URL for each template. If a single template has errors, print only those."""
        for place, record in self.templates:
            try:
                # Not click.echo, which would strip colour escapes from the URL.
                sys.stdout.write(self._url(place, record, event) + "\n")
            except (RenderError, TemplateError) as error:
                if len(self.templates) == 1:
                    raise
                self._fail(place, error, event)
        return 1 if self.failed else 0

    def render_many(self, events: str) -> int:
        """Print a URL for each event and each template."""
        with _progress() as advance:
            for number, event in read_events(events, self.options["dialect"]):
                advance(number)
                for place, record in self.templates:
                    try:
                        sys.stdout.write(self._url(place, record, event) + "\n")
                        self.sent += 1
                    except SuppressedError:
                        self.suppressed += 1
                    except RenderError as error:
                        self._fail(f"{input_name(events)}:{number}", error, event)
                    except TemplateError as error:
                        self._fail(place, error, event)
        if self.suppressed or self.failed:
            counts = f"{self.sent:,} URLs, {self.suppressed:,} events not sent, {self.failed:,} failed"
            click.echo(counts, err=True)
        return 1 if self.failed else 0

    def _url(self, place: str, record: Record, event: Event) -> str:
        where = place.rpartition(":")[0]
        kind = Postback(self.options["postback"] or record.postback_named(where) or event.postback)
        template = self.compiled.get((place, kind))
        if template is None:  # the cache look-up takes longer than rendering an event
            dialect = dialect_for(record.dialect_named(where) or self.options["dialect"], record.template or "")
            options = {**self.options, "dialect": dialect, "postback": kind}
            template = self.compiled[place, kind] = compiled_template(record.template or "", **options)
        try:
            known = with_values(event, self.values, template.dialect) if self.values else event
        except ValueError as error:
            raise click.UsageError(f"--set: {error}") from None
        self.unread.note(known, template)
        return template.render(known)

    def _fail(self, place: str, error: RenderError | TemplateError, event: Event) -> None:
        """Report an error. Errors of a template are reported once for each kind of postback."""
        self.failed += 1
        if isinstance(error, RenderError):
            click.echo(printable(f"{place}: {error}"), err=True)
        elif (place, event.postback) not in self.reported:
            self.reported.add((place, event.postback))
            if place:
                click.echo(f"{place}: cannot be rendered", err=True)
            output.print_diagnostics(abridged(error.diagnostics), to=output.errors())


@dataclass
class _RequestWork(_Work):
    """Renders a request instead of templates."""

    request: Request = field(kw_only=True)
    key: bytes | None = None
    written: Callable[[PreparedRequest], str] = as_text
    requests: dict[Postback, CompiledRequest] = field(default_factory=dict)

    def _url(self, place: str, record: Record, event: Event) -> str:  # noqa: ARG002 - there is only one request
        kind = Postback(self.options["postback"] or event.postback)
        request = self.requests.get(kind)
        if request is None:
            options = {**self.options, "postback": kind}
            request = self.requests[kind] = compiled_request(self.request, **options)
        try:
            known = with_values(event, self.values, request.dialect) if self.values else event
        except ValueError as error:
            raise click.UsageError(f"--set: {error}") from None
        self.unread.note(known, request)
        try:
            return self.written(request.render(known, key=self.key)).removesuffix("\n")
        except ValueError as error:  # the key is missing, or there is nothing to sign
            raise click.UsageError(f"{error}; on the command line it is in --key-file") from None


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """Show how many events are done, if the URLs are not printed on the same terminal."""
    if not output.shows_progress():
        yield lambda _: None
        return
    # Here because it takes longer to load than many events to render.
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - see above

    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} events"), TimeElapsedColumn())
    # By default, rich would capture standard output and print it above the bar.
    with Progress(*columns, console=output.errors(), transient=True, redirect_stdout=False) as progress:
        task = progress.add_task("", total=None)
        yield lambda done: None if done % 1000 else progress.update(task, completed=done)
