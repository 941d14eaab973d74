"""Translate DuckDB's errors: describe the file rather than DuckDB, and leave out values."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from macroengine.backends.extras import extra

_KIND = re.compile("^[A-Z][A-Za-z ]* Error: ")
_ADVICE = re.compile(r"[.,]? ?Try .*")
_OBJECT = re.compile(r"Object \{.*\} has duplicate key .*")
_WRAPPED = re.compile(r'"exception_message":("(?:[^"\\]|\\.)*")')
_CSV_LINE = re.compile(r"CSV Error on Line: ([0-9]+)")
_CSV_FILE = re.compile("^  file = (.*)$", re.MULTILINE)
_CSV_PROBLEMS = (
    (
        re.compile("^Expected Number of Columns: ([0-9]+) Found: ([0-9]+)", re.MULTILINE),
        r"expected \1 values, as the header has names, but found \2",
    ),
    (re.compile("^Value with unterminated quote", re.MULTILINE), 'has an unclosed quote; inside a value write ""'),
    (re.compile("^Invalid unicode", re.MULTILINE), "is not UTF-8; convert the file, as with iconv"),
    (re.compile("^Maximum line size", re.MULTILINE), "is longer than 2,000,000 bytes"),
)
_CSV_STATE = "state machine reached an invalid state"


def plain(error: Exception) -> str:
    """Return a description of the error in one line.

    >>> plain(ValueError("IO Error: No magic bytes found at end of file 'a.parquet'"))
    "no magic bytes found at end of file 'a.parquet'"
    """
    text = str(error)
    file = _CSV_FILE.search(text)
    if file and (line := _CSV_LINE.search(text)):
        return f"{file[1]}:{line[1]}: {_csv_problem(text)}"
    if file and _CSV_STATE in text:
        return f"{file[1]}: is not a CSV: lines end in different ways, or a quotation mark is out of place"
    if inner := _WRAPPED.search(text):
        text = json.loads(inner[1])
    first = _ADVICE.sub("", _KIND.sub("", text.partition("\n")[0]))
    first = _OBJECT.sub("an object has the same key twice", first)
    return first if first[1:2].isupper() else first[:1].lower() + first[1:]


def _csv_problem(text: str) -> str:
    for pattern, words in _CSV_PROBLEMS:
        if found := pattern.search(text):
            return found.expand(words)
    return "cannot be read"


@contextmanager
def translated() -> Iterator[None]:
    """Translate the exceptions of DuckDB.

    Raises:
        OSError: a file cannot be read or written, or there is not enough memory.
    """
    with extra("duckdb", "duckdb"):
        import duckdb

    try:
        yield
    except RuntimeError as error:
        if str(error) == "Query interrupted":  # DuckDB's error for Ctrl-C
            raise KeyboardInterrupt from None
        raise
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        advice = "use fewer threads, or raise memory_limit"
        raise OSError(f"{plain(error) or 'not enough memory'}; {advice}") from None
    except duckdb.Error as error:
        raise OSError(plain(error)) from None
