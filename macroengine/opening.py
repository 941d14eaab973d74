"""Open files for reading, without waiting for ever on a named pipe."""

import errno
import os
import stat

_PATIENCE_MS = 10_000


def open_promptly(path: str, flags: int) -> int:
    """Open a file; use it as the `opener` of `open`. A named pipe without a writer times out after ten seconds.

    Raises:
        OSError: it cannot be opened, or has no writer.
    """
    # Only POSIX has named pipes. A plain `open` waits for a writer for ever.
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        return descriptor
    import select  # noqa: PLC0415 - few files are pipes

    if not hasattr(select, "poll"):
        return descriptor
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    if not waiting.poll(_PATIENCE_MS):
        os.close(descriptor)
        raise TimeoutError(errno.ETIMEDOUT, "Nothing is written to this pipe", path)
    os.set_blocking(descriptor, True)
    return descriptor
