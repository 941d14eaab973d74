"""Fit texts to the pieces of a template. The parameters of nested URLs may be dropped or reordered."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from macroengine.matching.flat import Bound, Fit, Misfit, Part, fit_flat
from macroengine.matching.shape import Group, Hole, Parameter, Pieces, holes_of, merged
from macroengine.plan.segments import Step


def fit(pieces: Pieces, part: Part) -> Fit:
    """Return the places of the values, or where the text differs."""
    at = next((index for index, piece in enumerate(pieces) if isinstance(piece, Group)), None)
    return fit_flat(pieces, part) if at is None else _fit_group(pieces, at, part)


_REST = Hole(-1, "", None)


def _fit_group(pieces: Pieces, at: int, part: Part) -> Fit:
    """Fit pieces of which the one at `at` is the first group."""
    group, before, after = pieces[at], pieces[:at], pieces[at + 1 :]
    assert isinstance(group, Group)  # noqa: S101 - guaranteed by the search
    present = _fit_present(group, before, after, part)
    if not all(parameter.is_optional for parameter in group.parameters):
        return present
    # Without any parameter, the opening is missing, too.
    absent = fit(merged((*before, *after)), part)
    if isinstance(absent, Misfit) or not all(_is_possible(bound, part.text) for bound in absent):
        return present
    if isinstance(present, Misfit):
        return absent
    same = {*present} & {*absent}
    return [bound if bound in same else bound._replace(sure=False) for bound in present]


def _is_possible(bound: Bound, text: str) -> bool:
    """Say whether a value is encoded as often as its place requires."""
    hole, start, stop, _ = bound
    if hole.value is None or hole.depth <= 1:
        return True
    return _SHALLOW[hole.value.steps[-hole.depth]].search(text, start, stop) is None


# For each first encoder: an escape that cannot remain after encoding again. Escapes for characters that COMPONENT and
# FORM leave unchanged can.
_SHALLOW = {
    Step.PERCENT: re.compile("%(?!25)"),
    Step.COMPONENT: re.compile("%(?!25|2[1789A])"),
    Step.FORM: re.compile("%(?!25|2[AB])"),
}


def _fit_present(group: Group, before: Pieces, after: Pieces, part: Part) -> Fit:
    found = fit_flat(merged((*before, group.opening, _REST)), part)
    if isinstance(found, Misfit):
        return found
    rest = found.pop()
    inner = Part(part.text, rest.start, part.stop)
    first = after[0] if after else ""
    end = inner.stop
    if isinstance(first, str):
        end = inner.stop - len(first) if len(after) <= 1 else part.text.find(first, inner.start, inner.stop)
        if end < inner.start:
            return Misfit(inner.start, first)
    if not rest.sure or not isinstance(first, str) or _may_end_elsewhere(group, after, first, inner, end):
        return [*found, *unsure((group, *after), inner)]
    following = fit(after, part._replace(start=end))
    aligned = _align_inner(group, inner._replace(stop=end))
    if isinstance(following, Misfit) or isinstance(aligned, Misfit):
        return aligned if isinstance(aligned, Misfit) else following
    return [*found, *aligned, *following]


def _may_end_elsewhere(group: Group, after: Pieces, first: str, inner: Part, end: int) -> bool:
    """Say whether the text `first`, which follows the group, may also be in a value, and occurs more than once."""
    if len(after) <= 1 or inner.text.find(first, end + 1, inner.stop) < 0:
        return False
    return any(hole.may_hold(first) for hole in holes_of((group,)))


def unsure(pieces: Pieces, part: Part) -> Iterator[Bound]:
    """Yield a bound for each value of a part in which the places of the values cannot be determined."""
    return (Bound(hole, part.start, part.stop, sure=False) for hole in holes_of(pieces))


def _align_inner(group: Group, part: Part) -> Fit:
    found = _fit_inner(group, part)
    if isinstance(found, Misfit) and any(hole.may_hold(group.separator) for hole in holes_of((group,))):
        return [*unsure((group,), part)]
    return found


def _fit_inner(group: Group, part: Part) -> Fit:
    aligned = align(group.parameters, group.separator, part)
    if aligned.missing:
        missing = group.parameters[aligned.missing[0]].pieces
        return Misfit(part.start, missing[0] if isinstance(missing[0], str) else "")
    if aligned.extra:
        return Misfit(aligned.extra[0].start, "")
    bounds: list[Bound] = []
    for _, found in sorted(aligned.matched.items()):
        fitted = fit_parameter(group.parameters[found.number], found.pair)
        if isinstance(fitted, Misfit):
            return fitted
        bounds += [bound._replace(sure=bound.sure and found.sure) for bound in fitted]
    return bounds


# Parameters


class Found(NamedTuple):
    """A parameter of the template, and its pair in the URL."""

    number: int
    pair: Part
    sure: bool


class Aligned(NamedTuple):
    """The pairs of a URL assigned to the parameters of the template."""

    matched: dict[int, Found]
    """By the number of the parameter."""
    missing: list[int]
    extra: list[Part]


# In larger cases, parameters are matched only by name, and only the first one of each name.
_MAX_CELLS = 20_000
_MAX_TRIED = 32


def align(parameters: Sequence[Parameter], separator: str, part: Part) -> Aligned:
    """Assign pairs to parameters: by name, or in order if names are repeated or contain values."""
    pairs = [*pairs_of(separator, part)]
    wanted = {index: one for index, one in enumerate(parameters) if one.pieces}
    names = [parameter.name for parameter in wanted.values()]
    equals = parameters[0].equals if parameters else "="
    given = [name_of(pair, equals) for pair in pairs]
    leaking = any(hole.may_hold(separator) for one in parameters for hole in holes_of(one.pieces))
    is_plain = None not in names and len({*names}) == len(names) and len({*given}) == len(given)
    aligned = None if is_plain else _in_order(wanted, pairs)
    aligned = aligned or _by_name(wanted, pairs, equals)
    if leaking and (aligned.extra or any(one.is_optional for one in wanted.values())):
        doubtful = {
            index: found._replace(sure=False)
            for index, found in aligned.matched.items()
            if any(hole.may_hold(separator) for hole in holes_of(wanted[index].pieces))
        }
        return aligned._replace(matched=aligned.matched | doubtful)
    return aligned


def pairs_of(separator: str, part: Part) -> Iterator[Part]:
    """Yield the pairs of a query, except empty ones."""
    start = part.start
    while True:
        end = part.text.find(separator, start, part.stop)
        if start < (end if end >= 0 else part.stop):
            yield Part(part.text, start, part.stop if end < 0 else end)
        if end < 0:
            return
        start = end + len(separator)


def name_of(pair: Part, equals: str = "=") -> str:
    """Return the name of a pair as it is written."""
    end = pair.text.find(equals, pair.start, pair.stop)
    return pair.text[pair.start : pair.stop if end < 0 else end]


def fit_parameter(parameter: Parameter, pair: Part) -> Fit:
    """Fit a pair to a parameter. `a` is read as `a=`."""
    fitted = fit(parameter.pieces, pair)
    if (
        isinstance(fitted, Misfit)
        and fitted.at == pair.stop
        and fitted.expected == parameter.equals
        and len(parameter.pieces) == 2
    ):
        hole = parameter.pieces[1]
        return [Bound(hole, pair.stop, pair.stop, sure=True)] if isinstance(hole, Hole) else fitted
    return fitted


def _fits(parameter: Parameter, pair: Part) -> bool:
    name = parameter.name
    if name is not None and not pair.text.startswith(name, pair.start, pair.stop):
        return False
    return not isinstance(fit_parameter(parameter, pair), Misfit)


def _in_order(wanted: dict[int, Parameter], pairs: list[Part]) -> Aligned | None:
    """Match every pair to a parameter in the order of the template; None if that is not possible."""
    rows, columns = [*wanted], len(pairs)
    if len(rows) * columns > _MAX_CELLS:
        return None
    fits = [[_fits(wanted[row], pair) for pair in pairs] for row in rows]
    skips = [wanted[row].is_optional for row in rows]
    # Whether the rest can be matched from each cell, and whether the cell can be reached.
    ends = [[False] * (columns + 1) for _ in range(len(rows) + 1)]
    ends[-1][-1] = True
    for row in reversed(range(len(rows))):
        for column in range(columns + 1):
            taken = column < columns and fits[row][column] and ends[row + 1][column + 1]
            ends[row][column] = taken or (skips[row] and ends[row + 1][column])
    if not ends[0][0]:
        return None
    matched: dict[int, Found] = {}
    reached = {0}
    for row, index in enumerate(rows):
        takes = [column for column in reached if column < columns and fits[row][column] and ends[row + 1][column + 1]]
        passes = [column for column in reached if skips[row] and ends[row + 1][column]]
        if takes:
            matched[index] = Found(index, pairs[min(takes)], len(takes) + bool(passes) == 1)
        reached = {*passes, *(column + 1 for column in takes)}
    return Aligned(matched, [], [])


def _by_name(wanted: dict[int, Parameter], pairs: list[Part], equals: str) -> Aligned:
    free: dict[str, list[Part]] = {}
    for pair in pairs:
        free.setdefault(name_of(pair, equals), []).append(pair)
    matched: dict[int, Found] = {}
    groups: dict[str, list[int]] = {}
    for index, parameter in wanted.items():
        if parameter.name is not None:
            groups.setdefault(parameter.name, []).append(index)
    for name, indices in groups.items():
        found = free.get(name, [])
        is_sure = len(indices) in (1, len(found))
        for index in indices:
            near = found[:_MAX_TRIED]
            fitting = next((pair for pair in near if _fits(wanted[index], pair)), found[0] if found else None)
            if fitting is not None:
                found.remove(fitting)
                matched[index] = Found(index, fitting, is_sure)
    rest = sorted((pair for found in free.values() for pair in found), key=lambda pair: pair.start)
    nameless = [index for index, parameter in wanted.items() if parameter.name is None]
    for index in nameless:
        fitting_rest = [pair for pair in rest[:_MAX_TRIED] if _fits(wanted[index], pair)]
        if fitting_rest:
            rest.remove(fitting_rest[0])
            matched[index] = Found(index, fitting_rest[0], len(fitting_rest) == len(nameless) == 1)
    missing = [index for index, parameter in wanted.items() if index not in matched and not parameter.is_optional]
    return Aligned(matched, missing, rest)
