"""Claim: a process that goes on compiling templates of strangers keeps no more than its caches hold.

`python -m benchmarks.memory [COUNT]` compiles and renders 1,000,000 distinct templates of many shapes, checks and fixes
one in ten, and prints what the process holds after each tenth. Once the caches are full, the figure stands still. It
takes a quarter of an hour, and 100,000 templates show the same. It reads /proc, which needs Linux.
"""

import gc
import random
import sys
from pathlib import Path
from resource import getpagesize

from macroengine import Event, check, compile_template, dialect, fix

COUNT = 1_000_000
MACROS = [macro for macro in dialect("appsflyer").names() if macro != "encode"]
SDK = {"idfa": "30255BCE-4CDA-4F62-91DC-475B1D7E60A2", "ip": "38.166.144.142"}


def template(number: int, draw: random.Random) -> str:
    """Return a template that no other number has, of 1 to 12 parameters."""
    values = []
    for _ in range(draw.randint(1, 12)):
        own = "".join(draw.choices("abcdefghij_", k=draw.randint(3, 20)))
        values.append(draw.choice([f"({draw.choice(MACROS)})", f"x-({draw.choice(MACROS)})", f"(af_{own})", own]))
    query = "&".join(f"p{index}={value}" for index, value in enumerate(values))
    return f"https://n{number}.example/pb?{query}"


def resident() -> float:
    """Return what the process holds, in MiB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * getpagesize() / 2**20


def main(count: int) -> None:
    draw = random.Random(7)
    print(f"{'templates':>12}{'MiB':>8}")
    for number in range(count + 1):
        if number % max(1, count // 10) == 0:
            print(f"{number:12,}{resident():8.1f}", flush=True)
        source = template(number, draw)
        event = Event(link={"click_id": str(number)}, sdk=SDK)
        compile_template(source, ignore="ME").render(event)
        if number % 10 == 0:
            check(source)
            fix(source, unsafe=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
