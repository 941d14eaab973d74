"""Tests of many cases: all in one test that names each failing case, or a few quick ones and the others marked slow."""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from inspect import Signature, signature
from typing import Any, TypeVar

import pytest

SHOWN = 5
Case = TypeVar("Case")
Test = Callable[..., None]
ROW = type(pytest.param())  # pytest shows no name of it


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


def with_each(names: str | tuple[str, ...], cases: Iterable[Any]) -> Callable[[Test], Test]:
    """Call a test with every case, as `pytest.mark.parametrize` does, in one test.

    For tables of many small cases, which take less time than a test of each. What fixtures give, all cases share.
    """
    listed = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    rows: dict[str, tuple[Any, ...]] = {}
    for number, case in enumerate(cases):
        row = case if isinstance(case, ROW) else pytest.param(*(case if len(listed) > 1 else [case]))
        assert not row.marks, "a mark is of a whole test"
        assert len(row.values) == len(listed), "a case has as many values as there are names"
        name = row.id or f"{number}: {', '.join(map(_shown, row.values))}"
        assert name not in rows, "two cases have one name"
        rows[name] = row.values
    assert rows, "no cases"

    def decorate(test: Test) -> Test:
        @wraps(test)
        def whole(**others: Any) -> None:
            try_all(rows, lambda values: test(**dict(zip(listed, values, strict=True)), **others))

        kept = [parameter for name, parameter in signature(test).parameters.items() if name not in listed]
        whole.__signature__ = Signature(kept)  # type: ignore[attr-defined] # what pytest has to give
        return whole

    return decorate


def _shown(value: object) -> str:
    """Return the beginning of what is shown of a value, which may object to being shown."""
    try:
        return ascii(value)[:60]
    except Exception:  # noqa: BLE001 - values that tests are made for
        return type(value).__name__
