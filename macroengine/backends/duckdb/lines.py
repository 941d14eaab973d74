"""Read the lines of files without DuckDB's parsers: column names, and how many rows a table must have."""

import codecs
import csv
import gzip
import json
import re
import zlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from macroengine.backends.duckdb.words import path_literal
from macroengine.event import json_word

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LONGEST_LINE = 2_000_000  # DuckDB's limit for CSV
# What Excel writes before the header.
_SEPARATOR = re.compile(r"""("?)sep=(?P<delimiter>[^"\r\n])\1[\r\n]*""", re.IGNORECASE)

# Nothing is guessed, and no character is special.
_LINES = (
    "FROM read_csv([{}], auto_detect = false, header = false, delim = '', quote = '', escape = '', comment = '', "
    "nullstr = '', hive_partitioning = false, columns = {{line: 'VARCHAR'}})"
)


def lines(file: Path, connection: "DuckDBPyConnection") -> Generator[str, None, None]:
    """Yield the lines of a file with their line breaks, decompressed.

    Raises:
        OSError: the file cannot be read, is not UTF-8, or has no lines.
    """
    if file.suffix.lower() == ".zst":  # only DuckDB can decompress these
        with connection.cursor() as cursor:
            found = cursor.execute(_LINES.format(path_literal(file)))
            while rows := found.fetchmany(10_000):
                yield from (f"{line or ''}\n" for (line,) in rows)
        return
    opened = gzip.open if file.suffix.lower() == ".gz" else open
    try:
        with opened(file, "rt", encoding="utf-8-sig", newline="") as stream:
            yield from _lines(stream, file)
    except UnicodeDecodeError as error:
        if error.object.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise OSError(f"{file}: not UTF-8 but UTF-16; convert it, as with iconv -f UTF-16 -t UTF-8") from None
        raise OSError(f"{file}: not UTF-8; convert it, as with iconv") from None
    except (EOFError, zlib.error) as error:
        raise OSError(f"{file}: cannot be unpacked: {error}") from None


def _lines(stream: IO[str], file: Path) -> Iterator[str]:
    while line := stream.readline(_LONGEST_LINE + 1):
        if len(line) > _LONGEST_LINE:
            raise OSError(f"{file}: has a line longer than {_LONGEST_LINE:,} characters")
        yield line


def said_delimiter(file: Path, connection: "DuckDBPyConnection") -> str | None:
    """Return the delimiter named by a line such as `sep=;` before the header; None for any other line.

    Raises:
        OSError: the file cannot be read.
    """
    with closing(lines(file, connection)) as read:
        found = _SEPARATOR.fullmatch(next(read, ""))
    return None if found is None else found["delimiter"]


def csv_header(file: Path, delimiter: str, connection: "DuckDBPyConnection", *, skip: int = 0) -> list[str]:
    """Return the column names in the first line of a CSV file after those to skip.

    Raises:
        ValueError: the first line is blank or missing.
        OSError: the file cannot be read.
    """
    with closing(lines(file, connection)) as read:
        row = next(_rows(islice(read, skip, None), delimiter, file), None)
    if not row:
        raise ValueError(
            f"{file}: {'is empty' if row is None else 'begins blank'}; its first line must name the columns"
        )
    return row


def count_csv(
    files: Sequence[Path], delimiter: str, connection: "DuckDBPyConnection", *, skip: int, columns: int, read: int
) -> int:
    """Return the number of rows in CSV files, without headers and lines to skip, if `read` rows have been read."""
    every = chain.from_iterable(islice(lines(file, connection), skip, None) for file in files)
    if columns > 1 and _count_quickly(every) == read + len(files):
        return read
    # A quote may be inside an unquoted value, and in a table with one column blank lines may be rows.
    return sum(_count_exactly(file, delimiter, connection, skip=skip, single=columns == 1) for file in files)


def _count_quickly(every: Iterable[str]) -> int:
    """Return the number of lines that are rows, if every quote opens or closes a value; -1 if not."""
    rows, inside = 0, False
    for line in every:
        if line.count('"') % 2:
            inside = not inside
        if not inside and line.strip("\r\n"):
            rows += 1
    return -1 if inside else rows


def _count_exactly(file: Path, delimiter: str, connection: "DuckDBPyConnection", *, skip: int, single: bool) -> int:
    filled = blank = 0
    for row in _rows(islice(lines(file, connection), skip, None), delimiter, file):
        filled, blank = filled + bool(row), blank + (not row)
    if single and blank:
        raise OSError(
            f'{file}: has blank lines ({blank:,}), which may or may not be empty values; write "" for an empty value, '
            "and remove the other blank lines"
        )
    return filled - 1


def _rows(read: Iterable[str], delimiter: str, file: Path) -> Iterator[list[str]]:
    limit = csv.field_size_limit(_LONGEST_LINE)
    try:
        yield from csv.reader(read, delimiter=delimiter)
    except csv.Error as error:
        raise OSError(f"{file}: {error}") from None
    finally:
        csv.field_size_limit(limit)


def count_json_lines(files: Sequence[Path], connection: "DuckDBPyConnection") -> int:
    """Return the number of lines that are not blank.

    Raises:
        OSError: a line is not a JSON object. DuckDB would read null as an event without values.
    """
    filled = objects = 0
    for line in chain.from_iterable(lines(file, connection) for file in files):
        begin = line.lstrip()[:1]
        filled += begin != ""
        objects += begin == "{"
    if objects < filled:
        raise OSError(broken_json_line(files, connection))
    return filled


def broken_json_line(files: Iterable[Path], connection: "DuckDBPyConnection") -> str | None:
    """Return the place of the first line that is not a JSON object, and the reason; None if there is none."""
    for file in files:
        for number, line in enumerate(lines(file, connection), 1):
            if line.strip() and (reason := _not_an_object(line)):
                return f"{file}:{number}: {reason}"
    return None


def _not_an_object(line: str) -> str | None:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        return f"not JSON at column {error.colno}: {error.msg[0].lower()}{error.msg[1:]}"
    except (ValueError, RecursionError) as error:  # an integer with thousands of digits, or deep nesting
        return f"cannot be read: {error}"
    return None if isinstance(value, dict) else f"expected an object, but found {json_word(value)}"
