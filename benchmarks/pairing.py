"""Claim: no public function takes more than 100 ms of CPU time for any template of 16,000 characters.

`python -m benchmarks.pairing` joins any two fragments of templates, in halves or alternating, in every bundled dialect;
a macro in a fragment is written as the dialect writes it. It screens a random sample of each dialect's pairs at 2,000
characters (`--sample 0`: all of them, which takes hours), then the slowest pairs in all other dialects. It measures the
slowest ones at 16,000 characters, and prints the worst ten of each function in milliseconds of CPU time, best of three
runs. `--seed` draws other pairs.
"""

import argparse
import contextlib
import json
import random
from collections.abc import Callable, Iterator
from functools import cache
from heapq import nlargest
from time import process_time
from typing import Any, NamedTuple

from benchmarks.limits import SHAPES
from macroengine import (
    CompiledTemplate,
    Event,
    MacroEngineError,
    Policy,
    Request,
    check,
    check_request,
    compile_request,
    compile_template,
    detect,
    dialect,
    dialect_names,
    fix,
    match,
    parse,
    preview,
    redact,
    translate,
)
from macroengine.catalogue import Dialect
from macroengine.cli.parse import as_json
from macroengine.engine import _compile
from macroengine.plan.resolve import resolve
from macroengine.workspace.difference import diff

SCREENED, LENGTH = 2_000, 16_000
SAMPLE, SUSPECTS, SHOWN = 300, 30, 10
RUNS = 3
# A macro that a dialect has, and one that it does not have because of a typo.
KNOWN, UNKNOWN = "<known>", "<unknown>"
MORE_FRAGMENTS = (
    KNOWN,
    UNKNOWN,
    f"&a={KNOWN}",
    f"&a={UNKNOWN}",
    f"%3D{KNOWN}",
    "&a=b",
    "{a}",
    "{ip}",
    "&a=(ip)",
    "?",
    "a",
    "&a={click_id}",
    ";a=b",
    ";",
    "%3D",
    "http(s)://",
    "<a>",
    "<#a",
    "${(a",
    "a.",
    "\n",
    "\x1f",
    "\\",
    ".",
    "|",
    "é",
)


