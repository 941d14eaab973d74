"""Temporary directories: private, locked while in use, and removed by the next run if this one is killed."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import IO

from macroengine import atomic

_PREFIX, _LOCK = ".macroengine-", "macroengine.lock"


@contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """Create a directory in `parent` that only this user can enter, and remove it at the end.

    Directories left in `parent` by killed runs are also removed.
    """
    with suppress(OSError):  # `parent` may not be readable
        for directory in parent.glob(f"{_PREFIX}*"):
            with suppress(OSError):
                _remove_stale(directory)
    directory, lock = _claimed(parent)
    try:
        with lock:
            yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _claimed(parent: Path) -> tuple[Path, IO[bytes]]:
    """Return a new directory, and the lock that marks it as in use."""
    while True:
        directory = Path(mkdtemp(prefix=_PREFIX, dir=parent))
        lock = (directory / _LOCK).open("xb")
        try:
            atomic.lock(lock)
        except BlockingIOError:  # another run considers it stale and is removing it
            lock.close()
            continue
        except OSError:  # the file system has no locks
            pass
        if directory.exists():
            return directory, lock
        lock.close()


def _remove_stale(directory: Path) -> None:
    """Remove a directory created by a run of this user, if that run has ended."""
    if not _is_ours(directory):
        return
    with (directory / _LOCK).open("r+b") as lock:
        atomic.lock(lock)
        shutil.rmtree(directory, ignore_errors=True)
    # Windows does not remove open files.
    shutil.rmtree(directory, ignore_errors=True)


def _is_ours(directory: Path) -> bool:
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or not stat.S_ISREG((directory / _LOCK).lstat().st_mode):
        return False
    # Windows has neither owners nor modes.
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and status.st_mode & 0o777 == stat.S_IRWXU)
