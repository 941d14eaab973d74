"""Arguments of a wrong type are refused by all backends where they are given, and by their names."""

import re

import pytest

from macroengine import Request, compile_request, compile_template, parse
from macroengine.backends import clickhouse, duckdb
from macroengine.backends.duckdb import render_table

URL = "https://n.example/pb?c=(clickid)"


def to_column(template):
    pytest.importorskip("pyspark")
    from macroengine.backends.spark import to_column  # noqa: PLC0415 - pyspark may be missing

    return to_column(template)


@pytest.mark.parametrize(
    "function", [duckdb.to_sql, duckdb.failure_sql, clickhouse.to_sql, clickhouse.failure_sql, to_column]
)
@pytest.mark.parametrize(
    ("template", "found"),
    [
        (None, "NoneType"),
        (URL, repr(URL)),
        (parse(URL), "Template"),
        (compile_request(Request("GET", URL)), "CompiledRequest"),
    ],
)
def test_only_what_has_a_plan_becomes_an_expression(function, template, found):
    with pytest.raises(TypeError, match=re.escape(f"template must be a compiled template or its plan, not {found}")):
        function(template)


@pytest.mark.parametrize("function", [duckdb.to_sql, clickhouse.to_sql])
def test_types_of_columns_are_a_mapping(function):
    with pytest.raises(TypeError, match="columns must be a mapping of names to types, not list"):
        function(compile_template(URL), columns=[("click_id", "VARCHAR")])


@pytest.mark.parametrize("function", [duckdb.to_sql, duckdb.failure_sql, clickhouse.to_sql, clickhouse.failure_sql])
@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"click_id": 1}, "each type in columns must be a string, as DESCRIBE shows it, not int"),
        ({1: "VARCHAR"}, "each name in columns must be a string, not int"),
    ],
)
def test_names_and_types_of_columns_are_texts(function, columns, message):
    with pytest.raises(TypeError, match=f"^{message}$"):
        function(compile_template(URL), columns)


@pytest.mark.parametrize(
    ("source", "output", "message"),
    [
        ("in.csv", None, "output must be a path, not NoneType"),
        (1, "urls.txt", "source must be a path or a DuckDB relation, not int"),
    ],
)
def test_a_table_is_read_and_written_by_name(tmp_path, source, output, message):
    target = output and tmp_path / output
    with pytest.raises(TypeError, match=f"^{message}$"):
        render_table(compile_template(URL), source, target)


def test_a_query_keeps_columns_of_a_list():
    pytest.importorskip("clickhouse_connect")
    with pytest.raises(TypeError, match="keep must be a list of names of columns, not 'day'"):
        clickhouse.render_query(None, compile_template(URL), "SELECT 1", keep="day")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"keep": "day"}, "keep must be a list of names of columns, not 'day'"),
        ({"keep": 1}, "keep must be a list of names of columns, not int"),
        ({"columns": [("click_id", "day")]}, "columns must be a mapping, not list"),
    ],
)
def test_what_is_said_of_a_table_has_its_type(arguments, message, tmp_path):
    source = tmp_path / "events.csv"
    source.write_text("click_id,day\n1,2\n")
    with pytest.raises(TypeError, match=re.escape(message)):
        render_table(compile_template(URL), source, tmp_path / "urls.txt", **arguments)
    assert [*tmp_path.iterdir()] == [source]
