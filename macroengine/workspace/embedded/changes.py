"""Find the parts in which two texts differ."""

import re
from difflib import SequenceMatcher

_WORD = re.compile(r"\w+|\W")
# The time to compare grows with the product of both lengths.
_MAX_COMPARISONS = 250_000


def changes(old: str, new: str) -> list[tuple[int, int, str]]:
    """Return the replacements that turn `old` into `new`, in order and without overlaps.

    >>> changes("?a=(x)&;b=(y)", "?a=(x)&b=(z)")
    [(7, 8, ''), (11, 12, 'z')]
    """
    before, after = _WORD.findall(old), _WORD.findall(new)
    first = 0
    while first < min(len(before), len(after)) and before[first] == after[first]:
        first += 1
    last = 0
    while last < min(len(before), len(after)) - first and before[-1 - last] == after[-1 - last]:
        last += 1
    before_middle, after_middle = before[first : len(before) - last], after[first : len(after) - last]
    at = sum(map(len, before[:first]))
    if len(before_middle) * len(after_middle) > _MAX_COMPARISONS:
        return [(at, at + sum(map(len, before_middle)), "".join(after_middle))]
    ends = [at]
    for word in before_middle:
        ends.append(ends[-1] + len(word))
    matcher = SequenceMatcher(None, before_middle, after_middle, autojunk=False)
    return [
        (ends[start], ends[stop], "".join(after_middle[other_start:other_stop]))
        for tag, start, stop, other_start, other_stop in matcher.get_opcodes()
        if tag != "equal"
    ]
