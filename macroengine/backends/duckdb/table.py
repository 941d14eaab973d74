"""Render a table of events to a file of URLs, streamed through DuckDB."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from macroengine.arguments import check_type
from macroengine.backends.ansi import choose, literal, name
from macroengine.backends.columns import PARTNER, URL, check_kept, check_list, columns_for, plans_of
from macroengine.backends.duckdb.files import files_of
from macroengine.backends.duckdb.output import check_output, copy, replacing
from macroengine.backends.duckdb.problems import plain, translated
from macroengine.backends.duckdb.session import Progress, opened, reported
from macroengine.backends.duckdb.sql import DuckDb, checked, measured, outcome, problem
from macroengine.backends.expression import Expression, Planned, express, texts_of
from macroengine.backends.language import Column
from macroengine.backends.names import unused
from macroengine.errors import RenderError, UnsupportedError
from macroengine.plan.segments import RenderPlan

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

# A relation's connection may have tables with any names.
_VIEW = "events to render"
_EVENTS = name(_VIEW)


@dataclass(frozen=True, slots=True)
class Summary:
    """The result of `render_table`."""

    read: int | None
    """Rows of the input, checked against its files. None for a relation with `where`, whose other rows are unknown."""
    events: int
    """Rows that match `where`."""
    urls: int
    """URLs that were written."""
    suppressed: Mapping[str, int]
    """The number of postbacks that were not sent, by reason."""
    seconds: float
    """The duration of the call, in seconds."""


def render_table(
    templates: Planned | Mapping[str, Planned],
    source: "str | Path | DuckDBPyRelation",
    output: str | Path,
    *,
    columns: Mapping[str, str | None] | None = None,
    where: str | None = None,
    keep: Sequence[str] = (),
    memory_limit: str | None = None,
    threads: int | None = None,
    glob: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Write the URLs of all events that are sent: the columns `keep`, `partner` if there are several, and `url`.

    `templates` is one template, or a mapping of partners to templates, all rendered in one pass. `source` is a Parquet,
    CSV or JSON Lines file, a directory of them, a pattern for their names with `glob`, or a DuckDB relation. `output`
    ends in .parquet, .csv or .txt, and is written atomically. A field is read from the column with its name, or from
    the one that `columns` maps it to; None means that there is none, so the value is missing. If they exist, the column
    `attributed` selects the rendering, and `postback` selects the events that are sent. Under a policy with consent,
    the consent columns of the table, if any, decide whether identifiers are sent. Column names ignore case. `where` is
    a trusted SQL condition: it can read everything that DuckDB can. `memory_limit` (such as "2GB") and `threads` apply
    to this call, but not to a relation, whose connection has its own settings.

    Raises:
        RenderError: events cannot be sent; nothing is written. The message counts them and names the first.
        UnsupportedError: a column's text may differ from that of the Python engine.
        ValueError: a column is missing, or an argument is invalid.
        OSError: a file cannot be read or written.
    """
    started = time.monotonic()
    check_list(keep)
    check_type("output", str | PathLike, "a path", output)
    plans, to = plans_of(templates), Path(output)
    added = [URL] if None in plans else [PARTNER, URL]
    check_output(to, columns=len(keep) + len(added), force=force)
    if to.suffix == ".txt":
        _check_lines(plans.values())
    files = files_of(source, glob=glob) if isinstance(source, str | Path) else []
    if to.exists() and any(to.samefile(file) for file in files):
        raise ValueError(f"the output {str(to)!r} is read as input; write to another file")
    with translated(), opened(source, files, memory_limit, threads) as (table, count, connection):
        check_kept(keep, table.columns, added)
        job = _Job.of(plans, table, columns_for(plans.values(), columns or {}, table.columns), where, keep)
        events, suppressed = job.count()
        with replacing(to, force=force) as part:
            with reported(connection, progress):
                urls = job.write(copy(job.query(), to, part))
            if events is None:
                events = urls // len(plans)
            _check_total(urls + sum(suppressed.values()), events * len(plans))
            rows = _rows_read(table, events, count, where)
    return Summary(rows, events, urls, suppressed, time.monotonic() - started)


def _rows_read(
    table: "DuckDBPyRelation", events: int, count: Callable[[int], int] | None, where: str | None
) -> int | None:
    """Return the number of rows that were read, after comparing it with the files."""
    if count is None:
        return events if where is None else None
    rows = events if where is None else len(table)
    _check_total(rows, count(rows))
    return rows


def _check_total(got: int, expected: int) -> None:
    """Check that no row was lost, whatever the reason.

    Raises:
        OSError: the numbers differ.
    """
    if got != expected:
        raise OSError(
            f"the input has {expected:,} rows, but {got:,} were read; nothing is written "
            "(was the input changed meanwhile, or is it damaged?)"
        )


