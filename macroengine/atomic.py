"""Replace a file atomically: write the new file next to it, then rename it over the old one."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EAGAIN, EPERM
from hashlib import file_digest
from importlib import import_module
from pathlib import Path
from typing import IO

# Each flag is 0 on systems that lack it. O_NONBLOCK keeps `open` from waiting on a pipe that has no other end.
_SAFELY = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the path of a new file that replaces `path` on success and is removed on failure.

    Symbolic links are followed. The new file gets the mode, owner and group of the file it replaces.

    Raises:
        PermissionError: the owner or a hard link would be lost.
        OSError: the file cannot be written.
    """
    with beside(path) as new:
        yield new
        replace(new, path)


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Create an empty file with a random name in the directory of `path`; remove it at the end if it is still there."""
    target = _target(path)
    new = target.with_name(f".{os.urandom(8).hex()}.part")
    # The old file may be private, so the new one is private from the start.
    mode = 0o600 if target.exists() else 0o666
    # A signal may arrive as soon as the file exists, so create it inside the `try` that removes it.
    try:
        try:
            os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY, mode))
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from None
        yield new
    finally:
        with suppress(OSError):
            new.unlink()


def replace(new: Path, path: Path) -> None:
    """Move the file `new` to `path`, and keep the mode, owner and group of `path`.

    Raises:
        PermissionError: `path` is not a regular file, has other hard links, or its owner cannot be kept.
    """
    target = _target(path)
    try:
        old = target.lstat()
    except FileNotFoundError:
        pass
    else:
        if not stat.S_ISREG(old.st_mode):
            raise PermissionError(EPERM, "not a regular file; it cannot be replaced", str(path))
        if old.st_nlink > 1:
            raise PermissionError(EPERM, f"has {old.st_nlink} hard links; replacing it would separate them", str(path))
        _adopt(new, target, old, str(path))
    with new.open("rb+") as file:
        os.fsync(file.fileno())
    new.replace(target)


def fingerprint(path: Path) -> tuple[int, int, int, bytes]:
    """Return values that change when a file is written or replaced: its identity, time and content."""
    with open(os.open(path, os.O_RDONLY | _SAFELY), "rb") as file:  # noqa: PTH123 - Path.open takes no flags
        found = os.fstat(file.fileno())
        return found.st_dev, found.st_ino, found.st_mtime_ns, file_digest(file, "sha256").digest()


def lock(file: IO[bytes]) -> None:
    """Lock an open file for this process until the file is closed.

    Raises:
        BlockingIOError: another process holds the lock.
    """
    try:
        posix = import_module("fcntl")
    except ModuleNotFoundError:
        windows = import_module("msvcrt")
        file.seek(0)
        try:
            windows.locking(file.fileno(), windows.LK_NBLCK, 1)
        except OSError:
            raise BlockingIOError(EAGAIN, os.strerror(EAGAIN)) from None
    else:
        posix.flock(file, posix.LOCK_EX | posix.LOCK_NB)


def _target(path: Path) -> Path:
    """Return the path with all symbolic links resolved. The file itself need not exist."""
    try:
        return Path(os.path.realpath(path, strict=True))
    except FileNotFoundError:
        return Path(os.path.realpath(path))


def _adopt(new: Path, target: Path, old: os.stat_result, name: str) -> None:
    """Give `new` the owner, group, mode and attributes of `target`."""
    chown = getattr(os, "chown", None)  # not on Windows
    if chown is not None:
        try:
            chown(new, old.st_uid, old.st_gid)
        except PermissionError:
            raise PermissionError(EPERM, "its owner or group cannot be kept; it is not replaced", name) from None
    shutil.copystat(target, new)
    os.utime(new)
