"""Templates in files: read one by one, and written back with all else as it was."""

import csv
import io
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from macroengine.cli.inputs import MAX_BYTES, STANDARD_INPUT, InputError, input_name, parse_json, read_lines, suffix
from macroengine.suggest import did_you_mean

__all__ = ["DEFAULT_COLUMN", "STANDARD_INPUT", "Record", "check_fixable", "read_records", "rewriting"]

DEFAULT_COLUMN = "template"

_BOM = "\ufeff"
_TABLES = {".csv": "excel", ".tsv": "excel-tab"}
_JSON_LINES = (".jsonl", ".ndjson")
# In any other text a line may be code, not a template.
_FIXABLE = (".txt", *_TABLES, *_JSON_LINES)


@dataclass(frozen=True, slots=True)
class Record:
    """A line of a file, or several that belong together: `raw` is all of its text."""

    raw: str
    line: int
    template: str | None = None
    """None where there is none, as in a blank line."""
    with_template: Callable[[str], str] = str
    """Returns the text of the record with another template."""
    in_line: bool = False
    """Whether the template begins where the line does, so that its columns are those of the file."""


def read_records(file: str, column: str | None) -> Iterator[Record]:
    """Yield the records of a file; its name says what kind of file it is. Joined, their texts are the file.

    Raises:
        InputError: the file is not what its name says, or has no such column.
        OSError: the file cannot be read.
    """
    name, kind = input_name(file), suffix(file)
    lines = _decoded(read_lines(file), name)
    if kind in _TABLES:
        yield from _table(lines, name, column or DEFAULT_COLUMN, _TABLES[kind])
    elif kind in _JSON_LINES:
        yield from _json_lines(lines, name, column or DEFAULT_COLUMN)
    elif column is not None:
        raise InputError(f"{name}: only {', '.join((*_TABLES, *_JSON_LINES))} files have columns")
    else:
        yield from _text(lines)


def check_fixable(file: str) -> None:
    """Refuse to fix a file that may have something other than templates on its lines.

    Raises:
        InputError: the name of the file does not end like that of a list of templates.
    """
    if suffix(file) not in _FIXABLE:
        raise InputError(
            f"{input_name(file)}: only {', '.join(_FIXABLE[:-1])} and {_FIXABLE[-1]} files can be fixed; "
            "in other files, a line may not be a template"
        )


def _decoded(lines: Iterator[tuple[int, bytes]], name: str) -> Iterator[tuple[int, str]]:
    offset = 0
    for number, line in lines:
        try:
            yield number, line.decode()
        except UnicodeDecodeError as error:
            raise InputError(f"{name}: not UTF-8 at byte {offset + error.start:,}") from None
        offset += len(line)


def _text(lines: Iterator[tuple[int, str]]) -> Iterator[Record]:
    for number, raw in lines:
        body, ending = _split_ending(raw)
        mark = _BOM if number == 1 and body.startswith(_BOM) else ""
        template = body.removeprefix(mark)
        if not template.strip() or template.startswith("#"):
            yield Record(raw, number)
        else:
            yield Record(raw, number, template, _wrapped(mark, ending), in_line=True)


def _split_ending(raw: str) -> tuple[str, str]:
    body = raw.removesuffix("\n").removesuffix("\r") if raw.endswith("\n") else raw
    return body, raw[len(body) :]


def _wrapped(before: str, behind: str) -> Callable[[str], str]:
    return lambda template: f"{before}{template}{behind}"


def _table(lines: Iterator[tuple[int, str]], name: str, column: str, dialect: str) -> Iterator[Record]:
    taken: list[tuple[int, str]] = []
    size = 0

    def feed() -> Iterator[str]:
        nonlocal size
        for number, line in lines:
            taken.append((number, line))
            size += len(line)
            if size > MAX_BYTES:
                raise InputError(f"{name}: the row at line {taken[0][0]:,} is longer than {MAX_BYTES:,} characters")
            yield line.removeprefix(_BOM) if number == 1 else line

    rows = csv.reader(feed(), dialect)
    index = None
    try:
        for row in rows:
            raw, number = "".join(line for _, line in taken), taken[0][0]
            taken.clear()
            size = 0
            if index is None:
                index = _column_index(row, name, column)
                yield Record(raw, number)
            elif len(row) > index and row[index].strip():
                yield Record(raw, number, row[index], _with_cell(raw, row, index, dialect))
            else:
                yield Record(raw, number)
    except csv.Error as error:
        raise InputError(f"{name}: line {rows.line_num:,}: {error}") from None
    if index is None:
        raise InputError(f"{name}: the file is empty; expected a header with the column {column!r}")


