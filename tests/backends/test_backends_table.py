"""From file to file through DuckDB."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Thread

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macroengine import Default, Event, Missing, Policy, RenderError, UnsupportedError, compile_template
from macroengine.backends import ansi
from macroengine.backends.duckdb import render_table
from tests.support.floors import reached, reaching

URL = "https://n.example/pb?"
CLICK = compile_template(URL + "c=(clickid)")
REQUIRED = compile_template(URL + "c=(clickid)", missing=Missing.RAISE)


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        yield connection


def parquet(path: Path, query: str) -> Path:
    duckdb.sql(query).write_parquet(str(path))
    return path


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def left_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


# What is read


def test_parquet_becomes_a_table_of_urls_in_order(tmp_path):
    source = parquet(tmp_path / "in.parquet", "SELECT i AS click_id FROM range(300000) t(i)")
    summary = render_table(CLICK, source, tmp_path / "out.parquet")
    assert (summary.events, summary.urls, summary.suppressed) == (300000, 300000, {})
    rows = duckdb.sql(f"SELECT url FROM '{tmp_path}/out.parquet'").fetchall()
    assert rows == [(f"{URL}c={number}",) for number in range(300000)]


@pytest.mark.parametrize("name", ["in.csv", "in.tsv"])
def test_all_of_a_csv_is_text_and_only_quotes_mean_an_empty_one(tmp_path, name: str):
    text = 'click_id,x\n007,1\n,2\n"",3\n"a,""b\n",4\nNULL,5\n'
    (tmp_path / name).write_text(text.replace(",", "\t") if name.endswith("tsv") else text)
    template = compile_template(URL + "c=(clickid)", missing=Default("none"))
    render_table(template, tmp_path / name, tmp_path / "out.txt")
    middle = "a%09%22b%0A" if name.endswith("tsv") else "a%2C%22b%0A"
    assert lines(tmp_path / "out.txt") == [f"{URL}c={value}" for value in ("007", "none", "", middle, "NULL")]


def test_json_lines_come_out_as_from_python(tmp_path):
    values = ["007", 1.5, 1e16, 12, True, None, 10**30, 1e-7, -0.0, "2024-05-01", "é\0"]
    events = [{"click_id": value, "event_value": {"a": [value]}} for value in values if value not in (1e16, 1e-7)]
    events += [{"click_id": "2024-05-01"}, {"event_value": {"b": {}}}, {"click_id": 1e16}, {"click_id": 1e-7}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    template = compile_template(URL + "c=(clickid)&j=(encode)", policy=Policy("in-app"))
    render_table(template, tmp_path / "in.jsonl", tmp_path / "out.txt")
    flat = [Event.from_flat({"postback": "in-app"} | event, "appsflyer") for event in events]
    assert lines(tmp_path / "out.txt") == [template.render(event) for event in flat]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([1, 2, -3], id="integers"),
        pytest.param([True, False], id="booleans"),
        pytest.param(["2024-05-01", "2024-05-02"], id="dates-are-text"),
        pytest.param(["2024-05-01T00:00:00Z", "2024-05-02T00:00:00+02:00"], id="times-are-text"),
        pytest.param([1.5, 10**25], id="numbers"),
        pytest.param([0] * 25_000 + ["late"], id="a-type-that-is-seen-late"),
        pytest.param(["6c5cbd9b-2f53-4b8e-8e4c-6f2a4fd2bb56"], id="uuid"),
    ],
)
def test_a_guess_at_the_types_of_json_changes_no_value(tmp_path, values: list[object]):
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"click_id": value}) + "\n" for value in values))
    render_table(CLICK, tmp_path / "in.jsonl", tmp_path / "out.txt")
    assert lines(tmp_path / "out.txt") == [CLICK.render(Event(link={"click_id": value})) for value in values]


@pytest.mark.parametrize("pattern", ["", "*.parquet", "**/*.parquet"])
def test_a_directory_or_a_glob_is_read_in_order_of_its_names(tmp_path, pattern: str):
    directory = tmp_path / "logs"
    directory.mkdir()
    for name in ("b", "a", "c"):
        parquet(directory / f"{name}.parquet", f"SELECT '{name}' AS click_id")
    (directory / "_SUCCESS").touch()
    render_table(CLICK, str(directory / pattern), tmp_path / "out.txt", glob=bool(pattern))
    assert lines(tmp_path / "out.txt") == [f"{URL}c={name}" for name in "abc"]


def test_a_relation_is_read_with_its_own_connection(tmp_path, connection):
    connection.execute("CREATE TABLE events AS SELECT 1.50::DECIMAL(5,2) AS click_id")
    render_table(CLICK, connection.table("events"), tmp_path / "out.txt", progress=pytest.fail)
    assert connection.sql("SHOW TABLES").fetchall() == [("events",)]
    assert lines(tmp_path / "out.txt") == [URL + "c=1.50"]


def test_a_packed_file_is_read_as_what_is_in_it(tmp_path):
    duckdb.sql("SELECT 'x' AS click_id").write_csv(str(tmp_path / "in.csv.gz"), compression="gzip")
    render_table(CLICK, tmp_path / "in.csv.gz", tmp_path / "out.txt")
    assert lines(tmp_path / "out.txt") == [URL + "c=x"]


# Columns


def test_columns_are_named_like_fields_or_mapped_to_them(tmp_path, connection):
    template = compile_template(URL + "c=(clickid)&cc=(country_code)&l=(language)")
    relation = connection.sql("""SELECT 'x' AS "Click ""; --", 'DE' AS country_code""")
    columns = {"click_id": 'Click "; --', "language": None}
    render_table(template, relation, tmp_path / "out.txt", columns=columns)
    assert lines(tmp_path / "out.txt") == [URL + "c=x&cc=DE&l="]


@pytest.mark.slow
@reaching(awkward=60)
@settings(deadline=None, max_examples=50)
@given(column=st.text(st.sampled_from("\"';-/*\\ aé\n"), min_size=1, max_size=6))
def test_no_name_of_a_column_becomes_sql(tmp_path_factory, column: str):
    target = tmp_path_factory.mktemp("names") / "out.csv"
    with duckdb.connect() as connection:
        quoted = column.replace('"', '""')
        relation = connection.sql(f"""SELECT 'x' AS "{quoted}" """)
        render_table(CLICK, relation, target, columns={"click_id": column}, keep=[column])
        assert connection.sql(f"SELECT * FROM read_csv('{target}')").fetchall() == [("x", URL + "c=x")]
    reached(*["awkward"] * bool(set(column) & set("\"';-/*\\")))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {},
            r"no column 'click_id'; did you mean 'clickid'\? \(known: clickid, other\); map it with columns=",
        ),
        ({"columns": {"click_id": "nope"}}, r"there is no column 'nope' \(known: clickid, other\)"),
        (
            {"columns": {"clickid": "other"}},
            "columns gives 'clickid', which no template reads; did you mean 'click_id'",
        ),
        ({"columns": {"click_id": "clickid"}, "keep": ["othr"]}, "no column 'othr' to keep; did you mean 'other'"),
        ({"columns": {"click_id": "clickid"}, "keep": ["other", "other"]}, "'other' would be in the output twice"),
        ({"columns": {"click_id": "clickid"}, "where": "nope = 1"}, "where: .*nope"),
        ({"columns": {"click_id": "clickid"}, "where": "TRUE) TO 'x'; --"}, "where: syntax error"),
        ({"columns": {"click_id": "clickid"}, "where": "1 = 1; DROP TABLE x"}, "where: "),
    ],
)
def test_a_wrong_column_is_refused_with_those_that_there_are(tmp_path, connection, options, message: str):
    relation = connection.sql("SELECT 1 AS clickid, 2 AS other")
    with pytest.raises(ValueError, match=message):
        render_table(CLICK, relation, tmp_path / "out.csv", **options)
    assert left_in(tmp_path) == []


def test_a_name_with_a_nul_is_refused():
    with pytest.raises(UnsupportedError, match="NUL"):
        ansi.name("a\0b")


# What is written


def test_kept_columns_stand_before_the_url(tmp_path, connection):
    relation = connection.sql("SELECT 7 AS id, 'x' AS click_id, 'a,\"b' AS note")
    render_table(CLICK, relation, tmp_path / "out.csv", keep=["note", "id"])
    assert (tmp_path / "out.csv").read_text() == f'note,id,url\n"a,""b",7,{URL}c=x\n'


def test_many_templates_fan_out_in_one_pass(tmp_path, connection):
    relation = connection.sql(
        "SELECT i AS id, i AS click_id, CASE i WHEN 1 THEN 'in-app' ELSE 'install' END AS postback FROM range(3) t(i)"
    )
    templates = {
        "it's": compile_template("https://a.example/?c=(clickid)"),
        "b": compile_template("https://b.example/?c=(clickid)", policy=Policy("in-app")),
    }
    summary = render_table(templates, relation, tmp_path / "out.csv", keep=["id"])
    assert lines(tmp_path / "out.csv") == [
        "id,partner,url",
        "0,it's,https://a.example/?c=0",
        "1,b,https://b.example/?c=1",
        "2,it's,https://a.example/?c=2",
    ]
    assert (summary.events, summary.urls) == (3, 3)
    assert summary.suppressed == {"not of kind install": 1, "not of kind in-app": 2}


def test_what_is_not_sent_is_counted_by_reason(tmp_path, connection):
    relation = connection.sql(
        "SELECT i AS click_id, i % 2 = 0 AS attributed, ['install', 'in-app'][1 + i // 6] AS postback "
        "FROM range(9) t(i)"
    )
    summary = render_table(CLICK, relation, tmp_path / "out.txt", where="click_id > 0")
    assert summary.suppressed == {"not of kind install": 3, "not attributed": 3}
    assert lines(tmp_path / "out.txt") == [URL + "c=2", URL + "c=4"]
    assert (summary.events, summary.urls) == (8, 2)


def test_the_column_attributed_selects_the_rendering(tmp_path, connection):
    relation = connection.sql("SELECT 'x' AS click_id, 'DE' AS country_code, i = 0 AS attributed FROM range(2) t(i)")
    template = compile_template(URL + "c=(clickid)&cc=(country_code)", policy=Policy(send_all=True))
    render_table(template, relation, tmp_path / "out.txt")
    assert lines(tmp_path / "out.txt") == [URL + "c=x&cc=DE", URL + "c=&cc=DE"]


def test_a_template_without_macros_is_sent_for_every_row(tmp_path, connection):
    render_table(compile_template(URL + "a=b"), connection.sql("SELECT 1 AS x FROM range(2)"), tmp_path / "out.txt")
    assert lines(tmp_path / "out.txt") == [URL + "a=b"] * 2


# Rows that cannot be sent


def test_failing_rows_are_counted_and_the_first_is_named(tmp_path):
    source = parquet(
        tmp_path / "in.parquet",
        "SELECT CASE WHEN i % 1000 = 776 THEN NULL ELSE i END AS click_id FROM range(200000) t(i)",
    )
    with pytest.raises(RenderError) as caught:
        render_table(REQUIRED, source, tmp_path / "out.parquet", where="click_id IS NULL OR click_id > 2000")
    expected = "200 events cannot be sent; the first is event 777: value of macro 'clickid' is missing"
    assert str(caught.value) == expected
    assert left_in(tmp_path) == ["in.parquet"]


def test_failing_rows_are_counted_by_reason(tmp_path, connection):
    relation = connection.sql("SELECT ['x', NULL, repeat('é', 20000), NULL][i] AS click_id FROM range(1, 5) t(i)")
    with pytest.raises(RenderError) as caught:
        render_table(REQUIRED, relation, tmp_path / "out.parquet")
    assert str(caught.value).splitlines() == [
        "3 events cannot be sent; the first is event 2: value of macro 'clickid' is missing",
        "2 refused: value of macro 'clickid' is missing",
        "1 refused: rendered URL is too long; at most 65,536 bytes are allowed",
    ]


@pytest.mark.parametrize("templates", [REQUIRED, {"a": CLICK, "b": REQUIRED}])
def test_a_url_that_is_too_long_fails_its_row(tmp_path, connection, templates):
    relation = connection.sql("SELECT repeat('é', 7000 * i::INTEGER) AS click_id FROM range(3) t(i)")
    with pytest.raises(RenderError, match=r"1 event .*event 3: .* at most 65,536 bytes"):
        render_table(templates, relation, tmp_path / "out.csv")
    assert left_in(tmp_path) == []


def test_a_failing_partner_is_named(tmp_path, connection):
    with pytest.raises(RenderError, match="1 event cannot be sent for 'b'; the first is event 1"):
        render_table({"a": CLICK, "b": REQUIRED}, connection.sql("SELECT NULL AS click_id"), tmp_path / "out.csv")


def test_heads_that_say_nothing_fail_before_anything_is_written(tmp_path, connection):
    relation = connection.sql("SELECT 1 AS click_id, 'instal' AS postback")
    with pytest.raises(RenderError, match="event 1: 'postback' must be one of install"):
        render_table(CLICK, relation, tmp_path / "out.csv")


@pytest.mark.parametrize("column", ["click_id", "other"])
def test_an_error_of_the_input_is_not_taken_for_a_failing_row(tmp_path, connection, column: str):
    failing = f"CASE WHEN i = 1 THEN error('not ours') ELSE i END AS {column}"
    more = "" if column == "click_id" else ", i AS click_id"
    relation = connection.sql(f"SELECT {failing}{more} FROM range(2) t(i)")
    with pytest.raises(OSError, match="not ours"):
        render_table(CLICK, relation, tmp_path / "out.csv", keep=[column])
    assert left_in(tmp_path) == []


def test_a_column_that_cannot_be_sent_is_refused(tmp_path, connection):
    with pytest.raises(UnsupportedError, match="DECIMAL"):
        render_table(CLICK, connection.sql("SELECT 1::FLOAT AS click_id"), tmp_path / "out.csv")


# Files that cannot be read or written


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("none.parquet", FileNotFoundError, "No such file"),
        ("*.csv", FileNotFoundError, "No such file"),
        ("empty", FileNotFoundError, "no files that end in .parquet"),
        ("mixed", ValueError, r"several kinds, .csv and .jsonl; give those of one, \*.csv"),
        ("in.xml", ValueError, "cannot read .*in.xml': the name of an input ends in .parquet, .csv"),
        ("broken.parquet", OSError, "^no magic bytes .*broken.parquet"),
        ("broken.jsonl", OSError, "broken.jsonl:2: not JSON at column 1: expecting value"),
    ],
)
def test_an_input_that_cannot_be_read_is_said_so(tmp_path, name: str, error: type[Exception], message: str):
    (tmp_path / "empty").mkdir()
    (tmp_path / "mixed").mkdir()
    for file in ("mixed/a.csv", "mixed/b.jsonl", "in.xml"):
        (tmp_path / file).touch()
    (tmp_path / "broken.parquet").write_bytes(b"PAR1" + bytes(100))
    (tmp_path / "broken.jsonl").write_text('{"click_id": 1}\n{"click_id": \n')
    before = left_in(tmp_path)
    with pytest.raises(error, match=message):
        render_table(CLICK, tmp_path / name, tmp_path / "out.csv")
    assert left_in(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("out.json", {}, ValueError, "must end in .parquet, .csv or .txt"),
        ("out.txt", {"keep": ["click_id"]}, ValueError, "nothing but URLs"),
        ("there.csv", {}, FileExistsError, "already exists"),
        ("no/out.csv", {}, FileNotFoundError, "No such file or directory: '.*no'"),
        ("out.csv", {"memory_limit": "much"}, ValueError, "memory_limit or threads: memory"),
        ("out.csv", {"threads": 0}, ValueError, "memory_limit or threads: "),
    ],
)
def test_an_output_or_option_is_refused_before_anything_is_read(tmp_path, name, options, error, message: str):
    source = parquet(tmp_path / "in.parquet", "SELECT 1 AS click_id")
    (tmp_path / "there.csv").write_text("mine")
    with pytest.raises(error, match=message):
        render_table(CLICK, source, tmp_path / name, **options)
    assert left_in(tmp_path) == ["in.parquet", "there.csv"]
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_no_templates_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no templates"):
        render_table({}, tmp_path, tmp_path / "out.csv")


def test_a_line_break_in_a_template_does_not_make_two_urls(tmp_path, connection):
    template = compile_template(URL + "c=(clickid)&d=\n", ignore=["ME"], missing=Missing.DROP)
    with pytest.raises(UnsupportedError, match="line break"):
        render_table(template, connection.sql("SELECT 1 AS click_id"), tmp_path / "out.txt")


def test_force_replaces_the_output_when_the_new_one_is_whole(tmp_path, connection):
    target = tmp_path / "out.csv"
    target.write_text("old")
    with pytest.raises(RenderError):
        render_table(REQUIRED, connection.sql("SELECT NULL AS click_id"), target, force=True)
    assert target.read_text() == "old"
    render_table(CLICK, connection.sql("SELECT 1 AS click_id"), target, force=True)
    assert lines(target) == ["url", URL + "c=1"]


def test_progress_is_reported_while_it_runs(tmp_path):
    source = parquet(tmp_path / "in.parquet", "SELECT uuid()::VARCHAR AS click_id FROM range(1500000)")
    seen: list[float] = []
    render_table(CLICK, source, tmp_path / "out.parquet", progress=seen.append, threads=1, memory_limit="1GB")
    assert seen
    assert all(0 <= share <= 1 for share in seen)


# Runs that are stopped

RUN = """
import sys
from macroengine import compile_template
from macroengine.backends.duckdb import render_table
if sys.argv[3:]:
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
template = compile_template("https://n.example/?" + "&".join(f"{i}=(clickid)" for i in range(40)))
render_table(template, sys.argv[1], sys.argv[2], threads=1, force=True)
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    query = "SELECT uuid()::VARCHAR || '?&=' AS click_id FROM range(1500000)"
    return parquet(tmp_path_factory.mktemp("large") / "in.parquet", query)


