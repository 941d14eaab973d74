"""Times that mean something on a machine that others use too."""

import gc
import random
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from time import process_time
from timeit import Timer
from typing import Any

_SLICE = 0.0005  # seconds: long against the timer, and short enough for some slices to be undisturbed
_LONG = 0.001
_FEWEST = 5


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of processor time a call: the best slice, and the median of all."""

    best: float
    median: float


def interleaved(calls: Mapping[str, tuple[Any, ...]], *, rounds: int = 150) -> dict[str, Timing]:
    """Time calls, each a function with its arguments, in turns.

    Every round runs a slice of each, in another order: what slows the machine down slows all of them down.
    """
    timers = {name: _timer(*call) for name, call in calls.items()}
    numbers = {name: _calibrate(timer) for name, timer in timers.items()}
    slices: dict[str, list[float]] = {name: [] for name in calls}
    order = list(calls)
    shuffle = random.Random(0).shuffle
    gc.disable()
    try:
        for _ in range(rounds):
            shuffle(order)
            for name in order:
                slices[name].append(timers[name].timeit(numbers[name]) / numbers[name])
    finally:
        gc.enable()
    return {name: Timing(min(taken), median(taken)) for name, taken in slices.items()}


def _timer(function: Any, *arguments: Any) -> Timer:
    names = {f"a{index}": argument for index, argument in enumerate(arguments)}
    # The arguments are locals of the loop, or looking them up would be timed.
    setup = "; ".join(["f = function", *(f"b{index} = a{index}" for index in range(len(arguments)))])
    call = f"f({', '.join(f'b{index}' for index in range(len(arguments)))})"
    # Processor time does not count what other processes take.
    return Timer(call, setup, timer=process_time, globals={"function": function, **names})


def _calibrate(timer: Timer) -> int:
    timer.timeit(1)  # whatever is done once
    number = 1
    while (taken := timer.timeit(number)) < _SLICE / 2:
        number *= 2
    # A call that stands alone is timed with caches that another contender has filled.
    return max(_FEWEST if taken / number < _LONG else 1, round(number * _SLICE / taken))
