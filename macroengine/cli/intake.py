"""`macroengine intake`: read payloads from platforms as events.

`macroengine.intake` is imported where it is used, since loading it takes longer than other commands take to run.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import click

from macroengine.catalogue import Dialect
from macroengine.cli import output
from macroengine.cli.events import read_events
from macroengine.cli.inputs import check_read_once, input_name, read_lines
from macroengine.cli.options import dialect_option
from macroengine.diagnostics import Diagnostic, PayloadDiagnostic, Severity
from macroengine.errors import CatalogueError
from macroengine.event import Event

if TYPE_CHECKING:
    from macroengine.intake.appsflyer import S2SEvent


def _read_time(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | None:  # noqa: ARG001 - click's
    from macroengine.intake.appsflyer.stamping import parse_time

    time = datetime.now(UTC) if value == "now" else parse_time(value or "")
    if time is None and value is not None:
        raise click.BadParameter(f"{value!r} is not a time; write it like '2024-04-30 01:00:00', in UTC, or 'now'")
    return time


_arrival = click.option("--arrival", metavar="TIME", callback=_read_time, help="When it arrived, in UTC; or now.")
_strict = click.option("--strict", is_flag=True, help="Warnings count as errors for the exit status.")


@click.group()
def intake() -> None:
    """Validate payloads from platforms, and print the resulting events, one per line.

    Diagnostics are printed on standard error. A payload with errors gives no event.
    """


@intake.command("appsflyer-s2s")
@click.argument("file")
@click.option("--app-id", metavar="ID", help="The app that the events are sent to.")
@click.option("--installs", metavar="FILE", help="Events of installs as JSON Lines, to fill the rest from.")
@_arrival
@_strict
def appsflyer_s2s(file: str, app_id: str | None, installs: str | None, arrival: datetime | None, strict: bool) -> int:
    """Read bodies of AppsFlyer's S2S events API from FILE, one per line; - is standard input.

    Without --installs, all events count as attributed to your network.

    \b
    Examples:
      macroengine intake appsflyer-s2s bodies.jsonl --app-id id123456789
      macroengine intake appsflyer-s2s bodies.jsonl --installs installs.jsonl |
        macroengine render 'https://n.example/pb?e=(event_name)' --events -
    """
    from macroengine.intake import appsflyer

    check_read_once(("FILE", file), ("--installs", installs))
    known = None if installs is None else _read_installs(installs)
    failed = False
    for where, line in _lines(file):
        found = appsflyer.validate(line, app_id=app_id)
        if _report(where, found, strict=strict):
            failed = True
        if not _has_errors(found):
            _print(_event(appsflyer.S2SEvent.from_json(line, app_id=app_id), known, arrival))
    return 1 if failed else 0


@intake.command("appmetrica")
@click.argument("url_or_file", metavar="URL|FILE")
@partial(dialect_option, default="appmetrica")
@_arrival
@_strict
def appmetrica_tracking(url_or_file: str, dialect: Dialect, arrival: datetime | None, strict: bool) -> int:
    """Read one tracking URL of AppMetrica, or a FILE of them, one per line; - is standard input.

    Each gives the event of an install attributed to it, with the Link values that templates of the dialect can
    read.

    \b
    Examples:
      macroengine intake appmetrica "$URL"
      macroengine intake appmetrica clicks.txt --arrival now |
        macroengine render '?c={click_id}' --dialect appmetrica --events -
    """
    from macroengine.intake import appmetrica

    failed = False
    is_url = "://" in url_or_file or ("/" in url_or_file and "?" in url_or_file)
    for where, line in [("", url_or_file)] if is_url else _lines(url_or_file):
        url = line if isinstance(line, str) else line.decode("utf-8", "surrogateescape")
        found = appmetrica.validate(url, arrival=arrival)
        if _report(where, found, strict=strict):
            failed = True
        if not _has_errors(found):
            _print(Event(link=appmetrica.link_values(appmetrica.parse_url(url), dialect=dialect)))
    return 1 if failed else 0


def _lines(path: str) -> Iterator[tuple[str, bytes]]:
    """Yield the lines that are not blank, each with its place."""
    for number, line in read_lines(path):
        if line.strip():
            # With its ending, a payload that is cut off would be wrong on a line of its own.
            yield f"{input_name(path)}:{number}: ", line.rstrip(b"\r\n")


def _read_installs(path: str) -> dict[object, Event]:
    """Return the installs in a file by the id of their devices."""
    from macroengine.intake.appsflyer import by_device, home_dialect

    known: dict[object, Event] = {}
    for number, install in read_events(path, home_dialect()):
        found = by_device([install])
        if not found:
            raise CatalogueError(
                f"{input_name(path)}:{number}: no id of the device that its events could be matched by"
            )
        known |= found
    return known


def _event(s2s: "S2SEvent", installs: dict[object, Event] | None, arrival: datetime | None) -> Event:
    from macroengine.intake.appsflyer import to_event

    if installs is None:
        return replace(to_event(s2s, arrival=arrival), attributed=True)
    return to_event(s2s, install=installs.get(s2s.appsflyer_id), arrival=arrival)


def _has_errors(found: Iterable[Diagnostic | PayloadDiagnostic]) -> bool:
    return any(diagnostic.severity is Severity.ERROR for diagnostic in found)


def _report(where: str, found: Sequence[Diagnostic | PayloadDiagnostic], *, strict: bool) -> bool:
    """Print the diagnostics of one payload, and say whether they affect the exit status."""
    console = output.errors()
    for diagnostic in found:
        if where:
            console.print(where, end="", markup=False)
        output.print_diagnostics([diagnostic], to=console)
    return any(one.severity is not Severity.INFO for one in found) if strict else _has_errors(found)


def _print(event: Event) -> None:
    data = {
        "postback": event.postback,
        "attributed": event.attributed,
        "link": event.link,
        "sdk": event.sdk,
        "platform": event.platform,
    }
    click.echo(json.dumps(data, ensure_ascii=False, default=_time_text))


def _time_text(time: datetime) -> str:
    return time.replace(tzinfo=None).isoformat(" ", "seconds")
