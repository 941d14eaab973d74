"""Find the column of a table for each field."""

from collections.abc import Iterable, Mapping, Sequence

from macroengine.arguments import check_mapping, wrong_type
from macroengine.backends.expression import HEADS, Planned, fields_of, plan_of, signals_of
from macroengine.backends.names import find_column, folded
from macroengine.plan.segments import RenderPlan
from macroengine.suggest import did_you_mean

PARTNER, URL = "partner", "url"
"""The columns that are added to the kept ones."""


def plans_of(templates: Planned | Mapping[str, Planned]) -> dict[str | None, RenderPlan]:
    """Return the plans by partner; a single template has the partner None.

    Raises:
        ValueError: there is no template, or a partner has no name.
    """
    if not isinstance(templates, Mapping):
        return {None: plan_of(templates)}
    if not templates:
        raise ValueError("there are no templates")
    for partner in templates:
        if not str(partner or "").strip():
            raise ValueError(f"a partner must have a name, not {partner!r}")
    return {partner: plan_of(template) for partner, template in templates.items()}


def columns_for(
    plans: Iterable[RenderPlan], given: Mapping[str, str | None], table: Sequence[str]
) -> dict[str, str | None]:
    """Return the column of each field that is read; None if there is none, so that the value is missing.

    `postback`, `attributed` and the consent fields are included if the table has such columns.

    Column names ignore case.

    Raises:
        ValueError: a column is missing or ambiguous, or one is given for a field that is not read.
    """
    check_mapping("columns", given)
    every = list(plans)
    fields = dict.fromkeys(field for plan in every for field in fields_of(plan))
    optional = dict.fromkeys([*(field for plan in every for field in signals_of(plan) if field not in fields), *HEADS])
    for field in given:
        if field not in fields and field not in optional:
            known = [*fields, *optional]
            raise ValueError(f"columns gives {field!r}, which no template reads{did_you_mean(field, known)}")
    found = [field for field in optional if given.get(field) is not None or find_column(field, table) is not None]
    return {field: _column(field, given.get(field, field), table) for field in (*fields, *found)}


def _column(field: str, wanted: str | None, table: Sequence[str]) -> str | None:
    if wanted is None:
        return None
    column = find_column(wanted, table)
    if column is None:
        raise ValueError(
            f"there is no column {wanted!r}{did_you_mean(wanted, table)} (known: {', '.join(table)}); "
            f"map it with columns={{{field!r}: 'COLUMN'}}, or to none with columns={{{field!r}: None}}"
        )
    return column


def check_list(keep: object) -> None:
    """Raise TypeError unless `keep` is a list of names: a bare string would be read as its letters."""
    if isinstance(keep, str) or not isinstance(keep, Sequence):
        raise wrong_type("keep", "a list of names of columns", keep)


def check_kept(keep: Sequence[str], table: Sequence[str], added: Sequence[str]) -> None:
    """Check that the kept columns exist, and that none has the name of an added one. Case is ignored.

    Raises:
        ValueError: a column does not exist, or has the name of an added one.
    """
    for column in keep:
        if column not in table:
            known = ", ".join(table)
            raise ValueError(f"there is no column {column!r} to keep{did_you_mean(column, table)} (known: {known})")
        find_column(column, table)  # raises ValueError for an ambiguous name
    written = [folded(column) for column in (*keep, *added)]
    repeated = [column for column in keep if written.count(folded(column)) > 1]
    if repeated:
        raise ValueError(f"column {repeated[0]!r} would be in the output twice")
