"""The process of the language server."""

import asyncio
import gc
import logging
import sys
from typing import IO

from macroengine.lsp.handlers import server
from macroengine.lsp.transport import serve


def run() -> int:
    """Serve the editor at the other end of standard input and output, and return the exit status.

    It is 0 when the editor asks to shut down before it leaves, as it should, and 1 otherwise.
    """
    # Each edit of a long text makes thousands of objects, and none of them is in a circle.
    gc.freeze()
    gc.set_threshold(100_000)
    # Of the descriptors, since closing the streams would wait for the thread that reads.
    stdin = open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115 - a descriptor, for good
    stdout = open(sys.stdout.fileno(), "wb", closefd=False)  # noqa: SIM115 - the same
    # What is printed by accident must not come between the messages.
    sys.stdout = sys.stderr
    return run_on(stdin, stdout)


def run_on(stdin: IO[bytes], stdout: IO[bytes]) -> int:
    """Serve the editor at the other end of two streams."""
    # It logs what it reports as well, with the texts of documents.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    return 0 if asyncio.run(serve(server().protocol, stdin, stdout)) else 1
