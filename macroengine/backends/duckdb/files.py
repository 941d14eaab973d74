"""Read tables from files without losing a row or a column."""

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from errno import EINVAL, ENOENT
from glob import glob as expand
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from macroengine.backends.ansi import literal, name
from macroengine.backends.duckdb.lines import broken_json_line, count_csv, count_json_lines, csv_header, said_delimiter
from macroengine.backends.duckdb.problems import translated
from macroengine.backends.duckdb.values import INTEGERS, JSON, TEXT
from macroengine.backends.duckdb.words import either, path_literal
from macroengine.backends.names import check_distinct, folded, unused

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

# Spreadsheets write one of these between cells, by locale; the header says which. The first is for a single column.
_DELIMITERS = {".csv": ",;\t", ".tsv": "\t,;"}
_JSON = (".jsonl", ".ndjson")
_READERS = (".parquet", *_DELIMITERS, *_JSON)
_PACKED = (".gz", ".zst")
_SAMPLE = 65_536

# Every option is given, so nothing is guessed. All CSV values are text: a guess would turn the identifier 007 into 7.
# No value is missing, and "" is an empty text.
_READ_CSV = (
    "FROM read_csv({files}, auto_detect = false, header = true, skip = {skip}, delim = {delimiter}, quote = '\"', "
    "escape = '\"', comment = '', nullstr = '', allow_quoted_nulls = false, null_padding = false, strict_mode = true, "
    "ignore_errors = false, hive_partitioning = false, columns = {columns})"
)
_READ_JSON = (
    "FROM read_json({files}, format = 'newline_delimited', records = true, sample_size = -1, "
    "maximum_sample_files = {count}, map_inference_threshold = -1, ignore_errors = false, hive_partitioning = false"
    "{more})"
)
_KEYS = """
    SELECT DISTINCT unnest(keys) FROM (
        SELECT DISTINCT json_keys(json) AS keys
        FROM read_ndjson_objects({files}, ignore_errors = false, hive_partitioning = false)
    )
"""


class Source(NamedTuple):
    """A table in files."""

    table: "DuckDBPyRelation"
    count: Callable[[int], int]
    """Returns the number of rows in the files, counted independently, given the number of rows that were read."""


