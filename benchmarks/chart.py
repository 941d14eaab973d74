"""The chart of the README: one render of each workload by each contender."""

import re
from math import floor, log10
from pathlib import Path

from benchmarks.report import Table
from benchmarks.suites.render import OURS

FILE = Path(__file__).resolve().parents[1] / "docs" / "performance.svg"
_LEFT_OUT = ("by hand, encode_field, no limit",)
_OURS, _RIGHT, _WRONG = "#1b7f5c", "#8a94a6", "#d9b3a6"


def draw(tables: list[Table]) -> Path:
    """Write the chart, and return its path."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "macroengine", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot as plt

    # All panels have the same scale, so that bars of different panels can be compared.
    figure, axes = plt.subplots(1, len(tables), figsize=(13, 4.4), layout="constrained", sharex=True)
    every = [row.best * 1e6 for table in tables for row in table.rows]
    least, most = 10 ** floor(log10(min(every))), max(every)
    for table, plot in zip(tables, axes, strict=True):
        rows = sorted((row for row in table.rows if row.name not in _LEFT_OUT), key=lambda row: -row.best)
        times = [row.best * 1e6 for row in rows]
        colours = [_OURS if row.name == OURS else _WRONG if "not right" in row.note else _RIGHT for row in rows]
        bars = plot.barh([row.name for row in rows], times, color=colours)
        plot.bar_label(bars, [f"{time:.3g}" for time in times], padding=3, fontsize=8)
        plot.set_xscale("log")
        plot.set_xlim(left=least, right=most * 4)
        plot.set_title(re.split("[,;] | of them| \\(", table.title)[0], fontsize=9)
        plot.set_xlabel("µs a render, logarithmic")
        plot.spines[["top", "right"]].set_visible(False)
    figure.suptitle("One render. Light red: the output is not the right one", fontsize=10)
    FILE.parent.mkdir(exist_ok=True)
    figure.savefig(FILE, metadata={"Date": None})
    return FILE
