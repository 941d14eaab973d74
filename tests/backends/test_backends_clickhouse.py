"""The ClickHouse backend, held to the reference and to the letter of SQL."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from macroengine import Default, Dialect, Event, Policy, RenderError, UnsupportedError, compile_template
from macroengine.backends.clickhouse import failure_sql, render_query, to_sql
from macroengine.backends.clickhouse.types import Type, read_type
from macroengine.backends.clickhouse.words import literal, name
from tests.support.backend_cases import FAILS, MILLISECONDS, TEXT, Table, refused, tables
from tests.support.clickhouse_client import connect
from tests.support.floors import reached, reaching
from tests.support.trying import with_each
from tests.support.vectors import FAILING, FILES, arguments, event_of, row_of, tables_of

URL = "https://n.example/pb?"
CLICK = compile_template(URL + "c=(clickid)")
REQUIRED = compile_template(URL + "c=(clickid)", missing="raise")
JSON = compile_template(URL + "j=(encode)", policy=Policy("in-app"))


@pytest.fixture(scope="module")
def client():
    with connect() as client:
        yield client


@pytest.mark.slow
@reaching(supported=40, sent=25)
@settings(
    max_examples=200,
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
        if not refused(str(error)):
            raise
        return
    reached("supported", *["sent"] * any(isinstance(one, str) for one in table.expected))
    try:
        rows = client.query(f"SELECT {url}, {reason}, n FROM rendered ORDER BY n").result_rows
        check_strict(client, table, types, [reason is not None for _, reason, _ in rows])
    except Exception as error:  # of a module that may not be installed; docs/bulk.md speaks of this limit
        if "Query tree is too big" not in str(error):
            raise
        return
    for (url, reason, _), expected in zip(rows, table.expected, strict=True):
        assert (FAILS if reason else url) == expected or refused(reason or ""), reason


def check_strict(client, table: Table, types: dict[str, str], failing: list[bool]) -> None:
    """Check that rows that cannot be sent end the query, and that no others do."""
    sql = to_sql(table.template, types)
    fine = ", ".join(str(number) for number, fails in enumerate(failing) if not fails)
    if fine:
        client.query(f"SELECT {sql} FROM rendered WHERE n IN ({fine})")
    if any(failing):
        with pytest.raises(Exception, match="Code: 395"):
            client.query(f"SELECT {sql} FROM rendered")


def fill(client, table: Table) -> None:
    columns = "".join(f", `{field}` {kind.clickhouse}" for field, kind in table.columns.items())
    client.command(f"CREATE OR REPLACE TABLE rendered (n UInt32{columns}) ENGINE = Memory")
    rows = [(number, *(row[field] for field in table.columns)) for number, row in enumerate(table.rows)]
    client.insert("rendered", rows)


def rendered(client, template, columns: dict[str, str], settings=None, **values: str) -> tuple[object, object]:
    """Return the URL of one row, whose values are SQL, and why there is none."""
    row = ", ".join(f"{value} AS `{field}`" for field, value in values.items())
    made = f"{to_sql(template, columns, strict=False)}, {failure_sql(template, columns)}"
    return client.query(f"SELECT {made} FROM (SELECT {row})", settings=settings).result_rows[0]


@pytest.mark.slow
def test_the_vectors_come_out_as_written(client):
    compared = 0
    for vectors in tables_of(FILES):
        template = compile_template(vectors[0]["template"], **arguments(vectors[0]))
        rows = [row_of(template, event_of(vector)) for vector in vectors]
        types = {field: "Bool" if field == "attributed" else "Nullable(String)" for field in rows[0]}
        try:
            made = f"{to_sql(template, types, strict=False)}, {failure_sql(template, types)}"
        except UnsupportedError:
            continue
        table = " UNION ALL ".join(
            ", ".join([f"SELECT {number} AS n", *(f"{stored(value)} AS {name(field)}" for field, value in row.items())])
            for number, row in enumerate(rows)
        )
        outcomes = client.query(f"SELECT {made} FROM ({table}) ORDER BY n").result_rows
        for vector, (url, reason) in zip(vectors, outcomes, strict=True):
            expected = FAILS if vector.get("error") in FAILING else vector.get("url")
            assert (FAILS if reason else url) == expected or refused(reason or ""), vector
            compared += not refused(reason or "")
    assert compared > 1000


def stored(value: object) -> str:
    """Return a text, NULL or a boolean as SQL."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"CAST({'NULL' if value is None else literal(str(value))} AS Nullable(String))"


