"""Tests of many cases: all in one test that names each failing case, or a few quick ones and the others marked slow."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import pytest

SHOWN = 5
Case = TypeVar("Case")


def slow_after(count: int, cases: Iterable[Any]) -> list[Any]:
    """Return the values of a parameter, or tuples of them. All but the first `count` are marked slow."""
    marked = list(cases)
    for index, case in enumerate(marked[count:], count):
        marked[index] = pytest.param(*(case if isinstance(case, tuple) else [case]), marks=pytest.mark.slow)
    return marked


def try_all(cases: Mapping[str, Case], attempt: Callable[[Case], object]) -> None:
    """Call `attempt` with every case, name those that fail, and show how the first ones fail."""
    assert cases
    failed: dict[str, BaseException] = {}
    for name, case in cases.items():
        try:
            attempt(case)
        except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - any exception is raised below
            failed[name] = error
    for name, error in failed.items():
        error.add_note(f"in the case {name}")
    if failed:
        message = f"{len(failed)} of {len(cases)} cases fail: {', '.join(failed)}"
        raise BaseExceptionGroup(message, list(failed.values())[:SHOWN])
