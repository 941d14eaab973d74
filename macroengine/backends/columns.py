"""Which column of a table holds which field."""

from collections.abc import Iterable, Mapping, Sequence

from macroengine.backends.expression import ATTRIBUTED, POSTBACK, Planned, fields_of, plan_of
from macroengine.plan import RenderPlan
from macroengine.suggest import did_you_mean

PARTNER, URL = "partner", "url"
"""The columns that are added to those that are kept."""


def plans_of(templates: Planned | Mapping[str, Planned]) -> dict[str | None, RenderPlan]:
    """Return the plans by partner; that of a single template has none.

    Raises:
        ValueError: there is no template.
    """
    if not isinstance(templates, Mapping):
        return {None: plan_of(templates)}
    if not templates:
        raise ValueError("there are no templates")
    return {partner: plan_of(template) for partner, template in templates.items()}


def columns_for(
    plans: Iterable[RenderPlan], given: Mapping[str, str | None], table: Sequence[str]
) -> dict[str, str | None]:
    """Return the column of each field that is read, None where there is none and the value is missing.

    `postback` and `attributed` are read where there are such columns.

    Raises:
        ValueError: a column is missing, or one is given for a field that is not read.
    """
    fields = dict.fromkeys(field for plan in plans for field in fields_of(plan))
    for field in given:
        if field not in fields and field not in (POSTBACK, ATTRIBUTED):
            known = [*fields, POSTBACK, ATTRIBUTED]
            raise ValueError(f"columns gives {field!r}, which no template reads{did_you_mean(field, known)}")
    heads = [head for head in (POSTBACK, ATTRIBUTED) if head in table or given.get(head) is not None]
    columns = {field: given.get(field, field) for field in (*fields, *heads)}
    for field, column in columns.items():
        if column is not None and column not in table:
            raise ValueError(
                f"there is no column {column!r}{did_you_mean(column, table)} (there are: {', '.join(table)}); "
                f"say which holds {field!r}, as {field}=..., or that none does, as {field}="
            )
    return columns


def check_kept(keep: Sequence[str], table: Sequence[str], added: Sequence[str]) -> None:
    """Refuse to keep columns that there are not, or that have the name of one that is added.

    Raises:
        ValueError: there is such a column.
    """
    for column in keep:
        if column not in table:
            known = ", ".join(table)
            raise ValueError(f"there is no column {column!r} to keep{did_you_mean(column, table)} (there are: {known})")
    repeated = [column for column in keep if [*keep, *added].count(column) > 1]
    if repeated:
        raise ValueError(f"column {repeated[0]!r} would stand in the output twice")
