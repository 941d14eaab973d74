"""Every step that a backend does, in every place of a URL, held to the reference."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest

from macroengine import Default, Dialect, Event, RenderError, UnsupportedError, compile_template
from macroengine.backends.clickhouse import sql as clickhouse
from macroengine.backends.duckdb import sql as duck
from macroengine.testing import reference
from tests.support.clickhouse_client import connect
from tests.support.step_cases import CASES, NASTY, TABLE_ENCODINGS, dialect_with, expected

# Values of which the first that there is, is sent.
PAIRS = [(a, b) for a in ("aB", "0-0", "", "é", None) for b in ("Cd", "0", "ß", None)]
NUMBERED_PAIRS = [(number, *pair) for number, pair in enumerate(PAIRS)]
Rows = list[tuple[Any, ...]]
Query = Callable[[str], Rows]


def duckdb_query() -> Query:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE nasty (i INTEGER, v VARCHAR)")
    connection.executemany("INSERT INTO nasty VALUES (?, ?)", list(enumerate([*NASTY, None])))
    connection.execute("CREATE TABLE pairs (i INTEGER, a VARCHAR, other VARCHAR)")
    connection.executemany("INSERT INTO pairs VALUES (?, ?, ?)", NUMBERED_PAIRS)

    return lambda sql: connection.execute(sql).fetchall()


def clickhouse_query() -> Query:
    client = connect()
    client.command("CREATE OR REPLACE TABLE nasty (i UInt32, v Nullable(String)) ENGINE = Memory")
    client.insert("nasty", list(enumerate([*NASTY, None])))
    columns = "i UInt32, a Nullable(String), other Nullable(String)"
    client.command(f"CREATE OR REPLACE TABLE pairs ({columns}) ENGINE = Memory")
    client.insert("pairs", NUMBERED_PAIRS)

    return lambda sql: client.query(sql).result_rows


ENGINES = {"duckdb": (duckdb_query, duck), "clickhouse": (clickhouse_query, clickhouse)}
TYPES = {"duckdb": "VARCHAR", "clickhouse": "Nullable(String)"}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    start, module = ENGINES[request.param]
    return start(), module, TYPES[request.param]


def test_a_table_does_not_normalize(engine):
    _, module, text = engine
    with TemporaryDirectory() as directory:
        dialect = dialect_with(Path(directory), encoding="nfc")
    with pytest.raises(UnsupportedError, match="with the step nfc; use the Python engine"):
        module.to_sql(compile_template("https://n.example/pb?a={v}", dialect=dialect), {"v": text})


@pytest.mark.slow
@pytest.mark.parametrize("encoding", TABLE_ENCODINGS)
def test_every_step_comes_out_as_from_the_reference_in_every_place(engine, encoding: str):
    query, module, text = engine
    dialect, wanted = expected(encoding)
    for (source, options), urls in zip(CASES, wanted, strict=True):
        template = compile_template(source, dialect=dialect, ignore=["ME"], **options)
        made = f"{module.to_sql(template, {'v': text}, strict=False)}, {module.failure_sql(template, {'v': text})}"
        rows = query(f"SELECT {made}, i FROM nasty ORDER BY i")
        found = [None if reason else url for url, reason, _ in rows]
        foreign = [reason is not None and "not ASCII" in reason for _, reason, _ in rows]
        pairs = list(zip((*NASTY, None), found, urls, foreign, strict=True))
        assert [pair for pair in pairs if pair[1] != pair[2] and not pair[3]] == [], (source, options)


def test_text_that_may_be_json_is_refused_where_json_takes_a_whole_value(engine):
    _, module, text = engine
    template = compile_template("https://n.example/pb?j=%5B(encode)%5D", ignore=["ME"])
    with pytest.raises(UnsupportedError, match="cannot tell whether the text in column 'event_value' is JSON"):
        module.to_sql(template, {"event_value": text})


@pytest.mark.parametrize("value", ["12.5", "-3", "0", "1e5", "n/a", "01", "true", '"', None])
def test_a_number_in_a_text_column_is_a_number_in_json(engine, value: str | None):
    query, module, text = engine
    template = compile_template("https://n.example/pb?j=%5B(event_revenue)%5D", ignore=["ME"])
    shown = "NULL" if value is None else f"'{value}'"
    made = module.to_sql(template, {"event_revenue": text})
    [[url]] = query(f"SELECT {made} FROM (SELECT CAST({shown} AS {text}) AS event_revenue)")
    event = Event(sdk={"event_revenue": value})
    assert url == template.render(event) == reference.render(template.source, event, ignore=["ME"])


# Several values, and values in JSON

SEVERAL = """
name = "several"
title = "Several"
[syntax]
forms = ["{NAME}"]
name = "[a-z][a-z0-9_]*"
alternatives = "||"
[functions]
sha1 = "NAME_sha1"
[macros]
a = { field = "a", source = "Link", sha1 = ["a"], type = "uuid", case = "upper" }
b = { field = "b", source = "SDK", sha1 = ["b"], type = "uuid", case = "lower" }
c = { field = "c", source = "SDK", sha1 = ["c"], type = "uuid", case = "upper" }
"""


@pytest.mark.parametrize("macro", ["{a||b}", "{a||c}", "{a_sha1||b_sha1}", "{a_sha1||c_sha1}"])
@pytest.mark.parametrize("missing", ["empty", "drop", "raise", Default("n/a")])
@pytest.mark.parametrize("place", ["https://n.example/pb?p={}&q=1", "https://n.example/pb?j=%7B%22a%22%3A{}%7D"])
def test_the_first_of_several_values_is_sent(engine, tmp_path, macro: str, missing, place: str):
    query, module, text = engine
    (tmp_path / "several.toml").write_text(SEVERAL)
    dialect = Dialect.from_toml(tmp_path / "several.toml")
    source = place.format(macro)
    template = compile_template(source, dialect=dialect, ignore=["ME"], missing=missing)
    second = next(field for field in template.fields if field != "a")
    types = {"a": text, second: text}
    made = f"{module.to_sql(template, types, strict=False)}, {module.failure_sql(template, types)}"
    rows = query(f"SELECT {made}, i FROM (SELECT i, a, other AS {second} FROM pairs) ORDER BY i")
    for (a, b), (url, reason, _) in zip(PAIRS, rows, strict=True):
        event = Event(link={"a": a}, sdk={second: b})
        try:
            expected = reference.render(source, event, dialect=dialect, ignore=["ME"], missing=missing)
        except RenderError:
            expected = None
        assert (None if reason else url) == expected or "not ASCII" in reason, (a, b)
