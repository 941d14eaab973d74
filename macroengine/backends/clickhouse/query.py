"""Render the result of a query through a ClickHouse client."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from macroengine.backends.clickhouse.sql import ClickHouse, outcome, problem
from macroengine.backends.clickhouse.words import literal, name
from macroengine.backends.columns import PARTNER, URL, check_kept, check_list, columns_for, plans_of
from macroengine.backends.expression import Expression, Planned, express
from macroengine.backends.extras import extra
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

    Rows contain the columns `keep`, the partner if there are several, and the URL, in the order of the server.
    `client` is a clickhouse-connect client. `templates` is one template, or a mapping of partners to templates, all
    rendered in one pass. `query` is a trusted SELECT: whatever it contains is executed. A field is read from the column
    with its name, or from the one that `columns` maps it to; None means that there is none, so the value is missing. If
    they exist, the column `attributed` selects the rendering, and `postback` selects the events that are sent. Under a
    policy with consent, the consent columns of the query, if any, decide whether identifiers are sent. Column names
    ignore case.

    Raises:
        RenderError: an event cannot be sent. The message counts such events by reason. Rows may have been yielded
            before.
        UnsupportedError: a column's text may differ from that of the Python engine.
        ValueError: a column is missing, or two differ only in case.
    """
    with extra("clickhouse", "clickhouse_connect"):
        from clickhouse_connect.driver.exceptions import ClickHouseError

    check_list(keep)
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
        # After part of the answer, the server may only report that the stream ended early.
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
    """A rendering of the result of a query."""

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
        # The inner columns are only numbered, so no name in the table can clash with a generated one.
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
