"""Spread work over processes, and return the results in the order of the work."""

import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from macroengine.cli.inputs import InputError

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

Item = TypeVar("Item")
Argument = TypeVar("Argument")
Result = TypeVar("Result")

# Passing a batch to a process takes as long as checking one or two templates.
_BATCH = 200
# The number of batches to read ahead per process: enough to keep it busy, without using much memory.
_AHEAD = 2


def in_order(
    function: Callable[[Argument], Result], work: Iterable[tuple[Item, Argument]], jobs: int
) -> Iterator[tuple[Item, Result]]:
    """Yield each item with the result of `function` for its argument, computed by `jobs` processes.

    The function, its arguments and its results are pickled; the items are not. An error while reading the work is
    raised after the results of everything that was read before it, as in a single process.
    """
    if jobs == 1:
        yield from ((item, function(argument)) for item, argument in work)
        return
    source = iter(work)
    batch, error = _read(source)
    if len(batch) < _BATCH:  # starting processes would take longer
        yield from ((item, function(argument)) for item, argument in batch)
    else:
        with _workers(jobs) as pool:
            pending: deque[tuple[list[Item], Future[list[Result]]]] = deque()
            while batch:
                items = [item for item, _ in batch]
                pending.append((items, _submit(pool, function, [argument for _, argument in batch])))
                if len(pending) > jobs * _AHEAD:
                    yield from _results(*pending.popleft())
                batch, error = _read(source) if error is None else ([], error)
            while pending:
                yield from _results(*pending.popleft())
    if error is not None:
        raise error


def _read(source: Iterator[tuple[Item, Argument]]) -> tuple[list[tuple[Item, Argument]], Exception | None]:
    """Return the next batch, and the error that ended it early, if any."""
    batch: list[tuple[Item, Argument]] = []
    try:
        batch.extend(islice(source, _BATCH))
    except Exception as error:  # noqa: BLE001 - raised after the batch
        return batch, error
    return batch, None


def _results(items: list[Item], done: "Future[list[Result]]") -> Iterator[tuple[Item, Result]]:
    from concurrent.futures import BrokenExecutor  # noqa: PLC0415 - few calls have that many templates

    try:
        yield from zip(items, done.result(), strict=True)
    except BrokenExecutor:
        raise InputError("a process that checks templates was ended; use --jobs 1") from None


def _submit(
    pool: "ProcessPoolExecutor", function: Callable[[Argument], Result], arguments: list[Argument]
) -> "Future[list[Result]]":
    with _ignoring_interrupts():
        return pool.submit(_each, function, arguments)


def _each(function: Callable[[Argument], Result], arguments: list[Argument]) -> list[Result]:
    return [function(argument) for argument in arguments]  # pragma: no cover - runs in other processes


@contextmanager
def _workers(jobs: int) -> Iterator["ProcessPoolExecutor"]:
    """Yield a pool of processes that end with this block, even after an error."""
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - as above
    from multiprocessing import get_context  # noqa: PLC0415 - as above

    # Not forked: a progress bar has a thread, and a forked process could wait for its locks for ever.
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_ignore_interrupts)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _ignore_interrupts() -> None:
    """Ignore Ctrl-C, which all processes of a terminal receive; only the process that prints results handles it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # pragma: no cover - runs in other processes


@contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C while the first piece of work starts the processes, so that they ignore it from the beginning."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
