"""Rendering whole tables with DuckDB, compared with the same hand-written SQL. Each run is a process."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.bulk import HAND_WRITTEN, OURS, generate, runs
from benchmarks.report import Row, Table, Target

_ROWS = (500_000, 2_000_000)
_ROUNDS = 5
_OF_HAND_WRITTEN = 1.1


def run() -> Iterator[Table]:
    if find_spec("duckdb") is None:
        yield Table("bulk (duckdb is not installed)", "s", ())
        return
    with TemporaryDirectory() as scratch:
        for count in _ROWS:
            source = Path(scratch, "events.parquet")
            generate(count, source)
            taken = runs([OURS, HAND_WRITTEN], source, _ROUNDS)
            rows = tuple(_row(name, several) for name, several in taken.items())
            ratio = rows[0].best / rows[1].best
            target = Target("P9", f"{count:,} rows: of the same SQL by hand", ratio, _OF_HAND_WRITTEN)
            yield Table(
                f"bulk: {count:,} rows, 10 macros, Parquet to Parquet, processor time",
                "s",
                rows,
                (target,),
                HAND_WRITTEN,
            )


def _row(name: str, several: list[tuple[float, float, float]]) -> Row:
    """Return the CPU time of the runs, which other processes affect less than elapsed time."""
    elapsed, peak, _ = min(several)
    used = [processor for *_, processor in several]
    return Row(name, min(used), median(used), f"{elapsed:.2f} s elapsed, {peak:,.0f} MB at its peak")
