"""Directories for files that must not stay: private, locked while in use, and removed by the next run after a kill."""

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
    """Give a new directory in `parent` that only this user can enter, and remove it in the end.

    What killed runs left in `parent` is removed, too.
    """
    with suppress(OSError):  # parent may not be readable
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
    """Return a new directory and the lock that says that it is in use."""
    while True:
        directory = Path(mkdtemp(prefix=_PREFIX, dir=parent))
        lock = (directory / _LOCK).open("xb")
        try:
            atomic.lock(lock)
        except BlockingIOError:  # another run has taken it for a stale one, and is removing it
            lock.close()
            continue
        except OSError:  # this file system has no locks
            pass
        if directory.exists():
            return directory, lock
        lock.close()


def _remove_stale(directory: Path) -> None:
    """Remove a directory that a run of this user has made, if that run is over."""
    if not _is_ours(directory):
        return
    with (directory / _LOCK).open("r+b") as lock:
        atomic.lock(lock)
        shutil.rmtree(directory, ignore_errors=True)
    # Windows removes no file that is open.
    shutil.rmtree(directory, ignore_errors=True)


def _is_ours(directory: Path) -> bool:
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or not stat.S_ISREG((directory / _LOCK).lstat().st_mode):
        return False
    # Windows has neither owners nor modes.
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and status.st_mode & 0o777 == stat.S_IRWXU)