# Types


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("String", "'a b'", "a%20b"),
        ("LowCardinality(Nullable(String))", "NULL::LowCardinality(Nullable(String))", ""),
        ("FixedString(5)", "toFixedString('é\\0b', 5)", "%C3%A9%00b"),
        ("Nullable(Nothing)", "NULL", ""),
        ("Enum8('it\\'s' = 1, 'b,)' = -2)", "CAST('b,)' AS Enum8('it\\'s' = 1, 'b,)' = -2))", "b%2C%29"),
        ("UInt256", f"toUInt256('{2**256 - 1}')", str(2**256 - 1)),
        ("Decimal(9, 2)", "toDecimal32('-0.5', 2)", "-0.50"),
        ("Decimal(76, 0)", "toDecimal256('12', 0)", "12"),
        ("Float64", "-1.5e22", "-15000000000000000000000.0"),
        ("Float64", "1e-7", "0.0000001"),
        ("Float64", "3.0", "3.0"),
        ("Nullable(Float64)", "NULL::Nullable(Float64)", ""),
        ("Bool", "true", "true"),
        ("UUID", "toUUID('6C5CBD9B-2F53-4B8E-8E4C-6F2A4FD2BB56')", "6c5cbd9b-2f53-4b8e-8e4c-6f2a4fd2bb56"),
        ("IPv4", "toIPv4('10.0.0.1')", "10.0.0.1"),
        ("IPv6", "toIPv6('2001:db8:0:0:0:0:0:1')", "2001%3Adb8%3A%3A1"),
    ],
)
def test_a_type_has_the_text_that_python_sends(client, kind: str, value: str, expected: str):
    assert rendered(client, CLICK, {"click_id": kind}, click_id=value) == (f"{URL}c={expected}", None)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("Map(String, Nullable(Int64))", "map('b', 1, 'a/\\\\\\0\\x1F', NULL)", '{"b":1,"a/\\\\\\u0000\\u001f":null}'),
        ("Map(Int8, String)", "map(1, 'é\u2028')", '{"1":"é\u2028"}'),
        ("Array(Nullable(Float64))", "[1, 1e22, NULL]", "[1.0,10000000000000000000000.0,null]"),
        ("Array(Nullable(Nothing))", "[NULL]", "[null]"),
        ("Array(Decimal(9, 2))", "[toDecimal32(1.5, 2)]", "[1.50]"),
        ("Array(FixedString(3))", "[toFixedString('a', 3)]", '["a"]'),
        (
            'Tuple(`a"b` Array(Bool), c Map(String, Tuple(d UInt8)))',
            "CAST(([true], map('x', tuple(1))) AS Tuple(`a\"b` Array(Bool), c Map(String, Tuple(d UInt8))))",
            '{"a\\"b":[true],"c":{"x":{"d":1}}}',
        ),
    ],
)
def test_nested_columns_become_compact_json_whatever_the_settings(client, kind: str, value: str, expected: str):
    odd = {"output_format_json_quote_64bit_integers": 1, "output_format_json_escape_forward_slashes": 0}
    for chosen in ({}, odd):
        url = URL + "j=" + quote(expected, safe="")
        assert rendered(client, JSON, {"event_value": kind}, chosen, event_value=value) == (url, None)


