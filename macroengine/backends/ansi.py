"""The SQL that engines have in common. Each engine adds its own functions."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from macroengine.backends.expression import Case
from macroengine.backends.language import Column
from macroengine.errors import UnsupportedError
from macroengine.plan.segments import Step

# Placeholders: for an expression until it is known how often it is used, and for the column in SQL that is applied to
# several columns. SQL contains neither character: literals write NUL differently, and names cannot contain it.
_SHARED = re.compile("\0([0-9]+)\0")
ARGUMENT = "\0\0"
_SHORT = 24


BEYOND_PERCENT: Mapping[Step, Sequence[tuple[str, str]]] = {
    Step.PERCENT: (),
    Step.COMPONENT: (("%21", "!"), ("%27", "'"), ("%28", "("), ("%29", ")"), ("%2A", "*")),
    Step.FORM: (("%20", "+"),),
}
"""Replacements that turn a percent-encoded text into that of another encoder."""


class Literal(str):
    """A text literal in SQL. It is never NULL."""

    __slots__ = ()


class Name(str):
    """The name of a column in SQL."""

    __slots__ = ()


def literal(text: str) -> Literal:
    """Return a text as an SQL literal.

    >>> print(literal("it's"))
    'it''s'
    """
    quoted = "'" + text.replace("'", "''") + "'"
    # Text after a NUL would be cut off.
    return Literal(quoted if "\0" not in text else "(" + quoted.replace("\0", "' || chr(0) || '") + ")")


def name(identifier: str) -> Name:
    """Return a name as a quoted SQL identifier.

    Raises:
        UnsupportedError: the name contains a NUL.
    """
    return Name('"' + without_nul(identifier).replace('"', '""') + '"')


def without_nul(identifier: str) -> str:
    """Return the name unchanged if it does not contain a NUL.

    Raises:
        UnsupportedError: it contains one.
    """
    if "\0" in identifier:
        raise UnsupportedError(f"cannot read a column with a NUL in its name, {identifier!r}; rename it")
    return identifier


def distinct(cases: Iterable[Case[str]]) -> list[Case[str]]:
    """Return the cases without those whose condition occurred before."""
    return list({case.condition: case for case in reversed(list(cases))}.values())[::-1]


def choose(cases: Sequence[tuple[str, str]], otherwise: str) -> str:
    """Return SQL for the result of the first true condition."""
    if not cases:
        return otherwise
    return (
        "CASE" + "".join(f" WHEN {condition} THEN {result}" for condition, result in cases) + f" ELSE {otherwise} END"
    )


@dataclass(frozen=True, slots=True)
class Ansi:
    """Standard SQL over these columns."""

    columns: Mapping[str, Column[str]]
    _expressions: dict[str, int] = field(default_factory=dict, repr=False)
    """Expressions that may be used several times, with their numbers."""
    _applied: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)
    """Functions applied to columns: for each function, the placeholder of each argument's result."""

    null_text: ClassVar[str] = "CAST(NULL AS VARCHAR)"

    def shared(self, expression: str) -> str:
        if len(expression) < _SHORT and "\0" not in expression:
            return expression
        if _SHARED.fullmatch(expression) or isinstance(expression, Literal | Name):
            return expression
        return self._numbered(expression)

    def applied(self, function: str, argument: str) -> str:
        """Return the result of a function for an argument; `function` is SQL that contains ARGUMENT.

        The function is written once for all its arguments, which must have the same type.
        """
        argument = self.shared(argument)
        expression = self._numbered(function.replace(ARGUMENT, argument))
        self._applied.setdefault(function, {})[argument] = expression
        return expression

    def _numbered(self, expression: str) -> str:
        return f"\0{self._expressions.setdefault(expression, len(self._expressions))}\0"

    def mapped(self, function: str, arguments: Sequence[str]) -> str:
        """Return SQL for a list of the function's results, one per argument."""
        raise NotImplementedError  # pragma: no cover - each engine overrides it

    def resolved(self, sql: str) -> tuple[str, list[dict[int, str]]]:
        """Return SQL with single-use expressions inserted, and the expressions that are used more often, by level.

        The remaining placeholders stand for those. Each of them only uses expressions of lower levels.
        """
        expressions = list(self._expressions)
        for function, made in self._applied.items():
            used = _uses(sql, expressions)
            several = {argument: number for argument, one in made.items() if used[number := int(one.strip("\0"))]}
            if len(several) > 1:
                for index, number in enumerate(several.values(), 1):
                    expressions[number] = f"\0{len(expressions)}\0[{index}]"
                expressions.append(self.mapped(function, list(several)))
        return _Resolution(expressions, _uses(sql, expressions)).of(sql)

    def literal(self, text: str) -> str:
        return literal(text)

    def null(self) -> str:
        return self.null_text

    def joined(self, parts: Sequence[str]) -> str:
        return f"concat({', '.join(parts or [self.literal('')])})"

    def chained(self, parts: Sequence[str]) -> str:
        return f"({' || '.join(parts)})"

    def first(self, texts: Sequence[str]) -> str:
        return f"coalesce({', '.join(texts)})"

    def choose(self, cases: Sequence[tuple[str, str]], otherwise: str) -> str:
        return choose(cases, otherwise)

    def every(self, conditions: Sequence[str]) -> str:
        return conditions[0] if len(conditions) == 1 else f"({' AND '.join(conditions)})"

    def negated(self, condition: str) -> str:
        return f"(NOT {condition})"

    def is_null(self, expression: str) -> str:
        return f"({expression} IS NULL)"

    def is_one_of(self, text: str, words: Sequence[str]) -> str:
        return f"({text} IN ({', '.join(map(self.literal, words))}))"

    def upper(self, text: str) -> str:
        return f"upper({text})"

    def lower(self, text: str) -> str:
        return f"lower({text})"

    def replaced(self, text: str, pairs: Iterable[tuple[str, str]]) -> str:
        """Return the text with these replacements made in order."""
        for old, new in pairs:
            text = f"replace({text}, {self.literal(old)}, {self.literal(new)})"
        return text

    def deepened(self, encoded: str, layers: int) -> str:
        return self.replaced(encoded, [("%", "%" + "25" * layers)])


