"""What becomes of a command that is told to end while it holds files that must not stay."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

_TERMINATING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def terminable() -> Iterator[None]:
    """Clean up before a signal ends the process, as Ctrl-C does, and then end by that signal.

    Does nothing outside the main thread, which alone handles signals.
    """
    received: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a handler
        signal.signal(number, signal.SIG_IGN)  # cleaning up must come to its end
        received.append(number)
        raise KeyboardInterrupt

    # What is ignored, as under nohup, stays ignored.
    taken = [number for number in _TERMINATING if signal.getsignal(number) == signal.SIG_DFL]
    if current_thread() is not main_thread():
        taken = []
    for number in taken:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
        for number in received:
            os.kill(os.getpid(), number)