def _column_index(row: list[str], name: str, column: str) -> int:
    if column in row:
        return row.index(column)
    raise InputError(f"{name}: no column {column!r}{_instead(column, row)}")


def _instead(wanted: str, known: Iterable[str]) -> str:
    names = list(known)
    return f"{did_you_mean(wanted, names)} (known: {', '.join(map(repr, names)) or 'none'})"


def _with_cell(raw: str, row: list[str], index: int, dialect: str) -> Callable[[str], str]:
    def with_cell(template: str) -> str:
        wanted = [*row[:index], template, *row[index + 1 :]]
        for quoting in (csv.QUOTE_ALL, csv.QUOTE_MINIMAL):
            old, new = (_csv_line([text], dialect, quoting=quoting) for text in (row[index], template))
            # The cell itself, or its like in another: only if the row is the right one all other cells stay as written.
            for changed in (raw.replace(old, new, 1), new.join(raw.rsplit(old, 1))):
                if next(csv.reader(io.StringIO(changed, newline=""), dialect)) == wanted:
                    return changed
        return _csv_line(wanted, dialect) + _split_ending(raw)[1]

    return with_cell


def _csv_line(row: list[str], dialect: str, quoting: Literal[0, 1] = csv.QUOTE_MINIMAL) -> str:
    line = io.StringIO()
    csv.writer(line, dialect, quoting=quoting, lineterminator="").writerow(row)
    return line.getvalue()


def _json_lines(lines: Iterator[tuple[int, str]], name: str, key: str) -> Iterator[Record]:
    for number, raw in lines:
        if not raw.strip():
            yield Record(raw, number)
            continue
        where = f"{name}:{number}:"
        data = parse_json(raw.removeprefix(_BOM) if number == 1 else raw, name, number)
        template = data if isinstance(data, str) else _value(data, where, key)
        yield Record(raw, number, template, _with_value(raw, data, template, key))


def _value(data: Any, where: str, key: str) -> str:
    if not isinstance(data, dict):
        raise InputError(f"{where} expected a string or an object")
    if key not in data:
        raise InputError(f"{where} no key {key!r}{_instead(key, data)}")
    if not isinstance(data[key], str):
        raise InputError(f"{where} the value of {key!r} is not a string")
    value: str = data[key]
    return value


def _with_value(raw: str, data: Any, old: str, key: str) -> Callable[[str], str]:
    def with_value(template: str) -> str:
        wanted = template if isinstance(data, str) else {**data, key: template}
        for ascii_only in (False, True):
            before, behind = (json.dumps(text, ensure_ascii=ascii_only) for text in (old, template))
            for changed in (raw.replace(before, behind, 1), behind.join(raw.rsplit(before, 1))):
                if json.loads(changed.removeprefix(_BOM)) == wanted:
                    return changed
        return json.dumps(wanted, ensure_ascii=raw.isascii()) + _split_ending(raw)[1]

    return with_value


@contextmanager
def rewriting(path: Path) -> Iterator[Callable[[str], object]]:
    """Give a function that writes the new text of a file; the file changes at the end, at once, or not at all.

    Raises:
        InputError: the file cannot be fixed, or was changed by someone else in the meantime.
        OSError: the file cannot be written.
    """
    # Only a file that is fixed waits for it.
    from macroengine import atomic  # noqa: PLC0415 - see above

    name = input_name(path)
    target = Path(os.path.realpath(path, strict=True))
    _check_writable(target, name)
    before = atomic.fingerprint(target)
    with atomic.beside(target) as new:
        copy = new.open("w", encoding="utf-8", newline="")
        try:
            yield _named(copy.write, name)
            _named(copy.flush, name)()
        finally:
            with suppress(OSError):  # what could not be written fails again
                copy.close()
        after = atomic.fingerprint(target)
        if after != before:
            raise InputError(f"{name}: changed while it was being fixed; nothing was written, run the command again")
        if atomic.fingerprint(new)[-1] != after[-1]:
            atomic.replace(new, target)


def _check_writable(target: Path, name: str) -> None:
    mode = target.stat().st_mode
    if not stat.S_ISREG(mode):
        raise InputError(f"{name}: not a regular file; it cannot be fixed")
    # The superuser could write it, although the owner said no.
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(target, os.W_OK):
        raise InputError(f"{name}: the file is read-only; it cannot be fixed")


def _named(write: Callable[..., object], name: str) -> Callable[..., object]:
    """Return the function with errors that name the file."""

    def named(*arguments: str) -> object:
        try:
            return write(*arguments)
        except OSError as error:
            raise OSError(error.errno, error.strerror, name) from None

    return named
