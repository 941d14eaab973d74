"""What is wrong with the body of an S2S event: every field against its row of the table."""

import ipaddress
import re
from collections.abc import Callable, Iterator

from macroengine.diagnostics import PayloadDiagnostic
from macroengine.event import json_word
from macroengine.intake import faults
from macroengine.intake.figures import clean_figure, is_figure
from macroengine.intake.json_text import JsonText, below, read_json
from macroengine.intake.stamping import parse_time
from macroengine.intake.tables import BODY, BodyField, body_fields, fields_below, pattern, table
from macroengine.suggest import did_you_mean, fold

_Findings = Iterator[PayloadDiagnostic]

# A body up to so many times the documented size is read all the same, to report all that is wrong at once.
_READ_ANYWAY = 4


def check_body(body: str | bytes, app_id: str | None) -> JsonText:
    """Read a body and look at all that is in it; the value is None unless it is an object."""
    size = len(body) if isinstance(body, bytes) else len(body.encode("utf-8", "surrogatepass"))
    most = table(BODY)["most_bytes"]
    too_large = [faults.TOO_LARGE.at("", f"{size:,} bytes; at most {most:,} are accepted")] if size > most else []
    if size > most * _READ_ANYWAY:
        return JsonText(None, tuple(too_large))
    read = read_json(body)
    event, found = read.value, [*too_large, *read.diagnostics]
    if isinstance(event, dict):
        found += [*_check_fields(event, "", is_open=False), *_check_platform(event, app_id)]
        return JsonText(event, tuple(found))
    if isinstance(event, list):
        hint = "send each event in a request of its own"
        found.append(faults.SEVERAL_EVENTS.at("", "a list; one request holds one event", hint))
    elif not read.diagnostics:
        found.append(faults.WRONG_TYPE.at("", f"{json_word(event)}, not an object"))
    return JsonText(None, tuple(found))


def _check_fields(values: dict[str, object], path: str, *, is_open: bool) -> _Findings:
    """Look at the fields of the object at `path`."""
    pointer = f"/{path}" if path else ""
    rows = fields_below(path)
    for name, row in rows.items():
        if name in values:
            yield from _CHECKS[row.type](row, values[name], below(pointer, name))
        elif row.required:
            yield faults.MISSING_FIELD.at(below(pointer, name), f"{name!r} is missing")
    if not is_open:
        for name in values:
            if name not in rows:
                yield _unknown(name, below(pointer, name), list(rows))


def _unknown(name: str, pointer: str, known: list[str]) -> PayloadDiagnostic:
    rules = table(BODY)["known"]
    if name in rules["renamed"]:
        return faults.UNREPORTABLE_FIELD.at(
            pointer, f"{name!r} is not reported", f"write {rules['renamed'][name]!r} instead"
        )
    if fold(name) in map(fold, rules["unreportable"]):
        message = f"{name!r} cannot be reported by S2S"
        return faults.UNREPORTABLE_FIELD.at(pointer, message, "leave it out; it comes from the SDK alone")
    return faults.UNKNOWN_FIELD.at(pointer, f"unknown field {name[:80]!r}{did_you_mean(name, known)}")


def _check_platform(event: dict[str, object], app_id: str | None) -> _Findings:
    platforms = {row.platform: name for name, row in fields_below("").items() if row.platform and name in event}
    if len(platforms) > 1:
        names = " and ".join(map(repr, platforms.values()))
        yield faults.MIXED_PLATFORMS.at("", f"{names} are of different platforms")
    apps = table(BODY)["apps"]
    if app_id is not None and re.fullmatch(apps["unsent"], app_id):
        message = f"app id {app_id[:80]!r} has no prefix; the event would not be recorded"
        yield faults.UNPREFIXED_APP.at("", message, f"write 'id{app_id[:80]}'")
    is_ios = _IOS in platforms or (app_id is not None and re.fullmatch(apps[_IOS], app_id) is not None)
    system = apps["system"]
    if is_ios and system not in event:
        hint = f"from iOS 14 on it must be sent, like {body_fields()[system].example!r}"
        yield faults.MISSING_SYSTEM.at(below("", system), f"{system!r} is missing; the device counts as iOS 14.5", hint)


_IOS = "ios"


def _text(row: BodyField, value: object, pointer: str) -> _Findings:
    if not isinstance(value, str):
        yield _wrong_type(row, value, pointer, "a string")
    elif row.required and not value:
        yield faults.MISSING_FIELD.at(pointer, f"{row.name!r} is empty")
    elif row.choices and value not in row.choices:
        yield _unknown_value(row, value, pointer)
    elif row.form and not pattern(BODY, row.form).fullmatch(value):
        # An identifier is not repeated: diagnostics end up in logs.
        in_capitals = pattern(BODY, row.form).fullmatch(value.upper())
        alternative = "" if row.required else ", or leave the field out"
        hint = "write it in capitals" if in_capitals else f"write it like {row.example!r}{alternative}"
        yield faults.MALFORMED_VALUE.at(pointer, f"{row.name!r} is not of the documented form", hint)


