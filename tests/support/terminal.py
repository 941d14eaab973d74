"""A pseudo-terminal for testing output to a terminal."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest


class Terminal:
    """The stream that a program writes to, and the text that was written."""

    def __init__(self, columns: int) -> None:
        # Windows has neither.
        pty, termios = (pytest.importorskip(name, exc_type=ImportError) for name in ("pty", "termios"))
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (30, columns))
        self.stream = os.fdopen(slave, "w", encoding="utf-8")
        self._read: list[bytes] = []
        # A terminal blocks if nobody reads from it.
        self._reader = Thread(target=self._keep)
        self._reader.start()

    def _keep(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65_536)
            except OSError:  # raised on Linux when the other end is closed
                return
            if not data:
                return
            self._read.append(data)

    @property
    def text(self) -> str:
        """Close the terminal, and return everything that was printed on it."""
        self.stream.close()
        self._reader.join()
        return b"".join(self._read).decode().replace("\r\n", "\n")

    def close(self) -> None:
        self.stream.close()
        self._reader.join()
        os.close(self._master)


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, *names: str, columns: int = 80) -> Iterator[Terminal]:
    """Replace the streams `names` of this process by a terminal."""
    shown = Terminal(columns)
    monkeypatch.setenv("TERM", "xterm")
    with monkeypatch.context() as patched:
        for name in names:
            patched.setattr(sys, name, shown.stream)
        try:
            yield shown
        finally:
            shown.close()
