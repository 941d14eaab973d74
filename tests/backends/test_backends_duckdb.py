"""The DuckDB backend, held to the reference and to the letter of SQL."""

from urllib.parse import quote

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from macroengine import Default, Dialect, Event, Missing, Policy, UnsupportedError, compile_template
from macroengine.backends.ansi import literal
from macroengine.backends.duckdb import failure_sql, to_sql
from tests.support.backend_cases import FAILS, MILLISECONDS, TEXT, Table, refused, stored, tables
from tests.support.floors import reached, reaching


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        # Nothing may depend on it.
        connection.execute("SET TimeZone = 'Asia/Kathmandu'")
        yield connection


@pytest.mark.slow
@reaching(supported=40, sent=25)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(table=tables())
def test_every_row_comes_out_as_from_the_reference(connection, table: Table):
    fill(connection, table)
    try:
        sql = to_sql(table.template, {field: kind.sql for field, kind in table.columns.items()})
    except UnsupportedError as error:
        if not refused(str(error)):
            raise
        return
    reached("supported", *["sent"] * any(isinstance(url, str) for url in table.expected))
    for number, expected in enumerate(table.expected):
        url, message = outcome(connection, f"SELECT {sql} FROM t WHERE n = {number}")
        assert url == expected or (message is not None and refused(message)), message


def outcome(connection, query: str) -> tuple[object, str | None]:
    """Return the URL, or FAILS and why."""
    try:
        return connection.execute(query).fetchone()[0], None
    except duckdb.InvalidInputException as error:
        return FAILS, str(error)


def fill(connection, table: Table) -> None:
    columns = "".join(f', "{field}" {kind.sql}' for field, kind in table.columns.items())
    connection.execute(f"CREATE OR REPLACE TABLE t (n INTEGER{columns})")
    for number, row in enumerate(table.rows):
        values = [stored(kind, row[field]) for field, kind in table.columns.items()]
        connection.execute(f"INSERT INTO t VALUES (?{', ?' * len(values)})", [number, *values])


def rendered(connection, template, columns: dict[str, str], **values: str) -> object:
    """Return the URL of one row, whose values are SQL."""
    row = ", ".join(f'{value} AS "{field}"' for field, value in values.items())
    return connection.execute(f"SELECT {to_sql(template, columns)} FROM (SELECT {row})").fetchone()[0]


URL = "https://n.example/pb?"
CLICK = compile_template(URL + "c=(clickid)")
JSON = compile_template(URL + "j=(encode)", policy=Policy("in-app"))


# What cannot be the same, and what to do


@pytest.mark.parametrize(
    ("column", "advice"),
    [
        ("FLOAT", "DECIMAL"),
        ("TIMESTAMP", "AT TIME ZONE"),
        ("TIMESTAMP_NS", "AT TIME ZONE"),
        ("DATE", "VARCHAR"),
        ("TIME", "VARCHAR"),
        ("UUID", "VARCHAR"),
        ("BLOB", "VARCHAR"),
        ("INTERVAL", "VARCHAR"),
        ("STRUCT(a INTEGER)", "VARCHAR"),
        ("INTEGER[]", "VARCHAR"),
    ],
)
def test_a_type_whose_text_could_differ_is_refused_with_a_way_out(column: str, advice: str):
    with pytest.raises(UnsupportedError, match=advice) as caught:
        to_sql(CLICK, {"click_id": column})
    assert "click_id" in str(caught.value)
    assert column in str(caught.value)


@pytest.mark.parametrize(
    ("column", "inside"),
    [
        ("STRUCT(a DOUBLE)", "DOUBLE"),
        ("STRUCT(a STRUCT(b DATE[])[])", "DATE"),
        ("MAP(INTEGER, VARCHAR)", "MAP"),
        ("MAP(VARCHAR, DECIMAL(3,1))", "DECIMAL"),
        ("INTEGER[3][]", "INTEGER"),
    ],
)
def test_a_nested_type_that_python_writes_otherwise_is_refused(column: str, inside: str):
    with pytest.raises(UnsupportedError, match="as Python writes JSON") as caught:
        to_sql(JSON, {"event_value": column})
    assert f"the {inside}" in str(caught.value)


def test_a_field_without_a_type_is_named():
    with pytest.raises(ValueError, match="no type is given for column 'click_id' \\(given are: clickid\\)"):
        to_sql(CLICK, {"clickid": "VARCHAR"})


@pytest.mark.parametrize("template", ["https://n.example/?a={attributed}", "https://n.example/?a={Aa}&b={aA}"])
def test_fields_that_cannot_be_columns_are_refused(template: str):
    with pytest.raises(UnsupportedError, match="Python engine"):
        to_sql(compile_template(template, dialect="appmetrica"))