@pytest.mark.parametrize("kind", ["DateTime", "DateTime('Asia/Kathmandu')", "DateTime64(3, 'Asia/Kathmandu')"])
@pytest.mark.parametrize(
    ("macro", "dialect", "expected"),
    [
        ("(install_time)", "appsflyer", "2001-09-09%2001%3A46%3A40"),
        ("(install_unix_ts)", "appsflyer", "1000000000"),
        ("{install_datetime}", "appmetrica", "2001-09-09T01%3A46%3A40Z"),
        ("{time}", MILLISECONDS, "1000000000000"),
    ],
)
def test_times_are_utc(client, kind: str, macro: str, dialect: str | Dialect, expected: str):
    template = compile_template(URL + "t=" + macro, dialect=dialect)
    (field,) = template.fields
    made = f"CAST(toDateTime(1000000000) AS {kind})"
    assert rendered(client, template, {field: kind}, **{field: made}) == (f"{URL}t={expected}", None)


def test_times_before_1970_are_rounded_down(client):
    template = compile_template(URL + "t=(install_unix_ts)")
    made = "toDateTime64('1969-12-31 23:59:59.5', 3, 'UTC')"
    found = rendered(client, template, {"install_unix_ts": "DateTime64(3, 'UTC')"}, install_unix_ts=made)
    assert found == (URL + "t=-1", None)


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("Float32", "cast it to Decimal"),
        ("Date", "toDateTime"),
        ("JSON", "keep the text in a String"),
        ("Variant(String, UInt8)", "cast it to String"),
        ("Array(String)", "cast it to String"),
        ("Tuple(String, UInt8)", "cast it to String"),
        ("AggregateFunction(sum, UInt8)", "cast it to String"),
        ("Point", "cast it to String"),
    ],
)
def test_a_type_whose_text_could_differ_is_refused_with_a_way_out(kind: str, advice: str):
    with pytest.raises(UnsupportedError, match=f"cannot send column 'click_id' of type .*; .*{advice}") as caught:
        to_sql(CLICK, {"click_id": kind})
    assert kind in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "inside"),
    [
        ("Array(Float32)", "Float32"),
        ("Tuple(String, UInt8)", "Tuple without names"),
        ("Map(UUID, String)", "UUID"),
        ("Map(Bool, String)", "Map"),
        ("Map(String, Array(Date))", "Date"),
        ("Array(DateTime64(3))", "DateTime64"),
    ],
)
def test_a_nested_type_that_python_writes_otherwise_is_refused(kind: str, inside: str):
    with pytest.raises(UnsupportedError, match=f"cannot write the {inside} in column 'event_value'"):
        to_sql(JSON, {"event_value": kind})


@with_each(
    "text",
    [
        "",
        "(",
        "String)",
        "Array(String",
        "Array(String String)",
        "Tuple(a",
        "Array(,)",
        "1",
        "Array(%)",
        "'a'",
        "E('a' =",
        "E('a'",
        "Array(Int8 1)",
        "Array(String,",
        "Array(String, ",
        "Array(",
    ],
)
def test_what_is_no_type_is_refused(text: str):
    with pytest.raises(UnsupportedError, match="as DESCRIBE shows it"):
        read_type(text)


def test_a_type_is_read_with_its_names_and_arguments():
    assert read_type("Tuple(`a\\`b``c` Int8, d Nullable( String))") == Type(
        "Tuple",
        nullable=False,
        arguments=(Type("Int8", nullable=False), Type("String", nullable=True)),
        names=("a`b`c", "d"),
    )
    assert read_type("Enum8('a\\n''b' = -1)").arguments == ("a\n'b",)
    assert read_type("DateTime64(3, 'UTC')").arguments == ("3", "UTC")


def test_a_column_without_a_type_is_named():
    with pytest.raises(ValueError, match=r"no type is given for column 'click_id' \(given are: clickid\)"):
        to_sql(CLICK, {"clickid": "String"})


# Rows that cannot be sent


