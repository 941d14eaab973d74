"""The files in which Lark keeps the tables that it makes of a grammar, sealed so that a damaged one is noticed."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import get_ident

_SEAL = 32
# Our largest tables take 30 KB. A larger file is not ours, and is not read.
_MAX_BYTES = 16_777_216


@contextmanager
def kept_tables(path: Path | None) -> Iterator[str | bool]:
    """Yield what Lark takes for its `cache`: `path`, where a damaged file is removed first and a new one sealed after.

    Lark recovers from a file that it cannot unpickle, but not from one that unpickles to something else. Nothing is
    kept without a path, or where it cannot be written.
    """
    if path is None:
        yield False
        return
    if not _is_whole(path):
        with suppress(OSError):
            path.unlink()
    yield str(path)
    if not _is_whole(path):
        with suppress(OSError):
            _seal(path)


def _seal(path: Path) -> None:
    tables = path.read_bytes()
    # Other processes see the file without the digest or with it, never half of it.
    sealed = path.with_name(f"{path.name}.{os.getpid()}.{get_ident()}")
    sealed.write_bytes(tables + sha256(tables).digest())
    sealed.replace(path)


def _is_whole(path: Path) -> bool:
    """Say whether a file ends with the digest of what comes before. Lark reads no further than it wrote."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_BYTES:
            return False
        content = path.read_bytes()
    except OSError:
        return False
    return content[-_SEAL:] == sha256(content[:-_SEAL]).digest()
