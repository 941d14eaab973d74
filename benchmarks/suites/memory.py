"""The memory of a process that keeps compiling templates of any size, in every dialect."""

from collections.abc import Iterator

from benchmarks.memory import LIMIT, measure
from benchmarks.report import Row, Table, Target

_COUNT = 5_000
_MIB = 2**20


def run() -> Iterator[Table]:
    held = list(measure(_COUNT))
    rows = tuple(Row(f"after {number:,} templates", mib * _MIB, mib * _MIB) for number, mib in held)
    target = Target("P14", "the most that it holds: MiB", max(mib for _, mib in held), LIMIT)
    yield Table("memory: templates of 30 to 16,000 characters", "MiB", rows, (target,))
