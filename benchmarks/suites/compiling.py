"""Compiling a template: each stage, compared with a bare Lark parse of the same text."""

from collections.abc import Iterator

from lark import Lark

from benchmarks.measure import interleaved
from benchmarks.report import Row, Table, Target
from benchmarks.workloads import APPSFLYER, W2, W3
from macroengine import Policy, compile_template, engine, parse
from macroengine.plan.options import Options
from macroengine.plan.planner import plan
from macroengine.plan.resolve import resolve
from macroengine.rendering.compiler import compile_plan

# 300 characters, 20 macros.
TEMPLATE = (
    "https://n.example/pb?clickid=(clickid)&pub=(publisher_id)&campaign=(C)&cid=(af_c_id)&adset=(af_adset)&ad=(af_ad)"
    "&site=(af_siteid)&s1=(af_sub1)&idfa=(idfa)&h=(sha1-idfa)&gaid=(advertising_id)&plat=(platform)&lang=(language)"
    "&cc=(country_code)&city=(city)&ip=(ip)&os=(os-version)&app=(app_id)&wifi=(wifi)&lat=(is_lat)"
)[:300]
# The minimum for an LALR parser: macros and the text between them, without URL parts, spans or nodes.
BARE = r"""
start: (TEXT | MACRO)*
MACRO: /\([A-Za-z][A-Za-z0-9_-]*\)/
TEXT: /(?:[^(]|\((?![A-Za-z][A-Za-z0-9_-]*\)))+/
"""
_LONG, _SHORT = 16_000, 300


def run() -> Iterator[Table]:
    yield _stages()
    yield _known_shape()
    yield _linear()


def _stages() -> Table:
    options, policy = Options(), Policy()
    resolution = resolve(parse(TEMPLATE), APPSFLYER, policy)
    planned = plan(resolution, options)
    uncached = engine._compile.__wrapped__

    def whole(source):
        return compile_plan(uncached(source, APPSFLYER, policy, options, frozenset()).plan)

    timings = interleaved(
        {
            "bare Lark parse": (Lark(BARE, parser="lalr").parse, TEMPLATE),
            "parse": (parse, TEMPLATE),
            "resolve": (resolve, resolution.template, APPSFLYER, policy),
            "plan": (plan, resolution, options),
            "compile": (compile_plan, planned),
            "compile_template and first render's compile": (whole, TEMPLATE),
            "compile_template again": (compile_template, TEMPLATE),
        }
    )
    rows = tuple(Row(name, timing.best, timing.median) for name, timing in timings.items())
    ratio = timings["compile_template and first render's compile"].best / timings["bare Lark parse"].best
    target = Target("P6", "parsed and compiled: of a bare Lark parse", ratio, 1.6)
    return Table("compile: 300 characters, 20 macros", "us", rows, (target,), "bare Lark parse")


def _known_shape() -> Table:
    timings = interleaved(
        {
            f"{workload.name}, {len(workload.placeholders)} macros": (
                compile_plan,
                compile_template(workload.template, policy=workload.policy).plan,
            )
            for workload in (W2, W3)
        }
    )
    rows = tuple(Row(name, timing.best, timing.median) for name, timing in timings.items())
    target = Target("P6", "compile of a known shape, 10 macros: us", rows[0].best * 1e6, 15)
    return Table("compile: a plan of a known shape", "us", rows, (target,))


def _linear() -> Table:
    sources = {f"{size:,} characters": _source(size) for size in (_SHORT, _LONG)}
    timings = interleaved({name: (parse, source) for name, source in sources.items()}, rounds=60)
    rows = tuple(
        Row(name, timings[name].best / len(source), timings[name].median / len(source))
        for name, source in sources.items()
    )
    target = Target("P6", "time a character at 16 k: of that at 300", rows[1].best / rows[0].best, 1.2)
    return Table("parse: time a character", "ns", rows, (target,))


def _source(size: int) -> str:
    pairs = "&parameter=0123456789abcdefghij&click=(clickid)" * (size // 40)
    return f"https://n.example/pb?a=1{pairs}"[:size]
