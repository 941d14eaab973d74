"""One event for 20 templates with 10 macros each, out of 30: PostbackSet compared with separate renders."""

import random
from collections.abc import Iterator

from benchmarks.measure import interleaved
from benchmarks.report import Row, Table, Target
from benchmarks.workloads import W3
from macroengine import SPEEDUPS, PostbackSet, compile_template, parse
from macroengine.rendering.compiler import compile_python

_TEMPLATES, _MACROS = 20, 10
_CODE, _MOST = ("P11", 0.25) if SPEEDUPS else ("P5", 0.45)


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
    generated = [compile_python(template.plan) for template in templates]
    calls = {
        "separate, generated functions": (_each, generated, W3.event),
        "separate": (_each, [template.render for template in templates], W3.event),
        "PostbackSet": (together.render, W3.event),
    }
    timings = interleaved(calls)
    rows = tuple(Row(name, timing.best, timing.median) for name, timing in timings.items())
    ratio = timings["PostbackSet"].best / timings["separate, generated functions"].best
    target = Target(_CODE, "PostbackSet: of 20 separate renders by generated functions", ratio, _MOST)
    yield Table(f"fan-out: {_TEMPLATES} templates, {len(macros)} macros", "us", rows, (target,), "separate")


def _each(renders, event):
    return [render(event) for render in renders]
