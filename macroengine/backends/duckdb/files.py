"""Tables in files: which are read and how, and an output that is there when it is whole, or not at all."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from errno import EEXIST, ENOENT
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING

from macroengine import atomic
from macroengine.backends.duckdb.values import INTEGERS, JSON, TEXT
from macroengine.backends.duckdb.words import literal, name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

# All of a CSV is text, because a guess would make 7 of the identifier 007. Nothing is missing, and "" is an empty text.
_CSV = "all_varchar = true, header = true, quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false"
_READERS = {
    ".parquet": "read_parquet({})",
    ".csv": f"read_csv({{}}, delim = ',', {_CSV})",
    ".tsv": f"read_csv({{}}, delim = '\t', {_CSV})",
    ".jsonl": "read_json({}, format = 'newline_delimited', sample_size = -1)",
    ".ndjson": "read_json({}, format = 'newline_delimited', sample_size = -1)",
}
_PACKED = (".gz", ".zst")
_WRITERS = {
    ".parquet": "FORMAT parquet",
    ".csv": "FORMAT csv, HEADER true",
    # One column, written as it is.
    ".txt": r"FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER E'\x01'",
}


def files_of(given: str | Path) -> list[Path]:
    """Return the files that a path, a directory or a glob means, in order.

    Raises:
        FileNotFoundError: there are none.
    """
    path = Path(given)
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if _suffix(file) in _READERS]
        reason = f"no files that end in {_either(_READERS)}"
    else:
        found = sorted(glob(str(given), recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        files = [path] if path.exists() else list(map(Path, found))
        reason = os.strerror(ENOENT)
    if not files:
        raise FileNotFoundError(ENOENT, reason, str(given))
    return files


def read(files: Sequence[Path], connection: "DuckDBPyConnection") -> "DuckDBPyRelation":
    """Return the table in files of one kind.

    Raises:
        ValueError: they are of several kinds, or of one that is not read.
    """
    kinds = sorted(set(map(_suffix, files)))
    if len(kinds) > 1:
        raise ValueError(f"the input has files of several kinds, {' and '.join(kinds)}; give those of one, *{kinds[0]}")
    if kinds[0] not in _READERS:
        raise ValueError(f"cannot read {str(files[0])!r}: the name of an input ends in {_either(_READERS)}")
    call = _READERS[kinds[0]].format(f"[{', '.join(literal(str(file)) for file in files)}]")
    relation = connection.sql(f"FROM {call}")
    if not call.startswith("read_json"):
        return relation
    columns = ", ".join(
        f"{name(column)}: {literal(_json_type(str(kind)))}"
        for column, kind in zip(relation.columns, relation.types, strict=True)
    )
    return connection.sql(f"FROM {call[:-1]}, columns = {{{columns}}})")


def _json_type(guessed: str) -> str:
    """Return the type as which values of JSON are read, so that none changes."""
    if guessed in INTEGERS or guessed == "BOOLEAN":
        return guessed
    nested = guessed.endswith("]") or guessed.partition("(")[0] in ("STRUCT", "MAP")
    # What is guessed to be a DOUBLE may be an integer of many digits; dates and the like are strings.
    return JSON if nested or guessed in ("DOUBLE", JSON, '"NULL"') else TEXT


def check_output(output: Path, *, columns: int, force: bool) -> None:
    """Refuse an output that cannot be written, before anything is read.

    Raises:
        ValueError: it is of a kind that is not written.
        FileExistsError: it is there, and not to be replaced.
        FileNotFoundError: its directory is not there.
    """
    if output.suffix not in _WRITERS:
        raise ValueError(f"cannot write {str(output)!r}: the name of the output must end in {_either(_WRITERS)}")
    if output.suffix == ".txt" and columns > 1:
        raise ValueError("a .txt output holds nothing but URLs; write .csv or .parquet to keep other columns")
    if output.exists() and not force:
        raise FileExistsError(EEXIST, "exists already; replace it with force (--force)", str(output))
    if not output.parent.is_dir():
        raise FileNotFoundError(ENOENT, os.strerror(ENOENT), str(output.parent))


def copy(query: str, output: Path, to: Path) -> str:
    """Return the SQL that writes what `query` selects to the file `to`, in the format of `output`."""
    return f"COPY ({query}) TO {literal(str(to))} ({_WRITERS[output.suffix]}, USE_TMP_FILE false)"


@contextmanager
def replacing(output: Path) -> Iterator[Path]:
    """Give a name to write to, that becomes `output` in the end, and goes where something fails.

    What a killed run left under it is overwritten.

    Raises:
        BlockingIOError: another run is writing the same output.
    """
    part = output.with_name(f".{output.name}.part")
    with part.open("ab") as file:
        try:
            atomic.lock(file)
        except BlockingIOError as error:
            raise BlockingIOError(error.errno, "being written by another run", str(output)) from None
        try:
            yield part
            part.replace(output)
        finally:
            part.unlink(missing_ok=True)


def _suffix(file: Path) -> str:
    return (file.with_suffix("") if file.suffix in _PACKED else file).suffix


def _either(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}"
