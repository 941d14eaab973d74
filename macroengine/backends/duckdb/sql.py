"""Write a plan as a scalar expression in DuckDB SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from macroengine.arguments import check_flag
from macroengine.backends.ansi import ARGUMENT, BEYOND_PERCENT, Ansi, choose, distinct, literal, name
from macroengine.backends.duckdb.values import TEXT, Unsendable, column_text, escaped, may_be_text
from macroengine.backends.expression import Expression, Planned, columns_of, express, plan_of, too_long
from macroengine.backends.names import unused
from macroengine.plan.segments import Read, RenderPlan, Step, Value


def to_sql(template: Planned | RenderPlan, columns: Mapping[str, str] | None = None, *, strict: bool = True) -> str:
    """Return a scalar expression for the URL, for use in your own query.

    It reads columns that are named like the fields of the template. `columns` gives the types of all columns of the
    table, as `DESCRIBE` shows them; without it, the columns that are read are VARCHAR, and there are no others. If the
    table has `attributed` or `postback`, in any case, the expression is NULL for events that are not sent. Under a
    policy with consent, the consent columns of the table, if any, decide whether identifiers are sent. An event that
    cannot be sent ends the query with an error, or is also NULL if `strict` is False.

    >>> from macroengine import compile_template
    >>> print(to_sql(compile_template("https://n.example/pb?c=(clickid)")))  # doctest: +ELLIPSIS
    list_transform([concat('https://n.example/pb?c=', url_encode("click_id"))], lambda me_0: CASE WHEN ...

    Raises:
        UnsupportedError: a column's text may differ from that of the Python engine.
        ValueError: a column is missing, or two differ only in case.
    """
    check_flag("strict", strict)
    plan = plan_of(template)
    sql = DuckDb(columns_of(plan, columns, TEXT))
    return sql.bound(checked(express(plan, sql), plan, sql, strict))


def failure_sql(template: Planned | RenderPlan, columns: Mapping[str, str] | None = None) -> str:
    """Return a scalar expression for the reason why an event cannot be sent; NULL for all others.

    The arguments are those of `to_sql`.

    >>> from macroengine import compile_template
    >>> template = compile_template("https://n.example/pb?c=(clickid)", missing="raise")
    >>> print(failure_sql(template))  # doctest: +ELLIPSIS
    CASE WHEN ("click_id" IS NULL) THEN 'value of macro ''clickid'' is missing' ELSE ...

    Raises:
        UnsupportedError: a column's text may differ from that of the Python engine.
        ValueError: a column is missing, or two differ only in case.
    """
    plan = plan_of(template)
    sql = DuckDb(columns_of(plan, columns, TEXT))
    return sql.bound(problem(express(plan, sql), plan))


def checked(expression: Expression[str], plan: RenderPlan, sql: "DuckDb", strict: bool = True) -> str:
    """Return the URL. NULL if the event is not sent; an error or NULL if it cannot be sent, or is too long."""
    # An expression with a name is evaluated once.
    return measured(sql.shared(outcome(expression, strict)), plan, strict)


def outcome(expression: Expression[str], strict: bool = True) -> str:
    """Return the URL. NULL if the event is not sent; an error or NULL if it cannot be sent."""
    cases = [
        (case.condition, f"error({literal(case.reason)})" if case.fails and strict else "NULL")
        for case in distinct(expression.admission + expression.failures)
    ]
    return choose(cases, expression.url)


def measured(url: str, plan: RenderPlan, strict: bool = True) -> str:
    """Return the URL, or an error or NULL if it is too long."""
    instead = f"error({literal(too_long(plan))})" if strict else "NULL"
    return f"CASE WHEN strlen({url}) > {plan.max_bytes} THEN {instead} ELSE {url} END"


def problem(expression: Expression[str], plan: RenderPlan) -> str:
    """Return the reason why an event cannot be sent; NULL if it can be sent, or is not sent at all."""
    long = f"CASE WHEN strlen({expression.url}) > {plan.max_bytes} THEN {literal(too_long(plan))} END"
    cases = [
        (case.condition, literal(case.reason) if case.fails else "NULL")
        for case in distinct(expression.admission + expression.failures)
    ]
    return choose(cases, long)


@dataclass(frozen=True, slots=True)
class DuckDb(Ansi):
    """DuckDB SQL over these columns."""

    def bound(self, sql: str) -> str:
        """Return SQL in which lambdas name the expressions that are used several times."""
        text, levels = self.resolved(sql)
        taken = [column.name for column in self.columns.values()]
        for number in range(len(levels) - 1, -1, -1):
            parameter = unused(f"me_{number}", taken)
            members = ", ".join(f"m{key}: {made}" for key, made in levels[number].items())
            given = f"{{{members}}}" if len(levels[number]) > 1 else next(iter(levels[number].values()))
            text = f"list_transform([{given}], lambda {parameter}: {text})[1]"
            for key in levels[number]:
                member = f"{parameter}['m{key}']" if len(levels[number]) > 1 else parameter
                text = text.replace(f"\0{key}\0", member)
        return text

    def value(self, read: Read, value: Value) -> tuple[str, Unsendable]:
        column = self.columns[read.field]
        return column_text(name(column.name), column.type, read, value, self.applied)

    def text_of_event(self, read: Read, value: Value) -> str | None:
        column = self.columns[read.field]
        return may_be_text(name(column.name), column.type, value.type)

    def mapped(self, function: str, arguments: Sequence[str]) -> str:
        parameter = "c"  # cannot clash, since no column is read inside
        return f"list_transform([{', '.join(arguments)}], lambda {parameter}: {function.replace(ARGUMENT, parameter)})"

    def flag(self, field: str) -> str:
        column = self.columns[field]
        if column.type == "BOOLEAN":
            return name(column.name)
        text = f"CAST({name(column.name)} AS VARCHAR)"
        return f"CASE {text} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"

    def matches(self, text: str, pattern: str) -> str:
        return f"regexp_full_match({text}, {literal(pattern)})"

    def without(self, text: str, pattern: str) -> str:
        return f"regexp_replace({text}, {literal(pattern)}, '', 'g')"

    def is_blank(self, text: str) -> str:
        return f"(trim({text}, '0-') = '')"

    def is_ascii(self, text: str) -> str:
        return f"(strlen({text}) = length({text}))"

    def rest(self, text: str, length: int) -> str:
        return f"substr(nullif({text}, ''), {length + 1})"

    def hashed(self, text: str, algorithm: Step) -> str:
        return f"{algorithm.value}({text})"

    def base64(self, text: str) -> str:
        return f"base64(encode({text}))"

    def json_string(self, text: str) -> str:
        return escaped(text)

    def encoded(self, text: str, encoder: Step) -> str:
        return self.replaced(f"url_encode({text})", BEYOND_PERCENT[encoder])
