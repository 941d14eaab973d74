"""The ClickHouse backend, held to the reference and to the letter of SQL."""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.backend_cases import FAILS, TEXT, Table, refused, tables

clickhouse_connect = pytest.importorskip(
    "clickhouse_connect", reason="clickhouse-connect is not installed: pip install 'macroengine[clickhouse]'"
)
URL_OF_SERVER = os.environ.get("CLICKHOUSE_URL")
if not URL_OF_SERVER:
    pytest.importorskip("chdb", reason="neither chdb is installed nor CLICKHOUSE_URL set: pip install chdb")

from macroengine import UnsupportedError, compile_template
from macroengine.backends.clickhouse import failure_sql, to_sql


@pytest.fixture(scope="module")
def client():
    given = {"dsn": URL_OF_SERVER} if URL_OF_SERVER else {"interface": "chdb"}
    with clickhouse_connect.get_client(**given) as client:
        yield client


@pytest.mark.slow
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(table=tables(engine="clickhouse"))
def test_every_row_comes_out_as_from_the_reference(client, table: Table):
    fill(client, table)
    types = {field: kind.clickhouse for field, kind in table.columns.items()}
    try:
        url, reason = to_sql(table.template, types, strict=False), failure_sql(table.template, types)
    except UnsupportedError as error:
        assert refused(str(error)), error
        return
    rows = client.query(f"SELECT {url}, {reason}, n FROM rendered ORDER BY n").result_rows
    for (url, reason, _), expected in zip(rows, table.expected, strict=True):
        assert (FAILS if reason else url) == expected or refused(reason or ""), reason
    check_strict(client, table, types, [reason is not None for _, reason, _ in rows])


def check_strict(client, table: Table, types: dict[str, str], failing: list[bool]) -> None:
    """Check that rows that cannot be sent end the query, and that no others do."""
    sql = to_sql(table.template, types)
    fine = ", ".join(str(number) for number, fails in enumerate(failing) if not fails)
    if fine:
        client.query(f"SELECT {sql} FROM rendered WHERE n IN ({fine})")
    if any(failing):
        with pytest.raises(clickhouse_connect.driver.exceptions.DatabaseError, match="Code: 395"):
            client.query(f"SELECT {sql} FROM rendered")


def fill(client, table: Table) -> None:
    columns = "".join(f", `{field}` {kind.clickhouse}" for field, kind in table.columns.items())
    client.command(f"CREATE OR REPLACE TABLE rendered (n UInt32{columns}) ENGINE = Memory")
    rows = [(number, *(row[field] for field in table.columns)) for number, row in enumerate(table.rows)]
    client.insert("rendered", rows)
