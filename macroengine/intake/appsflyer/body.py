"""Check the body of an S2S event: each field against its row of the table."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from macroengine.catalogue.folding import fold
from macroengine.diagnostics import PayloadDiagnostic
from macroengine.event import json_word
from macroengine.intake import faults
from macroengine.intake.addresses import unusable
from macroengine.intake.appsflyer.fields import BODY, BodyField, body_fields, fields_below
from macroengine.intake.appsflyer.stamping import parse_time
from macroengine.intake.figures import clean_figure, is_figure
from macroengine.intake.json_reader import JsonText, below, quoted_name, read_json
from macroengine.intake.placeholders import placeholder
from macroengine.intake.tables import pattern, table
from macroengine.suggest import did_you_mean

_Findings = Iterator[PayloadDiagnostic]

# A body that is up to this many times too large is still read, so that all its problems are reported at once.
_READ_ANYWAY = 4


def check_body(body: str | bytes, app_id: str | None) -> JsonText:
    """Read a body and check everything in it. The value is None unless it is an object."""
    size = len(body) if isinstance(body, bytes) else len(body.encode("utf-8", "surrogatepass"))
    most = table(BODY)["max_bytes"]
    too_large = [faults.TOO_LARGE.at("", f"{size:,} bytes; at most {most:,} are accepted")] if size > most else []
    if size > most * _READ_ANYWAY:
        return JsonText(None, tuple(too_large))
    read = read_json(body)
    event, found = read.value, [*too_large, *read.diagnostics]
    if isinstance(event, dict):
        found += [*_check_fields(event, "", is_open=False), *_check_platform(event, app_id), *_check_agreement(event)]
        return JsonText(event, tuple(found))
    if isinstance(event, list):
        hint = "send each event in a request of its own"
        found.append(faults.SEVERAL_EVENTS.at("", "a list; one request holds one event", hint))
    elif not read.diagnostics:
        found.append(faults.WRONG_TYPE.at("", f"{json_word(event)}, not an object"))
    return JsonText(None, tuple(found))


def _check_fields(values: dict[str, object], path: str, *, is_open: bool) -> _Findings:
    """Check the fields of the object at `path`."""
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
    rules, folded = table(BODY)["known"], fold(name)
    renamed, inside = _by_folded_name(rules["renamed"]), _by_folded_name(rules["inside"])
    is_of_the_body = pointer.count("/") == 1
    if folded in renamed:
        return faults.UNREPORTABLE_FIELD.at(pointer, f"{name!r} is not reported", f"write {renamed[folded]!r} instead")
    if is_of_the_body and (folded in inside or name.startswith(rules["prefix_inside"])):
        field = repr(inside[folded]) if folded in inside else "it"
        message = f"unknown field{quoted_name(name)}; its value would be lost"
        return faults.UNKNOWN_FIELD.at(pointer, message, f"write {field} in the JSON of 'eventValue'")
    if folded in map(fold, rules["unreportable"]):
        message = f"{name!r} cannot be reported by S2S"
        return faults.UNREPORTABLE_FIELD.at(pointer, message, "leave it out; it comes from the SDK alone")
    return faults.UNKNOWN_FIELD.at(pointer, f"unknown field{quoted_name(name)}{did_you_mean(name, known)}")


def _by_folded_name(names: Mapping[str, str]) -> dict[str, str]:
    return {fold(name): right for name, right in names.items()}


def _check_agreement(event: dict[str, object]) -> _Findings:
    """Yield a diagnostic if the currency in the event value contradicts the one in the body."""
    currencies = {row.field: row for row in fields_below("").values() if row.type == _CURRENCY}
    for outer in fields_below("").values():
        text = event.get(outer.name)
        inside = read_json(text).value if outer.type == "json-text" and isinstance(text, str) and text else None
        if isinstance(inside, dict):
            for row in fields_below(outer.path).values():
                if row.type == _CURRENCY and row.field in currencies:
                    other = currencies[row.field]
                    pointer = below(below("", outer.name), row.name)
                    yield from _check_same(row, inside.get(row.name), other, event.get(other.name), pointer)


def _check_same(row: BodyField, value: object, other: BodyField, counts: object, pointer: str) -> _Findings:
    if value != counts and _is_currency(value) and _is_currency(counts):
        message = f"{row.name!r} is {value!r} and {other.name!r} is {counts!r}; {other.name!r} counts"
        yield faults.CONFLICTING_VALUES.at(pointer, message, "send the currency of the revenue, once")


_CURRENCY = "currency"


def _is_currency(value: object) -> bool:
    return isinstance(value, str) and value in table(BODY)["currencies"]["codes"]


def _check_platform(event: dict[str, object], app_id: str | None) -> _Findings:
    platforms = {row.platform: name for name, row in fields_below("").items() if row.platform and name in event}
    if len(platforms) > 1:
        names = " and ".join(map(repr, platforms.values()))
        yield faults.MIXED_PLATFORMS.at("", f"{names} are of different platforms")
    apps = table(BODY)["apps"]
    if app_id is not None and re.fullmatch(apps["unsent"], app_id):
        message = "the app id has no prefix; the event would not be recorded"
        yield faults.UNPREFIXED_APP.at("", message, "write 'id' before the digits")
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
        yield _unknown_value(row, pointer)
    elif row.form and not pattern(BODY, row.form).fullmatch(value):
        # Don't repeat an identifier in a message, since diagnostics are logged.
        in_capitals = pattern(BODY, row.form).fullmatch(value.upper())
        alternative = "" if row.required else ", or leave the field out"
        hint = "write it in capitals" if in_capitals else f"write it like {row.example!r}{alternative}"
        yield faults.MALFORMED_VALUE.at(pointer, f"{row.name!r} is not of the documented form", hint)
    elif not row.form and (stands_in := placeholder(value, identifier=True)):
        yield faults.UNREPLACED_VALUE.at(pointer, f"{row.name!r} is {stands_in.value}", "send the value itself")


def _integer(row: BodyField, value: object, pointer: str) -> _Findings:
    if not isinstance(value, int) or isinstance(value, bool):
        yield _wrong_type(row, value, pointer, "an integer")
    elif row.choices and value not in row.choices:
        yield _unknown_value(row, pointer)


def _boolean(row: BodyField, value: object, pointer: str) -> _Findings:
    if not isinstance(value, bool):
        yield _wrong_type(row, value, pointer, "true or false")


def _object(row: BodyField, value: object, pointer: str) -> _Findings:
    if isinstance(value, dict):
        yield from _check_fields(value, row.path, is_open=row.open)
    else:
        yield _wrong_type(row, value, pointer, "an object")


def _json_text(row: BodyField, value: object, pointer: str) -> _Findings:
    """Check the content of a string that contains an object. Pointers continue inside it."""
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
            yield from _exponents(row, read, pointer)
        elif not read.diagnostics:
            yield faults.WRONG_TYPE.at(pointer, f"{row.name!r} holds {json_word(read.value)}, not an object")


def _partners(row: BodyField, value: object, pointer: str) -> _Findings:
    everybody = value == "all"
    several = isinstance(value, list) and value and all(isinstance(partner, str) and partner for partner in value)
    if not everybody and not several:
        yield _wrong_type(row, value, pointer, f"'all', or a list of partners like {row.example}")


# Don't show the value of an amount, a currency or a time either: it may be an identifier in the wrong field.
def _figure(row: BodyField, value: object, pointer: str) -> _Findings:
    if isinstance(value, str):
        if not is_figure(value):
            yield _formatted(row, pointer, clean_figure(value))
    elif not isinstance(value, int | float) or isinstance(value, bool):
        yield _wrong_type(row, value, pointer, "a figure")


def _exponents(row: BodyField, read: JsonText, pointer: str) -> _Findings:
    """Yield diagnostics for amounts that are JSON numbers with an exponent."""
    for inner in fields_below(row.path).values():
        text = read.exponents.get(below(pointer, inner.name))
        if inner.type == "figure" and text is not None:
            plain = format(Decimal(text), "f")
            yield _formatted(inner, below(pointer, inner.name), plain if len(plain) < len("-0.0000000001") else None)


_MAX_DIGITS_SHOWN = 7


def _formatted(row: BodyField, pointer: str, figure: str | None) -> PayloadDiagnostic:
    message = f"{row.name!r} is not a plain figure; only digits, a point and a leading minus are read"
    # A longer one may be a telephone number.
    is_shown = figure is not None and len(figure.partition(".")[0]) <= _MAX_DIGITS_SHOWN
    hint = f"write {figure!r}" if is_shown else f"write it like {row.example!r}"
    return faults.FORMATTED_FIGURE.at(pointer, message, hint)


def _currency(row: BodyField, value: object, pointer: str) -> _Findings:
    if not isinstance(value, str):
        yield _wrong_type(row, value, pointer, "a currency code")
    elif not _is_currency(value):
        code = value.strip().upper()
        if _is_currency(code):
            yield faults.UNKNOWN_VALUE.at(pointer, f"unknown currency {value.strip()!r}", f"write {code!r}")
        else:
            hint = f"write a code of ISO 4217, like {row.example!r}"
            yield faults.UNKNOWN_VALUE.at(pointer, f"{row.name!r} is not a currency code", hint)


def _ip(row: BodyField, value: object, pointer: str) -> _Findings:
    try:
        if not isinstance(value, str):
            yield _wrong_type(row, value, pointer, "an IP address")
            return
        address = ipaddress.ip_address(value)
    except ValueError:
        yield faults.MALFORMED_VALUE.at(pointer, f"{row.name!r} is not an IP address", f"write it like {row.example!r}")
        return
    kind = unusable(address)
    if kind is not None:
        message = f"{row.name!r} is {kind}, which no device on the internet has"
        yield faults.UNUSABLE_ADDRESS.at(pointer, message, "send the public address of the device, or leave it out")
    elif address.version != 4:
        yield faults.OTHER_ADDRESS.at(pointer, f"{row.name!r} is an IPv6 address; only IPv4 is documented")


def _time(row: BodyField, value: object, pointer: str) -> _Findings:
    if not isinstance(value, str):
        yield _wrong_type(row, value, pointer, "a string")
    elif parse_time(value) is None:
        message = f"{row.name!r} cannot be read as a time; the arrival counts instead"
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


def _unknown_value(row: BodyField, pointer: str) -> PayloadDiagnostic:
    known = ", ".join(map(repr, row.choices))
    return faults.UNKNOWN_VALUE.at(pointer, f"{row.name!r} is not one of {known}")
