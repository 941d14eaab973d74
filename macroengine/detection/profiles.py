"""Profiles for recognising each built-in dialect: its syntax, and its documented names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

from macroengine.catalogue import dialect_file, dialect_names
from macroengine.catalogue.aliases import documented_families, documented_names
from macroengine.catalogue.folding import fold
from macroengine.catalogue.foreign import certain_texts
from macroengine.catalogue.reader import read_syntax
from macroengine.language.syntax import Syntax, with_functions


class Known(Enum):
    """How well a dialect knows a macro. The value is the likelihood of such a macro in a template of the dialect."""

    DOCUMENTED = 1.0
    RESPELLED = 0.35
    """Documented with different case, `-` or `_`."""
    PARAMETER = 0.15
    """Accepted because the dialect accepts any name."""
    PERHAPS = 0.12
    """Possible, since the catalogue is known to be incomplete."""
    UNKNOWN = 0.04
    ELSEWHERE = 0.02
    """Not written in its syntax."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The properties by which a dialect is recognised."""

    name: str
    title: str
    syntax: Syntax
    names: frozenset[str]
    folded: frozenset[str]
    families: tuple[tuple[str, frozenset[str]], ...]
    """The prefix of each family of names, and the documented names that begin with it, folded."""
    stranger: Known
    """How well it knows an undocumented name."""

    def knows(self, macro: str) -> tuple[Known, str]:
        """Return how well the dialect knows a macro, and the name that it reads in it."""
        reading = self.syntax.read(macro) if macro.startswith(self.syntax.openers) else None
        if reading is None:
            return Known.ELSEWHERE, macro
        each = [(self._knows(name), name) for name in (reading.name, *reading.alternatives)]
        return min(each, key=lambda one: one[0].value)

    def _knows(self, name: str) -> Known:
        if name in self.names or self._is_of_family(name):
            return Known.DOCUMENTED
        return Known.RESPELLED if fold(name) in self.folded else self.stranger

    def _is_of_family(self, name: str) -> bool:
        return any(
            name.startswith(beginning) and name != beginning and fold(name) not in others
            for beginning, others in self.families
        )


class Sign(NamedTuple):
    """A text that only one platform writes, and that is not a macro with a name."""

    pattern: str
    titles: frozenset[str]


@cache
def profiles() -> tuple[Profile, ...]:
    """Return the profiles of all built-in dialects.

    Only the head of each file is parsed as TOML, and rows are read line by line: parsing everything takes ten times as
    long.
    """
    names: dict[str, set[str]] = {}
    for title, name, _ in documented_names():
        names.setdefault(title, set()).add(name)
    families: dict[str, set[str]] = {}
    for title, beginning in documented_families():
        families.setdefault(title, set()).add(beginning)
    return tuple(_profile(dialect, names, families) for dialect in dialect_names())


def _profile(dialect: str, names: Mapping[str, set[str]], families: Mapping[str, set[str]]) -> Profile:
    head = _head(dialect)
    title = head["title"]
    own = frozenset(names[title])
    syntax = with_functions(read_syntax(head["syntax"], dialect), head.get("functions", {}), own, dialect)
    partial = Known.PERHAPS if head.get("status") == "partial" else Known.UNKNOWN
    stranger = Known.PARAMETER if head.get("open") else partial
    of_families = tuple(
        (beginning, frozenset(fold(name) for name in own if name.startswith(beginning)))
        for beginning in sorted(families.get(title, ()))
    )
    return Profile(dialect, title, syntax, own, frozenset(map(fold, own)), of_families, stranger)


def _head(dialect: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - the reader of dialects also imports late

    text = dialect_file(dialect).read_text(encoding="utf-8")
    return tomllib.loads(text.partition("\n[macros]")[0])


@cache
def signs() -> tuple[Sign, ...]:
    """Return constructs that certainly belong to one platform, and have no name that a catalogue could list."""
    return tuple(Sign(pattern, frozenset(titles)) for pattern, titles in certain_texts())


@cache
def scanner() -> re.Pattern[str]:
    """Return the pattern of a macro in any syntax, or of a sign, which is in the group with its number.

    Longer openers are tried first, so that the outer macro wins: `${x}` is not a `$` followed by `{x}`.
    """
    forms = {form.bare_pattern: form for profile in profiles() for form in profile.syntax.forms}
    longest_first = sorted(forms, key=lambda pattern: -len(forms[pattern].opener))
    certain = [f"(?P<sign{number}>{sign.pattern})" for number, sign in enumerate(signs())]
    firsts = "".join(sorted({form.opener[0] for form in forms.values()} | {"<"}))
    return re.compile(f"(?=[{re.escape(firsts)}])(?:{'|'.join([*certain, *longest_first])})")