class Source(NamedTuple):
    """Two fragments, joined in halves or alternating, in a dialect."""

    first: str
    second: str
    by_turns: bool
    dialect: str

    def text(self, length: int) -> str:
        """Return about `length` characters of it."""
        start = "https://n.example/pb?x="
        first, second = (_in_dialect(text, self.dialect) for text in (self.first, self.second))
        if self.by_turns:
            both = first + second
            return (start + both * (length // len(both)))[:length]
        halves = (text * (length // 2 // len(text)) for text in (first, second))
        return (start + "".join(halves))[:length]


# Some of the slowest sources found for each function. `python -m benchmarks checking` measures them.
WORST = (
    ("parse", Source("&", f"%3D{KNOWN}", False, "scaleo")),
    ("check", Source("\n", "&", True, "adjust")),
    ("check", Source("%", "&", False, "tiktok")),
    ("fix", Source("${A(${%%a:@{$$a(<#a {{a", "(af_siteid)@aaaaaaaaaaaaaaaaaaaa", False, "appsflyer")),
    ("fix", Source("\n", ";a=b", True, "openrtb2")),
    ("fix", Source("\n", "%", True, "meta")),
    ("fix", Source("&a={ip}", "&amp;", True, "meta")),
    ("fix", Source("&", "\u200b", True, "appsflyer-link")),
    ("fix unsafe", Source("{ip}", "&amp;", False, "prebid-server")),
    ("compile", Source("$${{x}}[y]__Z__%%A%%", "a", True, "adjust")),
)


@cache
def _in_dialect(fragment: str, name: str) -> str:
    """Return a fragment with its macros written in a dialect."""
    own = dialect(name)
    known = next(iter(own.macros))
    return fragment.replace(KNOWN, own.syntax.write(known)).replace(UNKNOWN, own.syntax.write(_similar(known)))


def _similar(name: str) -> str:
    return name[:-1] + name[-2:]


def sources(fragments: list[str], name: str) -> Iterator[Source]:
    """Yield every pair of fragments, joined in each way, in a dialect."""
    for first in fragments:
        for second in fragments:
            yield Source(first, second, False, name)
            if first < second:
                yield Source(first, second, True, name)


def functions() -> dict[str, Callable[[str, Dialect], object]]:
    """Return the public functions that accept a template with any content."""
    return {
        "parse": parse,
        "parse as JSON": lambda source, own: as_json(parse(source, own)),
        "macros explained": lambda source, own: resolve(parse(source, own), own, Policy()).macros,
        "check": lambda source, own: check(source, dialect=own),
        "fix": lambda source, own: fix(source, dialect=own),
        "fix unsafe": lambda source, own: fix(source, dialect=own, unsafe=True),
        "compile": lambda source, own: compile_anew(source, dialect=own),
        "compile, kept": kept,
        "render, kept": lambda source, own: kept(source, own).render(Event()),
        "match itself": lambda source, own: match(source, source, dialect=own),
        "match another": lambda source, own: match("https://n.example/pb?x=" + own_macro(own), source, dialect=own),
        "redact": lambda source, own: redact(source, source, dialect=own),
        "detect": lambda source, _: detect(source),
        "translate": lambda source, own: translate(source, dialect=own, to=_other(own)),
        "preview": lambda source, own: preview(source, dialect=own),
        "diff": lambda source, own: diff(source, source.replace("=", "x="), dialect=own),
        "check a body": lambda source, own: check_request(_with_body(source), dialect=own),
        "check a JSON body": lambda source, own: check_request(_with_json(source), dialect=own),
        "compile a body": lambda source, own: compile_request(_with_body(source), **_KEPT, dialect=own),
        "compile a JSON body": lambda source, own: compile_request(_with_json(source), **_KEPT, dialect=own),
    }


_KEPT = {"ignore": "ME", "unknown": "keep"}


def kept(source: str, own: Dialect) -> CompiledTemplate:
    return compile_anew(source, dialect=own, **_KEPT)


def own_macro(own: Dialect) -> str:
    return _in_dialect(KNOWN, own.name)


def _other(own: Dialect) -> str:
    return "adjust" if own.name == "appsflyer" else "appsflyer"


def _with_body(source: str) -> Request:
    return Request("POST", "https://n.example/pb", {}, source, "application/x-www-form-urlencoded")


def _with_json(source: str) -> Request:
    body = f'{{"x": {json.dumps(source, ensure_ascii=False)}}}'
    return Request("POST", "https://n.example/pb", {}, body, "application/json")


def compile_anew(source: str, **options: Any) -> CompiledTemplate:
    _compile.cache_clear()
    return compile_template(source, **options)


def milliseconds(function: Callable[[str, Dialect], object], source: Source, length: int, runs: int) -> float:
    """Return the CPU time of the best run."""
    text, own = source.text(length), dialect(source.dialect)

    def once() -> float:
        start = process_time()
        with contextlib.suppress(MacroEngineError):
            function(text, own)
        return 1000 * (process_time() - start)

    return min(once() for _ in range(runs))


def worst(function: Callable[[str, Dialect], object], chosen: list[Source]) -> dict[Source, float]:
    """Return the CPU milliseconds of the slowest sources, in the chosen dialects and in all others."""

    def screened(source: Source) -> float:
        return milliseconds(function, source, SCREENED, 1)

    slowest = nlargest(SUSPECTS, chosen, key=screened)
    shapes = dict.fromkeys(source[:3] for source in slowest)
    everywhere = (Source(*shape, name) for shape in shapes for name in dialect_names())
    suspects = nlargest(SUSPECTS, everywhere, key=screened)
    return {source: milliseconds(function, source, LENGTH, RUNS) for source in suspects}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sample", type=int, default=SAMPLE, help="screen so many pairs per dialect; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", metavar="FUNCTION", action="append", help="measure this function; may be repeated")
    options = parser.parse_args()
    draw = random.Random(options.seed)
    repeated = (text.replace("{}", "1") for _, *texts in SHAPES.values() for text in texts)
    fragments = list(dict.fromkeys([*repeated, *MORE_FRAGMENTS]))
    chosen: list[Source] = []
    for name in dialect_names():
        pairs = list(sources(fragments, name))
        chosen += draw.sample(pairs, options.sample) if options.sample else pairs
    print(f"{len(chosen):,} pairs of {len(fragments)} fragments, seed {options.seed}")
    for name, function in functions().items():
        if options.only and name not in options.only:
            continue
        times = worst(function, chosen)
        print(f"\n{name}: milliseconds of CPU, {LENGTH:,} characters")
        for source in nlargest(SHOWN, times, key=times.__getitem__):
            how = "by turns" if source.by_turns else "in halves"
            print(f"{times[source]:9.1f}  {source.dialect:14}{source.first!r} and {source.second!r} {how}", flush=True)


if __name__ == "__main__":
    main()
