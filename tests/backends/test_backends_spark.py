"""The Spark backend, held to the reference. One session for all, and many tables a query: a query costs 100 ms."""

import os
import shutil
import subprocess
import sys
import tomllib
from functools import reduce
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.support.backend_cases import FAILS, MILLISECONDS, Table, refused, tables
from tests.support.step_cases import CASES, NASTY, TABLE_ENCODINGS, expected
from tests.support.vectors import FAILING, MADE, OF_TEXT, arguments, event_of, row_of, tables_of

pytest.importorskip("pyspark", reason="pyspark is not installed: pip install 'macroengine[spark]'")
if shutil.which("java") is None:
    pytest.skip("Spark needs Java 17 or later, and there is none", allow_module_level=True)

import pyspark
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from macroengine import Dialect, Missing, Policy, UnsupportedError, compile_template
from macroengine.backends.duckdb import render_table
from macroengine.backends.spark import failure_column, render_dataframe, to_column

EXAMPLES = 40
pytestmark = pytest.mark.slow  # Java takes ten seconds to start, and longer to be quick


@pytest.fixture(scope="module")
def spark():
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1")  # tests end before C2 pays off
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
    @given(table=tables(engine="spark"))
    def draw(table: Table) -> None:
        found.append(table)

    draw()
    return found


def test_every_row_comes_out_as_from_the_reference(spark):
    found = drawn(EXAMPLES)
    compared = sum(check(spark, found[start : start + 40]) for start in range(0, len(found), 40))
    assert compared >= EXAMPLES / 4, f"{compared} URLs of {len(found)} tables"


def check(spark, batch: list[Table]) -> int:
    """Check the rows of some tables, and return how many are sent."""
    expected, frames, failing = [], [], []
    for table in batch:
        sent = [(row, url) for row, url in zip(table.rows, table.expected, strict=True) if url is not FAILS]
        frame = frame_of(spark, table, [row for row, _ in sent])
        try:
            column = to_column(table.template, {field: frame.schema[field].dataType for field in table.columns})
        except UnsupportedError as error:
            if not refused(str(error)):
                raise
            continue
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
    return sum(isinstance(url, str) for *_, url in expected)


def frame_of(spark, table: Table, rows: list[dict[str, Any]]) -> DataFrame:
    columns = "".join(f", `{field}` {kind.spark}" for field, kind in table.columns.items())
    values = [(number, *(row[field] for field in table.columns)) for number, row in enumerate(rows)]
    return spark.createDataFrame(values, f"n int{columns}")


def test_the_vectors_come_out_as_written(spark):
    frames, urls = [], []
    for vector in OF_TEXT.values():
        template = compile_template(vector["template"], **arguments(vector))
        row = row_of(template, event_of(vector))
        kinds = {field: "boolean" if field == "attributed" else "string" for field in row}
        given = ", ".join(f"CAST(:{field} AS {kind}) AS {field}" for field, kind in kinds.items())
        frame = spark.sql(f"SELECT {given}", row)
        types = {field: frame.schema[field].dataType for field in row}
        rendered = frame.select(f.lit(len(urls)).alias("n"), to_column(template, types).alias("url"))
        if vector.get("error") in ("RenderError", "MissingValueError"):
            with pytest.raises(PySparkException):
                rendered.collect()
        else:
            frames.append(rendered)
            urls.append(vector.get("url"))
    assert [row.url for row in reduce(DataFrame.union, frames).collect()] == urls
    assert None in urls


