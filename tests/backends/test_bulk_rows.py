"""Whole tables from files: no row, column or file is lost, added or taken for another one."""

import gzip
from pathlib import Path

import duckdb
import pytest

from macroengine import Event, Missing, Policy, RenderError, UnsupportedError, compile_template
from macroengine.backends.duckdb import files, render_table, table, to_sql
from macroengine.backends.duckdb.lines import count_csv
from macroengine.backends.duckdb.problems import plain
from macroengine.backends.duckdb.words import path_literal

URL = "https://n.example/pb?"
CLICK = compile_template(URL + "c=(clickid)")


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        yield connection


def sent(source: Path, template=CLICK, **options) -> list[str]:
    """Return what is sent for each click."""
    output = source.with_name("out.txt")
    summary = render_table(template, source, output, force=True, **options)
    found = [line.removeprefix(f"{URL}c=") for line in output.read_text().splitlines()]
    assert summary.urls == len(found)
    return found


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# Names of ours, and names of columns

OURS = [
    *("url", "URL", "Url", "partner", "event", "events", "number", "nothing", "row", "row_number", "error", "reason"),
    *("problem", "case", "t", "line", "lambda", "x", "json", "list", "struct", "concat", "unnest", "kept", "field"),
]
ODD = ["kept 0", "kept 1", "field 0", "field 1", "number_", "events to render"]


@pytest.mark.parametrize("own_query", [False, True])
def test_no_column_is_taken_for_what_is_made_of_it(tmp_path, connection, own_query: bool):
    names = [name for name in OURS if name not in {"URL", "Url"}]
    template = compile_template(
        "https://n.example/?" + "&".join(f"{name}={{{name}}}" for name in names), dialect="appmetrica", ignore=["ME"]
    )
    columns = [*names, *ODD]
    relation = connection.sql("SELECT " + ", ".join(f"'v{i}' AS \"{name}\"" for i, name in enumerate(columns)))
    url = "https://n.example/?" + "&".join(f"{name}=v{i}" for i, name in enumerate(names))
    if own_query:
        assert relation.query("t", f"SELECT {to_sql(template)} FROM t").fetchall() == [(url,)]
        return
    keep = [column for column in columns if column not in {"url", "partner"}]
    kept = tuple(f"v{columns.index(column)}" for column in keep)
    for templates, more in ((template, [url]), ({"a": template}, ["a", url])):
        render_table(templates, relation, tmp_path / "out.parquet", keep=keep, where="url = 'v0'", force=True)
        output = duckdb.sql(f"FROM '{tmp_path}/out.parquet'")
        assert output.columns == [*keep, *["partner", "url"][-len(more) :]]
        assert output.fetchall() == [(*kept, *more)]


@pytest.mark.parametrize("column", ["url", "URL", "Url"])
def test_a_column_url_is_rendered_into_the_url(tmp_path, connection, column: str):
    template = compile_template("https://n.example/?u={url}", dialect="appmetrica")
    relation = connection.sql(f"SELECT 'https://evil.example/' AS \"{column}\"")
    render_table(template, relation, tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text() == "https://n.example/?u=https%3A%2F%2Fevil.example%2F\n"


def test_the_number_of_a_failing_event_is_not_read_from_a_column(tmp_path, connection):
    relation = connection.sql("SELECT 'x' AS number, 'y' AS number_, NULL AS click_id")
    with pytest.raises(RenderError, match=r"the first is event 1: value of macro"):
        render_table(
            compile_template(URL + "c=(clickid)", missing=Missing.RAISE), relation, tmp_path / "o.csv", where="true"
        )


@pytest.mark.parametrize("head", ["attributed", "ATTRIBUTED", "Attributed", " attributed ", "\xa0attributed"])
def test_heads_are_found_in_any_case(tmp_path, connection, head: str):
    template = compile_template(URL + "c=(clickid)", policy=Policy(send_all=True), ignore=["ME3"])
    relation = connection.sql(
        f'SELECT i AS "Click_ID", i > 0 AS "{head}", \'install\' AS "PostBack" FROM range(2) t(i)'
    )
    render_table(template, relation, tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text().splitlines() == [URL + "c=", URL + "c=1"]
    sql = to_sql(template, {"CLICK_ID": "BIGINT", head: "BOOLEAN"})
    assert f'"{head}"' in sql


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("in.csv", "click_id,attributed,Attributed\n1,false,true\n"),
        ("in.csv", "click_id,click_id\n1,\n"),
        ("in.csv", "click_id, CLICK_ID\n1,\n"),
        ("in.tsv", "click_id\tClick_id\n1\t\n"),
        ("in.jsonl", '{"click_id":"1"}\n{"Click_ID":"2"}\n'),
    ],
)
def test_columns_that_differ_in_case_only_are_refused(tmp_path, name: str, content: str):
    with pytest.raises(ValueError, match=r"differ only in case or surrounding space|'click_id' is repeated"):
        sent(written(tmp_path / name, content))


