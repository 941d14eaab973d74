"""Check a tracking URL. Each diagnostic has a span."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from math import ceil

from macroengine.arguments import check_each
from macroengine.catalogue.folding import fold
from macroengine.diagnostics import Diagnostic, Fix, Span
from macroengine.encodings.encoder import percent_encode
from macroengine.intake import faults
from macroengine.intake.addresses import unusable
from macroengine.intake.appmetrica.parameters import TRACKING, TrackingParameter, parameter, parameters
from macroengine.intake.appmetrica.tracking_url import Argument, TrackingUrl
from macroengine.intake.json_reader import quoted_name
from macroengine.intake.placeholders import Placeholder, holds_macro, placeholder
from macroengine.intake.tables import pattern, table

_Findings = Iterator[Diagnostic]

_typographic_dash = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_digits = re.compile("[0-9]{1,20}").fullmatch
# A time with more digits must be in milliseconds or smaller units; in seconds it would be after the year 5000.
_LATEST = 10**11


def check_url(url: TrackingUrl, arrival: datetime | None = None) -> list[Diagnostic]:
    """Return the problems of a tracking URL that arrived at `arrival`, in source order."""
    if not url.kind:
        return list(url.diagnostics)
    found = [*url.diagnostics, *(_ordinary(url) if is_ordinary(url) else _check_required(url)), *_check_names(url)]
    for name, argument in url.given().items():
        row = parameters()[name]
        unreplaced = list(_unreplaced(url.source, row, argument))
        found += unreplaced
        if not unreplaced and (argument.value or row.type == "flag"):
            found += _CHECKS[row.type](url.source, row, argument)
    for argument in url.arguments:
        if parameter(argument.name) is None:
            found += _unreplaced(url.source, None, argument)
    if arrival is not None:
        found += _check_age(url, arrival)
    return sorted(found, key=lambda diagnostic: diagnostic.span)


def is_ordinary(url: TrackingUrl) -> bool:
    """Say whether it is a link for the user's browser: it has no parameter that only a server sends."""
    names = {fold(argument.name) for argument in url.arguments}
    return bool(url.kind) and not names & {
        fold(name) for row in parameters().values() if row.s2s for name in (row.name, *row.spellings)
    }


def _ordinary(url: TrackingUrl) -> _Findings:
    span = Span(0, min((argument.name_span.start for argument in url.arguments), default=len(url.source)))
    required = ", ".join(row.name for row in parameters().values() if row.required)
    message = "an ordinary tracking link, which the user's browser opens; it has no S2S parameters"
    yield faults.ORDINARY_LINK.on(url.source, span, message, f"to report it from a server, add {required}")


def _check_required(url: TrackingUrl) -> _Findings:
    end = Span(len(url.source), len(url.source))
    given = url.given()
    for row in parameters().values():
        argument = given.get(row.name)
        if row.required and (argument is None or not argument.value):
            span, word = (end, "missing") if argument is None else (argument.name_span, "empty")
            yield faults.MISSING_PARAMETER.on(url.source, span, f"{row.name!r} is {word}")


def _check_names(url: TrackingUrl) -> _Findings:
    given = url.given()
    seen: set[str] = set()
    for argument in url.arguments:
        known = parameter(argument.name)
        name = known.name if known else argument.name
        if name in seen:
            shown = f" {argument.name!r}" if known else quoted_name(argument.name)
            message = f"the parameter{shown} is repeated"
            yield faults.REPEATED_PARAMETER.on(url.source, argument.name_span, message, "leave one of them out")
        seen.add(name)
        meant = _folded().get(fold(argument.name[:80]))
        if known is None and meant is not None:
            fix = Fix(meant.name, argument.name_span, safe=meant.name not in given)
            message = f"{argument.name!r} is read as a custom parameter; did you mean {meant.name!r}?"
            yield faults.MISSPELT_PARAMETER.on(url.source, argument.name_span, message, fix=fix)


@cache
def _folded() -> Mapping[str, TrackingParameter]:
    """Return the parameters by their names without case, `-` and `_`."""
    return {fold(name): row for row in parameters().values() for name in (row.name, *row.spellings)}


def _check_age(url: TrackingUrl, arrival: datetime) -> _Findings:
    for name, argument in url.given().items():
        if parameters()[name].type != "time" or not _is_seconds(argument.value):
            continue
        happened = datetime.fromtimestamp(int(argument.value), UTC)
        if happened > arrival:
            message = f"{name!r} is {_duration(happened - arrival)} after the arrival"
            yield faults.IN_THE_FUTURE.on(url.source, argument.value_span, message, "send UTC seconds")
        elif not is_timely(happened, arrival):
            age, allowed = _duration(arrival - happened), _duration(_max_age())
            message = f"{name!r} is {age} before the arrival; at most {allowed} is allowed"
            yield faults.TOO_LATE.on(url.source, argument.value_span, message)


