"""Tables of measurements, and whether they meet their targets."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """A contender. Times are in seconds, sizes in bytes."""

    name: str
    best: float
    median: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A target, as a ratio or in a unit, and the measured value."""

    code: str
    claim: str
    figure: float
    limit: float
    at_least: bool = False

    @property
    def kept(self) -> bool:
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit

    def __str__(self) -> str:
        verdict = "ok" if self.kept else "misses"
        bound = "at least" if self.at_least else "at most"
        return f"{self.code:3} {verdict:6} {self.figure:8.2f}  ({bound} {self.limit:g})  {self.claim}"


@dataclass(frozen=True, slots=True)
class Table:
    """Measurements taken together. Ratios are relative to the row named `reference`."""

    title: str
    unit: str
    rows: tuple[Row, ...]
    targets: tuple[Target, ...] = ()
    reference: str = ""
    pure: bool = field(default=False)

    def lines(self) -> Iterator[str]:
        yield self.title + (" [MACROENGINE_PURE=1]" if self.pure else "")
        scale = {"ns": 1e9, "us": 1e6, "ms": 1e3, "s": 1.0, "bytes": 1.0, "MiB": 1 / 2**20}[self.unit]
        base = next((row.best for row in self.rows if row.name == self.reference), None)
        width = max((len(row.name) for row in self.rows), default=0)
        if self.rows:
            yield f"  {'':{width}}  {'min ' + self.unit:>10}  {'median':>10}  {'ratio' if base else '':>7}"
        for row in self.rows:
            ratio = f"{row.best / base:7.2f}" if base else " " * 7
            line = f"  {row.name:{width}}  {row.best * scale:10,.1f}  {row.median * scale:10,.1f}  {ratio}  {row.note}"
            yield line.rstrip()
        for target in self.targets:
            yield f"  {target}"


def as_json(table: Table) -> dict[str, Any]:
    return asdict(table)


def from_json(data: dict[str, Any]) -> Table:
    rows = tuple(Row(**row) for row in data.pop("rows"))
    targets = tuple(Target(**target) for target in data.pop("targets"))
    return Table(rows=rows, targets=targets, **data)
