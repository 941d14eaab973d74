"""Suggest the known names that are most similar to an unknown name."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate

# A longer name is not a typo, and comparing it with all others would be slow.
_LONGEST = 100
# The maximum number of letters to compare a name with. The names of a platform take a tenth of it.
_MAX_WORK = 500_000


def nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return up to `most` known names that are similar to `name`, best first.

    Names are similar if at most one letter in three must be added, dropped, replaced or swapped. Case, `-` and `_` are
    ignored.

    >>> nearest("instal-time", ["install_time", "install_unix_ts", "city"])
    ['install_time']
    """
    return [similar for similar, _ in ranked(name, known)[:most]]


def ranked(name: str, known: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Return the known names that are similar to `name`, best first, each with the number of letters to change.

    >>> ranked("clickd2", ["click-ts", "clickid"])
    (('click-ts', 2), ('clickid', 2))
    """
    return _ranked(name[:_LONGEST], tuple(known))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x' or 'y'?`, or an empty string if no known name is similar.

    >>> did_you_mean("clickd", ["clickid", "click-ts", "city"])
    "; did you mean 'clickid'?"
    """
    # A refused name cannot be what was meant, even if it is known in another place.
    return question(nearest(name, [other for other in known if other != name]))


def question(names: Iterable[str]) -> str:
    """Return `; did you mean 'x' or 'y'?` for these names, or an empty string if there are none."""
    quoted = [repr(name) for name in names]
    return f"; did you mean {' or '.join(quoted)}?" if quoted else ""


@lru_cache(maxsize=1024)
def _ranked(name: str, known: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    spellings: dict[str, str] = {}
    for spelling in known:
        spellings.setdefault(_letters(spelling), spelling)
    letters = _letters(name)
    found = []
    for other in _alike(letters, spellings):
        edits = edit_distance(letters, other)
        if edits <= _bound(letters, other):
            found.append((spellings[other], edits))
    found.sort(key=lambda pair: pair[1])
    # Names that need more than 1.5 times the edits of the best one are other words.
    return tuple(pair for pair in found if pair[1] <= 1.5 * found[0][1])


def _letters(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


def _alike(name: str, others: Iterable[str]) -> list[str]:
    """Return the names worth comparing with `name`. If there are too many, return only the likeliest."""
    bounds = {other: _least(name, other) for other in others}
    alike = [other for other, least in bounds.items() if least <= _bound(name, other)]
    if sum(map(len, alike)) * len(name) <= _MAX_WORK:
        return alike
    alike.sort(key=bounds.__getitem__)
    work = accumulate(len(other) * len(name) for other in alike)
    return [other for other, done in zip(alike, work, strict=True) if done <= _MAX_WORK]


def _bound(one: str, other: str) -> int:
    return max(len(one), len(other)) // 3


def _least(one: str, other: str) -> int:
    """Return a cheap lower bound of the edit distance."""
    return max(abs(len(one) - len(other)), len(set(one) - set(other)), len(set(other) - set(one)))


def edit_distance(one: str, other: str) -> int:
    """Return how many letters must be added, dropped, replaced or swapped with the next to turn `one` into `other`.

    >>> edit_distance("clcikid", "clickid")
    1
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one):
        last, before, row = before, row, [i + 1]
        for j, wanted in enumerate(other):
            cost = min(before[j] + (letter != wanted), before[j + 1] + 1, row[j] + 1)
            if i and j and letter == other[j - 1] and wanted == one[i - 1]:
                cost = min(cost, last[j - 1] + 1)
            row.append(cost)
    return row[-1]