def test_half_of_a_surrogate_pair_in_a_template_is_refused():
    with pytest.raises(UnsupportedError, match="surrogate"):
        to_sql(compile_template(URL + "\ud800", ignore=["ME"]))


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("STRUCT(b VARCHAR, a INTEGER)", "{b: NULL, a: 1}", '{"b":null,"a":1}'),
        ("MAP(VARCHAR, BOOLEAN[])", "MAP {'b': [true, NULL], 'a': NULL}", '{"b":[true,null],"a":null}'),
        ("VARCHAR[]", r"['é' || chr(31) || '\u001F' || chr(0)]", r'["é\u001f\\u001F\u0000"]'),
    ],
)
def test_nested_columns_become_compact_json(connection, column: str, value: str, expected: str):
    url = rendered(connection, JSON, {"event_value": column}, event_value=value)
    assert url == URL + "j=" + quote(expected, safe="")


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("JSON", "'\"a\"'::JSON", '"a"'),
        ("JSON", "'7'::JSON", "7"),
        ("JSON", "'true'::JSON", "true"),
        ("JSON", "NULL::JSON", "null"),
        ("DOUBLE", "1e22::DOUBLE", "10000000000000000000000.0"),
        ("VARCHAR", "'7'", '"7"'),
        ("TIMESTAMP WITH TIME ZONE", "make_timestamp(0)::TIMESTAMP AT TIME ZONE 'UTC'", '"1970-01-01 00:00:00"'),
        ("ENUM('a')", "'a'::ENUM('a')", '"a"'),
    ],
)
def test_json_takes_a_whole_value_by_its_type(connection, column: str, value: str, expected: str):
    template = compile_template(URL + "j=%5B(clickid)%5D")
    assert rendered(connection, template, {"click_id": column}, click_id=value) == f"{URL}j=%5B{quote(expected)}%5D"


def test_a_template_is_rendered_without_errors_where_it_must_not_be_strict(connection):
    template = compile_template(URL + "c=(clickid)", missing="raise")
    sql = f"{to_sql(template, strict=False)}, {failure_sql(template)}"
    rows = connection.execute(f"SELECT {sql} FROM (VALUES ('x'), (NULL), (repeat('é', 20000))) t(click_id)").fetchall()
    assert rows == [
        (URL + "c=x", None),
        (None, "value of macro 'clickid' is missing"),
        (None, "rendered URL is too long; at most 65,536 bytes are allowed"),
    ]
    with pytest.raises(TypeError, match="strict must be True or False"):
        to_sql(template, strict="no")


def test_sql_stays_small():
    names = ["clickid", "country_code", "ip", "user-agent", "encode", "C", "language", "app_version", "event_name"]
    query = "&".join(f"{name}=({name})" for name in names)
    nested = f"{URL}{query}&u=https%3A%2F%2Fx%3F" + query.replace("=", "%3D").replace("&", "%26").replace("encode", "C")
    for source, missing, most in (
        (URL + query, "empty", 10_000),
        (URL + query, "drop", 12_000),
        (nested, "drop", 20_000),
    ):
        template = compile_template(source, policy=Policy("in-app", send_all=True), missing=missing, ignore=["ME"])
        types = dict.fromkeys(template.fields, "JSON") | {"attributed": "BOOLEAN", "postback": "VARCHAR"}
        assert len(to_sql(template, types)) < most


def test_columns_may_be_called_what_the_sql_calls_its_parts(connection):
    template = compile_template("https://n.example/?a={me_0}&b={c}&d={j}", dialect="appmetrica", missing="drop")
    sql = to_sql(template, dict.fromkeys(template.fields, "JSON"))
    row = "'1'::JSON AS me_0, '\"x\"'::JSON AS c, '1.5'::JSON AS j"
    assert connection.execute(f"SELECT {sql} FROM (SELECT {row})").fetchone() == ("https://n.example/?a=1&b=x&d=1.5",)


# Rows that fail