@pytest.mark.slow
def test_the_vectors_that_are_made_come_out_as_written(spark):
    compared = 0
    # Spark takes a second for each template. MACROENGINE_LAWS=10000 tries all of them.
    share = 1 if int(os.environ.get("MACROENGINE_LAWS", "2000")) >= 10_000 else 8
    tables = tables_of(MADE)[::share]
    for start in range(0, len(tables), 40):  # for more at once Java makes no code
        frames, wanted = [], []
        for vectors in tables[start : start + 40]:
            template = compile_template(vectors[0]["template"], **arguments(vectors[0]))
            rows = [row_of(template, event_of(vector)) for vector in vectors]
            kinds = "".join(f", `{field}` {'boolean' if field == 'attributed' else 'string'}" for field in rows[0])
            numbered = [(len(wanted) + number, *row.values()) for number, row in enumerate(rows)]
            frame = spark.createDataFrame(numbered, f"n int{kinds}")
            types = {field: frame.schema[field].dataType for field in rows[0]}
            try:
                columns = [to_column(template, types, strict=False), failure_column(template, types)]
            except UnsupportedError:
                continue
            url, reason = columns
            frames.append(frame.select("n", url.alias("url"), reason.alias("reason")))
            wanted += vectors
        found = sorted(reduce(DataFrame.union, frames).collect())
        for vector, (_, url, reason) in zip(wanted, found, strict=True):
            expected = FAILS if vector.get("error") in FAILING else vector.get("url")
            assert (FAILS if reason else url) == expected or refused(reason or ""), vector
            compared += not refused(reason or "")
    assert compared > 800 / share


@pytest.mark.parametrize("encoding", TABLE_ENCODINGS)
def test_every_step_comes_out_as_from_the_reference(spark, encoding: str):
    dialect, wanted = expected(encoding)
    # Spark takes long to compile: each case is tried with two of the encodings.
    chosen = list(zip(CASES, wanted, strict=True))[TABLE_ENCODINGS.index(encoding) % 3 :: 3]
    frame = spark.createDataFrame(list(enumerate([*NASTY, None])), "i int, v string")
    types = {"v": frame.schema["v"].dataType}
    for start in range(0, len(chosen), 12):  # for more at once Java makes no code
        some = chosen[start : start + 12]
        columns = []
        for (source, options), _ in some:
            template = compile_template(source, dialect=dialect, ignore=["ME"], **options)
            columns += [to_column(template, types, strict=False), failure_column(template, types)]
        named = [column.alias(f"c{index}") for index, column in enumerate(columns)]
        rows = [row[1:] for row in sorted(frame.select("i", *named).collect(), key=lambda row: row[0])]
        for index, (case, urls) in enumerate(some):
            for value, row, url in zip((*NASTY, None), rows, urls, strict=True):
                got, reason = row[2 * index], row[2 * index + 1]
                assert (None if reason else got) == url or "not ASCII" in str(reason), (case, value)


def test_text_that_may_be_json_is_refused_where_json_takes_a_whole_value(spark):
    template = compile_template("https://n.example/pb?j=%5B(encode)%5D&k=%5B(install_time)%5D", ignore=["ME"])
    with pytest.raises(UnsupportedError, match="cannot tell whether the text in column 'event_value' is JSON"):
        to_column(template)
    frame = spark.sql("SELECT array(1) AS event_value, timestamp_seconds(0) AS install_time")
    types = {field.name: field.dataType for field in frame.schema}
    row = frame.select(to_column(template, types)).first()
    assert row[0] == "https://n.example/pb?j=%5B%5B1%5D%5D&k=%5B%221970-01-01%2000%3A00%3A00%22%5D"


# What cannot be the same, and what to do

CLICK = compile_template("https://n.example/pb?c=(clickid)")
JSON = compile_template("https://n.example/pb?j=(encode)", policy=Policy("in-app"))


@pytest.mark.parametrize(
    ("column", "advice"),
    [
        ("double", "DECIMAL"),
        ("float", "DECIMAL"),
        ("timestamp_ntz", "zone"),
        ("date", "STRING"),
        ("binary", "STRING"),
        ("string collate UNICODE_CI", "STRING"),
        ("struct<a:int>", "STRING"),
    ],
)
def test_a_type_whose_text_could_differ_is_refused_with_a_way_out(spark, column: str, advice: str):
    with pytest.raises(UnsupportedError, match=f"'click_id'.*{advice}"):
        to_column(CLICK, types(spark, click_id=column))


