"""A DuckDB connection for one call, with its own settings and progress reports."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from threading import Event as Signal
from threading import Thread
from typing import TYPE_CHECKING

from macroengine.arguments import check_type
from macroengine.backends.duckdb.files import read
from macroengine.backends.duckdb.problems import plain
from macroengine.backends.duckdb.scratch import scratch

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

Progress = Callable[[float], None]
"""Called a few times per second with the completed share, from 0 to 1."""


@contextmanager
def opened(
    source: "str | Path | DuckDBPyRelation", files: Sequence[Path], memory_limit: str | None, threads: int | None
) -> "Iterator[tuple[DuckDBPyRelation, Callable[[int], int] | None, DuckDBPyConnection | None]]":
    """Open the source. For files, also return a function that counts their rows, and the connection that reads them."""
    import duckdb

    if not isinstance(source, str | Path):
        check_type("source", duckdb.DuckDBPyRelation, "a path or a DuckDB relation", source)
        yield source, None, None
        return
    with scratch(Path(gettempdir())) as directory:
        # Data that does not fit into memory is written there.
        settings = {"temp_directory": str(directory), "memory_limit": memory_limit, "threads": threads}
        try:
            connection = duckdb.connect(config={key: value for key, value in settings.items() if value is not None})
        except duckdb.Error as error:
            raise ValueError(f"memory_limit or threads: {plain(error)}") from None
        with connection:
            # Required to query the progress. Without the second setting DuckDB would print it.
            connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
            yield *read(files, connection), connection


@contextmanager
def reported(connection: "DuckDBPyConnection | None", progress: Progress | None) -> Iterator[None]:
    """Report the progress of the query while it runs."""
    if connection is None or progress is None:
        yield
        return
    done = Signal()

    def report() -> None:
        while not done.wait(0.2):
            progress(max(0.0, connection.query_progress() / 100))

    reporter = Thread(target=report)
    reporter.start()
    try:
        yield
    finally:
        done.set()
        reporter.join()
