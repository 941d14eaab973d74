"""Timings that are reliable on a machine with other processes."""

import gc
import random
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from time import process_time
from timeit import Timer
from typing import Any

_SLICE = 0.0005  # seconds: long for the timer, yet short enough for some slices to be undisturbed
_LONG = 0.001
_FEWEST = 5


@dataclass(frozen=True, slots=True)
class Timing:
    """CPU seconds per call: in the best slice, and the median of all slices."""

    best: float
    median: float


def interleaved(calls: Mapping[str, tuple[Any, ...]], *, rounds: int = 150) -> dict[str, Timing]:
    """Time calls, each a function with its arguments, in turns.

    Each round runs a slice of every call, in a different order, so that anything that slows the machine affects all of
    them.
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
    # Make the arguments locals of the loop; otherwise looking them up would be timed as well.
    setup = "; ".join(["f = function", *(f"b{index} = a{index}" for index in range(len(arguments)))])
    call = f"f({', '.join(f'b{index}' for index in range(len(arguments)))})"
    # CPU time does not include the time of other processes.
    return Timer(call, setup, timer=process_time, globals={"function": function, **names})


def _calibrate(timer: Timer) -> int:
    timer.timeit(1)  # everything that is only done once
    number = 1
    while (taken := timer.timeit(number)) < _SLICE / 2:
        number *= 2
    # A single call would be timed with caches filled by another contender.
    return max(_FEWEST if taken / number < _LONG else 1, round(number * _SLICE / taken))
