"""The process of a command: its standard streams, and the signals that end it."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from types import FrameType

# Before Python 3.15, output to pipes and files on Windows uses a code page that lacks most characters.
_IN_CODE_PAGE = os.name == "nt" and "PYTHONIOENCODING" not in os.environ


def prepare_streams() -> None:
    """Prepare the standard streams: using a closed one raises an error, and every character can be printed.

    Line breaks are not converted, not even on Windows, so that fixed templates keep theirs.
    """
    # Take the descriptor of a closed stream. Otherwise the next opened file would become the output.
    if sys.stdin is None:
        sys.stdin = _stream(os.O_WRONLY, "r")
    if sys.stdout is None:
        sys.stdout = _stream(os.O_RDONLY, "w")
    if sys.stderr is None:  # it is closed, and that cannot be reported anywhere
        sys.stderr = _stream(os.O_WRONLY, "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            encoding = "utf-8" if _IN_CODE_PAGE and not stream.isatty() else None
            # Bytes of an argument that are not UTF-8 are printed as escapes.
            stream.reconfigure(encoding=encoding, errors="backslashreplace", newline="\n")


def _stream(flags: int, mode: str) -> TextIOWrapper:
    stream = open(os.open(os.devnull, flags), mode, encoding="utf-8")  # noqa: PTH123, SIM115 - a descriptor that stays open
    assert isinstance(stream, TextIOWrapper)  # noqa: S101 - text mode gives no other type
    return stream


def discard_output() -> None:
    """Discard the rest of standard output. Flushing its buffer at exit would raise the error again."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """Clean up before a signal ends the process, as Ctrl-C does, then end by that signal.

    Does nothing outside the main thread, since only the main thread can handle signals.
    """
    received: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of handlers
        signal.signal(number, signal.SIG_IGN)  # don't interrupt the clean-up
        received.append(number)
        raise KeyboardInterrupt

    taken = []
    if threading.current_thread() is threading.main_thread():
        # Windows has no SIGHUP, and only Windows has SIGBREAK. A signal that is ignored, as with nohup, stays ignored.
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
