"""Work that is spread over processes; its results come in the order of the work, whichever is done first."""

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

# Handing over a batch takes as long as checking a template or two.
_BATCH = 200
# Batches read ahead for each process: enough to keep it busy, and few enough to hold.
_AHEAD = 2


def in_order(
    function: Callable[[Argument], Result], work: Iterable[tuple[Item, Argument]], jobs: int
) -> Iterator[tuple[Item, Result]]:
    """Yield each item with what `function` returns for its argument, computed by so many processes.

    The function, its arguments and results are pickled; the items stay here. An error in reading the work is raised
    after the results of all that was read before it, as in one process.
    """
    if jobs == 1:
        yield from ((item, function(argument)) for item, argument in work)
        return
    source = iter(work)
    batch, error = _read(source)
    if len(batch) < _BATCH:  # starting processes takes longer
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
    """Return the next batch, and the error that ends it early."""
    batch: list[tuple[Item, Argument]] = []
    try:
        batch.extend(islice(source, _BATCH))
    except Exception as error:  # noqa: BLE001 - raised once the batch is done
        return batch, error
    return batch, None


def _results(items: list[Item], done: "Future[list[Result]]") -> Iterator[tuple[Item, Result]]:
    from concurrent.futures import BrokenExecutor  # noqa: PLC0415 - few calls have so many templates

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
    return [function(argument) for argument in arguments]  # pragma: no cover - in the other processes


@contextmanager
def _workers(jobs: int) -> Iterator["ProcessPoolExecutor"]:
    """Give processes that end with this block, whatever ends it."""
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - as above
    from multiprocessing import get_context  # noqa: PLC0415 - as above

    # Not forked: a progress bar has a thread, and a forked process would wait for its locks for ever.
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_ignore_interrupts)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C, which all processes of a terminal get, to the one that prints the results."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # pragma: no cover - in the other processes


@contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    """Start processes that ignore Ctrl-C from their first moment: the first piece of work starts all of them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