def is_timely(event_time: datetime, arrival: datetime) -> bool:
    """Say whether a click or impression arrived in time to count: at most 12 hours later.

    >>> is_timely(datetime(2024, 4, 29, 9, tzinfo=UTC), datetime(2024, 4, 29, 21, tzinfo=UTC))
    True
    """
    check_each(datetime, "a datetime", event_time=event_time, arrival=arrival)
    return arrival - event_time <= _max_age()


def _max_age() -> timedelta:
    return timedelta(hours=table(TRACKING)["rule"]["hours"])


def _duration(time: timedelta) -> str:
    """Return a time in words: its two largest units, or from two days on only days."""
    minutes, seconds = divmod(ceil(time.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = [(days, "day"), (hours, "hour"), (minutes, "minute"), (seconds, "second")]
    shown = [f"{count:,} {unit}{'s' if count != 1 else ''}" for count, unit in units if count]
    return " ".join(shown[: 1 if days > 1 else 2])


def _is_seconds(value: str) -> bool:
    return _digits(value) is not None and int(value) < _LATEST


def _unreplaced(source: str, row: TrackingParameter | None, argument: Argument) -> _Findings:
    """Yield a diagnostic for a value that was never filled in. Without a row, the parameter is a custom one."""
    is_identifier = row is not None and row.type != "text"
    found = placeholder(argument.value, identifier=is_identifier)
    if is_identifier and (holds_macro(argument.value) or fold(argument.value) == fold(argument.name)):
        found = Placeholder.MACRO
    if found is None:
        return
    is_error = row is not None and (is_identifier or row.required or found is Placeholder.MACRO)
    fault = faults.UNREPLACED_MACRO if is_error else faults.UNREPLACED_CUSTOM
    shown = f" {argument.name!r}" if row else quoted_name(argument.name)
    message = f"the value of the parameter{shown} is {found.value}"
    yield fault.on(source, argument.value_span, message, "send the value itself, or leave the parameter out")


def _text(source: str, row: TrackingParameter, argument: Argument) -> _Findings:  # noqa: ARG001 - any text is fine
    return iter(())


def _id(source: str, row: TrackingParameter, argument: Argument) -> _Findings:
    span = argument.value_span
    if _typographic_dash.search(argument.value):
        fixed = percent_encode(_typographic_dash.sub("-", argument.value))
        message = f"{argument.name!r} has a typographic dash"
        yield faults.TYPOGRAPHIC_DASH.on(source, span, message, "write a hyphen", Fix(fixed, span, safe=True))
    elif row.form and not pattern(TRACKING, row.form).fullmatch(argument.value):
        hint = f"send it as the device gave it, like {row.example!r}"
        yield faults.MALFORMED_ID.on(source, span, f"{argument.name!r} is not of the documented form", hint)


def _ip(source: str, row: TrackingParameter, argument: Argument) -> _Findings:
    try:
        kind = unusable(ipaddress.ip_interface(argument.value).ip)
    except ValueError:
        message = f"{argument.name!r} is not an IPv4 or IPv6 address"
        yield faults.NOT_AN_IP.on(source, argument.value_span, message, f"write it like {row.example!r}")
        return
    if kind is not None:
        message = f"{argument.name!r} is {kind}, which no device on the internet has"
        yield faults.UNUSABLE_IP.on(source, argument.value_span, message, "send the public address of the device")


def _time(source: str, row: TrackingParameter, argument: Argument) -> _Findings:
    value, span = argument.value, argument.value_span
    if not _digits(value):
        message = f"{argument.name!r} is not in UNIX seconds"
        yield faults.NOT_A_TIMESTAMP.on(source, span, message, f"write it like {row.example!r}")
    elif not _is_seconds(value):
        seconds = value[: len(row.example)]
        message = f"{argument.name!r} is not in seconds; it has {len(value)} digits"
        fix = Fix(seconds, span, safe=False)
        yield faults.NOT_A_TIMESTAMP.on(source, span, message, f"write {seconds!r}, without the milliseconds", fix)


def _flag(source: str, row: TrackingParameter, argument: Argument) -> _Findings:
    if argument.value not in ("", "0", "1"):
        message = f"{argument.name!r} is neither 0 nor 1"
        yield faults.NOT_A_FLAG.on(source, argument.value_span, message, f"write it like {row.example!r}")


_CHECKS: dict[str, Callable[[str, TrackingParameter, Argument], _Findings]] = {
    "text": _text,
    "id": _id,
    "ip": _ip,
    "time": _time,
    "flag": _flag,
}
