"""Rendering one URL for one event: macroengine, hand-written code, and all other engines."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from benchmarks import handwritten
from benchmarks.measure import Timing, interleaved
from benchmarks.peers import PEERS
from benchmarks.report import Row, Table, Target
from benchmarks.workloads import WORKLOADS, Workload
from macroengine import SPEEDUPS, compile_template
from macroengine.rendering.compiler import compile_python

OURS = "macroengine"
GENERATED = "macroengine, the generated function"
FLOOR = "f-string, nothing encoded"
QUOTE = "f-string + quote"
SAME = "by hand, same rules and encoder"
WHEEZY, JINJA = "wheezy.template + quote", "Jinja2 urlencode"

_BY_HAND = 1.15
# By workload: the factor by which rendering is faster than QUOTE, JINJA and WHEEZY, and the multiple of FLOOR.
_FASTER = {"W1": (15, 80, 5), "W2": (35, 80, 12), "W3": (25, 50, 6)}
_OF_FLOOR = {"W1": 0.50, "W2": 0.70, "W3": 0.35}
_PURE = {"W1": 2.0, "W2": 2.8, "W3": 2.3}


def run() -> Iterator[Table]:
    return map(_table, WORKLOADS)


def _table(workload: Workload) -> Table:
    template = compile_template(workload.template, policy=workload.policy)
    template.render(workload.event)  # compiles
    calls = {
        OURS: (template.render, workload.event),
        GENERATED: (compile_python(template.plan), workload.event),
        SAME: (handwritten.same_rules(workload), workload.event),
        "by hand, encode_field, no limit": (handwritten.same_calls(workload), workload.event),
        FLOOR: (handwritten.floor(workload), workload.row),
        QUOTE: (handwritten.with_quote(workload), workload.row),
    }
    notes = {}
    if SPEEDUPS:
        for name, (package, prepare) in PEERS.items():
            try:
                notes[name] = f"{package} {version(package)}" if package else ""
                calls[name] = prepare(workload), workload.row
            except (ImportError, PackageNotFoundError):
                notes[name] = "not installed"
    for name, (render, given) in calls.items():
        if render(given) != workload.expected:
            notes[name] = f"{notes.get(name, '')}; output not right".removeprefix("; ")
    timings = interleaved(calls)
    rows = [Row(name, timing.best, timing.median, notes.get(name, "")) for name, timing in timings.items()]
    rows.sort(key=lambda row: row.best)
    absent = [name for name in notes if name not in calls]
    title = f"{workload.name}: {workload.title}" + (f" (not installed: {', '.join(absent)})" if absent else "")
    return Table(title, "ns", tuple(rows), tuple(_targets(workload.name, timings)), OURS)


def _targets(name: str, timings: dict[str, Timing]) -> Iterator[Target]:
    best = {contender: timing.best for contender, timing in timings.items()}
    ours = best[OURS]
    yield Target("P1", f"{name}: of a hand-written function with the same rules", ours / best[SAME], _BY_HAND)
    if not SPEEDUPS:
        yield Target("P3", f"{name}: times faster than {QUOTE}", best[QUOTE] / ours, _PURE[name], at_least=True)
        return
    yield Target("P10", f"{name}: of {FLOOR}", ours / best[FLOOR], _OF_FLOOR[name])
    for contender, limit in zip((QUOTE, JINJA, WHEEZY), _FASTER[name], strict=True):
        if contender in best:
            code = "P2" if contender == WHEEZY else "P10"
            yield Target(code, f"{name}: times faster than {contender}", best[contender] / ours, limit, at_least=True)