def files_of(given: str | Path, *, glob: bool = False) -> list[Path]:
    """Return the files for a path, a directory or, with `glob`, a pattern, in order.

    Raises:
        OSError: there are none, or one is not a file.
    """
    if not str(given):  # which is the working folder to Path
        raise FileNotFoundError(ENOENT, "the path of the input is empty; a variable of the shell may not be set", "''")
    if not glob:
        return _files_in(Path(given))
    found = sorted(expand(str(given), recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not found:
        raise FileNotFoundError(ENOENT, "no files match this pattern", str(given))
    return list(dict.fromkeys(file for path in map(Path, found) for file in _files_in(path)))


def rows_in(files: Sequence[Path]) -> int | None:
    """Return the number of rows: exact for Parquet, estimated for text, None for compressed files.

    Raises:
        OSError: a file cannot be read.
    """
    import duckdb

    kinds = {file.suffix.lower() for file in files}
    if kinds == {".parquet"}:
        query = f"SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata({_list(files)})"
        with translated(), duckdb.connect() as connection:
            return int(connection.sql(query).fetchall()[0][0])
    if kinds & {".parquet", *_PACKED}:  # several kinds are rejected later
        return None
    with files[0].open("rb") as file:
        start = file.read(_SAMPLE)
    return start.count(b"\n") * sum(file.stat().st_size for file in files) // max(len(start), 1)


def _files_in(path: Path) -> list[Path]:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        is_pattern = any(character in str(path) for character in "*?[")
        hint = "; read the files that match a pattern with glob=True" if is_pattern else ""
        raise FileNotFoundError(error.errno, f"{os.strerror(ENOENT)}{hint}", str(path)) from None
    if stat.S_ISDIR(mode):
        files = [file for file in sorted(path.rglob("*")) if _suffix(file) in _READERS and not file.is_dir()]
        if not files:
            raise FileNotFoundError(ENOENT, f"no files that end in {either(_READERS)}", str(path))
        return [regular for file in files for regular in _files_in(file)]
    if not stat.S_ISREG(mode):
        raise OSError(EINVAL, "not a regular file; its rows are read more than once, so write it to a file", str(path))
    return [path]


def read(files: Sequence[Path], connection: "DuckDBPyConnection") -> Source:
    """Return the table in files of the same kind.

    Raises:
        ValueError: the files are of several kinds or an unknown one, or their columns differ.
        OSError: a file cannot be read.
    """
    kinds = sorted(set(map(_suffix, files)))
    if len(kinds) > 1:
        raise ValueError(f"the input has files of several kinds, {' and '.join(kinds)}; give those of one, *{kinds[0]}")
    if kinds[0] not in _READERS:
        raise ValueError(f"cannot read {str(files[0])!r}: the name of an input ends in {either(_READERS)}")
    if kinds[0] in _DELIMITERS:
        return _read_csv(files, _DELIMITERS[kinds[0]], connection)
    return (_read_json if kinds[0] in _JSON else _read_parquet)(files, connection)


def _read_csv(files: Sequence[Path], delimiters: str, connection: "DuckDBPyConnection") -> Source:
    said = [said_delimiter(file, connection) for file in files]
    _check_equal(files, said, f"names another delimiter in its first line than {files[0]}, or none")
    skip = int(said[0] is not None)
    several = (one for one in delimiters if len(csv_header(files[0], one, connection)) > 1)
    delimiter = said[0] or next(several, delimiters[0])
    headers = [_named(csv_header(file, delimiter, connection, skip=skip)) for file in files]
    _check_equal(files, headers, _other_columns(files[0]))
    for file, header in zip(files, headers, strict=True):
        _check_distinct(file, header)
    columns = ", ".join(f"{name(column)}: {literal(TEXT)}" for column in headers[0])
    query = _READ_CSV.format(files=_list(files), skip=skip, delimiter=literal(delimiter), columns=f"{{{columns}}}")

    def count(rows: int) -> int:
        return count_csv(files, delimiter, connection, skip=skip, columns=len(headers[0]), read=rows)

    return Source(connection.sql(query), count)


def _named(header: list[str]) -> list[str]:
    """Return a header with a name for an unnamed column, which some tools write for row numbers."""
    return [column or unused("unnamed", header) for column in header]


def _read_parquet(files: Sequence[Path], connection: "DuckDBPyConnection") -> Source:
    # By default the first file decides the schema: other files' extra columns are dropped, and values cast or rounded.
    schemas: list[dict[str, str]] = []
    for file in files:
        table = connection.sql(f"FROM read_parquet([{path_literal(file)}], hive_partitioning = false)")
        _check_distinct(file, _parquet_columns(file, connection))
        schemas.append({folded(column): str(kind) for column, kind in zip(table.columns, table.types, strict=True)})
    _check_equal(files, schemas, _other_columns(files[0]))
    table = connection.sql(f"FROM read_parquet({_list(files)}, hive_partitioning = false)")
    metadata = f"SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata({_list(files)})"

    def count(_: int) -> int:
        ((rows,),) = connection.sql(metadata).fetchall()
        return int(rows)

    return Source(table, count)


def _parquet_columns(file: Path, connection: "DuckDBPyConnection") -> list[str]:
    """Return the column names as the file has them. DuckDB renames those that differ only in case."""
    query = f"SELECT name, coalesce(num_children, 0) FROM parquet_schema([{path_literal(file)}])"
    nodes = iter(connection.sql(query).fetchall())
    (_, columns) = next(nodes)
    return [_skip(nodes) for _ in range(columns)]


def _skip(nodes: Iterator[tuple[str, int]]) -> str:
    """Return the name of a node, and skip everything inside it."""
    node, children = next(nodes)
    for _ in range(children):
        _skip(nodes)
    return node


def _read_json(files: Sequence[Path], connection: "DuckDBPyConnection") -> Source:
    import duckdb

    try:
        guessed = connection.sql(_READ_JSON.format(files=_list(files), count=len(files), more=""))
    except duckdb.Error as error:
        if broken := broken_json_line(files, connection):
            raise OSError(broken) from None
        if isinstance(error, duckdb.BinderException):
            raise OSError(f"{files[0]}: has no objects with keys, and so no columns") from None
        raise
    if any(re.fullmatch(".*_[0-9]+", column) for column in guessed.columns):
        # DuckDB renames keys that differ only in case, and a template would read only one of them.
        check_distinct([key for (key,) in connection.sql(_KEYS.format(files=_list(files))).fetchall()])
    columns = ", ".join(
        f"{name(column)}: {literal(_json_type(str(kind)))}"
        for column, kind in zip(guessed.columns, guessed.types, strict=True)
    )
    query = _READ_JSON.format(files=_list(files), count=len(files), more=f", columns = {{{columns}}}")
    return Source(connection.sql(query), lambda _: count_json_lines(files, connection))


def _json_type(guessed: str) -> str:
    """Return the type to read JSON values as, so that none changes."""
    if guessed in INTEGERS or guessed == "BOOLEAN":
        return guessed
    nested = guessed.endswith("]") or guessed.partition("(")[0] in ("STRUCT", "MAP")
    # A guessed DOUBLE may be an integer with many digits. Dates and similar types are strings.
    return JSON if nested or guessed in ("DOUBLE", JSON, '"NULL"') else TEXT


def _other_columns(first: Path) -> str:
    return f"has other columns than {first}, or of other types"


def _check_equal(files: Sequence[Path], found: Sequence[object], difference: str) -> None:
    for file, other in zip(files, found, strict=True):
        if other != found[0]:
            raise ValueError(f"{file} {difference}; render them one by one, or make them alike")


def _check_distinct(file: Path, columns: Sequence[str]) -> None:
    try:
        check_distinct(columns)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None


def _list(files: Sequence[Path]) -> str:
    return f"[{', '.join(map(path_literal, files))}]"


def _suffix(file: Path) -> str:
    return (file.with_suffix("") if file.suffix.lower() in _PACKED else file).suffix.lower()