@dataclass(frozen=True, slots=True)
class _Job:
    """A rendering of a table."""

    plans: Mapping[str | None, RenderPlan]
    sql: DuckDb
    expressions: Mapping[str | None, Expression[str]]
    keep: Sequence[str]
    events: "DuckDBPyRelation"
    """The columns that are read from the table: those of the fields, then the kept ones."""
    numbered: "DuckDBPyRelation"
    """The same columns, and the number of the event in the table."""

    @classmethod
    def of(
        cls,
        plans: Mapping[str | None, RenderPlan],
        table: "DuckDBPyRelation",
        columns: Mapping[str, str | None],
        where: str | None,
        keep: Sequence[str],
    ) -> "_Job":
        # The inner columns are only numbered, so no name in the table can clash with a generated or another one.
        read = [f"{_column(column)} AS {_field(index)}" for index, column in enumerate(columns.values())]
        read += [f"{name(column)} AS {_kept(index)}" for index, column in enumerate(keep)]
        events = _where(table, where).project(", ".join(read or ["NULL AS nothing"]))
        number = name(unused("number", table.columns))
        numbered = _where(table.project(f"*, row_number() OVER () AS {number}"), where)
        types = map(str, events.types)
        found = {
            field: Column(f"field {index}", kind)
            for index, (field, kind) in enumerate(zip(columns, types, strict=False))
        }
        sql = DuckDb(found)
        expressions = {partner: express(plan, sql) for partner, plan in plans.items()}
        return cls(plans, sql, expressions, keep, events, numbered.project(", ".join([*read, f"{number} AS number"])))

    def count(self) -> tuple[int | None, Mapping[str, int]]:
        """Return the number of events, if any may be excluded, and the number that are not sent, by reason.

        Raises:
            RenderError: the columns `postback` and `attributed` do not decide whether an event is sent.
        """
        if not any(expression.admission for expression in self.expressions.values()):
            return None, {}
        verdicts = ", ".join(
            choose([(case.condition, str(index)) for index, case in enumerate(expression.admission)], "NULL")
            for expression in self.expressions.values()
        )
        query = f"SELECT count(*), {self.sql.bound(verdicts)} FROM {_EVENTS} GROUP BY ALL"
        total, suppressed = 0, Counter[str]()
        for events, *indices in _rows(self.events, query):
            total += events
            for expression, index in zip(self.expressions.values(), indices, strict=True):
                if index is None:
                    continue
                case = expression.admission[index]
                if case.fails:
                    raise self.failure() or RenderError(case.reason)
                suppressed[case.reason] += events
        return total, suppressed

    def query(self) -> str:
        """Return the query for the output."""
        back = "".join(f"{_kept(index)} AS {name(column)}, " for index, column in enumerate(self.keep))
        if None not in self.plans:
            urls = ", ".join(
                f"{{{PARTNER}: {literal(partner or '')}, {URL}: {checked(self.expressions[partner], plan, self.sql)}}}"
                for partner, plan in self.plans.items()
            )
            kept = "".join(f"{_kept(index)}, " for index in range(len(self.keep)))
            made = f"SELECT {kept}unnest({self.sql.bound(f'[{urls}]')}, max_depth := 2) FROM {_EVENTS}"
            return f"SELECT {back}{PARTNER}, {URL} FROM ({made}) WHERE {URL} IS NOT NULL"
        expression, plan = self.expressions[None], self.plans[None]
        admitted = choose([(case.condition, str(case.fails)) for case in expression.admission], "TRUE")
        # With a condition that URLs are not NULL, DuckDB would compute each of them twice.
        made = f"SELECT *, {self.sql.bound(outcome(expression))} AS {URL} FROM {_EVENTS} WHERE {admitted}"
        return f"SELECT {back}{measured(URL, plan)} AS {URL} FROM ({made})"

    def write(self, statement: str) -> int:
        """Run the statement that writes the output, and return how many URLs it wrote.

        Raises:
            RenderError: an event cannot be sent.
        """
        import duckdb

        try:
            (written,) = _rows(self.events, statement)
        except duckdb.InvalidInputException:
            failure = self.failure()
            if failure is None:
                raise
            raise failure from None
        return int(written[0])

    def failure(self) -> RenderError | None:
        """Return the error for the events that cannot be sent, if there are any."""
        for partner, expression in self.expressions.items():
            found = self.sql.bound(problem(expression, self.plans[partner]))
            problems = f"SELECT number, {found} AS problem FROM {_EVENTS}"
            query = (
                f"SELECT problem, count(*), min(number) FROM ({problems}) WHERE problem IS NOT NULL "
                "GROUP BY problem ORDER BY min(number)"
            )
            if reasons := _rows(self.numbered, query):
                return RenderError(_refused(reasons, partner))
        return None


def _refused(reasons: Sequence[tuple[str, int, int]], partner: str | None) -> str:
    """Return the message for events that cannot be sent: their number by reason, and the first of them."""
    total = sum(count for _, count, _ in reasons)
    events = "1 event" if total == 1 else f"{total:,} events"
    whose = "" if partner is None else f" for {partner!r}"
    problem, _, first = reasons[0]
    counts = "".join(f"\n{count:,} refused: {reason}" for reason, count, _ in reasons)
    more = counts if len(reasons) > 1 else ""
    return f"{events} cannot be sent{whose}; the first is event {first:,}: {problem}{more}"


def _rows(events: "DuckDBPyRelation", query: str) -> list[tuple[Any, ...]]:
    """Return the result of a query over the events."""
    # The type is optional because statements without a result give None; there are none of those here.
    return cast("DuckDBPyRelation", events.query(_VIEW, query)).fetchall()


def _column(column: str | None) -> str:
    return "NULL::VARCHAR" if column is None else name(column)


def _field(index: int) -> str:
    return name(f"field {index}")


def _kept(index: int) -> str:
    return name(f"kept {index}")


def _where(table: "DuckDBPyRelation", where: str | None) -> "DuckDBPyRelation":
    import duckdb

    if where is None:
        return table
    try:
        return table.filter(where)  # parsed as a single expression, so no other statement can follow
    except duckdb.Error as error:
        raise ValueError(f"where: {plain(error)}") from None


def _check_lines(plans: Iterable[RenderPlan]) -> None:
    """Reject templates with a line break, which would split a URL into two lines."""
    texts = [text for plan in plans for segments in plan.renderings for text in texts_of(segments)]
    if any("\n" in text or "\r" in text for text in texts):
        raise UnsupportedError(
            "the template has a line break, and a .txt output one URL a line; write .csv or .parquet"
        )
