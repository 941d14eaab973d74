"""Claim: a process that keeps compiling untrusted templates of any size stays under 128 MiB (P14).

`python -m benchmarks.memory [COUNT]` compiles and renders 1,000,000 distinct templates of 30 to 16,000 characters in
every bundled dialect, and checks and fixes one in ten. After each tenth it prints the memory of the process; at the
end, its peak and the CPU time. Once the caches are full, memory no longer grows; 20,000 templates show the same. It
reads /proc, so it needs Linux.
"""

import gc
import math
import random
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from resource import RUSAGE_SELF, getpagesize, getrusage
from time import process_time

from macroengine import Event, MacroEngineError, check, compile_template, dialect, dialect_names, fix
from macroengine.catalogue import Dialect

COUNT = 1_000_000
SHORTEST, LONGEST = 30, 16_000
LIMIT = 128
_MOST_MACROS = 512


def template(number: int, own: Dialect, draw: random.Random) -> str:
    """Return a template that is different for each number. Short ones are as frequent as long ones."""
    length = round(math.exp(draw.uniform(math.log(SHORTEST), math.log(LONGEST))))
    text = [f"https://n{number}.example/pb?"]
    size = len(text[0])
    macros = 0
    while size < length:
        word = "".join(draw.choices("abcdefghij_", k=draw.randint(3, 20)))
        kind = draw.randrange(4) if macros < _MOST_MACROS else 3
        name = draw.choice(list(own.macros)) if kind < 2 else word
        value = (own.syntax.write(name), f"x-{own.syntax.write(name)}", own.syntax.write(name), word)[kind]
        macros += kind < 3
        text.append(f"{word[:8]}{len(text)}={value}&")
        size += len(text[-1])
    return "".join(text)[:LONGEST]


def resident() -> float:
    """Return the memory of the process, in MiB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * getpagesize() / 2**20


def measure(count: int) -> Iterator[tuple[int, float]]:
    """Yield the memory of the process after each tenth of the templates."""
    draw = random.Random(7)
    dialects = [dialect(name) for name in dialect_names()]
    for number in range(count + 1):
        if number % max(1, count // 10) == 0:
            yield number, resident()
        own = draw.choice(dialects)
        source = template(number, own, draw)
        with suppress(MacroEngineError):
            compile_template(source, dialect=own, ignore="ME", unknown="keep").render(Event(link={"click_id": "1"}))
        if number % 10 == 0:
            check(source, dialect=own)
            with suppress(MacroEngineError):
                fix(source, dialect=own, unsafe=True)


def peak() -> float:
    """Return the peak memory of the process, in MiB."""
    return getrusage(RUSAGE_SELF).ru_maxrss / 2**10


def main(count: int) -> None:
    print(f"{'templates':>12}{'MiB':>8}{'peak':>8}{'s':>8}")
    for number, held in measure(count):
        print(f"{number:12,}{held:8.1f}{peak():8.1f}{process_time():8.0f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