@pytest.mark.parametrize(
    ("template", "columns", "values", "reason"),
    [
        (CLICK, {"click_id": "String"}, {"click_id": "unhex('FF')"}, "bytes that are not UTF-8 for macro 'clickid'"),
        (CLICK, {"click_id": "Float64"}, {"click_id": "nan"}, "a number that has no digits"),
        (CLICK, {"click_id": "IPv6"}, {"click_id": "toIPv6('::ffff:1.2.3.4')"}, "which is written in two ways"),
        (CLICK, {"click_id": "String"}, {"click_id": "repeat('é', 20000)"}, "at most 65,536 bytes"),
        (
            JSON,
            {"event_value": "Array(String)"},
            {"event_value": "[unhex('FF')]"},
            "JSON with bytes that are not UTF-8",
        ),
        (JSON, {"event_value": "Array(Float64)"}, {"event_value": "[inf]"}, "a number that has no digits"),
        (JSON, {"event_value": "Map(String, UInt8)"}, {"event_value": "map('a', 1, 'a', 2)"}, "a key that is repeated"),
        (
            compile_template(URL + "i=(sha1-idfa)"),
            {"idfa": "String"},
            {"idfa": "'ß'"},
            "cannot hash an identifier that is not ASCII for macro 'idfa'",
        ),
        (
            CLICK,
            {"click_id": "String", "Postback": "LowCardinality(String)"},
            {"click_id": "''", "Postback": "'installs'"},
            "'postback' must be one of install, in-app",
        ),
        (
            CLICK,
            {"click_id": "String", "attributed": "UInt8"},
            {"click_id": "''", "attributed": "2"},
            "'attributed' must be true or false",
        ),
    ],
)
def test_a_row_that_cannot_be_sent_says_why_or_ends_the_query(client, template, columns, values, reason: str):
    url, why = rendered(client, template, columns, **values)
    assert url is None
    assert reason in why
    row = ", ".join(f"{value} AS `{field}`" for field, value in values.items())
    for how in ("enable", "disable", "force_enable"):
        with pytest.raises(Exception, match="Code: 395") as caught:
            client.query(
                f"SELECT {to_sql(template, columns)} FROM (SELECT {row})",
                settings={"short_circuit_function_evaluation": how},
            )
        assert reason.replace("'", "") in str(caught.value).replace("'", "").replace("\\", "")


@pytest.mark.parametrize(
    ("attributed", "postback", "expected"),
    [
        ("1", "'in-app'", None),
        ("0", "'install'", None),
        ("1", "'install'", URL + "c=1"),
    ],
)
@pytest.mark.parametrize("kind", ["UInt8", "Bool", "String"])
def test_the_heads_decide_whether_an_event_is_sent(client, kind: str, attributed: str, postback: str, expected):
    columns = {"click_id": "Int64", "Postback": "String", "ATTRIBUTED": kind}
    value = {"UInt8": "{}", "Bool": "CAST({} AS Bool)", "String": "if({} = 1, 'true', 'false')"}[kind]
    values = {"click_id": "1", "Postback": postback, "ATTRIBUTED": value.format(attributed)}
    assert rendered(client, CLICK, columns, **values) == (expected, None)


def test_what_withholds_identifiers_counts_where_the_table_tells(client):
    template = compile_template(URL + "i=(idfa)", policy=Policy(consent=True))
    types = {"idfa": "String", "att_status": "Nullable(String)"}
    for status, sent in (("'authorized'", "x"), ("'denied'", ""), ("NULL", "x"), ("unhex('FF')", "")):
        assert rendered(client, template, types, idfa="'x'", att_status=status) == (f"{URL}i={sent}", None)


def test_columns_of_one_type_are_made_alike(client):
    template = compile_template(URL + "a=(clickid)&b=(country_code)&c=(language)&d=%5B(C)%2C(af_siteid)%5D")
    types = dict.fromkeys(template.fields, "Float64")
    values = {field: f"{number}.5" for number, field in enumerate(template.fields)}
    assert rendered(client, template, types, **values) == (URL + "a=0.5&b=1.5&c=2.5&d=%5B3.5%2C4.5%5D", None)


