"""Claim: no public function takes more than 100 ms of CPU for any template of 16,000 characters.

`python -m benchmarks.pairing` joins each two fragments of templates, in halves and by turns, in every bundled dialect.
It screens them all at 2,000 characters, measures those that take longest at 16,000, and prints the worst ten of each
function in milliseconds of CPU, best of three runs. `--fragments 12` takes only so many of the fragments, at random.
"""

import argparse
import contextlib
import json
import random
from collections.abc import Callable, Iterator
from heapq import nlargest
from time import process_time
from typing import NamedTuple

from benchmarks.limits import SHAPES
from macroengine import MacroEngineError, Policy, check, compile_template, dialect, dialect_names, fix, parse
from macroengine.catalogue import Dialect
from macroengine.cli.parse import _as_json
from macroengine.engine import _compile
from macroengine.plan.resolve import resolve

SCREENED, LENGTH = 2_000, 16_000
SUSPECTS, SHOWN = 30, 10
RUNS = 3
MORE_FRAGMENTS = (
    "&a=b",
    "{a}",
    "{ip}",
    "&a=(ip)",
    "?",
    "a",
    "&a={click_id}",
    ";a=b",
    "%3D",
    "http(s)://",
    "<a>",
    "\n",
    "é",
)


class Source(NamedTuple):
    """Two fragments, joined in halves or by turns."""

    first: str
    second: str
    by_turns: bool
    dialect: str

    def text(self, length: int) -> str:
        """Return about so many characters of it."""
        start = "https://n.example/pb?x="
        if self.by_turns:
            both = self.first + self.second
            return (start + both * (length // len(both)))[:length]
        halves = (text * (length // 2 // len(text)) for text in (self.first, self.second))
        return (start + "".join(halves))[:length]


def sources(fragments: list[str]) -> Iterator[Source]:
    """Yield each two fragments in each way and dialect."""
    for name in dialect_names():
        for first in fragments:
            for second in fragments:
                yield Source(first, second, False, name)
                if first < second:
                    yield Source(first, second, True, name)


def functions() -> dict[str, Callable[[str, Dialect], object]]:
    """Return the public functions that take a template of any content."""
    return {
        "parse": parse,
        "parse as JSON": lambda source, own: json.dumps(_as_json(parse(source, own)), indent=2),
        "macros explained": lambda source, own: resolve(parse(source, own), own, Policy()).macros,
        "check": lambda source, own: check(source, dialect=own),
        "fix": lambda source, own: fix(source, dialect=own),
        "fix unsafe": lambda source, own: fix(source, dialect=own, unsafe=True),
        "compile": lambda source, own: compile_anew(source, dialect=own),
        "compile, kept": lambda source, own: compile_anew(source, dialect=own, ignore="ME", unknown="keep"),
    }


def compile_anew(source: str, **options: object) -> object:
    _compile.cache_clear()
    return compile_template(source, **options)


def milliseconds(function: Callable[[str, Dialect], object], source: Source, length: int, runs: int) -> float:
    """Return the CPU time of the best of some runs."""
    text, own = source.text(length), dialect(source.dialect)

    def once() -> float:
        start = process_time()
        with contextlib.suppress(MacroEngineError):
            function(text, own)
        return 1000 * (process_time() - start)

    return min(once() for _ in range(runs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fragments", type=int, help="take so many fragments, at random")
    chosen = list(
        dict.fromkeys(
            [*(text.replace("{}", "1") for _, *repeated in SHAPES.values() for text in repeated), *MORE_FRAGMENTS]
        )
    )
    count = parser.parse_args().fragments
    if count is not None:
        chosen = random.sample(chosen, count)
    everything = list(sources(chosen))
    for name, function in functions().items():
        suspects = nlargest(SUSPECTS, everything, key=lambda source: milliseconds(function, source, SCREENED, 1))
        times = {source: milliseconds(function, source, LENGTH, RUNS) for source in suspects}
        print(f"\n{name}: milliseconds of CPU, {LENGTH:,} characters")
        for source in nlargest(SHOWN, times, key=times.__getitem__):
            how = "by turns" if source.by_turns else "in halves"
            print(f"{times[source]:9.1f}  {source.dialect:11}{source.first!r} and {source.second!r} {how}", flush=True)


if __name__ == "__main__":
    main()