def test_columns_of_a_relation_that_differ_in_case_only_are_refused_where_they_count(tmp_path, connection):
    relation = connection.sql("SELECT 1 AS click_id, true AS attributed, 2 AS Attributed")
    with pytest.raises(ValueError, match=r"'attributed' and 'Attributed' differ only"):
        render_table(CLICK, relation, tmp_path / "out.txt")
    relation = connection.sql("SELECT 1 AS click_id, 2 AS x, 3 AS X")
    render_table(CLICK, relation, tmp_path / "out.csv")
    with pytest.raises(ValueError, match=r"'x' and 'X' differ only"):
        render_table(CLICK, relation, tmp_path / "out.csv", keep=["x"], force=True)
    with pytest.raises(ValueError, match=r"'attributed' and 'ATTRIBUTED' differ only"):
        to_sql(CLICK, {"click_id": "VARCHAR", "attributed": "BOOLEAN", "ATTRIBUTED": "BOOLEAN"})


def test_keys_that_look_like_numbered_ones_are_read(tmp_path):
    assert sent(written(tmp_path / "in.jsonl", '{"click_id_1":1,"click_id":2}\n')) == ["2"]


def test_columns_of_parquet_that_differ_in_case_only_are_refused(tmp_path, monkeypatch):
    source = tmp_path / "in.parquet"
    duckdb.sql("SELECT 1 AS click_id, {A: 1, b: [{c: 2}]} AS s, 2 AS x").write_parquet(str(source))
    with duckdb.connect() as connection:
        assert files._parquet_columns(source, connection) == ["click_id", "s", "x"]
    # DuckDB does not write such files, and others do.
    monkeypatch.setattr(files, "_parquet_columns", lambda *_: ["click_id", "CLICK_ID"])
    with pytest.raises(ValueError, match=r"in.parquet: columns 'click_id' and 'CLICK_ID' differ only"):
        sent(source)


def test_a_kept_column_does_not_meet_the_added_ones_in_another_case(tmp_path, connection):
    with pytest.raises(ValueError, match=r"'URL' would be in the output twice"):
        render_table(CLICK, connection.sql("SELECT 1 AS click_id, 2 AS URL"), tmp_path / "out.csv", keep=["URL"])


def test_fields_that_differ_from_a_head_in_case_only_are_refused():
    with pytest.raises(UnsupportedError, match=r"'Attributed' of a table says which events are sent"):
        to_sql(compile_template("https://n.example/?a={Attributed}", dialect="appmetrica"))


@pytest.mark.parametrize("partner", [None, "", " "])
def test_a_partner_without_a_name_is_refused(tmp_path, connection, partner):
    with pytest.raises(ValueError, match=r"a partner must have a name"):
        render_table({partner: CLICK, "b": CLICK}, connection.sql("SELECT 1 AS click_id"), tmp_path / "out.csv")


