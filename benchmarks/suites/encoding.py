"""Encoding one value: the encoders in Python and in C, compared with `urllib.parse.quote`."""

import random
from collections.abc import Iterator
from functools import partial
from urllib.parse import quote

from benchmarks.measure import interleaved
from benchmarks.report import Row, Table, Target
from benchmarks.workloads import IDFA, JSON, USER_AGENT
from macroengine import SPEEDUPS
from macroengine.encodings import encoder as encoding
from macroengine.encodings import percent

_SAFE, _COMMON, _UNICODE, _ADVERSARIAL = 0.5, 0.3, 0.7, 0.9
_IN_C = 0.1
_MIB = 1_048_576
_draw = random.Random(0)

# Name, value, and the maximum time of the Python encoder as a multiple of `quote`; None: no target.
VALUES: list[tuple[str, str, float | None]] = [
    ("UUID", IDFA, _SAFE),
    ("country", "DE", _SAFE),
    ("IPv4", "38.166.144.142", _SAFE),
    ("IPv6", "2001:db8:85a3::8a2e:370:7334", None),
    ("date and time", "2016-01-04 15:26:00", None),
    ("User-Agent", USER_AGENT, _COMMON),
    ("JSON", JSON, _COMMON),
    ("Cyrillic", "Весенняя распродажа", _UNICODE),
    ("Latin-1", "Größe é", _UNICODE),
    ("CJK", "漢字仮名交じり文" * 8, _UNICODE),
    ("emoji", "sale 🎉🎉 50%", _UNICODE),
    ("mixed CJK", "".join(_draw.choices("漢字abc ", k=80)), _ADVERSARIAL),
    ("random punctuation", "".join(_draw.choices("!\"#$%&'()*+,/:;<=>?@[]^`{|}ab", k=60)), _ADVERSARIAL),
    ("1 MiB of CJK", "漢" * _MIB, _ADVERSARIAL),
    ("1 MiB of %", "%" * _MIB, _ADVERSARIAL),
    ("1 MiB of spaces", " " * _MIB, _ADVERSARIAL),
    ("1 MiB of a%", "a%" * (_MIB // 2), _ADVERSARIAL),
]


def run() -> Iterator[Table]:
    standard = partial(quote, safe="")
    ours = {"in Python": percent.percent_encode}
    if SPEEDUPS:
        ours["in C"] = encoding.percent_encode
    for name, value, most in VALUES:
        calls = {"quote": (standard, value)} | {way: (encode, value) for way, encode in ours.items()}
        timings = interleaved(calls, rounds=150 if len(value) < _MIB else 7)
        rows = [Row(way, timing.best, timing.median) for way, timing in timings.items()]
        limits = {"in Python": most, "in C": _IN_C}
        targets = [
            Target("P4", f"{name}, {way}: of quote", timings[way].best / timings["quote"].best, limit)
            for way, limit in limits.items()
            if limit is not None and way in timings
        ]
        yield Table(f"encode: {name}, {len(value):,} characters", "ns", tuple(rows), tuple(targets), "quote")
    yield _flooded()


def _flooded() -> Table:
    """Values with different unsafe bytes each, after the table of replacements has been filled with such values."""
    values = ["".join(_draw.choices(" /:;,&=a", k=80)) for _ in range(3_000)]
    standard = partial(quote, safe="")
    calls = {"quote": (_each, standard, values), "in Python": (_each, percent.percent_encode, values)}
    timings = interleaved(calls, rounds=7)
    rows = tuple(Row(way, timing.best / len(values), timing.median / len(values)) for way, timing in timings.items())
    ratio = timings["in Python"].best / timings["quote"].best
    target = Target("P4", "flooded, in Python: of quote", ratio, _ADVERSARIAL)
    return Table("encode: a flood of different values, 80 characters", "ns", rows, (target,), "quote")


def _each(encode, values):
    for value in values:
        encode(value)
