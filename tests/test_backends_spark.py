"""The Spark backend, held to the reference. One session for all, and many tables a query: a query costs 100 ms."""

import shutil
from functools import reduce
from typing import Any

import pytest
from backend_cases import FAILS, Table, tables
from hypothesis import HealthCheck, Phase, given, settings

pytest.importorskip("pyspark", reason="pyspark is not installed: pip install 'macroengine[spark]'")
if shutil.which("java") is None:
    pytest.skip("Spark needs Java 17 or later, and there is none", allow_module_level=True)

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from macroengine.backends.spark import to_column

EXAMPLES = 60


@pytest.fixture(scope="module")
def spark():
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.session.timeZone", "Asia/Kathmandu")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.default.parallelism", "1")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


def drawn(examples: int) -> list[Table]:
    """Draw tables without testing them: they are tested together."""
    found: list[Table] = []

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(table=tables(spark=True))
    def draw(table: Table) -> None:
        found.append(table)

    draw()
    return found


def test_every_row_comes_out_as_from_the_reference(spark):
    found = drawn(EXAMPLES)
    for start in range(0, len(found), 20):
        check(spark, found[start : start + 20])


def check(spark, batch: list[Table]) -> None:
    expected, frames, failing = [], [], []
    for table in batch:
        sent = [(row, url) for row, url in zip(table.rows, table.expected, strict=True) if url is not FAILS]
        frame = frame_of(spark, table, [row for row, _ in sent])
        column = to_column(table.template, {field: frame.schema[field].dataType for field in table.columns})
        # An event that may be refused would end the query for all others.
        expected += [(len(frames), number, url) for number, (_, url) in enumerate(sent)]
        frames.append(frame.select(f.lit(len(frames)).alias("table"), "n", column.alias("url")))
        failing += [(table, row) for row, url in zip(table.rows, table.expected, strict=True) if url is FAILS]
    rows = reduce(DataFrame.union, frames).collect()
    assert [tuple(row) for row in rows] == expected
    for table, row in failing[:3]:
        frame = frame_of(spark, table, [row])
        with pytest.raises(PySparkException):
            frame.select(
                to_column(table.template, {field: frame.schema[field].dataType for field in table.columns})
            ).collect()


def frame_of(spark, table: Table, rows: list[dict[str, Any]]) -> DataFrame:
    columns = "".join(f", `{field}` {kind.spark}" for field, kind in table.columns.items())
    values = [(number, *(row[field] for field in table.columns)) for number, row in enumerate(rows)]
    return spark.createDataFrame(values, f"n int{columns}")
