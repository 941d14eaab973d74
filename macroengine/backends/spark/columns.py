"""Write a plan as a Spark Column of built-in functions, so that no Python runs on the workers."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from macroengine.arguments import check_flag
from macroengine.backends.columns import PARTNER, URL, check_kept, columns_for, plans_of
from macroengine.backends.expression import Expression, Planned, columns_of, express, plan_of, too_long
from macroengine.backends.extras import extra
from macroengine.backends.language import Column as Found
from macroengine.backends.spark.language import Spark, quoted
from macroengine.plan.segments import RenderPlan

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType


def to_column(
    template: Planned | RenderPlan, columns: "Mapping[str, DataType] | None" = None, *, strict: bool = True
) -> "Column":
    """Return the URL as a Column, over columns that are named like the fields of the template.

    `columns` gives the types of all columns of the table; without it, the columns that are read are strings, and there
    are no others. If the table has `attributed` or `postback`, in any case, the Column is NULL for events that are not
    sent. Under a policy with consent, the consent columns of the table, if any, decide whether identifiers are sent. An
    event that cannot be sent ends the query with an error, or is also NULL if `strict` is False. Requires a running
    session.

    Raises:
        UnsupportedError: a column's text may differ from that of the Python engine.
        ValueError: the type of a column is missing, or two columns differ only in case.
    """
    with extra("spark", "pyspark"):
        from pyspark.sql.types import StringType

    check_flag("strict", strict)
    plan = plan_of(template)
    return _column(plan, columns_of(plan, columns, StringType()), strict=strict)[0]


def failure_column(template: Planned | RenderPlan, columns: "Mapping[str, DataType] | None" = None) -> "Column":
    """Return the reason why an event cannot be sent as a Column; NULL for all others.

    The arguments are those of `to_column`.

    Raises:
        UnsupportedError: a column's text may differ from that of the Python engine.
        ValueError: the type of a column is missing, or two columns differ only in case.
    """
    with extra("spark", "pyspark"):
        from pyspark.sql import functions as f
        from pyspark.sql.types import StringType

    plan = plan_of(template)
    language = Spark(columns_of(plan, columns, StringType()), f)
    expression: Expression[Column] = express(plan, language)
    cases = [
        (case.condition, f.lit(case.reason) if case.fails else language.null())
        for case in (*expression.admission, *expression.failures)
    ]
    return language.choose([*cases, (_is_long(f, expression.url, plan), f.lit(too_long(plan)))], language.null())


def render_dataframe(
    frame: "DataFrame",
    templates: Planned | Mapping[str, Planned],
    *,
    columns: Mapping[str, str | None] | None = None,
    keep: Sequence[str] = (),
) -> "DataFrame":
    """Return the URLs of the events that are sent: the columns `keep`, `partner` if there are several, and `url`.

    `templates` is one template, or a mapping of partners to templates, all rendered in one pass. A field is read from
    the column with its name, or from the one that `columns` maps it to; None means that there is none, so the value is
    missing. If they exist, the column `attributed` selects the rendering, and `postback` selects the events that are
    sent. Under a policy with consent, the consent columns of the table, if any, decide whether identifiers are sent.
    Column names ignore case. An event that cannot be sent ends the job with an error. Streams are rendered like tables.

    Raises:
        UnsupportedError: a column's text may differ from that of the Python engine.
        ValueError: a column is missing, or two differ only in case.
    """
    with extra("spark", "pyspark"):
        from pyspark.sql import functions as f

    plans = plans_of(templates)
    names = columns_for(plans.values(), columns or {}, frame.columns)
    check_kept(keep, frame.columns, [URL] if None in plans else [PARTNER, URL])
    # The inner columns are only numbered, so no name in the table can clash with a generated one.
    kept = [f.col(quoted(name)).alias(f"kept {index}") for index, name in enumerate(keep)]
    read = [
        (f.lit(None).cast("string") if name is None else f.col(quoted(name))).alias(f"field {index}")
        for index, name in enumerate(names.values())
    ]
    table = frame.select(*kept, *read)
    found = {
        field: Found(f"field {index}", table.schema[f"field {index}"].dataType) for index, field in enumerate(names)
    }
    back = [f.col(f"`kept {index}`").alias(name) for index, name in enumerate(keep)]
    if isinstance(templates, Mapping):
        urls = [
            f.struct(f.lit(partner).alias(PARTNER), _column(plan, found)[0].alias(URL))
            for partner, plan in plans.items()
        ]
        exploded = table.select(*back, f.inline(f.array(*urls)))
        return exploded.where(f.col(URL).isNotNull())
    url, admitted = _column(plans[None], found)
    # With a condition that URLs are not NULL, Spark would compute each of them twice.
    return table.where(admitted).select(*back, url.alias(URL))


def _is_long(functions: Any, url: "Column", plan: RenderPlan) -> "Column":
    long: Column = functions.octet_length(url) > plan.max_bytes
    return long


def _column(
    plan: RenderPlan, columns: "Mapping[str, Found[DataType]]", *, strict: bool = True
) -> "tuple[Column, Column]":
    """Return the URL, and the condition that it is sent."""
    with extra("spark", "pyspark"):
        from pyspark.sql import functions as f

    language = Spark(columns, f)
    expression: Expression[Column] = express(plan, language)
    cases = [
        (case.condition, _error(f, case.reason) if case.fails and strict else language.null())
        for case in (*expression.admission, *expression.failures)
    ]
    admission = [(case.condition, f.lit(case.fails)) for case in expression.admission]
    too_large = _error(f, too_long(plan)) if strict else language.null()
    # Inside the array the URL has a name, so it is computed once.
    checked = f.transform(
        f.array(language.choose(cases, expression.url)),
        lambda url: f.when(_is_long(f, url, plan), too_large).otherwise(url),
    )
    return checked[0], language.choose(admission, f.lit(True))


def _error(functions: Any, reason: str) -> "Column":
    error: Column = functions.raise_error(functions.lit(reason)).cast("string")
    return error
