"""Patterns of names and arguments: a subset of regular expressions that always matches in linear time.

A pattern consists of characters, `[classes]`, `(?:groups)`, `|`, `?`, `*` and `+`. It must be deterministic: at any
point, the next character alone decides how the pattern continues. A backtracking engine then never has a second way to
try (Brüggemann-Klein and Wood, "One-unambiguous regular languages", 1998).

The engine still tries and remembers every optional part before the next character. A limit on the number of those keeps
its time and memory proportional to the text.
"""

from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

_ASCII = 128
_BEYOND_ASCII = 1 << _ASCII  # a single bit for all other characters
_ANY = (_BEYOND_ASCII << 1) - 1
_MAX_PLACES = 200
# No known syntax needs more than three.
_MAX_WAYS = 16
_MAX_DEPTH = 16
_SPECIAL = frozenset("\\[](){}?*+|^$.")
_SET_OPERATORS = ("--", "&&", "||", "~~")  # reserved by `re`


class PatternError(ValueError):
    """The pattern is not allowed in a syntax. The message says why."""


class _Subpattern(NamedTuple):
    """A piece of a pattern: the positions at which a match may begin and end."""

    nullable: bool
    first: frozenset[int]
    last: frozenset[int]


class Automaton:
    """The Glushkov automaton of a pattern: one position per character, and the positions that may follow it."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._depth = 0
        self._characters: list[int] = []
        self._follow: list[set[int]] = []
        whole = self._alternation()
        if self._at < len(pattern):
            raise PatternError(f"{pattern[self._at]!r} closes nothing")
        self.matches_nothing = whole.nullable
        for places in (whole.first, *self._follow):
            if any(self._characters[one] & self._characters[other] for one, other in combinations(places, 2)):
                raise PatternError("one text matches in two ways; write it so that the next character always decides")
            if len(places) > _MAX_WAYS:
                raise PatternError(f"it can go on in {len(places)} ways at one point; at most {_MAX_WAYS} are allowed")

    def can_contain(self, text: str) -> bool:
        """Say whether a match may contain `text`."""
        places = set(range(len(self._characters)))
        for index, char in enumerate(text):
            if index:
                places = {after for place in places for after in self._follow[place]}
            places = {place for place in places if self._characters[place] & _bit(char)}
        return bool(places)

    def _alternation(self) -> _Subpattern:
        part = self._sequence()
        while self._take("|"):
            other = self._sequence()
            if part.nullable and other.nullable:
                raise PatternError("two alternatives match the empty string; leave one of them out")
            part = _Subpattern(part.nullable or other.nullable, part.first | other.first, part.last | other.last)
        return part

    def _sequence(self) -> _Subpattern:
        part = _Subpattern(nullable=True, first=frozenset(), last=frozenset())
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            following = self._repeated()
            self._connect(part, following)
            part = _Subpattern(
                part.nullable and following.nullable,
                part.first | following.first if part.nullable else part.first,
                part.last | following.last if following.nullable else following.last,
            )
        return part

    def _repeated(self) -> _Subpattern:
        part = self._atom()
        if self._take("?"):
            if part.nullable:
                raise PatternError("what is optional can be left out in two ways; make it optional once")
            return _Subpattern(nullable=True, first=part.first, last=part.last)
        for quantifier in "*+":
            if self._take(quantifier):
                self._repeat(part)
                return _Subpattern(part.nullable or quantifier == "*", part.first, part.last)
        return part

    def _repeat(self, part: _Subpattern) -> None:
        if part.nullable or any(self._follow[place] & part.first for place in part.last):
            raise PatternError("what is repeated can be repeated in two ways; repeat it once")
        self._connect(part, part)

    def _connect(self, one: _Subpattern, other: _Subpattern) -> None:
        for place in one.last:
            self._follow[place] |= other.first

    def _atom(self) -> _Subpattern:
        if self._take("(?:"):
            return self._group()
        if self._take("["):
            return self._place(self._class())
        char = self._pattern[self._at]
        if char in _SPECIAL and char != "\\":
            raise PatternError(f"{char!r} means something else here; the character itself is written \\{char}")
        return self._place(_bit(self._character()))

    def _group(self) -> _Subpattern:
        if self._depth == _MAX_DEPTH:
            raise PatternError(f"groups are nested more than {_MAX_DEPTH} deep")
        self._depth += 1
        part = self._alternation()
        if not self._take(")"):
            raise PatternError("a group is not closed")
        self._depth -= 1
        return part

    def _class(self) -> int:
        negated = self._take("^")
        characters = 0
        while not self._take("]"):
            if self._pattern.startswith(("[", *_SET_OPERATORS), self._at):
                raise PatternError(f"{self._pattern[self._at]!r} in a class is written \\{self._pattern[self._at]}")
            low = high = self._character()
            if not self._pattern.startswith("-]", self._at) and self._take("-"):
                high = self._character()
            if low > high:
                raise PatternError(f"the range {low}-{high} is empty")
            for code in range(min(ord(low), _ASCII), min(ord(high), _ASCII) + 1):
                characters |= 1 << code
        if not characters:
            raise PatternError("a class is empty")
        # Excluding a non-ASCII character still leaves all the others.
        return _ANY & ~characters | _BEYOND_ASCII if negated else characters

    def _character(self) -> str:
        escaped = self._take("\\")
        char = self._pattern[self._at : self._at + 1]
        if not char:
            raise PatternError("a class is not closed" if not escaped else "a backslash ends it")
        if escaped and char.isalnum():
            raise PatternError(f"\\{char} is not supported; write the characters out")
        self._at += 1
        return char

    def _place(self, characters: int) -> _Subpattern:
        place = len(self._characters)
        if place >= _MAX_PLACES:
            raise PatternError(f"it has more than {_MAX_PLACES} characters")
        self._characters.append(characters)
        self._follow.append(set())
        return _Subpattern(nullable=False, first=frozenset([place]), last=frozenset([place]))

    def _take(self, text: str) -> bool:
        taken = self._pattern.startswith(text, self._at)
        if taken:
            self._at += len(text)
        return taken


def _bit(char: str) -> int:
    return 1 << min(ord(char), _ASCII)


@lru_cache(maxsize=256)
def automaton(pattern: str) -> Automaton:
    """Return the automaton of a pattern.

    >>> automaton("[A-Z]+(?:_[A-Z]+)*").can_contain("__")
    False

    Raises:
        PatternError: the pattern is malformed, uses an unsupported construct, or is not deterministic.
    """
    return Automaton(pattern)
