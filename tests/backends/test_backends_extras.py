"""Backends whose library is not installed."""

import sys

import pytest

from macroengine import compile_template
from macroengine.backends import clickhouse, duckdb, spark
from macroengine.backends.extras import extra

TEMPLATE = compile_template("https://n.example/pb?c=(clickid)")


@pytest.mark.parametrize(
    ("library", "name", "call"),
    [
        ("pyspark", "spark", lambda: spark.to_column(TEMPLATE)),
        ("pyspark", "spark", lambda: spark.failure_column(TEMPLATE)),
        ("pyspark", "spark", lambda: spark.render_dataframe(None, TEMPLATE)),
        ("clickhouse_connect", "clickhouse", lambda: next(clickhouse.render_query(None, "SELECT 1", TEMPLATE))),
        ("duckdb", "duckdb", lambda: duckdb.render_table(TEMPLATE, __file__, "urls.txt")),
    ],
)
def test_the_extra_is_named(monkeypatch, library, name, call):
    for loaded in [module for module in sys.modules if module.split(".")[0] == library]:
        monkeypatch.setitem(sys.modules, loaded, None)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ModuleNotFoundError, match=rf"pip install 'macroengine\[{name}\]'$") as caught:
        call()
    assert caught.value.name.split(".")[0] == library


def test_other_missing_modules_are_reported_as_they_are():
    missing = ModuleNotFoundError("No module named 'numpy'", name="numpy")
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'numpy'$"), extra("spark", "pyspark"):
        raise missing