def parts(directory: Path) -> list[Path]:
    """Return the files in a directory that are being written."""
    return [part for part in directory.glob(".macroengine-*/part") if part.stat().st_size]


def started(large: Path, target: Path) -> subprocess.Popen[str]:
    """Start a run, and return when it is writing."""
    environment = os.environ | {"TMPDIR": str(target.parent)}
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, large, target], stderr=subprocess.PIPE, text=True, env=environment
    )
    while not parts(target.parent):
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.01)
    return run


@pytest.mark.slow
def test_a_killed_run_leaves_no_output_and_the_next_one_clears_up(tmp_path, large, monkeypatch):
    target = tmp_path / "out.csv"
    run = started(large, target)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert len(list(tmp_path.glob(".macroengine-*"))) == 2  # what was written, and what did not fit into the memory
    assert not target.exists()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    summary = render_table(CLICK, large, target)
    assert summary.urls == 1500000
    assert left_in(tmp_path) == ["out.csv"]


def test_an_interrupted_run_leaves_nothing(tmp_path, large):
    def interrupt() -> None:
        while not parts(tmp_path):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    Thread(target=interrupt).start()
    template = compile_template(URL + "&".join(f"{number}=(clickid)" for number in range(40)))
    with pytest.raises(KeyboardInterrupt):
        render_table(template, large, tmp_path / "out.csv", threads=1)
    assert left_in(tmp_path) == []


def test_a_full_disk_leaves_nothing(tmp_path, large):
    command = [sys.executable, "-c", RUN, large, tmp_path / "out.csv", "small"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "OSError" in run.stderr
    assert os.strerror(27) in run.stderr
    assert left_in(tmp_path) == []
