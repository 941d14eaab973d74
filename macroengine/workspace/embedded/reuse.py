"""Reading a text again after an edit: what is before the edit, and from some line after it on, is taken as it was.

A reader passes marks: places at which all that it knows of the text before is its state. It can begin at one, and where
it comes to one in the same state as before, what follows is as before too.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from macroengine.catalogue import Dialect
from macroengine.workspace.embedded.embedded import Embedded
from macroengine.workspace.embedded.literal import Literal
from macroengine.workspace.embedded.strings import NEAR

# To read what is before a mark, no reader looks further than this: at two lines that are not blank.
_AHEAD = re.compile(r"(?:\s*\S[^\n]*\n){2}")
# Marks that are closer to each other save nothing.
_APART = 1_000
# The literals that are known may be so many times as long as the text.
_MAX_KNOWN = 4
_ENOUGH = 100_000


class Mark(NamedTuple):
    """The beginning of a line at which a reader can begin."""

    at: int = 0
    state: Any = None


class _Passed(NamedTuple):
    mark: Mark
    found: int
    """How many templates are before it."""

    def moved(self, by: int, more: int) -> "_Passed":
        return _Passed(Mark(self.mark.at + by, self.mark.state), self.found + more)


@dataclass(frozen=True, slots=True)
class _Reading:
    text: str = ""
    found: list[Embedded] = field(default_factory=list)
    passed: list[_Passed] = field(default_factory=list)

    def before(self, place: int) -> list[_Passed]:
        """Return the marks that are so far before a place that nothing before them depends on what follows it."""

        def is_too_near(one: _Passed) -> bool:
            ahead = _AHEAD.match(self.text, one.mark.at)
            return ahead is None or ahead.end() > place

        return self.passed[: bisect_left(self.passed, True, key=is_too_near)]


@dataclass
class Memory:
    """What was found in a text when it was read last."""

    _language: str = ""
    _dialect: Dialect | None = None
    _last: _Reading = field(default_factory=_Reading)
    _literals: dict[Literal, list[Embedded]] = field(default_factory=dict)
    _known: int = 0
    """How long these literals are."""

    def begin(self, language: str, dialect: Dialect | None) -> None:
        """Forget what is not about this language and this dialect, or is too much."""
        is_other = language != self._language or dialect is not self._dialect
        if is_other:
            self._language, self._dialect, self._last = language, dialect, _Reading()
        if is_other or self._known > _ENOUGH + _MAX_KNOWN * len(self._last.text):
            self._literals.clear()
            self._known = 0

    def in_literal(self, literal: Literal, find: Callable[[Literal], list[Embedded]]) -> list[Embedded]:
        """Return the templates in a literal, which are looked for in one of this text only once."""
        start, alone = literal.alone()
        found = self._literals.get(alone)
        if found is None:
            found = self._literals[alone] = find(alone)
            self._known += len(alone.source)
        return [one.moved(start) for one in found]

    def read(self, text: str, steps: Callable[[Mark], Iterator[list[Embedded] | Mark]]) -> list[Embedded]:
        """Return the templates of a text; `steps` returns those after a mark, and the marks that it passes."""
        old, moved = self._last, len(text) - len(self._last.text)
        first, last = _alike(old.text, text)
        passed = old.before(first)
        begin = passed[-1] if passed else _Passed(Mark(), 0)
        found = old.found[: begin.found]
        rest = {one.mark.at + moved: one for one in old.passed if one.mark.at - NEAR >= len(old.text) - last}
        for step in steps(begin.mark):
            if not isinstance(step, Mark):
                found += step
                continue
            same = rest.get(step.at)
            if same is not None and same.mark.state == step.state:
                passed += [
                    one.moved(moved, len(found) - same.found) for one in rest.values() if one.mark.at >= same.mark.at
                ]
                found += [one.moved(moved) for one in old.found[same.found :]]
                break
            if step.at - (passed[-1].mark.at if passed else 0) >= _APART:
                passed.append(_Passed(step, len(found)))
        self._last = _Reading(text, found, passed)
        return found


def _alike(one: str, other: str) -> tuple[int, int]:
    """Return how many characters two texts have in common at their beginnings, and then at their ends."""
    most = min(len(one), len(other))
    first = _most(most, lambda low, high: one[low:high] == other[low:high])
    ends = len(one), len(other)
    return first, _most(
        most - first, lambda low, high: one[ends[0] - high : ends[0] - low] == other[ends[1] - high : ends[1] - low]
    )


def _most(most: int, is_alike: Callable[[int, int], bool]) -> int:
    """Return the largest number up to which two texts are alike, given whether they are between two numbers."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if is_alike(low, middle):
            low = middle
        else:
            high = middle - 1
    return low