def _integer(row: BodyField, value: object, pointer: str) -> _Findings:
    if not isinstance(value, int) or isinstance(value, bool):
        yield _wrong_type(row, value, pointer, "an integer")
    elif row.choices and value not in row.choices:
        yield _unknown_value(row, value, pointer)


def _boolean(row: BodyField, value: object, pointer: str) -> _Findings:
    if not isinstance(value, bool):
        yield _wrong_type(row, value, pointer, "true or false")


def _object(row: BodyField, value: object, pointer: str) -> _Findings:
    if isinstance(value, dict):
        yield from _check_fields(value, row.path, is_open=row.open)
    else:
        yield _wrong_type(row, value, pointer, "an object")


def _json_text(row: BodyField, value: object, pointer: str) -> _Findings:
    """Look into a string that holds an object; pointers go on into it."""
    if isinstance(value, dict | list):
        message = f"{row.name!r} is {json_word(value)}, and would be lost; it must be a string that holds JSON"
        yield faults.NOT_STRINGIFIED.at(pointer, message, f"stringify it, like {row.example!r}")
    elif not isinstance(value, str):
        yield _wrong_type(row, value, pointer, "a string that holds JSON")
    elif value:
        read = read_json(value, pointer)
        yield from read.diagnostics
        if isinstance(read.value, dict):
            yield from _check_fields(read.value, row.path, is_open=row.open)
        elif not read.diagnostics:
            yield faults.WRONG_TYPE.at(pointer, f"{row.name!r} holds {json_word(read.value)}, not an object")


def _partners(row: BodyField, value: object, pointer: str) -> _Findings:
    everybody = value == "all"
    several = isinstance(value, list) and value and all(isinstance(partner, str) and partner for partner in value)
    if not everybody and not several:
        yield _wrong_type(row, value, pointer, f"'all', or a list of partners like {row.example}")


def _figure(row: BodyField, value: object, pointer: str) -> _Findings:
    if isinstance(value, str):
        if not is_figure(value):
            cleaned = clean_figure(value)
            message = f"{row.name!r} is {value[:80]!r}; only digits, a point and a leading minus are read"
            hint = f"write it like {row.example!r}" if cleaned is None else f"write {cleaned!r}"
            yield faults.FORMATTED_FIGURE.at(pointer, message, hint)
    elif not isinstance(value, int | float) or isinstance(value, bool):
        yield _wrong_type(row, value, pointer, "a figure")


def _currency(row: BodyField, value: object, pointer: str) -> _Findings:
    codes = table(BODY)["currencies"]["codes"]
    if not isinstance(value, str):
        yield _wrong_type(row, value, pointer, "a currency code")
    elif value not in codes:
        code = value.strip().upper()
        hint = f"write {code!r}" if code in codes else f"write a code of ISO 4217, like {row.example!r}"
        yield faults.UNKNOWN_VALUE.at(pointer, f"unknown currency {value[:80]!r}", hint)


def _ip(row: BodyField, value: object, pointer: str) -> _Findings:
    try:
        if not isinstance(value, str):
            yield _wrong_type(row, value, pointer, "an IP address")
        elif ipaddress.ip_address(value).version != 4:
            yield faults.OTHER_ADDRESS.at(pointer, f"{row.name!r} is an IPv6 address; only IPv4 is documented")
    except ValueError:
        yield faults.MALFORMED_VALUE.at(pointer, f"{row.name!r} is no IP address", f"write it like {row.example!r}")


def _time(row: BodyField, value: object, pointer: str) -> _Findings:
    if not isinstance(value, str):
        yield _wrong_type(row, value, pointer, "a string")
    elif parse_time(value) is None:
        message = f"{row.name!r} is {value[:80]!r}, which is no time; the arrival counts instead"
        yield faults.INVALID_TIME.at(pointer, message, f"write it in UTC, like {row.example!r}")


_CHECKS: dict[str, Callable[[BodyField, object, str], _Findings]] = {
    "text": _text,
    "integer": _integer,
    "boolean": _boolean,
    "object": _object,
    "json-text": _json_text,
    "partners": _partners,
    "figure": _figure,
    "currency": _currency,
    "ip": _ip,
    "time": _time,
}


def _wrong_type(row: BodyField, value: object, pointer: str, expected: str) -> PayloadDiagnostic:
    hint = "leave the field out" if value is None and not row.required else None
    return faults.WRONG_TYPE.at(pointer, f"{row.name!r} is {json_word(value)}, not {expected}", hint)


def _unknown_value(row: BodyField, value: object, pointer: str) -> PayloadDiagnostic:
    known = ", ".join(map(repr, row.choices))
    return faults.UNKNOWN_VALUE.at(pointer, f"{row.name!r} is {str(value)[:80]!r}, not one of {known}")