def test_json_takes_a_whole_value_by_its_type(client):
    template = compile_template(URL + "d=%5B(clickid)%2C(install_time)%2C(language)%2C(C)%5D")
    types = {"click_id": "Nullable(Int8)", "install_time": "DateTime", "language": "String", "campaign": "UUID"}
    uuid = "6c5cbd9b-2f53-4b8e-8e4c-6f2a4fd2bb56"
    values = {"click_id": "NULL", "install_time": "toDateTime(0)", "language": "'a\"'", "campaign": f"toUUID('{uuid}')"}
    expected = quote(f'null,"1970-01-01 00:00:00","a\\"","{uuid}"', safe="")
    assert rendered(client, template, types, **values) == (f"{URL}d=%5B{expected}%5D", None)


# Queries


def test_a_query_is_rendered_through_a_client(client):
    query = "SELECT number AS `Click_ID`, number != 1 AS attributed, 'x' AS url, 'DE' AS `ge'o` FROM numbers(3) -- all"
    template = compile_template(URL + "c=(clickid)&cc=(country_code)")
    rows = render_query(client, template, query, columns={"country_code": "ge'o"}, keep=["ge'o"])
    assert sorted(rows) == [("DE", URL + "c=0&cc=DE"), ("DE", URL + "c=2&cc=DE")]


def test_many_templates_are_rendered_in_one_pass(client):
    templates = {"it's": CLICK, "b": compile_template("https://b.example/?c=(clickid)&l=(language)")}
    rows = render_query(client, templates, "SELECT number AS click_id FROM numbers(2)", columns={"language": None})
    assert sorted(rows) == [
        ("b", "https://b.example/?c=0&l="),
        ("b", "https://b.example/?c=1&l="),
        ("it's", URL + "c=0"),
        ("it's", URL + "c=1"),
    ]


def test_a_template_without_macros_is_sent_for_every_row(client):
    assert list(render_query(client, compile_template(URL + "a=b"), "SELECT 1 AS x")) == [(URL + "a=b",)]


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        (REQUIRED, "2 events cannot be sent\n2 refused: value of macro 'clickid' is missing"),
        (
            {"a": CLICK, "b'": REQUIRED},
            "2 events cannot be sent\n2 refused for \"b'\": value of macro 'clickid' is missing",
        ),
    ],
)
def test_what_cannot_be_sent_is_counted_by_reason(client, templates, message: str):
    query = "SELECT if(number < 2, NULL, 'x') AS click_id FROM numbers(5)"
    with pytest.raises(RenderError) as caught:
        list(render_query(client, templates, query))
    assert str(caught.value) == message


def test_one_event_is_one(client):
    with pytest.raises(RenderError, match=r"^1 event cannot"):
        list(render_query(client, REQUIRED, "SELECT NULL AS click_id"))


@pytest.mark.parametrize("column", ["click_id", "other"])
def test_an_error_of_the_query_is_not_taken_for_a_row_that_cannot_be_sent(client, column: str):
    more = "" if column == "click_id" else "'x' AS click_id, "
    query = f"SELECT {more}throwIf(number = 1, 'not ours') AS {column} FROM numbers(3)"
    with pytest.raises(Exception, match="not ours"):
        list(render_query(client, CLICK, query, keep=[column]))


def test_a_missing_column_is_refused_with_those_that_there_are(client):
    with pytest.raises(ValueError, match=r"no column 'click_id'; did you mean 'clickid'\? \(known: clickid\)"):
        render_query(client, CLICK, "SELECT 1 AS clickid")


