"""The process around a command: its standard streams, and the signals that end it."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from types import FrameType

# Until Python 3.15, Windows writes to pipes and files in a code page, which lacks most characters.
_IN_CODE_PAGE = os.name == "nt" and "PYTHONIOENCODING" not in os.environ


def prepare_streams() -> None:
    """Make the standard streams usable: those that are closed fail when used, and no character fails to print.

    A line ends as in the text that is printed: fixed templates keep their own endings, on Windows too.
    """
    # An unusable descriptor in place of the closed one: otherwise the next file that is opened would become the output.
    if sys.stdin is None:
        sys.stdin = _stream(os.O_WRONLY, "r")
    if sys.stdout is None:
        sys.stdout = _stream(os.O_RDONLY, "w")
    if sys.stderr is None:  # where to report that it is closed?
        sys.stderr = _stream(os.O_WRONLY, "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            encoding = "utf-8" if _IN_CODE_PAGE and not stream.isatty() else None
            # A byte of an argument that is not UTF-8 is printed as an escape.
            stream.reconfigure(encoding=encoding, errors="backslashreplace", newline="\n")


def _stream(flags: int, mode: str) -> TextIOWrapper:
    stream = open(os.open(os.devnull, flags), mode, encoding="utf-8")  # noqa: PTH123, SIM115 - a descriptor, for good
    assert isinstance(stream, TextIOWrapper)  # noqa: S101 - a text mode gives no other
    return stream


def discard_output() -> None:
    """Send the rest of standard output nowhere. What is still in its buffer would fail again at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """Clean up before a signal ends the process, as Ctrl-C does, and then end by that signal.

    Does nothing outside the main thread, which alone handles signals.
    """
    received: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of handlers
        signal.signal(number, signal.SIG_IGN)  # cleaning up must come to its end
        received.append(number)
        raise KeyboardInterrupt

    taken = []
    if threading.current_thread() is threading.main_thread():
        # SIGHUP is not on Windows, SIGBREAK only there; one that is ignored, as by nohup, stays so.
        found = (getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP", "SIGBREAK"))
        taken = [number for number in found if number is not None and signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
        for number in received:
            os.kill(os.getpid(), number)
