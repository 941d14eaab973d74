"""A plan as a scalar expression of DuckDB's SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from macroengine.backends.duckdb.values import TEXT, Unsendable, column_text
from macroengine.backends.duckdb.words import choose, literal, name
from macroengine.backends.expression import Expression, Planned, columns_of, express, plan_of, too_long
from macroengine.backends.language import Column
from macroengine.plan.segments import RenderPlan, Value


def to_sql(template: Planned | RenderPlan, columns: Mapping[str, str] | None = None) -> str:
    """Return a scalar expression for the URL, to paste into a query of one's own.

    It reads columns that are named like the fields of the template. `columns` gives the types of all columns of the
    table, as `DESCRIBE` shows them; without it, those that are read are VARCHAR, and there are no others. Where it has
    `attributed` or `postback`, in any case, the expression is NULL for events that are not sent. Under a policy with
    consent, the columns that tell of it decide whether identifiers are sent, where the table has them. An event that
    cannot be sent ends the query with an error.

    >>> from macroengine import compile_template
    >>> print(to_sql(compile_template("https://n.example/pb?c=(clickid)")))  # doctest: +ELLIPSIS
    list_transform([concat('https://n.example/pb?c=', url_encode("click_id"))], lambda url: CASE WHEN ...

    Raises:
        UnsupportedError: the text of a column can differ from that of the Python engine.
        ValueError: a column is missing, or two differ in case only.
    """
    plan = plan_of(template)
    return checked(express(plan, Sql(columns_of(plan, columns, TEXT))), plan)


def checked(expression: Expression[str], plan: RenderPlan) -> str:
    """Return the URL, NULL where the event is not sent, an error where it cannot be or is too long."""
    # As an argument the URL has a name, and is made once.
    return f"list_transform([{outcome(expression)}], lambda url: {measured('url', plan)})[1]"


def outcome(expression: Expression[str]) -> str:
    """Return the URL, NULL where the event is not sent, an error where it cannot be."""
    cases = [
        (case.condition, f"error({literal(case.reason)})" if case.fails else "NULL")
        for case in (*expression.admission, *expression.failures)
    ]
    return choose(cases, expression.url)


def measured(url: str, plan: RenderPlan) -> str:
    """Return a URL, or an error where it is too long."""
    return f"CASE WHEN strlen({url}) > {plan.max_bytes} THEN error({literal(too_long(plan))}) ELSE {url} END"


@dataclass(frozen=True, slots=True)
class Sql:
    """DuckDB's SQL, over these columns."""

    columns: Mapping[str, Column[str]]

    def literal(self, text: str) -> str:
        return literal(text)

    def null(self) -> str:
        return "NULL::VARCHAR"

    def value(self, value: Value) -> tuple[str, Unsendable]:
        column = self.columns[value.reads[0].field]
        return column_text(name(column.name), column.type, value)

    def flag(self, field: str) -> str:
        column = self.columns[field]
        if column.type == "BOOLEAN":
            return name(column.name)
        text = f"CAST({name(column.name)} AS VARCHAR)"
        return f"CASE {text} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"

    def joined(self, parts: Sequence[str]) -> str:
        return f"concat({', '.join(parts or [literal('')])})"

    def chained(self, parts: Sequence[str]) -> str:
        return f"({' || '.join(parts)})"

    def either(self, text: str, otherwise: str) -> str:
        return f"coalesce({text}, {literal(otherwise)})"

    def choose(self, cases: Sequence[tuple[str, str]], otherwise: str) -> str:
        return choose(cases, otherwise)

    def every(self, conditions: Sequence[str]) -> str:
        return f"({' AND '.join(conditions)})"

    def negated(self, condition: str) -> str:
        return f"(NOT {condition})"

    def is_null(self, expression: str) -> str:
        return f"({expression} IS NULL)"

    def is_one_of(self, text: str, words: Sequence[str]) -> str:
        return f"({text} IN ({', '.join(map(literal, words))}))"

    def matches(self, text: str, pattern: str) -> str:
        return f"regexp_full_match({text}, {literal(pattern)})"

    def is_blank(self, text: str) -> str:
        return f"(trim({text}, '0-') = '')"

    def is_ascii(self, text: str) -> str:
        return f"(strlen({text}) = length({text}))"

    def rest(self, text: str) -> str:
        return f"substr(nullif({text}, ''), 2)"

    def upper(self, text: str) -> str:
        return f"upper({text})"

    def lower(self, text: str) -> str:
        return f"lower({text})"

    def sha1(self, text: str) -> str:
        return f"sha1({text})"

    def encoded(self, text: str, depth: int) -> str:
        if depth == 0:
            return text
        encoded = f"url_encode({text})"
        return encoded if depth == 1 else f"replace({encoded}, '%', '%{'25' * (depth - 1)}')"
