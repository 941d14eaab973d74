"""A query rendered through a client of ClickHouse: what it selects, as URLs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from macroengine.backends.clickhouse.sql import ClickHouse, outcome, problem
from macroengine.backends.clickhouse.words import literal, name
from macroengine.backends.columns import PARTNER, URL, check_kept, columns_for, plans_of
from macroengine.backends.expression import Expression, Planned, express
from macroengine.backends.language import Column
from macroengine.errors import RenderError
from macroengine.plan.segments import RenderPlan

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

Plans = Mapping[str | None, RenderPlan]
_EVENTS = "me_events"


def render_query(
    client: "Client",
    templates: Planned | Mapping[str, Planned],
    query: str,
    *,
    columns: Mapping[str, str | None] | None = None,
    keep: Sequence[str] = (),
) -> Iterator[tuple[Any, ...]]:
    """Yield the URLs of all events that a query selects and that are sent.

    Rows have the columns `keep`, the partner where there are many, and the URL, and come as the server makes them.
    `client` is one of clickhouse-connect. `templates` is one template, or templates by partner, all rendered in one
    pass. `query` is a SELECT, and yours: what it says is done. A field is read from the column of its name or from that
    which `columns` gives it; None says that there is none, and that the value is missing. The column `attributed`
    selects the rendering and `postback` the events that are sent, where there are such columns. Under a policy with
    consent, the columns that tell of it decide whether identifiers are sent, where the query has them. Columns are
    found in any case.

    Raises:
        RenderError: an event cannot be sent. The message counts them by reason, and rows may have been yielded before.
        UnsupportedError: the text of a column can differ from that of the Python engine.
        ValueError: a column is missing, or two differ in case only.
    """
    from clickhouse_connect.driver.exceptions import ClickHouseError

    plans = plans_of(templates)
    select = f"SELECT * FROM ({query}\n)"
    types = {str(row[0]): str(row[1]) for row in client.query(f"DESCRIBE ({select})").result_rows}
    job = _Job(plans, query, types, columns or {}, keep)
    return _rows(client, job, ClickHouseError)


def _rows(client: "Client", job: "_Job", failed: type[Exception]) -> Iterator[tuple[Any, ...]]:
    try:
        with client.query_rows_stream(job.urls()) as rows:
            yield from map(tuple, rows)
    except failed:
        # A reader that has some of the answer may be told only that it ended early.
        reasons = client.query(job.failures()).result_rows
        if not reasons:
            raise
        raise RenderError(_refused(reasons)) from None


def _refused(reasons: Sequence[Sequence[Any]]) -> str:
    total = sum(count for _, _, count in reasons)
    events = "1 event" if total == 1 else f"{total:,} events"
    counts = "".join(
        f"\n{count:,} refused{f' for {partner!r}' if partner else ''}: {reason}" for partner, reason, count in reasons
    )
    return f"{events} cannot be sent{counts}"


class _Job:
    """What is to be rendered from what a query selects."""

    def __init__(
        self,
        plans: Plans,
        query: str,
        types: Mapping[str, str],
        columns: Mapping[str, str | None],
        keep: Sequence[str],
    ) -> None:
        names = columns_for(plans.values(), columns, list(types))
        check_kept(keep, list(types), [URL] if None in plans else [PARTNER, URL])
        # Beside columns that are named by number only, nothing of the table can be taken for what is made of them.
        read = [
            f"{'NULL' if column is None else name(column)} AS me_field_{i}" for i, column in enumerate(names.values())
        ]
        read += [f"{name(column)} AS me_kept_{index}" for index, column in enumerate(keep)]
        self._events = f"(SELECT {', '.join(read or ['0 AS me_nothing'])} FROM ({query}\n))"
        self._kept = [f"me_kept_{index} AS {name(column)}" for index, column in enumerate(keep)]
        found = {
            field: Column(f"me_field_{index}", "Nullable(Nothing)" if column is None else types[column])
            for index, (field, column) in enumerate(names.items())
        }
        self._sql = ClickHouse(found)
        self._plans = plans
        self._expressions: dict[str | None, Expression[str]] = {
            partner: express(plan, self._sql) for partner, plan in plans.items()
        }

    def urls(self) -> str:
        """Return the query for the rows with their URLs."""
        made = {partner: outcome(one, self._plans[partner], self._sql) for partner, one in self._expressions.items()}
        if None in made:
            return self._sent(f"{self._sql.bound(made[None])} AS {URL}", [URL])
        urls = ", ".join(f"({literal(partner or '')}, {url})" for partner, url in made.items())
        return self._sent(
            f"arrayJoin({self._sql.bound(f'[{urls}]')}) AS me_pair, me_pair.1 AS {PARTNER}, me_pair.2 AS {URL}",
            [PARTNER, URL],
        )

    def _sent(self, made: str, added: Sequence[str]) -> str:
        inner = ", ".join([*(f"me_kept_{index}" for index in range(len(self._kept))), made])
        made_of = f"SELECT {inner} FROM {self._events}"
        return f"SELECT {', '.join([*self._kept, *added])} FROM ({made_of}) WHERE {URL} IS NOT NULL"

    def failures(self) -> str:
        """Return the query that counts the events that cannot be sent, by partner and reason."""
        reasons = ", ".join(
            f"({literal(partner or '')}, {problem(one, self._plans[partner], self._sql)})"
            for partner, one in self._expressions.items()
        )
        pairs = f"SELECT arrayJoin({self._sql.bound(f'[{reasons}]')}) AS me_pair FROM {self._events}"
        return (
            f"SELECT me_pair.1, me_pair.2 AS reason, count() FROM ({pairs}) WHERE reason IS NOT NULL "
            "GROUP BY ALL ORDER BY 3 DESC, 1, 2"
        )
