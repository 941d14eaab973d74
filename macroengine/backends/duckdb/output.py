"""Write an output file atomically."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EACCES, EEXIST, EINVAL, ENOENT
from pathlib import Path

from macroengine.backends.ansi import literal
from macroengine.backends.duckdb.scratch import scratch
from macroengine.backends.duckdb.words import either

_WRITERS = {
    # URLs are long, and each thread keeps one row group in memory. A quarter of the usual size needs two thirds of the
    # memory, and a fifth less time on one thread (`docs/bulk.md`).
    ".parquet": "FORMAT parquet, ROW_GROUP_SIZE 30720",
    ".csv": "FORMAT csv, HEADER true",
    # A single column, written unchanged.
    ".txt": r"FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER E'\x01'",
}


def check_output(output: Path, *, columns: int, force: bool) -> None:
    """Check that an output can be written, before anything is read.

    Raises:
        ValueError: the format is not supported.
        FileExistsError: it exists, and `force` is not set.
        OSError: it is not a file, is read-only, or its directory does not exist.
    """
    if output.suffix not in _WRITERS:
        raise ValueError(f"cannot write {str(output)!r}: the name of the output must end in {either(_WRITERS)}")
    if output.suffix == ".txt" and columns > 1:
        raise ValueError("a .txt output holds nothing but URLs; write .csv or .parquet to keep other columns")
    if os.path.lexists(output):
        if not force:
            raise _exists(output)
        _check_replaceable(output)
    if not Path(os.path.realpath(output)).parent.is_dir():
        raise FileNotFoundError(ENOENT, os.strerror(ENOENT), str(output.parent))


def _check_replaceable(output: Path) -> None:
    with suppress(FileNotFoundError):  # a link to a file that does not exist yet
        if not stat.S_ISREG(output.stat().st_mode):
            raise OSError(EINVAL, "not a regular file; write to a file instead", str(output))
        if not os.access(output, os.W_OK):
            raise PermissionError(EACCES, "is read-only, and is not replaced", str(output))


def _exists(output: Path) -> FileExistsError:
    return FileExistsError(EEXIST, "already exists; replace it with force=True", str(output))


def copy(query: str, output: Path, to: Path) -> str:
    """Return the SQL that writes the result of `query` to the file `to`, in the format of `output`."""
    return f"COPY ({query}) TO {literal(str(to))} ({_WRITERS[output.suffix]}, USE_TMP_FILE false)"


@contextmanager
def replacing(output: Path, *, force: bool) -> Iterator[Path]:
    """Yield the name of a file that becomes `output` at the end, unless something fails.

    The new file gets the mode and owner of the file it replaces. If `output` is a link, its target is replaced.

    Raises:
        FileExistsError: the output was created in the meantime, and `force` is not set.
    """
    target = Path(os.path.realpath(output))
    with scratch(target.parent) as directory:
        part = directory / "part"
        yield part
        if force:
            with suppress(FileNotFoundError):
                _hand_on(target.stat(), part)
            part.replace(target)
        else:
            _publish(part, target)


def _hand_on(status: os.stat_result, part: Path) -> None:
    """Give a file the owner and mode of another one, as far as this user is allowed to."""
    if hasattr(os, "chown"):  # pragma: no branch - Windows
        with suppress(PermissionError):
            os.chown(part, status.st_uid, status.st_gid)
    part.chmod(status.st_mode & 0o777)


def _publish(part: Path, target: Path) -> None:
    """Rename a file, unless the new name already exists."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise _exists(target) from None
    except OSError:  # the file system has no hard links
        if os.path.lexists(target):
            raise _exists(target) from None
        part.replace(target)
