"""Every step that a backend does, in every place of a URL, held to the reference."""

import os
from collections.abc import Callable

import duckdb
import pytest

from macroengine import Default, Dialect, Event, RenderError, UnsupportedError, compile_template
from macroengine.backends.clickhouse import sql as clickhouse
from macroengine.backends.duckdb import sql as duck
from macroengine.testing import reference
from tests.test_steps import ENCODINGS, HOSTILE, MACROS, PLACES, dialect_with

NASTY = [
    *HOSTILE,
    *map(chr, range(0x20)),
    "\x7f\u2028\u2029\ufeff😀",
    "a/b\\/\\\\u001F\u001f",
    "'%27%2527",
    "A" * 40,
    "aB" * 16,
    "0-0",
    "ß",
    "1e5",
    "-0",
    "01",
    "null",
    "x" * 5000 + "%20" * 2000,
]
Rows = list[tuple[object, object]]
Query = Callable[[str, str], Rows]


def duckdb_query() -> Query:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE nasty (i INTEGER, v VARCHAR)")
    connection.executemany("INSERT INTO nasty VALUES (?, ?)", list(enumerate([*NASTY, None])))

    def query(url: str, reason: str) -> Rows:
        return connection.execute(f"SELECT {url}, {reason} FROM nasty ORDER BY i").fetchall()

    return query


def clickhouse_query() -> Query:
    connect = pytest.importorskip("clickhouse_connect")
    server = os.environ.get("CLICKHOUSE_URL")
    if not server:
        pytest.importorskip("chdb")
    client = connect.get_client(**({"dsn": server} if server else {"interface": "chdb"}))
    client.command("CREATE OR REPLACE TABLE nasty (i UInt32, v Nullable(String)) ENGINE = Memory")
    client.insert("nasty", list(enumerate([*NASTY, None])))

    def query(url: str, reason: str) -> Rows:
        return [row[:2] for row in client.query(f"SELECT {url}, {reason}, i FROM nasty ORDER BY i").result_rows]

    return query


ENGINES = {"duckdb": (duckdb_query, duck), "clickhouse": (clickhouse_query, clickhouse)}
TYPES = {"duckdb": "VARCHAR", "clickhouse": "Nullable(String)"}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    connect, module = ENGINES[request.param]
    return connect(), module, TYPES[request.param]


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_step_comes_out_as_from_the_reference_in_every_place(engine, tmp_path, encoding: str):
    query, module, text = engine
    dialect = dialect_with(tmp_path, encoding=encoding)
    for place in PLACES.values():
        for macro in MACROS:
            for options in ({}, {"nested": False}, {"missing": "drop"}, {"missing": Default("a b/é")}):
                check(query, module, text, place.format(macro), dialect, options)


def check(query: Query, module, text: str, source: str, dialect: Dialect, options) -> None:
    template = compile_template(source, dialect=dialect, ignore=["ME"], **options)
    rows = query(module.to_sql(template, {"v": text}, strict=False), module.failure_sql(template, {"v": text}))
    for value, (url, reason) in zip([*NASTY, None], rows, strict=True):
        expected = sent(source, value, dialect, options)
        got = None if reason else url
        assert got == expected or "not ASCII" in str(reason), (source, value[:50], options)


def sent(source: str, value: str | None, dialect: Dialect, options) -> str | None:
    """Return what is sent, None where nothing can be."""
    try:
        return reference.render(source, Event(link={"v": value}), dialect=dialect, ignore=["ME"], **options)
    except RenderError:
        return None


def test_text_that_may_be_json_is_refused_where_json_takes_a_whole_value(engine):
    _, module, text = engine
    template = compile_template("https://n.example/pb?j=%5B(encode)%5D", ignore=["ME"])
    with pytest.raises(UnsupportedError, match="cannot tell whether the text in column 'event_value' is JSON"):
        module.to_sql(template, {"event_value": text})
