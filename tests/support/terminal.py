"""A pseudo-terminal for the tests of what is printed on one."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest


class Terminal:
    """The stream that a program would write to, and what was written to it."""

    def __init__(self, columns: int) -> None:
        # Neither is on Windows.
        pty, termios = (pytest.importorskip(name, exc_type=ImportError) for name in ("pty", "termios"))
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (30, columns))
        self.stream = os.fdopen(slave, "w", encoding="utf-8")
        self._read: list[bytes] = []
        # A terminal that nobody reads from blocks.
        self._reader = Thread(target=self._keep)
        self._reader.start()

    def _keep(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65_536)
            except OSError:  # Linux says so when the other end is closed
                return
            if not data:
                return
            self._read.append(data)

    @property
    def text(self) -> str:
        """Close the terminal, and return all that was printed on it."""
        self.stream.close()
        self._reader.join()
        return b"".join(self._read).decode().replace("\r\n", "\n")

    def close(self) -> None:
        self.stream.close()
        self._reader.join()
        os.close(self._master)


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, *names: str, columns: int = 80) -> Iterator[Terminal]:
    """Make a terminal of the streams `names` of this process."""
    shown = Terminal(columns)
    monkeypatch.setenv("TERM", "xterm")
    with monkeypatch.context() as patched:
        for name in names:
            patched.setattr(sys, name, shown.stream)
        try:
            yield shown
        finally:
            shown.close()
