"""Templates in JSON Lines: each line is a string, or an object with a template key."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from macroengine.suggest import did_you_mean
from macroengine.workspace.columns import DEFAULT_COLUMN, ROLES, Layout, recognised
from macroengine.workspace.inputs import InputError, NoColumnError, parse_json, unrepeated
from macroengine.workspace.record import Record, Said
from macroengine.workspace.string_tokens import strings_of
from macroengine.workspace.text import BOM

# If no object in so many lines has the key, the file is one of something else.
_FIRST_LINES = 20


def json_records(lines: Iterator[tuple[int, str]], name: str, layout: Layout) -> Iterator[Record]:
    """Yield a record for each line. Blank lines have no template, and lines that cannot be read have an error.

    Raises:
        NoColumnError: no object at the beginning of the file has the key of the templates.
    """
    first: list[Record] = []
    is_first = True
    for number, raw in lines:
        record = _record(raw, number, name, layout)
        if not is_first:
            yield record
            continue
        first.append(record)
        if record.template is not None or len(first) == _FIRST_LINES:
            is_first = False
            yield from _checked(first)
    if is_first:
        yield from _checked(first)


def _checked(first: list[Record]) -> list[Record]:
    """Return the first records, if one has a template or they lack it for other reasons than a key."""
    without_key = [one.broken for one in first if isinstance(one.broken, NoColumnError)]
    if without_key and all(one.template is None for one in first):
        raise without_key[0]
    return first


def _record(raw: str, number: int, name: str, layout: Layout) -> Record:
    if not raw.strip():
        return Record(raw, number)
    try:
        return _read(raw, number, name, layout)
    except InputError as error:
        return Record(raw, number, broken=error)


def _read(raw: str, number: int, name: str, layout: Layout) -> Record:
    where = f"{name}:{number}:"
    text = raw.removeprefix(BOM) if number == 1 else raw
    data = parse_json(text, name, number, object_pairs_hook=unrepeated)
    if isinstance(data, str):
        return Record(raw, number, data, _with_value(raw, None))
    if not isinstance(data, dict):
        raise InputError(f"{where} expected a string or an object")
    keys = list(data)
    found = {role: keys[index] for role, index in recognised(keys, layout).items()}
    template = _template(data, where, found, layout)
    said = {role: str(data[found[role]] or "") for role in ROLES[1:] if role in found}
    strict, loose = frozenset(layout.asked()), layout.is_loose(found.get("dialect", ""))
    with_value = _with_value(raw, found["template"])
    return Record(raw, number, template, with_value, said=Said(**said, strict=strict, loose=loose))


def _template(data: dict[str, Any], where: str, found: dict[str, str], layout: Layout) -> str:
    key = found.get("template")
    if key is None:
        wanted = layout.template or DEFAULT_COLUMN
        known = ", ".join(map(repr, data)) or "none"
        option = "" if layout.template else "; say which has the templates with --column"
        raise NoColumnError(f"{where} no key {wanted!r}{did_you_mean(wanted, data)} (known: {known}){option}")
    if not isinstance(data[key], str):
        raise InputError(f"{where} the value of {key!r} is not a string")
    template: str = data[key]
    return template


def _with_value(raw: str, key: str | None) -> Callable[[str], str]:
    """Return what writes another template into a line: the string of `key`, or the only one. Nothing else changes."""

    def with_value(template: str) -> str:
        mark, text = (BOM, raw[1:]) if raw.startswith(BOM) else ("", raw)
        start, stop = (text.index('"'), text.rindex('"') + 1) if key is None else _place(text, key)
        before = text[start:stop]
        # What is escaped may have no place in the encoding of the file.
        written = json.dumps(template, ensure_ascii=before.isascii() or "\\u" in before)
        return f"{mark}{text[:start]}{written}{text[stop:]}"

    return with_value


def _place(text: str, key: str) -> tuple[int, int]:
    span = strings_of(text, is_toml=False)[key,].span
    return span.start, span.stop