# Rows of CSV


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param("click_id,x\n#1,2\n#,\n3,4\n", ["%231", "%23", "3"], id="no-comments"),
        pytest.param("#click_id,click_id\n#,1\n", ["1"], id="no-comment-in-the-header"),
        pytest.param("click_id,x\n1,2\n\n3,4\n\n\n", ["1", "3"], id="blank-lines-are-no-rows"),
        pytest.param("click_id,x\n1,2", ["1"], id="no-line-break-at-the-end"),
        pytest.param("click_id,x\r\n1,2\r\n3,4\r\n", ["1", "3"], id="line-breaks-of-windows"),
        pytest.param("click_id,x\r1,2\r3,4\r", ["1", "3"], id="line-breaks-of-old"),
        pytest.param("\ufeffclick_id,x\n1,2\n", ["1"], id="byte-order-mark"),
        pytest.param('click_id,x\n"a\n\nb",2\n3,"x\n"\n', ["a%0A%0Ab", "3"], id="line-breaks-in-values"),
        pytest.param('click_id,x\n1,x"y\n3,4\n', ["1", "3"], id="a-quote-in-a-bare-value"),
        pytest.param('click_id,x\n1,""""\n3,""\n', ["1", "3"], id="quoted-quotes"),
        pytest.param("click_id,x\n\\N,2\nNULL,4\n", ["%5CN", "NULL"], id="no-words-for-null"),
        pytest.param("click_id,x\n'a,b'\n1;2,3\n", ["%27a", "1%3B2"], id="no-other-quote-or-delimiter"),
        pytest.param("click_id,x\n1\0,2\n\0,4\n", ["1%00", "%00"], id="nul-bytes"),
        pytest.param("click_id,x\n1e5,2\n007,4\ntrue,\n", ["1e5", "007", "true"], id="all-is-text"),
        pytest.param("click_id;x\n1;2\n#3,4;5\n", ["1", "%233%2C4"], id="semicolons"),
        pytest.param("click_id\tx\n1;0\t2\n3\t4\n", ["1%3B0", "3"], id="tabs"),
        pytest.param('click_id,"x;y;z"\n1;2,3\n', ["1%3B2"], id="semicolons-in-a-header-of-commas"),
        pytest.param("sep=;\nclick_id;x,y\n1;2\n3;4\n", ["1", "3"], id="sep"),
        pytest.param('"Sep=|"\r\nclick_id|x\r\n1"2|3\r\n', ["1%222"], id="sep-in-quotes"),
        pytest.param("\ufeffsep=|\nclick_id|x\n1|3\n", ["1"], id="sep-after-a-byte-order-mark"),
        pytest.param('sep=;\nclick_id\n1\n""\n', ["1", ""], id="sep-of-one-column"),
        pytest.param("sep=\tclick_id\n1\t2\n", ["2"], id="a-column-called-sep"),
        pytest.param(",click_id\n0,1\n1,2\n", ["1", "2"], id="a-column-without-a-name"),
        pytest.param("click_id\n1\n2\n", ["1", "2"], id="one-column"),
        pytest.param('click_id\n1\n""\n"a\n\nb"\n', ["1", "", "a%0A%0Ab"], id="one-column-with-empty-values"),
        pytest.param("click_id,x\n", [], id="no-rows"),
        pytest.param("click_id,x\n" + "".join(f"{i},\n" for i in range(30_000)) + "#,\n", None, id="a-late-one"),
        pytest.param(f'click_id,x\n1,"{"y" * 200_000}\n"\n', ["1"], id="a-large-value"),
    ],
)
def test_every_row_of_a_csv_is_read(tmp_path, content: str, expected: list[str] | None):
    expected = [*map(str, range(30_000)), "%23"] if expected is None else expected
    assert sent(written(tmp_path / "in.csv", content)) == expected
    (tmp_path / "in.csv.gz").write_bytes(gzip.compress(content.encode()))
    assert sent(tmp_path / "in.csv.gz") == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("click_id,x\n1\n", "in.csv:2: expected 2 values, .* but found 1", id="too-few"),
        pytest.param("click_id,x\n1,2,3\n", "in.csv:2: expected 2 values, .* but found 3", id="too-many"),
        pytest.param('click_id,x\n1,"a"b\n', "in.csv:2: has an unclosed quote", id="text-after-a-quote"),
        pytest.param('click_id,x\n1,"a\n3,4\n', "in.csv:2: has an unclosed quote", id="open-quote"),
        pytest.param("click_id,x\n1,2\r\n3,4\n", "in.csv: is not a CSV: lines end in different ways", id="mixed-ends"),
        pytest.param(b"click_id,x\n1,\xff\n", "in.csv:?2?: .*not UTF-8", id="latin"),
        pytest.param("click_id\n1\n".encode("utf-16"), "in.csv: not UTF-8 but UTF-16; convert it", id="utf-16"),
        pytest.param("sep=;\nclick_id;x\n1;2\n3\n", "in.csv:4: expected 2 values, .* but found 1", id="after-sep"),
        pytest.param("click_id\n1\n\n2\n", r"in.csv: has blank lines \(1\)", id="a-blank-line-of-one-column"),
        pytest.param("click_id,x\n" + "y" * 2_100_000 + ",1\n", "in.csv:2: ", id="a-long-line"),
        pytest.param("y" * 2_100_000, "in.csv: has a line longer than", id="a-long-header"),
        pytest.param('click_id,"x' + "y\n" * 1_100_000, "in.csv: field larger", id="a-header-without-an-end"),
    ],
)
def test_a_csv_that_is_not_one_is_refused(tmp_path, content: str | bytes, message: str):
    with pytest.raises(OSError, match=message) as caught:
        sent(written(tmp_path / "in.csv", content))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out.txt").exists()