@pytest.mark.parametrize("column", ["struct<a:array<double>>", "map<int,string>", "map<string,date>"])
def test_a_nested_type_that_python_writes_otherwise_is_refused(spark, column: str):
    with pytest.raises(UnsupportedError, match="as Python writes JSON"):
        to_column(JSON, types(spark, event_value=column))


def types(spark, **columns: str) -> dict[str, Any]:
    schema = ", ".join(f"`{field}` {kind}" for field, kind in columns.items())
    return {field.name: field.dataType for field in spark.createDataFrame([], schema).schema}


def test_without_types_all_columns_are_strings(spark):
    frame = spark.createDataFrame([("a b",)], "click_id string")
    assert frame.select(to_column(CLICK)).first()[0] == "https://n.example/pb?c=a%20b"


def test_a_column_of_nothing_is_missing(spark):
    frame = spark.sql("SELECT NULL AS click_id")
    assert render_dataframe(frame, CLICK).first().url == "https://n.example/pb?c="


@pytest.mark.parametrize(
    ("number", "kind", "expected"),
    [
        ("0", "DECIMAL(18, 18)", "0.000000000000000000"),
        ("-0.0000001", "DECIMAL(38, 7)", "-0.0000001"),
        ("1234567890123.00000001", "DECIMAL(38, 8)", "1234567890123.00000001"),
        ("0.000001", "DECIMAL(7, 6)", "0.000001"),
        ("NULL", "DECIMAL(18, 18)", ""),
    ],
)
def test_small_decimals_have_no_exponent(spark, number: str, kind: str, expected: str):
    frame = spark.sql(f"SELECT CAST({number} AS {kind}) AS click_id")
    assert render_dataframe(frame, CLICK).first().url == f"https://n.example/pb?c={expected}"


def test_booleans_are_the_words_that_the_partner_chose(spark):
    frame = spark.sql("SELECT explode(array(true, false, NULL)) AS app_name")
    template = compile_template("?a=(app_name)", booleans="1/0")
    assert [row.url for row in render_dataframe(frame, template).collect()] == ["?a=1", "?a=0", "?a="]


def test_a_map_keeps_its_order(spark):
    frame = spark.sql("SELECT map('b', 1, 'a', CAST(NULL AS INT), 'c', 3) AS event_value")
    assert render_dataframe(frame, JSON).first().url == "https://n.example/pb?j=" + quote(
        '{"b":1,"a":null,"c":3}', safe=""
    )


@pytest.mark.parametrize(
    ("macro", "dialect", "expected"),
    [
        ("(install_time)", "appsflyer", "1969-12-31%2023%3A59%3A59"),
        ("(install_unix_ts)", "appsflyer", "-1"),
        ("{install_datetime}", "appmetrica", "1969-12-31T23%3A59%3A59Z"),
        ("{time}", MILLISECONDS, "-500"),
        ("https%3A%2F%2Fx%3Ft%3D(install_time)", "appsflyer", "https%3A%2F%2Fx%3Ft%3D1969-12-31%252023%253A59%253A59"),
    ],
)
def test_times_are_utc_and_rounded_down(spark, macro: str, dialect: str | Dialect, expected: str):
    template = compile_template("https://n.example/?t=" + macro, dialect=dialect)
    (field,) = template.fields
    frame = spark.sql(f"SELECT timestamp_micros(-500000) AS {field}")
    assert render_dataframe(frame, template).first().url == "https://n.example/?t=" + expected


# Rows that fail


