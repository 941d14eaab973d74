"""From a tracking URL to its parameters, with a span for everything that is wrong with it."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import unquote, urlsplit

from macroengine.diagnostics import Diagnostic, Fix, Span
from macroengine.encoding import percent_encode
from macroengine.intake import faults
from macroengine.intake.tables import TRACKING, TrackingParameter, parameter, parameters, pattern, table
from macroengine.limits import Limits
from macroengine.suggest import fold

_Findings = Iterator[Diagnostic]

# Line breaks that pasting left behind, with the indentation around them.
_line_break = re.compile(r"(?<![ \t])[ \t]*[\r\n\t][ \t\r\n]*")
_typographic_dash = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_digits = re.compile("[0-9]{1,20}").fullmatch
# A time of more digits is in thousandths of a second, or less; in seconds it would be after the year 5000.
_LATEST = 10**11
_LONGEST = Limits().template


@dataclass(frozen=True, slots=True)
class Argument:
    """A pair of the query, decoded. The value is empty where there is none."""

    name: str
    value: str
    name_span: Span
    value_span: Span


@dataclass(frozen=True, slots=True)
class TrackingUrl:
    """A tracking URL taken apart."""

    source: str
    kind: str
    """What it reports; empty where it is no tracking URL."""
    tracking_id: str
    arguments: tuple[Argument, ...]
    diagnostics: tuple[Diagnostic, ...]

    def given(self) -> dict[str, Argument]:
        """Return the arguments of documented parameters, by documented name; the first where there are several."""
        found: dict[str, Argument] = {}
        for argument in self.arguments:
            row = parameter(argument.name)
            if row is not None:
                found.setdefault(row.name, argument)
        return found


def known_hosts() -> dict[str, str]:
    """Return what each documented host is for."""
    return {host: kind for kind, hosts in table(TRACKING)["hosts"].items() for host in hosts}


def read_url(url: str, hosts: Mapping[str, str]) -> TrackingUrl:
    """Take a URL apart; one without a scheme, or behind a `GET`, is read as the documents print it."""
    source = url.strip()
    if len(source) > _LONGEST:
        message = f"{len(source):,} characters; at most {_LONGEST:,} are read"
        return TrackingUrl(source, "", "", (), (faults.TOO_LARGE.on(source, Span(_LONGEST, len(source)), message),))
    head, _, rest = source.partition("#")[0].partition("?")
    kind, tracking_id, found = _read_head(source, head, hosts)
    arguments, place = [], len(head) + 1
    for piece in rest.split("&"):
        if piece:
            argument, faulty = _read_argument(source, place, piece)
            arguments.append(argument)
            found += faulty
        place += len(piece) + 1
    for match in _line_break.finditer(source):
        span = Span(*match.span())
        fix = Fix("", span, safe=True)
        found.append(faults.RAW_LINE_BREAK.on(source, span, "a line break inside the URL", "take it out", fix))
    return TrackingUrl(source, kind, tracking_id, tuple(arguments), tuple(found))


def _read_head(source: str, head: str, hosts: Mapping[str, str]) -> tuple[str, str, list[Diagnostic]]:
    """Return what the URL reports and its tracking id, both empty where it is none."""
    written = _line_break.sub("", head).removeprefix("GET ").strip()
    before_id = table(TRACKING)["path"]["before_id"]
    try:
        parts = urlsplit(written if "://" in written else f"https://{written}")
        host, path = parts.hostname or "", parts.path
    except ValueError:  # brackets that do not match
        host, path = "", ""
    tracking_id = path.removeprefix(before_id)
    span = Span(0, len(head))
    if path == tracking_id or not tracking_id or "/" in tracking_id:
        message = f"no tracking URL; one has the path {before_id}ID"
        return "", "", [faults.NOT_TRACKING.on(source, span, message)]
    if host not in hosts:
        message = f"unknown host {host[:80]!r} (there are: {', '.join(hosts)})"
        return "", "", [faults.NOT_TRACKING.on(source, span, message)]
    if not tracking_id.isascii() or not tracking_id.isdecimal():
        span = Span(len(head) - len(tracking_id), len(head))
        message = f"tracking id {tracking_id[:80]!r} is no decimal number"
        return hosts[host], tracking_id, [faults.TRACKING_ID.on(source, span, message)]
    return hosts[host], tracking_id, []


def _read_argument(source: str, start: int, piece: str) -> tuple[Argument, list[Diagnostic]]:
    name, equals, value = piece.partition("=")
    middle = start + len(name)
    spans = Span(start, middle), Span(middle + len(equals), start + len(piece))
    texts, found = [], []
    for text, span in zip((name, value), spans, strict=True):
        try:
            decoded = unquote(_line_break.sub("", text), errors="strict")
            decoded.encode()  # a lone surrogate is as bad
        except UnicodeError:
            found.append(faults.BAD_ENCODING.on(source, span, "these bytes are not UTF-8", "percent-encode the UTF-8"))
            decoded = ""
        texts.append(decoded)
    return Argument(texts[0], texts[1], *spans), found


def check_url(url: TrackingUrl, arrival: datetime | None = None) -> list[Diagnostic]:
    """Return what is wrong with a tracking URL that came at `arrival`, in source order."""
    if not url.kind:
        return list(url.diagnostics)
    found = [*url.diagnostics, *_check_names(url)]
    for name, argument in url.given().items():
        row = parameters()[name]
        if argument.value or row.type == "flag":
            found += _CHECKS[row.type](url.source, row, argument)
    if arrival is not None:
        found += _check_age(url, arrival)
    return sorted(found, key=lambda diagnostic: diagnostic.span)


def _check_names(url: TrackingUrl) -> _Findings:
    end = Span(len(url.source), len(url.source))
    given = url.given()
    for row in parameters().values():
        argument = given.get(row.name)
        if row.required and (argument is None or not argument.value):
            span, word = (end, "missing") if argument is None else (argument.name_span, "empty")
            yield faults.MISSING_PARAMETER.on(url.source, span, f"{row.name!r} is {word}")
    seen: set[str] = set()
    for argument in url.arguments:
        known = parameter(argument.name)
        name = known.name if known else argument.name
        if name in seen:
            yield faults.REPEATED_PARAMETER.on(
                url.source, argument.name_span, f"{argument.name[:80]!r} stands twice", "leave one of them out"
            )
        seen.add(name)
        meant = _folded().get(fold(argument.name[:80]))
        if known is None and meant is not None:
            fix = Fix(meant.name, argument.name_span, safe=meant.name not in given)
            message = f"{argument.name!r} is read as a custom parameter; did you mean {meant.name!r}?"
            yield faults.MISSPELT_PARAMETER.on(url.source, argument.name_span, message, fix=fix)


@cache
def _folded() -> Mapping[str, TrackingParameter]:
    """Return the parameters by what is left of their names without case, `-` and `_`."""
    return {fold(name): row for row in parameters().values() for name in (row.name, *row.spellings)}


def _check_age(url: TrackingUrl, arrival: datetime) -> _Findings:
    for name, argument in url.given().items():
        if parameters()[name].type != "time" or not _is_seconds(argument.value):
            continue
        happened = datetime.fromtimestamp(int(argument.value), UTC)
        if happened > arrival:
            message = f"{name!r} is {happened - arrival} after the arrival"
            yield faults.IN_THE_FUTURE.on(url.source, argument.value_span, message, "send UTC seconds")
        elif not is_timely(happened, arrival):
            message = f"{name!r} is {arrival - happened} before the arrival; at most {_most_age()} counts"
            yield faults.TOO_LATE.on(url.source, argument.value_span, message)


def is_timely(event_time: datetime, arrival: datetime) -> bool:
    """Say whether a click or an impression arrived soon enough to count: no later than 12 hours after it.

    >>> is_timely(datetime(2024, 4, 29, 9, tzinfo=UTC), datetime(2024, 4, 29, 21, tzinfo=UTC))
    True
    """
    return arrival - event_time <= _most_age()


def _most_age() -> timedelta:
    return timedelta(hours=table(TRACKING)["rule"]["hours"])


def _is_seconds(value: str) -> bool:
    return _digits(value) is not None and int(value) < _LATEST


def _text(source: str, row: TrackingParameter, argument: Argument) -> _Findings:  # noqa: ARG001 - any text will do
    return iter(())


def _id(source: str, row: TrackingParameter, argument: Argument) -> _Findings:
    span = argument.value_span
    if _typographic_dash.search(argument.value):
        mended = percent_encode(_typographic_dash.sub("-", argument.value))
        message = f"{argument.name!r} has a typographic dash"
        yield faults.TYPOGRAPHIC_DASH.on(source, span, message, "write a hyphen", Fix(mended, span, safe=True))
    elif row.form and not pattern(TRACKING, row.form).fullmatch(argument.value):
        hint = f"send it as the device gave it, like {row.example!r}"
        yield faults.MALFORMED_ID.on(source, span, f"{argument.name!r} is not of the documented form", hint)


def _ip(source: str, row: TrackingParameter, argument: Argument) -> _Findings:
    try:
        ipaddress.ip_interface(argument.value)
    except ValueError:
        message = f"{argument.name!r} is no IPv4 or IPv6 address"
        yield faults.NOT_AN_IP.on(source, argument.value_span, message, f"write it like {row.example!r}")


def _time(source: str, row: TrackingParameter, argument: Argument) -> _Findings:
    value, span = argument.value, argument.value_span
    if not _digits(value):
        message = f"{argument.name!r} is {value[:80]!r}, not UNIX seconds"
        yield faults.NOT_A_TIMESTAMP.on(source, span, message, f"write it like {row.example!r}")
    elif not _is_seconds(value):
        seconds = value[: len(row.example)]
        message = f"{argument.name!r} is not in seconds; it has {len(value)} digits"
        fix = Fix(seconds, span, safe=False)
        yield faults.NOT_A_TIMESTAMP.on(source, span, message, f"write {seconds!r}, without the milliseconds", fix)


def _flag(source: str, row: TrackingParameter, argument: Argument) -> _Findings:
    if argument.value not in ("", "0", "1"):
        message = f"{argument.name!r} is {argument.value[:80]!r}, neither 0 nor 1"
        yield faults.NOT_A_FLAG.on(source, argument.value_span, message, f"write it like {row.example!r}")


_CHECKS: dict[str, Callable[[str, TrackingParameter, Argument], _Findings]] = {
    "text": _text,
    "id": _id,
    "ip": _ip,
    "time": _time,
    "flag": _flag,
}