@pytest.mark.parametrize(
    ("template", "columns", "values", "message"),
    [
        pytest.param(
            compile_template(URL + "c=(clickid)", missing=Missing.RAISE),
            {"click_id": "VARCHAR"},
            {"click_id": "NULL"},
            "value of macro 'clickid' is missing",
            id="missing",
        ),
        pytest.param(
            compile_template("https://(clickid).example/", allow_host_macros=True),
            {"click_id": "VARCHAR"},
            {"click_id": "'a.b'"},
            "not a label of a host, for macro 'clickid'",
            id="host",
        ),
        pytest.param(
            compile_template("https://n.example/(clickid)/"),
            {"click_id": "VARCHAR"},
            {"click_id": "'..'"},
            "lead to another path, for macro 'clickid'",
            id="path",
        ),
        pytest.param(CLICK, {"click_id": "DOUBLE"}, {"click_id": "'nan'::DOUBLE"}, "no digits", id="not-a-number"),
        pytest.param(
            compile_template(URL + "t=(install_time)"),
            {"install_time": "TIMESTAMP WITH TIME ZONE"},
            {"install_time": "'infinity'::TIMESTAMPTZ"},
            "outside the years 1 to 9999",
            id="infinite-time",
        ),
        pytest.param(
            compile_template(URL + "t=(install_time)", missing=Missing.DROP),
            {"install_time": "TIMESTAMP WITH TIME ZONE"},
            {"install_time": "make_timestamp(253402300800000000)::TIMESTAMP AT TIME ZONE 'UTC'"},
            "outside the years 1 to 9999",
            id="year-10000",
        ),
        pytest.param(
            compile_template(URL + "i=(sha1-idfa)"),
            {"idfa": "VARCHAR"},
            {"idfa": "'ß'"},
            "not ASCII for macro 'idfa'",
            id="upper-case-of-what",
        ),
        pytest.param(CLICK, {"click_id": "JSON"}, {"click_id": "'[1]'::JSON"}, "an object or an array", id="array"),
        pytest.param(CLICK, {"click_id": "JSON"}, {"click_id": "'1e400'::JSON"}, "so many digits", id="large-json"),
        pytest.param(CLICK, {"click_id": "JSON"}, {"click_id": "'NaN'::JSON"}, "so many digits", id="nan-json"),
        pytest.param(JSON, {"event_value": "JSON"}, {"event_value": "'[1e22]'::JSON"}, "an exponent", id="json-1e22"),
        pytest.param(JSON, {"event_value": "JSON"}, {"event_value": "'[1e-7]'::JSON"}, "an exponent", id="json-1e-7"),
        pytest.param(JSON, {"event_value": "JSON"}, {"event_value": "'[NaN]'::JSON"}, "an exponent", id="json-nan"),
        pytest.param(
            CLICK, {"click_id": "VARCHAR"}, {"click_id": "repeat('é', 20000)"}, "at most 65,536 bytes", id="too-long"
        ),
        pytest.param(
            CLICK,
            {"click_id": "VARCHAR", "postback": "VARCHAR"},
            {"click_id": "''", "postback": "'installs'"},
            "'postback' must be one of install, in-app",
            id="unknown-postback",
        ),
        pytest.param(
            CLICK,
            {"click_id": "VARCHAR", "attributed": "BOOLEAN"},
            {"click_id": "''", "attributed": "NULL"},
            "'attributed' must be true or false",
            id="attributed-or-not",
        ),
        pytest.param(
            compile_template(URL + "c=(clickid)", policy=Policy(send_all=True), missing=Missing.RAISE, ignore="ME3"),
            {"click_id": "VARCHAR", "attributed": "VARCHAR"},
            {"click_id": "''", "attributed": "'false'"},
            "value of macro 'clickid' is withheld",
            id="withheld",
        ),
    ],
)
def test_a_row_that_cannot_be_sent_ends_the_query(connection, template, columns, values, message: str):
    with pytest.raises(duckdb.InvalidInputException) as caught:
        rendered(connection, template, columns, **values)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"postback": "'in-app'", "attributed": "'true'"}, None),
        ({"postback": "'install'", "attributed": "'false'"}, None),
        ({"postback": "'install'", "attributed": "'true'"}, URL + "c=1"),
    ],
)
def test_the_heads_decide_whether_an_event_is_sent(connection, values: dict[str, str], expected: str | None):
    columns = {"click_id": "INTEGER", "postback": "VARCHAR", "attributed": "VARCHAR"}
    assert rendered(connection, CLICK, columns, click_id="1", **values) == expected


@pytest.mark.parametrize(
    ("macro", "dialect", "expected"),
    [
        ("(install_time)", "appsflyer", "1969-12-31%2023%3A59%3A59"),
        ("(install_unix_ts)", "appsflyer", "-1"),
        ("{install_datetime}", "appmetrica", "1969-12-31T23%3A59%3A59Z"),
        ("{time}", MILLISECONDS, "-500"),
    ],
)
def test_times_are_utc_and_rounded_down(connection, macro: str, dialect: str | Dialect, expected: str):
    template = compile_template(URL + "t=" + macro, dialect=dialect)
    (field,) = template.fields
    columns = {field: "TIMESTAMP WITH TIME ZONE"}
    time = "'1969-12-31 23:59:59.5+00'::TIMESTAMPTZ"
    assert rendered(connection, template, columns, **{field: time}) == URL + "t=" + expected


# Nothing becomes SQL

HOSTILE = st.lists(
    st.sampled_from(["'", '"', ";", "--", "/*", "*/", "\\", "$$", "\0", "\n", "a", "{}", "E'", "é"]), max_size=8
)


@reaching(awkward=50)
@settings(deadline=None)
@example(text="'; DROP TABLE victims; --")
@given(text=HOSTILE.map("".join))
def test_no_text_of_a_template_becomes_sql(connection, text: str):
    source = f"https://n.example/?a={text.replace('&', '').replace('#', '')}{{clickid}}"
    template = compile_template(source, dialect="appmetrica", ignore=["ME"], missing=Default(text))
    connection.execute("CREATE OR REPLACE TABLE victims AS SELECT NULL::VARCHAR AS clickid")
    ((url,),) = connection.execute(f"SELECT {to_sql(template)} FROM victims").fetchall()
    assert url == template.render(Event())
    reached(*["awkward"] * ("'" in text or "\\" in text or "-" in text))


@reaching(text=60)
@settings(deadline=None)
@given(words=st.lists(TEXT, min_size=1, max_size=3))
def test_every_text_is_the_literal_that_it_looks_like(connection, words: list[str]):
    reached(*["text"] * any(words))
    assert connection.execute(f"SELECT {', '.join(map(literal, words))}").fetchall() == [tuple(words)]
