"""What is promised of time: it grows with the template, and no faster."""

from collections.abc import Callable
from contextlib import suppress
from time import process_time

from macroengine import Limits, MacroEngineError, check, compile_template, fix, parse
from macroengine.engine import _compile
from tests.fuzz.inputs import Input

_LONG = Limits().template
_TRIES = 5
# Machines have other things to do, and so eight times as much may take sixteen times as long; quadratic were 64.
_MOST_TIMES = 16
_LEAST_S = 0.02
"""What takes less says nothing."""


def fuzz_work(made: Input) -> None:
    """Eight times the template takes about eight times as long, whatever is repeated in it."""
    work = made.choose([_parse, _check, _fix, _compile_anew])
    before, repeated, behind = made.text(), made.text(), made.text()
    short, long = (_repeated(before, repeated, behind, length) for length in (_LONG // 8, _LONG))
    briefly, longer = float("inf"), float("inf")
    for _ in range(_TRIES):
        longer = min(longer, _seconds(work, long))
        if longer < _LEAST_S:
            return
        briefly = min(briefly, _seconds(work, short))
        if longer < _MOST_TIMES * briefly:
            return
    raise AssertionError(f"{work.__name__}: {briefly:.3f} s, and {longer:.3f} s for eight times as much")


def _repeated(before: str, repeated: str, behind: str, length: int) -> str:
    room = length - len(before) - len(behind)
    return before + repeated * (room // len(repeated) if repeated else 0) + behind


def _seconds(work: Callable[[str], None], source: str) -> float:
    start = process_time()
    with suppress(MacroEngineError):
        work(source)
    return process_time() - start


def _parse(source: str) -> None:
    list(parse(source).leaves())


def _check(source: str) -> None:
    for finding in check(source):
        str(finding)


def _fix(source: str) -> None:
    fix(source, unsafe=True)


def _compile_anew(source: str) -> None:
    _compile.cache_clear()
    compile_template(source, ignore="ME", unknown="keep")
