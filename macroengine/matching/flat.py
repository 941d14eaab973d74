"""Fit a text to literals with values between them, in linear time.

The literals are searched from the left and from the right. Where both searches find the same places, there is only one
way to read the text. A value between places that differ is ambiguous.
"""

from collections.abc import Sequence
from typing import NamedTuple

from macroengine.matching.shape import Hole, Piece


class Bound(NamedTuple):
    """Where the value of a hole is in the URL."""

    hole: Hole
    start: int
    stop: int
    sure: bool


class Misfit(NamedTuple):
    """Where a text first differs from the template, and the text that the template has there."""

    at: int
    expected: str


class Part(NamedTuple):
    """A part of a URL: `text[start:stop]`."""

    text: str
    start: int
    stop: int


Fit = list[Bound] | Misfit


def fit_flat(pieces: Sequence[Piece], part: Part) -> Fit:
    """Return the place of each hole's value, or where the text differs. The pieces must not include a group."""
    literals, holes = _alternating(pieces)
    text, start, stop = part
    first, last = literals[0], literals[-1]
    if not text.startswith(first, start, stop):
        return _difference(part, start, first)
    start += len(first)
    if not holes:
        return [] if start == stop else Misfit(start, "")
    if stop - start < len(last) or not text.endswith(last, start, stop):
        return Misfit(max(start, stop - len(last)), last)
    stop -= len(last)
    between = literals[1:-1]
    left = _from_left(between, part._replace(start=start, stop=stop))
    if isinstance(left, Misfit):
        return left
    right = _from_right(between, text[start:stop], start)
    ends = [(start, start)]
    for literal, one, other in zip(between, left, right, strict=True):
        ends += [(one, other), (one + len(literal), other + len(literal))]
    ends.append((stop, stop))
    bounds = []
    for hole, (begin, end) in zip(holes, zip(ends[::2], ends[1::2], strict=True), strict=True):
        bounds.append(Bound(hole, begin[0], end[0], begin[0] == begin[1] and end[0] == end[1]))
    return bounds


def _alternating(pieces: Sequence[Piece]) -> tuple[list[str], list[Hole]]:
    """Return the literals and the holes: one literal before each hole and one after the last, possibly empty."""
    literals, holes = [""], []
    for piece in pieces:
        if isinstance(piece, Hole):
            holes.append(piece)
            literals.append("")
        elif isinstance(piece, str):  # pragma: no branch - groups were removed before
            literals[-1] = piece
    return literals, holes


def _from_left(literals: Sequence[str], part: Part) -> list[int] | Misfit:
    found = []
    position = part.start
    for literal in literals:
        at = part.text.find(literal, position, part.stop)
        if at < 0:
            return Misfit(position, literal)
        found.append(at)
        position = at + len(literal)
    return found


def _from_right(literals: Sequence[str], text: str, offset: int) -> list[int]:
    # A backward search with Python's `rfind` may take time proportional to the product of both lengths.
    backwards, position = text[::-1], 0
    found = []
    for literal in reversed(literals):
        at = backwards.find(literal[::-1], position)
        position = at + len(literal)
        found.append(offset + len(text) - position)
    return found[::-1]


def _difference(part: Part, start: int, literal: str) -> Misfit:
    text = part.text[start : min(part.stop, start + len(literal))]
    same = next((index for index, (one, other) in enumerate(zip(text, literal, strict=False)) if one != other), None)
    same = len(text) if same is None else same
    return Misfit(start + same, literal[same:])