def test_a_materialised_view_renders_events_as_they_arrive(client):
    template = compile_template(URL + "c=(clickid)&i=(sha1-idfa)", missing={"clickid": "raise"})
    types = {"click_id": "Nullable(String)", "idfa": "String"}
    view = f"SELECT {to_sql(template, types, strict=False)} AS url, {failure_sql(template, types)} AS refused"
    for statement in (
        "DROP TABLE IF EXISTS urls_of_events",
        "CREATE OR REPLACE TABLE arriving (click_id Nullable(String), idfa String) ENGINE = Memory",
        "CREATE OR REPLACE TABLE sent (url Nullable(String), refused Nullable(String)) ENGINE = Memory",
        f"CREATE MATERIALIZED VIEW urls_of_events TO sent AS {view} FROM arriving",
    ):
        client.command(statement)
    client.insert("arriving", [("a b", "0"), (None, "x"), ("c", "ß")])
    assert client.query("SELECT * FROM sent").result_rows == [
        (URL + "c=a%20b&i=", None),
        (None, "value of macro 'clickid' is missing"),
        (None, "cannot hash an identifier that is not ASCII for macro 'idfa'"),
    ]
    client.command("DROP TABLE urls_of_events")


def test_expressions_stand_side_by_side(client):
    nested = compile_template(URL + "c=(clickid)&u=https%3A%2F%2Fx%3Fc%3D(clickid)", missing="drop")
    made = ", ".join([to_sql(nested), to_sql(nested), to_sql(CLICK), failure_sql(nested)])
    url = URL + "c=a%26&u=https%3A%2F%2Fx%3Fc%3Da%2526"
    rows = client.query(f"SELECT {made} FROM (SELECT 'a&' AS click_id)").result_rows
    assert rows == [(url, url, URL + "c=a%26", None)]


# Nothing becomes SQL

HOSTILE = st.lists(
    st.sampled_from(["'", '"', ";", "--", "/*", "*/", "\\", "`", "\0", "\n", "a", "{}", "%s", "{x:String}", "é", "#"]),
    max_size=8,
)


@reaching(awkward=20)
@settings(deadline=None)
@example(text="\\'; DROP TABLE victims; --")
@given(text=HOSTILE.map("".join))
def test_no_text_of_a_template_becomes_sql(client, text: str):
    source = f"https://n.example/?a={text.replace('&', '').replace('#', '')}{{clickid}}"
    template = compile_template(source, dialect="appmetrica", ignore=["ME"], missing=Default(text))
    query = f"SELECT {to_sql(template, {'clickid': 'Nullable(String)'})} FROM (SELECT NULL AS clickid)"
    assert client.query(query).result_rows == [(template.render(Event()),)]
    rows = render_query(client, {f"p{text}": template}, "SELECT CAST(NULL AS Nullable(String)) AS clickid")
    assert list(rows) == [(f"p{text}", template.render(Event()))]
    reached(*["awkward"] * bool(set(text) & set("'\\-")))


@reaching(text=60)
@settings(deadline=None)
@example(words=["\\", "\\'", "\\n"])
@given(words=st.lists(TEXT, min_size=1, max_size=3))
def test_every_text_is_the_literal_that_it_looks_like(client, words: list[str]):
    assert client.query(f"SELECT {', '.join(map(literal, words))}").result_rows == [tuple(words)]
    reached(*["text"] * any(words))


@reaching(awkward=50)
@settings(deadline=None)
@given(column=HOSTILE.map("".join).filter(lambda text: text and "\0" not in text))
def test_no_name_of_a_column_becomes_sql(client, column: str):
    query = f"SELECT 'x' AS {name(column)}"
    rows = render_query(client, CLICK, query, columns={"click_id": column}, keep=[column])
    assert list(rows) == [("x", URL + "c=x")]
    sql = to_sql(compile_template("https://n.example/?a={x}", dialect="appmetrica"), {"x": "String"})
    assert client.query(f"SELECT {sql} FROM (SELECT 'x' AS x, 'y' AS {name('x' + column)})").result_rows
    reached(*["awkward"] * bool(set(column) & set("'\"\\`-")))


def test_a_name_with_a_nul_is_refused():
    with pytest.raises(UnsupportedError, match="NUL"):
        name("a\0b")
