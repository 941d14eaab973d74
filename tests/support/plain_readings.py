"""Compare the fast path with Lark on as many strings as time permits, in every syntax.

`python -m tests.support.plain_readings [COUNT] [--seed N] [--seconds S]` generates COUNT strings in each syntax, a
million by default, and prints how many the fast path parsed. It stops at the first string that the two parse
differently.
"""

import argparse
import random
import time

from macroengine.language.syntax import syntaxes
from tests.language.test_language_plain import HEADS, PIECES, compared
from tests.support.written_macros import written_macros

_MAX_PIECES = 9


def strings(key: str, seed: int):
    """Yield strings of heads, pieces of URLs and macros. Half of them begin with a head that the fast path accepts."""
    draw = random.Random(f"{seed} {key}")
    pieces = [*PIECES, *written_macros(key)]
    while True:
        head = draw.choice(HEADS) if draw.random() < 0.5 else "https://n.example/p?a="
        yield head + "".join(draw.choices(pieces, k=draw.randint(0, _MAX_PIECES)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("count", nargs="?", type=int, default=1_000_000, help="strings in each syntax")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="processor time for each syntax")
    parser.add_argument("--syntax", action="append", choices=syntaxes(), help="in this one alone; may be repeated")
    options = parser.parse_args()
    print(f"{'syntax':20}{'strings':>12}{'plain':>12}{'seconds':>9}   seed {options.seed}")
    for key in options.syntax or syntaxes():
        begun = time.process_time()
        made = taken = 0
        for source in strings(key, options.seed):
            taken += compared(source, key)
            made += 1
            if made == options.count or time.process_time() - begun > options.seconds:
                break
        print(f"{key:20}{made:12,}{taken:12,}{time.process_time() - begun:9.0f}", flush=True)


if __name__ == "__main__":
    main()
