"""Sort the readings of macros into values and hashes by field."""

from collections.abc import Iterable
from typing import NamedTuple

from macroengine.matching.result import Reading
from macroengine.plan.segments import Step, Value


class Sorted(NamedTuple):
    """Values and hashes by field, and the readings that contradict others."""

    values: dict[str, str]
    hashes: dict[str, str]
    candidates: dict[str, tuple[str, ...]]
    conflicts: list[tuple[str, Reading]]
    """Omitted fields, each with a reading that differs from an earlier one."""


def sorted_out(readings: Iterable[Reading], planned: Iterable[Value | None]) -> Sorted:
    """Sort readings by field. `planned` are the corresponding values of the template.

    If a field is also sent in upper or lower case, the unchanged value is used.
    """
    found = Sorted({}, {}, {}, [])
    kinds: dict[str, tuple[object, bool]] = {}
    pairs = [(reading, value) for reading, value in zip(readings, planned, strict=True) if value is not None]
    for reading, value in sorted(pairs, key=lambda pair: is_changed(pair[1])):
        if reading.text is None:
            continue
        if len(reading.fields) > 1:
            found.candidates[reading.macro] = reading.fields
            continue
        name = reading.fields[0] if reading.function is None else f"{reading.function}-{reading.fields[0]}"
        table = found.values if reading.function is None else found.hashes
        kind = (value.type, is_changed(value))
        if name not in table:
            table[name], kinds[name] = reading.text, kind
        elif table[name] != reading.text and kinds[name] == kind:
            found.conflicts.append((name, reading))
    for name, _ in found.conflicts:
        found.values.pop(name, None)
        found.hashes.pop(name, None)
    return found


def is_changed(value: Value) -> bool:
    """Say whether the case of a value is changed before it is sent, so that the sent text differs from the event's."""
    return Step.UPPER in value.steps or Step.LOWER in value.steps