def test_files_with_different_delimiters_in_their_first_lines_are_refused(tmp_path):
    (tmp_path / "in").mkdir()
    for name, before in (("a", "sep=;\n"), ("b", "sep=;\n"), ("c", "")):
        written(tmp_path / "in" / f"{name}.csv", f"{before}click_id;x\n1;2\n")
        if name == "b":
            assert sent(tmp_path / "in") == ["1", "1"]
    with pytest.raises(ValueError, match=r"c.csv names another delimiter in its first line than .*a.csv, or none"):
        sent(tmp_path / "in")


@pytest.mark.parametrize("content", ["", "\n\n", "\nclick_id,x\n1,2\n", "sep=;\n", "sep=;\n\nclick_id;x\n1;2\n"])
def test_a_csv_without_a_header_is_refused(tmp_path, content: str):
    with pytest.raises(ValueError, match=r"in.csv: (is empty|begins blank); its first line must name the columns"):
        sent(written(tmp_path / "in.csv", content))


def test_a_packed_csv_that_is_cut_off_is_refused(tmp_path):
    packed = gzip.compress(b"click_id,x\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(50_000)))
    with pytest.raises(OSError, match=r"in.csv.gz: cannot be unpacked|in\.csv\.gz"):
        sent(written(tmp_path / "in.csv.gz", packed[: len(packed) // 2]))
    with pytest.raises(OSError, match=r"in.csv.gz: cannot be unpacked"):
        sent(written(tmp_path / "in.csv.gz", packed[:5]))


def test_a_csv_packed_with_zstandard_is_counted_too(tmp_path):
    duckdb.sql("SELECT 'a' || chr(10) || i AS click_id, NULL AS x FROM range(3) t(i)").write_csv(
        str(tmp_path / "in.csv.zst"), compression="zstd"
    )
    assert sent(tmp_path / "in.csv.zst") == ["a%0A0", "a%0A1", "a%0A2"]


def test_a_quote_that_opens_nothing_hides_no_row_from_the_count(tmp_path, connection):
    source = written(tmp_path / "in.csv", 'click_id,x\n1"2,3\n')
    assert count_csv([source], ",", connection, skip=0, columns=2, read=0) == 1


def test_rows_that_are_lost_or_added_are_noticed(tmp_path, monkeypatch):
    source = written(tmp_path / "in.csv", "click_id,x\n1,2\n3,4\n")
    assert render_table(CLICK, source, tmp_path / "out.csv", where="x = '4'").read == 2
    write = table._Job.write
    monkeypatch.setattr(table._Job, "write", lambda *arguments: write(*arguments) - 1)
    with pytest.raises(OSError, match=r"the input has 2 rows, but 1 were read; nothing is written"):
        render_table(CLICK, source, tmp_path / "other.csv")
    assert not (tmp_path / "other.csv").exists()


# Rows of JSON Lines


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param('\ufeff{"click_id":"1"}\r\n\n \t\n{"click_id":"2"}', ["1", "2"], id="blank-lines"),
        pytest.param('{"click_id":"1"}\n{}\n{"click_id":null}\n', ["1", "", ""], id="missing"),
        pytest.param('{"CLICK_ID":"1"}\n{"CLICK_ID":"2"}\n', ["1", "2"], id="another-case"),
        pytest.param('{"x":1}\n' * 300 + '{"click_id":"2"}\n', [""] * 300 + ["2"], id="a-late-key"),
        pytest.param("".join(f'{{"k{i}":1}}\n' for i in range(300)) + '{"click_id":1}', [""] * 300 + ["1"], id="map"),
    ],
)
def test_every_line_of_json_is_read(tmp_path, content: str, expected: list[str]):
    assert sent(written(tmp_path / "in.jsonl", content)) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"click_id":1}\nnull\n', "in.jsonl:2: expected an object, but found null"),
        ("[1]\n", "in.jsonl:1: expected an object, but found a list"),
        ('{"click_id":1}{"click_id":2}\n', "in.jsonl:1: not JSON at column 15: extra data"),
        ('{"click_id":1,"click_id":2}\n', "an object has the same key twice$"),
        ('\n{"click_id":\n1}\n', "in.jsonl:2: not JSON at column 1: expecting value"),
        ('{"click_id":' + "[" * 5_000 + "]" * 5_000 + "}\n", "in.jsonl:1: cannot be read|^JSON exceeds"),
        ('{"click_id":' + "9" * 5_000 + ", x}\n", "in.jsonl:1: "),
        ('{"click_id":"\\ud800"}\n', "no low surrogate"),
        ("", "in.jsonl: has no objects with keys"),
        ("{}\n", "in.jsonl: has no objects with keys"),
    ],
)
def test_json_lines_that_are_not_are_refused(tmp_path, content: str, message: str):
    with pytest.raises(OSError, match=message):
        sent(written(tmp_path / "in.jsonl", content))
    assert not (tmp_path / "out.txt").exists()


