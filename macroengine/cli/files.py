"""Templates in files: read one by one, and written back with all else as it was."""

import csv
import io
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import click

from macroengine.suggest import did_you_mean

STANDARD_INPUT = "-"
DEFAULT_COLUMN = "template"

# No template is nearly as long; a file that is no text at all must not fill the memory.
_LONGEST_LINE = 1_048_576
_BOM = "\ufeff"


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
    """Yield the records of a file; what kind of file it is, its name says. Joined, their texts are the file.

    Raises:
        click.UsageError: the file is not what its name says, or has no such column.
        OSError: the file cannot be read.
    """
    name = "standard input" if file == STANDARD_INPUT else file
    kind = Path(file).suffix.lower()
    with sys.stdin.buffer if file == STANDARD_INPUT else Path(file).open("rb") as stream:
        lines = _lines(stream, name)
        if kind in (".csv", ".tsv"):
            yield from _table(lines, name, column or DEFAULT_COLUMN, "excel" if kind == ".csv" else "excel-tab")
        elif kind in (".jsonl", ".ndjson"):
            yield from _json_lines(lines, name, column or DEFAULT_COLUMN)
        elif column is not None:
            raise click.UsageError(f"{name}: only .csv, .tsv and .jsonl files have columns")
        else:
            yield from _text(lines)


def _lines(stream: IO[bytes], name: str) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers, each with its own ending."""
    offset, number = 0, 0
    while line := stream.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            raise click.UsageError(f"{name}: line {number:,} is longer than {_LONGEST_LINE:,} bytes")
        try:
            yield number, line.decode()
        except UnicodeDecodeError as error:
            raise click.UsageError(f"{name}: not UTF-8 at byte {offset + error.start:,}") from None
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

    def feed() -> Iterator[str]:
        for number, line in lines:
            taken.append((number, line))
            yield line.removeprefix(_BOM) if number == 1 else line

    rows = csv.reader(feed(), dialect)
    index = None
    try:
        for row in rows:
            raw, number = "".join(line for _, line in taken), taken[0][0]
            taken.clear()
            if index is None:
                index = _column_index(row, name, column)
                yield Record(raw, number)
            elif len(row) > index and row[index].strip():
                yield Record(raw, number, row[index], _with_cell(raw, row, index, dialect))
            else:
                yield Record(raw, number)
    except csv.Error as error:
        raise click.UsageError(f"{name}: line {rows.line_num:,}: {error}") from None
    if index is None:
        raise click.UsageError(f"{name}: is empty, and has no column {column!r}")


def _column_index(row: list[str], name: str, column: str) -> int:
    if column in row:
        return row.index(column)
    there = ", ".join(map(repr, row))
    raise click.UsageError(f"{name}: no column {column!r}{did_you_mean(column, row)} (there are: {there})")


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
        try:
            data = json.loads(raw.removeprefix(_BOM) if number == 1 else raw)
        except json.JSONDecodeError as error:
            raise click.UsageError(f"{where}{error.colno}: not JSON: {error.msg[0].lower()}{error.msg[1:]}") from None
        except RecursionError:
            raise click.UsageError(f"{where} nested too deeply") from None
        template = data if isinstance(data, str) else _value(data, where, key)
        yield Record(raw, number, template, _with_value(raw, data, template, key))


def _value(data: Any, where: str, key: str) -> str:
    if not isinstance(data, dict):
        raise click.UsageError(f"{where} neither a string nor an object")
    if key not in data:
        there = ", ".join(map(repr, data))
        raise click.UsageError(f"{where} no key {key!r}{did_you_mean(key, data)} (there are: {there})")
    if not isinstance(data[key], str):
        raise click.UsageError(f"{where} the value of {key!r} is not a string")
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
        click.UsageError: the file may not be written.
    """
    target = path.resolve()
    mode = target.stat().st_mode
    # Who may do anything would not be stopped, though the owner has said no.
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(target, os.W_OK):
        raise click.UsageError(f"{path}: is read-only, and cannot be fixed")
    # Here because only a file that is rewritten waits for them.
    import shutil  # noqa: PLC0415
    from tempfile import NamedTemporaryFile  # noqa: PLC0415

    with NamedTemporaryFile("w", encoding="utf-8", newline="", dir=target.parent, delete=False) as copy:
        try:
            yield copy.write
            copy.close()
            if not _same(target, Path(copy.name)):
                shutil.copymode(target, copy.name)
                Path(copy.name).replace(target)
        finally:
            Path(copy.name).unlink(missing_ok=True)


def _same(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while block := first.read(65_536):
            if block != second.read(65_536):
                return False
    return True