@pytest.mark.parametrize(
    ("template", "query", "message"),
    [
        (
            compile_template("https://n.example/?c=(clickid)", missing=Missing.RAISE),
            "SELECT CAST(NULL AS STRING) AS click_id",
            "value of macro 'clickid' is missing",
        ),
        (
            compile_template("https://(clickid).example/", allow_host_macros=True),
            "SELECT 'a\n' AS click_id",
            "not a label of a host, for macro 'clickid'",
        ),
        (CLICK, "SELECT repeat('é', 20000) AS click_id", "at most 65,536 bytes"),
        (CLICK, "SELECT '' AS click_id, 'installs' AS postback", "'postback' must be one of"),
        (CLICK, "SELECT '' AS click_id, CAST(NULL AS BOOLEAN) AS attributed", "'attributed' must be true or false"),
        (CLICK, "SELECT '' AS click_id, 'yes' AS attributed", "'attributed' must be true or false"),
        (
            compile_template("https://n.example/?i=(sha1-idfa)"),
            "SELECT 'ß' AS idfa",
            "not ASCII for macro 'idfa'",
        ),
        (
            compile_template("https://n.example/?t=(install_time)", missing=Missing.DROP),
            "SELECT timestamp_seconds(253402300800) AS install_time",
            "outside the years 1 to 9999",
        ),
    ],
)
def test_a_row_that_cannot_be_sent_ends_the_job(spark, template, query: str, message: str):
    with pytest.raises(PySparkException) as caught:
        render_dataframe(spark.sql(query), template).collect()
    assert message in str(caught.value)


# Tables


def test_what_is_not_sent_is_left_out(spark):
    frame = spark.sql(
        "SELECT CAST(id AS STRING) AS click_id, id % 2 = 0 AS attributed, "
        "IF(id < 4, 'install', 'in-app') AS postback FROM range(6)"
    )
    rows = render_dataframe(frame, CLICK, keep=["attributed"]).collect()
    assert [tuple(row) for row in rows] == [
        (True, "https://n.example/pb?c=0"),
        (True, "https://n.example/pb?c=2"),
    ]


def test_many_templates_fan_out_in_one_pass(spark):
    column = "Click `id`.x"
    frame = spark.sql("SELECT id, id AS clicks FROM range(2)").withColumnRenamed("clicks", column)
    templates = {"a": CLICK, "b": compile_template("https://b.example/?c=(clickid)&l=(language)")}
    rows = render_dataframe(frame, templates, columns={"click_id": column, "language": None}, keep=["id"]).collect()
    assert [tuple(row) for row in rows] == [
        (0, "a", "https://n.example/pb?c=0"),
        (0, "b", "https://b.example/?c=0&l="),
        (1, "a", "https://n.example/pb?c=1"),
        (1, "b", "https://b.example/?c=1&l="),
    ]


def test_a_missing_column_is_refused_with_those_that_there_are(spark):
    with pytest.raises(ValueError, match=r"no column 'click_id'; did you mean 'clickid'\? \(known: clickid\)"):
        render_dataframe(spark.sql("SELECT 1 AS clickid"), CLICK)


def test_no_python_runs_on_the_workers(spark):
    frame = render_dataframe(spark.sql("SELECT 'x' AS event_value"), JSON)
    plan = frame._jdf.queryExecution().toString()
    assert "url_encode" in plan
    assert "Python" not in plan


def test_a_stream_is_rendered_like_a_table(spark, tmp_path):
    spark.sql("SELECT 'x' AS click_id").write.parquet(str(tmp_path / "in"))
    stream = spark.readStream.schema("click_id string").parquet(str(tmp_path / "in"))
    urls = render_dataframe(stream, {"a": CLICK})
    query = (
        urls.writeStream.format("parquet")
        .option("checkpointLocation", str(tmp_path / "checkpoint"))
        .trigger(availableNow=True)
        .start(str(tmp_path / "out"))
    )
    query.awaitTermination()
    assert [tuple(row) for row in spark.read.parquet(str(tmp_path / "out")).collect()] == [
        ("a", "https://n.example/pb?c=x")
    ]