def test_keys_of_the_last_of_many_files_are_read(tmp_path):
    directory = tmp_path / "in"
    directory.mkdir()
    for number in range(40):
        written(directory / f"{number:02}.jsonl", '{"click_id":1}\n' if number == 39 else '{"x":1}\n')
    assert sent(directory) == [""] * 39 + ["1"]


# Files


@pytest.mark.parametrize(
    "name", ["x*.csv", "x?.csv", "x[1].csv", "x[!a].csv", "x{a,b}.csv", "x[.csv", "~x.csv", "it's.CSV"]
)
def test_a_path_is_no_pattern(tmp_path, name: str):
    for other in ("xa.csv", "xb.csv", "x1.csv", "x2.csv"):
        written(tmp_path / other, "click_id\nother\n")
    assert sent(written(tmp_path / name, "click_id\nmine\n")) == ["mine"]


def test_a_name_that_cannot_be_told_from_a_pattern_is_refused():
    with pytest.raises(ValueError, match=r"a backslash and one of"):
        path_literal(Path("/a\\b*.csv"))


def test_patterns_are_for_those_who_ask(tmp_path):
    (tmp_path / "d").mkdir()
    for name in ("d/a.csv", "b.csv"):
        written(tmp_path / name, f"click_id\n{name}\n")
    with pytest.raises(FileNotFoundError, match="a pattern with glob=True"):
        sent(tmp_path / "*")
    assert sent(tmp_path / "*", glob=True) == ["b.csv", "d%2Fa.csv"]
    with pytest.raises(FileNotFoundError, match=r"no files match"):
        sent(tmp_path / "*.tsv", glob=True)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_names_of_directories_are_no_columns(tmp_path, kind: str):
    directory = tmp_path / "click_id=evil"
    directory.mkdir()
    relation = duckdb.sql("SELECT 'x' AS language")
    source = directory / f"in.{kind}"
    if kind == "parquet":
        relation.write_parquet(str(source))
    else:
        written(source, "language\nx\n" if kind == "csv" else '{"language":"x"}\n')
    with pytest.raises(ValueError, match=r"no column 'click_id'"):
        sent(tmp_path)
    assert sent(tmp_path, columns={"click_id": "language"}) == ["x"]


