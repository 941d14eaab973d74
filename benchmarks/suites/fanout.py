"""One event, 20 templates of 10 macros each, out of 30: PostbackSet beside separate renders."""

import random
from collections.abc import Iterator

from benchmarks.measure import interleaved
from benchmarks.report import Row, Table, Target
from benchmarks.workloads import W3
from macroengine import SPEEDUPS, PostbackSet, compile_template, parse

_TEMPLATES, _MACROS = 20, 10
_MOST = 0.75 if SPEEDUPS else 0.45


def run() -> Iterator[Table]:
    draw = random.Random(0)
    macros = [macro.text for macro in parse(W3.template).macros()]
    sources = [
        f"https://n{number}.example/pb?"
        + "&".join(f"p{place}={macro}" for place, macro in enumerate(draw.sample(macros, _MACROS)))
        for number in range(_TEMPLATES)
    ]
    templates = [compile_template(source, policy=W3.policy) for source in sources]
    together = PostbackSet(templates)
    separate = [template.render(W3.event) for template in templates]
    if together.render(W3.event) != separate:
        raise SystemExit("PostbackSet renders something else than its templates alone")
    renders = [template.render for template in templates]
    timings = interleaved({"separate": (_each, renders, W3.event), "PostbackSet": (together.render, W3.event)})
    rows = tuple(Row(name, timing.best, timing.median) for name, timing in timings.items())
    ratio = timings["PostbackSet"].best / timings["separate"].best
    target = Target("P5", "PostbackSet: of 20 separate renders", ratio, _MOST)
    yield Table(f"fan-out: {_TEMPLATES} templates, {len(macros)} macros", "us", rows, (target,), "separate")


def _each(renders, event):
    return [render(event) for render in renders]
