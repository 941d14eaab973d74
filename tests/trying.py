"""One test for thousands of cases: each is tried, and each that fails is named."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import pytest

SHOWN = 5
Case = TypeVar("Case")


def try_all(cases: Mapping[str, Case], attempt: Callable[[Case], object]) -> None:
    """Call `attempt` with every case, and name those in which it fails; show how the first ones do."""
    assert cases
    failed: dict[str, BaseException] = {}
    for name, case in cases.items():
        try:
            attempt(case)
        except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - whatever it is, it is raised below
            failed[name] = error
    for name, error in failed.items():
        error.add_note(f"in the case {name}")
    if failed:
        message = f"{len(failed)} of {len(cases)} cases fail: {', '.join(failed)}"
        raise BaseExceptionGroup(message, list(failed.values())[:SHOWN])