@pytest.mark.parametrize(
    "second", ["SELECT 1.5 AS click_id", "SELECT 1 AS click_id, false AS attributed", "SELECT 1 AS x"]
)
def test_files_with_other_columns_are_refused(tmp_path, second: str):
    directory = tmp_path / "in"
    directory.mkdir()
    duckdb.sql("SELECT 7 AS click_id").write_parquet(str(directory / "a.parquet"))
    duckdb.sql(second).write_parquet(str(directory / "b.parquet"))
    with pytest.raises(ValueError, match=r"b.parquet has other columns than .*a.parquet"):
        sent(directory)


def test_files_of_csv_with_columns_in_another_order_are_refused(tmp_path):
    (tmp_path / "in").mkdir()
    written(tmp_path / "in" / "a.csv", "click_id,x\n1,2\n")
    written(tmp_path / "in" / "b.csv", "x,click_id\n1,2\n")
    with pytest.raises(ValueError, match=r"b.csv has other columns"):
        sent(tmp_path / "in")


def test_the_output_is_not_read(tmp_path):
    source = written(tmp_path / "in.csv", "click_id,x\n1,2\n")
    (tmp_path / "link.csv").symlink_to(source)
    for output in (source, tmp_path / "link.csv"):
        with pytest.raises(ValueError, match=r"is read as input"):
            render_table(CLICK, source, output, force=True)
    assert source.read_text() == "click_id,x\n1,2\n"


# Floats


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1e15", "1000000000000000.0"),
        ("1e16", "10000000000000000.0"),
        ("-1.5e22", "-15000000000000000000000.0"),
        ("1e-7", "0.0000001"),
        ("0.1", "0.1"),
        ("-0.0", "-0.0"),
        ("123456789012345680.0", "123456789012345680.0"),
        ("3.0", "3.0"),
    ],
)
def test_a_float_has_one_shape_everywhere(connection, number: str, text: str):
    assert CLICK.render(Event(link={"click_id": float(number)})) == f"{URL}c={text}"
    assert float(text) == float(number)
    for kind in ("DOUBLE", "JSON"):
        sql = to_sql(CLICK, {"click_id": kind})
        row = f"SELECT '{number}'::{kind} AS click_id"
        assert connection.execute(f"SELECT {sql} FROM ({row})").fetchall() == [(f"{URL}c={text}",)]


@pytest.mark.parametrize(
    ("number", "text"),
    [("1e15", "1000000000000000.0"), ("1e16", "10000000000000000.0"), ("0.00001", "0.00001"), ("12", "12")],
)
def test_a_float_in_json_has_the_same_shape_or_is_refused(connection, number: str, text: str):
    template = compile_template(URL + "j=(encode)", policy=Policy("in-app"))
    sql = to_sql(template, {"event_value": "JSON"})
    found = connection.execute(f"SELECT {sql} FROM (SELECT '[{number}]'::JSON AS event_value)").fetchall()
    assert found == [(f"{URL}j=%5B{text}%5D",)]


# Messages


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("Binder Error: JSON is odd. Try something else", "JSON is odd"),
        (
            'IO Error: async: {"exception_message":"Could not write file \\"x\\": full","errno":"1"}',
            'could not write file "x": full',
        ),
        ("Invalid Input Error: CSV Error on Line: 3\nNew problem\n  file = a.csv", "a.csv:3: cannot be read"),
    ],
)
def test_messages_of_duckdb_are_made_plain(error: str, message: str):
    assert plain(ValueError(error)) == message