@dataclass(frozen=True, slots=True)
class _Resolution:
    """Expressions by number, and how often each is used."""

    expressions: Sequence[str]
    uses: Mapping[int, int]
    _written: dict[int, str] = field(default_factory=dict)

    def of(self, sql: str) -> tuple[str, list[dict[int, str]]]:
        """Return the result of `Ansi.resolved`."""
        text = self._text(sql)
        levels: dict[int, dict[int, str]] = {}
        for number, count in self.uses.items():
            if count > 1:
                levels.setdefault(self._level(number), {})[number] = self._expression(number)
        return text, [levels[level] for level in sorted(levels)]

    def _text(self, sql: str) -> str:
        return _SHARED.sub(
            lambda found: found[0] if self.uses[int(found[1])] > 1 else self._expression(int(found[1])), sql
        )

    def _expression(self, number: int) -> str:
        if number not in self._written:
            self._written[number] = self._text(self.expressions[number])
        return self._written[number]

    def _level(self, number: int) -> int:
        inner = map(int, _SHARED.findall(self._expression(number)))
        return 1 + max(map(self._level, inner), default=-1)


def _uses(sql: str, expressions: Sequence[str]) -> Counter[int]:
    """Return how often each expression is used, in the SQL and in other expressions."""
    uses = Counter(map(int, _SHARED.findall(sql)))
    waiting = list(uses)
    while waiting:
        inner = Counter(map(int, _SHARED.findall(expressions[waiting.pop()])))
        waiting += [number for number in inner if number not in uses]
        uses += inner
    return uses
