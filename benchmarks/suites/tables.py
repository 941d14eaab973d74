"""Whole tables through DuckDB, beside the same SQL written by hand; a process for each run."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
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
            best = {name: min(taken) for name, taken in runs([OURS, HAND_WRITTEN], source, _ROUNDS).items()}
            rows = tuple(
                Row(name, seconds, seconds, f"{peak:,.0f} MB at its peak") for name, (seconds, peak) in best.items()
            )
            ratio = best[OURS][0] / best[HAND_WRITTEN][0]
            target = Target("P9", f"{count:,} rows: of the same SQL by hand", ratio, _OF_HAND_WRITTEN)
            yield Table(f"bulk: {count:,} rows, 10 macros, Parquet to Parquet", "s", rows, (target,), HAND_WRITTEN)
