"""Write a plan as a scalar expression in ClickHouse SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar

from macroengine.arguments import check_flag
from macroengine.backends.ansi import ARGUMENT, BEYOND_PERCENT, Ansi, Literal, distinct
from macroengine.backends.clickhouse.nested import Where, fixed
from macroengine.backends.clickhouse.types import Type, read_type
from macroengine.backends.clickhouse.values import Unsendable, column_text, may_be_text
from macroengine.backends.clickhouse.words import literal, name
from macroengine.backends.expression import Case, Expression, Planned, columns_of, express, plan_of, too_long
from macroengine.plan.segments import Read, RenderPlan, Step, Value

TEXT = "String"


def to_sql(template: Planned | RenderPlan, columns: Mapping[str, str] | None = None, *, strict: bool = True) -> str:
    """Return a scalar expression for the URL, for use in your own query.

    It reads columns that are named like the fields of the template. `columns` gives the types of all columns of the
    table, as `DESCRIBE` shows them; without it, the columns that are read are String, and there are no others. If the
    table has `attributed` or `postback`, in any case, the expression is NULL for events that are not sent. Under a
    policy with consent, the consent columns of the table, if any, decide whether identifiers are sent. An event that
    cannot be sent ends the query with an error, or is also NULL if `strict` is False.

    >>> from macroengine import compile_template
    >>> print(to_sql(compile_template("https://n.example/pb?c=(clickid)")))  # doctest: +ELLIPSIS
    CASE WHEN if((if(ifNull(((NOT isValidUTF8(`click_id`)) AS me_...

    Raises:
        UnsupportedError: a column's text may differ from that of the Python engine.
        ValueError: a column is missing, or two differ only in case.
    """
    check_flag("strict", strict)
    plan = plan_of(template)
    sql = ClickHouse(columns_of(plan, columns, TEXT))
    return sql.bound(outcome(express(plan, sql), plan, sql, strict=strict))


def failure_sql(template: Planned | RenderPlan, columns: Mapping[str, str] | None = None) -> str:
    """Return a scalar expression for the reason why an event cannot be sent; NULL for all others.

    The arguments are those of `to_sql`.

    Raises:
        UnsupportedError: a column's text may differ from that of the Python engine.
        ValueError: a column is missing, or two differ only in case.
    """
    plan = plan_of(template)
    sql = ClickHouse(columns_of(plan, columns, TEXT))
    return sql.bound(problem(express(plan, sql), plan, sql))


def outcome(expression: Expression[str], plan: RenderPlan, sql: "ClickHouse", *, strict: bool = True) -> str:
    """Return the URL. NULL if the event is not sent; an error or NULL if it cannot be sent, or is too long."""
    cases, number, url = _numbered(expression, plan, sql)
    # throwIf needs a constant reason, so failures are numbered. A sum evaluates all its terms; OR may stop early.
    raised = [
        f"throwIf(({number} = {index}), {literal(case.reason)})" for index, case in enumerate(cases, 1) if case.fails
    ]
    refused = f"if({number} > 0, {' + '.join(raised)}, 0)" if strict else f"{number}"
    if strict and all(case.fails for case in cases):
        return f"CASE WHEN {refused} > 0 THEN '' ELSE {url} END"
    return f"CASE WHEN {refused} + {number} > 0 THEN NULL ELSE {url} END"


def problem(expression: Expression[str], plan: RenderPlan, sql: "ClickHouse") -> str:
    """Return the reason why an event cannot be sent; NULL if it can be sent, or is not sent at all."""
    cases, number, _ = _numbered(expression, plan, sql)
    reasons = [(f"{number} = {index}", literal(case.reason)) for index, case in enumerate(cases, 1) if case.fails]
    return sql.choose(reasons, "NULL")


def _numbered(expression: Expression[str], plan: RenderPlan, sql: "ClickHouse") -> tuple[list[Case[str]], str, str]:
    """Return the cases without a URL, the number of the first one that applies, from 1, or 0, and the URL."""
    url = sql.shared(expression.url)
    too_large = Case(f"(length({url}) > {plan.max_bytes})", too_long(plan), fails=True)
    cases = [*distinct(expression.admission + expression.failures), too_large]
    conditions = [sql.shared(case.condition) for case in cases]
    numbers = [(condition, str(index)) for index, condition in enumerate(conditions, 1)]
    # CASE scans the rows again for each condition. A sum first detects whether any condition is true, which is rare.
    found = " + ".join(f"ifNull({condition}, 0)" for condition in conditions)
    return cases, sql.shared(f"if({found} > 0, {sql.choose(numbers, '0')}, 0)"), url


@dataclass(frozen=True, slots=True)
class ClickHouse(Ansi):
    """ClickHouse SQL over these columns."""

    null_text: ClassVar[str] = "CAST(NULL AS Nullable(String))"

    def bound(self, sql: str) -> str:
        """Return SQL in which an expression that is used several times is named at its first use."""
        text, levels = self.resolved(sql)
        # Two expressions in the same query must not use a name for different things.
        salt = sha256(repr((text, levels)).encode()).hexdigest()[:12]
        for level in reversed(levels):
            for number, made in level.items():
                before, _, after = text.partition(mark := f"\0{number}\0")
                alias = f"me_{salt}_{number}"
                text = f"{before}({made} AS {alias}){after.replace(mark, alias)}"
        return text

    def mapped(self, function: str, arguments: Sequence[str]) -> str:
        return f"arrayMap(c -> {function.replace(ARGUMENT, 'c')}, [{', '.join(arguments)}])"

    def literal(self, text: str) -> str:
        return literal(text)

    def _type(self, field: str) -> Type:
        return read_type(self.columns[field].type)

    def value(self, read: Read, value: Value) -> tuple[str, Unsendable]:
        column = self.columns[read.field]
        where = Where(read.field, column.type)
        return column_text(name(column.name), self._type(read.field), where, value, self.applied)

    def text_of_event(self, read: Read, value: Value) -> str | None:
        return "TRUE" if may_be_text(self._type(read.field), value.type) else None

    def flag(self, field: str) -> str:
        column = name(self.columns[field].name)
        if self._type(field).name == "Bool":
            return column
        # Comparisons have the type UInt8.
        yes, no = ("1", "0") if self._type(field).name == "UInt8" else ("true", "false")
        return f"CASE toString({column}) WHEN '{yes}' THEN TRUE WHEN '{no}' THEN FALSE ELSE NULL END"

    def joined(self, parts: Sequence[str]) -> str:
        known = [part if isinstance(part, Literal) else f"ifNull({part}, '')" for part in parts]
        return f"concat({', '.join(known or [literal('')])})"

    def is_one_of(self, text: str, words: Sequence[str]) -> str:
        # For IN, a setting decides what happens with NULL.
        one = self.shared(text)
        return f"if(isNull({one}), NULL, has([{', '.join(map(literal, words))}], {one}))"

    def matches(self, text: str, pattern: str) -> str:
        whole = literal(rf"\A(?:{pattern})\z")
        return f"match({text}, {whole})"

    def without(self, text: str, pattern: str) -> str:
        return f"replaceRegexpAll({text}, {literal(pattern)}, '')"

    def is_blank(self, text: str) -> str:
        return f"(NOT match({text}, '[^0-]'))"

    def is_ascii(self, text: str) -> str:
        return f"(NOT match({text}, '[^\\\\x00-\\\\x7F]'))"

    def rest(self, text: str, length: int) -> str:
        return f"substring(nullIf({text}, ''), {length + 1})"

    def hashed(self, text: str, algorithm: Step) -> str:
        return f"lower(hex({algorithm.value.upper()}({text})))"

    def base64(self, text: str) -> str:
        return f"base64Encode({text})"

    def json_string(self, text: str) -> str:
        made = self.shared(fixed(self.shared(f"toJSONString({text})")))
        return f"substring({made}, 2, length({made}) - 2)"

    def encoded(self, text: str, encoder: Step) -> str:
        return self.replaced(f"encodeURLComponent({text})", BEYOND_PERCENT[encoder])