@pytest.mark.parametrize("many", [False, True])
def test_columns_are_found_in_any_case_and_none_is_taken_for_another(spark, many: bool):
    frame = spark.sql(
        "SELECT 'x' AS Url, 'p' AS partner, 'k' AS `kept 0`, 'f' AS `field 0`, id = 0 AS ATTRIBUTED, "
        "'install' AS PostBack FROM range(2)"
    )
    template = compile_template("https://n.example/?u={url}&p={partner}&f={f}", dialect="appmetrica")
    columns = {"f": "field 0"}
    rows = render_dataframe(frame, {"a": template} if many else template, columns=columns, keep=["kept 0", "field 0"])
    url = "https://n.example/?u=x&p=p&f=f"
    assert [tuple(row) for row in rows.collect()] == [("k", "f", *(["a"] if many else []), url)]
    types = {field.name: field.dataType for field in frame.withColumnRenamed("field 0", "f").schema}
    sent = frame.withColumnRenamed("field 0", "f").select(to_column(template, types)).collect()
    assert [row[0] for row in sent] == [url, None]


def test_columns_that_differ_in_case_only_are_refused_where_they_count(spark):
    frame = spark.sql("SELECT 1 AS click_id, true AS attributed, true AS Attributed")
    with pytest.raises(ValueError, match="'attributed' and 'Attributed' differ only"):
        render_dataframe(frame, CLICK)
    frame = spark.sql("SELECT 1 AS click_id, true AS x, true AS X")
    assert render_dataframe(frame, CLICK).first().url == "https://n.example/pb?c=1"


# The example


@pytest.mark.parametrize("stream", [False, True])
def test_the_example_equals_duckdb_row_by_row(tmp_path, stream: bool):
    (tmp_path / "events").mkdir()
    source = tmp_path / "events" / "events.parquet"
    duckdb.sql(
        "SELECT i AS event_id, uuid()::VARCHAR AS click_id, 'a b/' || chr(i::INTEGER + 32) AS geo, "
        "upper(uuid()::VARCHAR) AS idfa, i % 3 > 0 AS attributed FROM range(2000) t(i)"
    ).write_parquet(str(source))
    (tmp_path / "partners.toml").write_text(
        'acme = "https://acme.example/pb?c=(clickid)&g=(country_code)"\n'
        "beta = 'https://beta.example/pb?i=(sha1-idfa)&u=https%3A%2F%2Fx%3Fc%3D(clickid)'\n"
    )
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    command = [
        submit,
        "--master",
        "local[2]",
        "--conf",
        "spark.ui.enabled=false",
        "--driver-java-options",
        "-XX:TieredStopAtLevel=1",
        "examples/spark_job.py",
    ]
    files = ["--templates", tmp_path / "partners.toml", "--input", source.parent, "--output", tmp_path / "urls"]
    root = Path(__file__).parents[2]
    # The interpreter of the tests, wherever spark-submit would look for one.
    environment = os.environ | {"PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(root)}
    more = [[], ["--stream", tmp_path / "checkpoint"]][stream]
    run = subprocess.run(
        [*command, *files, "--keep", "event_id", "--columns", "country_code=geo", *more],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        env=environment,
    )
    assert run.returncode == 0, run.stderr
    templates = {
        partner: compile_template(template)
        for partner, template in tomllib.loads((tmp_path / "partners.toml").read_text()).items()
    }
    target = tmp_path / "urls.parquet"
    render_table(templates, source, target, columns={"country_code": "geo"}, keep=["event_id"])
    query = "SELECT event_id, partner, url FROM {} ORDER BY ALL"
    theirs = duckdb.sql(query.format(f"read_parquet('{tmp_path}/urls/*/*.parquet', hive_partitioning = true)"))
    ours = duckdb.sql(query.format(f"'{target}'")).fetchall()
    assert theirs.fetchall() == ours
    assert len(ours) == 2 * 1333
