"""The process of the language server."""

import asyncio
import gc
import logging
import sys
from typing import IO

from macroengine.lsp.handlers import server
from macroengine.lsp.transport import serve


def run() -> int:
    """Serve the editor on standard input and output, and return the exit status.

    It is 0 if the editor asks to shut down before it exits, and 1 otherwise.
    """
    # Each edit of a long text creates thousands of objects, none of them in reference cycles.
    gc.freeze()
    gc.set_threshold(100_000)
    # Open the descriptors again, since closing the original streams would wait for the reading thread.
    stdin = open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115 - a descriptor that stays open
    stdout = open(sys.stdout.fileno(), "wb", closefd=False)  # noqa: SIM115 - the same
    # Anything printed by accident must not mix with the messages.
    sys.stdout = sys.stderr
    return run_on(stdin, stdout)


def run_on(stdin: IO[bytes], stdout: IO[bytes]) -> int:
    """Serve the editor at the other end of two streams."""
    # pygls also logs the messages it handles, including the texts of documents.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    return 0 if asyncio.run(serve(server().protocol, stdin, stdout)) else 1
