"""Cache files for Lark's parser tables. Each ends with a digest, so that a damaged file is detected."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import get_ident

_SEAL = 32
# Our largest tables take 30 KB. A larger file is not ours and is not read.
_MAX_BYTES = 16_777_216


@contextmanager
def kept_tables(path: Path | None) -> Iterator[str | bool]:
    """Yield the value for Lark's `cache` option: `path`. A damaged file is removed first, a new one is sealed after.

    Lark recovers from a file that it cannot unpickle, but not from one that unpickles to something else. Nothing is
    cached without a path, or if the file cannot be written.
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
    # Other processes see the file with or without the digest, never with half of it.
    sealed = path.with_name(f"{path.name}.{os.getpid()}.{get_ident()}")
    sealed.write_bytes(tables + sha256(tables).digest())
    sealed.replace(path)


def _is_whole(path: Path) -> bool:
    """Say whether a file ends with the digest of the content before it. Lark ignores text after its own."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_BYTES:
            return False
        content = path.read_bytes()
    except OSError:
        return False
    return content[-_SEAL:] == sha256(content[:-_SEAL]).digest()
