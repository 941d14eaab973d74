"""`macroengine bulk`, as somebody at a terminal sees it."""

import builtins
import io
import os
import sys
from unittest.mock import Mock

import duckdb
import pytest

from macroengine.backends.duckdb.files import rows_in
from macroengine.cli import main
from macroengine.cli.bulk import _Rate  # of a run, it depends on the machine
from tests.support.trying import slow_after

TEMPLATE = "https://n.example/pb?c=(clickid)"


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run `macroengine bulk` where the files are; return its exit status, output and errors."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["macroengine", "bulk", *map(str, arguments)])
        status = main()
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def events(tmp_path):
    duckdb.sql("SELECT i AS id, i AS click_id, 'DE' AS geo, i % 2 = 0 AS attributed FROM range(4) t(i)").write_parquet(
        str(tmp_path / "events.parquet")
    )
    return tmp_path


def test_a_table_becomes_a_file_of_urls_and_a_summary(run, events):
    status, out, errors = run(
        "https://n.example/pb?c=(clickid)&cc=(country_code)",
        *("--input", "events.parquet", "--output", "urls.csv", "--columns", "country_code=geo"),
        *("--where", "id > 0", "--keep", "id", "--threads", 1, "--memory-limit", "1GB"),
    )
    assert (status, out) == (0, "")
    assert errors.startswith("4 rows read, 3 events, 1 URL in 0.")
    assert errors.endswith(" events/s)\n2 not sent: not attributed\n")
    assert (events / "urls.csv").read_text() == "id,url\n2,https://n.example/pb?c=2&cc=DE\n"


def test_the_options_of_render_are_taken(run, events):
    arguments = ["--input", "events.parquet", "--output", "urls.txt", "--columns", "click_id=", "--default", "none"]
    assert run(TEMPLATE, *arguments, "--send-all", "--postback", "install")[0] == 0
    assert (events / "urls.txt").read_text() == f"{TEMPLATE[:-9]}none\n" * 4


def test_consent_is_asked_for_by_row(run, tmp_path):
    (tmp_path / "events.csv").write_text("idfa,LAT,att_status\na,true,\nb,false,authorized\nc,,restricted\nd,,\n")
    arguments = ["https://n.example/pb?i=(idfa)", "--input", "events.csv", "--output", "urls.txt", "--force"]
    for more, sent in (([], "abcd"), (["--consent", "--columns", "is_lat=lat"], ["", "b", "", "d"])):
        assert run(*arguments, *more)[0] == 0
        assert (tmp_path / "urls.txt").read_text() == "".join(f"https://n.example/pb?i={idfa}\n" for idfa in sent)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("partners.toml", "acme = 'https://a.example/?c=(clickid)'\n\"b, c\" = 'https://b.example/?c=(clickid)'\n"),
        (
            "partners.csv",
            'partner,template\nacme,https://a.example/?c=(clickid)\n"b, c",https://b.example/?c=(clickid)\n',
        ),
        (
            "partners.csv",
            "partner;template\nacme;https://a.example/?c=(clickid)\nb, c;https://b.example/?c=(clickid)\n",
        ),
        (
            "partners.csv",
            "template\tpartner\nhttps://a.example/?c=(clickid)\tacme\nhttps://b.example/?c=(clickid)\tb, c\n",
        ),
        (
            "partners.csv",
            "sep=|\npartner|template\nacme|https://a.example/?c=(clickid)\nb, c|https://b.example/?c=(clickid)\n",
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_many_templates_are_read_from_a_file(run, events, name: str, content: str, encoding: str):
    (events / name).write_text(content, encoding="utf-8" if name.endswith(".toml") else encoding)
    status, _, errors = run("--templates", name, "--input", "events.parquet", "--output", "urls.csv", "--keep", "id")
    assert (status, errors.partition(" in ")[0]) == (0, "4 rows read, 4 events, 4 URLs")
    assert (events / "urls.csv").read_text().splitlines() == [
        "id,partner,url",
        "0,acme,https://a.example/?c=0",
        '0,"b, c",https://b.example/?c=0',
        "2,acme,https://a.example/?c=2",
        '2,"b, c",https://b.example/?c=2',
    ]


def test_many_templates_are_read_from_a_workbook(run, events):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    rows = [["Partner", "Postback URL", "Notes"], ["acme", "https://a.example/?c=(clickid)", "x"], [None, None, "y"]]
    for row in rows:
        book.active.append(row)
    book.save(events / "partners.xlsx")
    arguments = ("--input", "events.parquet", "--output", "urls.csv", "--keep", "id")
    status, _, _ = run("--templates", "partners.xlsx", *arguments)
    assert status == 0
    assert (events / "urls.csv").read_text().splitlines()[1:] == [
        "0,acme,https://a.example/?c=0",
        "2,acme,https://a.example/?c=2",
    ]
    book.active["A2"] = None
    book.save(events / "partners.xlsx")
    assert (
        "partners.xlsx:Sheet!B2: a template has no partner"
        in run("--templates", "partners.xlsx", *arguments, "--force")[2]
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("acme = ", "partners.toml: not TOML: invalid value"),
        ("acme = 1", "partners.toml: the template of 'acme' must be a text"),
        ("acme = ' '", "partners.toml: the template of 'acme' must be a text, and not blank"),
        ("' ' = 'x'", "partners.toml: a template has no partner"),
        ("", "partners.toml: has no templates"),
        (b"acme = '\xff'", "partners.toml: not UTF-8 at byte 8"),
        ("acme = " + "[" * 20_000, "partners.toml: nested too deeply"),
        ("acme = " + "9" * 5_000, "partners.toml: an integer has more than 4,300 digits"),
    ],
)
def test_a_file_of_templates_that_cannot_be_used_is_named(run, events, content, message: str):
    (events / "partners.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    status, _, errors = run("--templates", "partners.toml", "--input", "events.parquet", "--output", "urls.csv")
    assert status == 2
    assert message in errors


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("partner,cost\na,b\n", "needs the columns partner and template"),
        ("", "needs the columns partner and template"),
        ("partner,template,template\na,b,\n", "2 columns are called 'template', 'template'"),
        ("partner,template\na,b\na,c\n", "partners.csv:3: 'a' is repeated"),
        ("partner,template\na\n", "partners.csv:2: the template of 'a' must be a text, and not blank"),
        (
            "partner,template\na,https://n.example/?a=1,2\n",
            "partners.csv:2: expected 2 cells, as in the header, but found 3",
        ),
        ("template,partner\nhttps://n.example/?c=(clickid),\n\nb,c\n", "partners.csv:2: a template has no partner"),
        ("template,partner\nhttps://n.example/?c=(clickid)\nb,c\n", "partners.csv:2: a template has no partner"),
        ('partner,template\na,"b"c\n', "expected after"),
        ("partner,template\na," + "b" * 140_000, "field larger than field limit"),
        ("sep=;\npartner;template\na;b;c\n", "partners.csv:3: expected 2 cells, as in the header, but found 3"),
        ("sep=;\n", "needs the columns partner and template"),
        (b"partner,template\n\xe9,b\n", "partners.csv: not UTF-8 at byte 17\n"),
        (b"\xff\xfep", "partners.csv: not UTF-16 at byte 2\n"),
    ],
)
def test_a_csv_of_templates_that_cannot_be_used_is_said_so(run, events, content: str | bytes, message: str):
    (events / "partners.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    status, _, errors = run("--templates", "partners.csv", "--input", "events.parquet", "--output", "urls.csv")
    assert status == 2
    assert message in errors


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ([TEMPLATE, "--columns", "click_id"], 2, "write field=column, not 'click_id'"),
        ([TEMPLATE, "--columns", "click_id=id", "--columns", "click_id=geo"], 2, "'click_id' is given twice"),
        ([TEMPLATE, "--columns", "click_id=nope"], 2, "there is no column 'nope' (known: id, click_id, geo,"),
        ([TEMPLATE, "--where", "nope = 1"], 2, "macroengine: --where: "),
        ([TEMPLATE, "--memory-limit", "lots"], 2, "macroengine: --memory-limit or --threads: memory must have"),
        ([TEMPLATE, "--columns", "nope=id"], 2, "macroengine: --columns gives 'nope', which no template reads"),
        ([TEMPLATE, "--templates", "x.toml"], 2, "one template, or --templates, not both"),
        ([], 2, "give one template"),
        (["https://n.example/?c=(clikid)"], 1, "unknown macro 'clikid'"),
        (
            ["https://n.example/?c=(clickid)", "--missing", "raise", "--columns", "click_id="],
            1,
            "2 events cannot be sent",
        ),
        ([TEMPLATE, "--memory-limit", "1KB"], 2, "use fewer threads, or raise --memory-limit\n"),
    ],
)
def test_what_is_wrong_is_said_in_one_message_and_nothing_is_written(run, events, arguments, status: int, message: str):
    before = sorted(events.iterdir())
    got, out, errors = run(*arguments, "--input", "events.parquet", "--output", "urls.csv")
    assert (got, out) == (status, "")
    assert message in errors
    assert "Traceback" not in errors
    assert sorted(events.iterdir()) == before


def test_an_output_that_exists_is_replaced_with_force_only(run, events):
    (events / "urls.csv").write_text("mine")
    arguments = [TEMPLATE, "--input", "events.parquet", "--output", "urls.csv"]
    assert run(*arguments) == (2, "", "macroengine: urls.csv: already exists; replace it with --force\n")
    assert run(*arguments, "--force")[0] == 0


def test_a_broken_file_is_named(run, events):
    (events / "broken.parquet").write_bytes(b"PAR1")
    status, out, errors = run(TEMPLATE, "--input", "broken.parquet", "--output", "urls.csv")
    assert (status, out) == (2, "")
    assert errors.startswith("macroengine: ")
    assert errors.endswith("'broken.parquet'\n") or "broken.parquet" in errors
    assert errors.count("\n") == 1


def test_columns_with_commas_are_quoted_as_in_csv(run, events):
    duckdb.sql("""SELECT 1 AS "a,b", 2 AS "c=d" """).write_parquet(str(events / "odd.parquet"))
    columns = ["--columns", '"click_id=a,b",country_code=c=d']
    assert run(TEMPLATE + "&g=(country_code)", *columns, "--input", "odd.parquet", "--output", "urls.txt")[0] == 0
    assert (events / "urls.txt").read_text() == TEMPLATE[:-9] + "1&g=2\n"


def test_the_rate_is_of_rows_or_else_of_bytes():
    task = Mock(speed=2_000_000, total=10_000_000)
    assert _Rate(500_000).render(task).plain == "100,000 rows/s"
    assert _Rate(None).render(task).plain == "2.0 MB/s"
    assert _Rate(None).render(Mock(speed=None)).plain == "0 bytes/s"


# How fast a packed file is read is not known from the first moment, and then "0 bytes" are read.
@pytest.mark.parametrize(
    ("name", "rate"), slow_after(1, [("many.parquet", " rows/s"), ("many.csv", " rows/s"), ("many.csv.gz", "/s")])
)
def test_progress_is_shown_on_a_terminal(run, events, monkeypatch, name: str, rate: str):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    many = duckdb.sql("SELECT uuid()::VARCHAR AS click_id, 1 AS x FROM range(500000)")
    many.write_parquet(str(events / name)) if name.endswith("parquet") else many.write_csv(str(events / name))
    assert run(TEMPLATE, "--input", name, "--output", "urls.parquet", "--threads", 1)[0] == 0
    assert "%" in terminal.getvalue()
    assert rate in terminal.getvalue()
    assert "500,000 rows read, 500,000 events, 500,000 URLs in" in terminal.getvalue()


def test_rows_are_counted_or_judged(events):
    (events / "in.csv").write_text("click_id,x\n" + "abc,1\n" * 1000)
    assert rows_in([events / "events.parquet"]) == 4
    assert 900 < rows_in([events / "in.csv"]) < 1100
    (events / "empty.csv").touch()
    assert rows_in([events / "empty.csv"]) == 0


def test_without_duckdb_the_command_says_what_to_install(run, events, monkeypatch):
    original = builtins.__import__

    def no_duckdb(name, *arguments, **options):
        if name == "duckdb":
            raise ModuleNotFoundError(name="duckdb")
        return original(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", no_duckdb)
    status, _, errors = run(TEMPLATE, "--input", "events.parquet", "--output", "urls.csv")
    assert status == 2
    assert "pip install 'macroengine[duckdb]'" in errors


def test_a_missing_input_is_named(run, events):
    assert run(TEMPLATE, "--input", "no.parquet", "--output", "urls.csv") == (
        2,
        "",
        f"macroengine: no.parquet: {os.strerror(2).lower()}\n",
    )


def test_a_pattern_is_read_with_glob_only(run, events):
    for name in ("a.csv", "b.csv"):
        (events / name).write_text(f"click_id\n{name}\n")
    arguments = [TEMPLATE, "--input", "*.csv", "--output", "urls.txt"]
    status, _, errors = run(*arguments)
    assert (status, errors.count("\n")) == (2, 1)
    assert "; read the files that match a pattern with --glob;" in errors
    assert run(*arguments, "--glob")[0] == 0
    assert (events / "urls.txt").read_text() == "".join(f"{TEMPLATE[:-9]}{name}\n" for name in ("a.csv", "b.csv"))


def test_withheld_values_are_not_sent_whatever_the_case_of_the_column(run, events):
    (events / "in.csv").write_text("CLICK_ID,ATTRIBUTED\n1,false\n2,true\n")
    _, _, errors = run(TEMPLATE, "--input", "in.csv", "--output", "urls.txt")
    assert errors.endswith("1 not sent: not attributed\n")
    assert (events / "urls.txt").read_text() == f"{TEMPLATE[:-9]}2\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fifo.csv", "not a regular file"),
        ("zero.csv", "not a regular file"),
        ("loop.csv", "symbolic links"),
        ("directory.parquet", "no files that end in"),
        ("random.parquet", "no magic bytes"),
        ("broken.parquet", "macroengine: "),
        ("digits.jsonl", "so many digits"),
        ("deep.jsonl", "JSON exceeds maximum recursion depth"),
        ("null.jsonl", "null.jsonl:1: expected an object, but found null"),
    ],
)
def test_bad_input_is_no_traceback(run, events, name: str, message: str):
    os.mkfifo("fifo.csv")
    (events / "zero.csv").symlink_to("/dev/zero")
    (events / "loop.csv").symlink_to("loop.csv")
    (events / "directory.parquet").mkdir()
    whole = (events / "events.parquet").read_bytes()
    (events / "random.parquet").write_bytes(bytes(range(256)))
    (events / "broken.parquet").write_bytes(whole[:4] + b"x" * 90 + whole[94:])
    (events / "digits.jsonl").write_text('{"click_id":' + "9" * 5_000 + "}\n")
    (events / "deep.jsonl").write_text('{"click_id":' + "[" * 900 + "]" * 900 + "}\n")
    (events / "null.jsonl").write_text("null\n")
    status, _, errors = run(TEMPLATE, "--input", name, "--output", "urls.csv")
    assert status in {1, 2}
    assert message in errors
    assert errors.count("\n") == 1
    assert not (events / "urls.csv").exists()


def test_templates_without_an_end_are_refused(run, events):
    status, _, errors = run("--templates", "/dev/zero", "--input", "events.parquet", "--output", "urls.csv")
    assert status == 2
    assert "larger than 16,777,216 bytes" in errors


def test_too_little_memory_is_no_traceback(run, events, monkeypatch):
    def out_of_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("macroengine.backends.duckdb.table.columns_for", out_of_memory)
    status, _, errors = run(TEMPLATE, "--input", "events.parquet", "--output", "urls.csv")
    assert status == 2
    assert errors.startswith("macroengine: not enough memory; use fewer threads, or raise --memory-limit\n")


def test_a_template_in_a_csv_may_have_odd_line_breaks(run, events):
    (events / "partners.csv").write_text('partner,template\n\na,"https://n.example/?c=(clickid)&x=\u2028"\n')
    arguments = ["--templates", "partners.csv", "--input", "events.parquet", "--ignore", "ME", "--keep", "id"]
    status, _, errors = run(*arguments, "--output", "urls.csv")
    assert status == 0, errors
    assert "&x=\u2028" in (events / "urls.csv").read_text()


def test_the_kind_of_postback_is_taken_from_the_macros(run, tmp_path):
    (tmp_path / "in.csv").write_text("click_id,event_name,postback\n1,buy,in-app\n2,,install\n")
    template = f"{TEMPLATE}&e=(event_name)"
    table = ("--input", "in.csv", "--output", "out.txt")
    status, out, errors = run(template, *table)
    assert (status, out) == (0, "")
    assert errors.startswith("postback assumed from the macros: in-app; set it with --postback\n")
    assert (tmp_path / "out.txt").read_text() == "https://n.example/pb?c=1&e=buy\n"
    (tmp_path / "p.toml").write_text(f'a = "{template}"\nb = "{TEMPLATE}"\n')
    status, _, errors = run("--templates", "p.toml", *table, "--force")
    assert errors.startswith("postback assumed from the macros: in-app; ")
    status, _, errors = run(template, *table, "--force", "--postback", "install")
    assert (status, "error[ME301]" in errors) == (1, True)


ROWS = (
    ("partner", "mmp", "kind", "template"),
    ("acme", "AppMetrica", "", "https://a.example/?c={click_id}"),
    ("beta", "iOS", "re-engagement", "https://b.example/?c=(clickid)"),
    ("gamma", "", "purchase", "https://c.example/?c=(clickid)"),
)


@pytest.mark.parametrize("name", ["p.csv", "p.xlsx"])
def test_the_rows_of_a_table_say_the_platform_and_the_kind(run, tmp_path, name):
    (tmp_path / "p.csv").write_text("".join(",".join(row) + "\n" for row in ROWS))
    book = pytest.importorskip("openpyxl").Workbook()
    for row in ROWS:
        book.active.append(row)
    book.save(tmp_path / "p.xlsx")
    (tmp_path / "in.csv").write_text("click_id,postback\n1,install\n2,re-engagement\n3,in-app\n")
    table = ("--templates", name, "--input", "in.csv", "--output", "out.csv", "--force")
    status, _, errors = run(*table)
    assert (status, "assumed" in errors) == (0, False)
    assert (tmp_path / "out.csv").read_text().splitlines()[1:] == [
        "acme,https://a.example/?c=1",
        "beta,https://b.example/?c=2",
        "gamma,https://c.example/?c=3",
    ]
    # As in check, the command line overrides the rows.
    assert run(*table, "--postback", "install")[0] == 0
    assert (tmp_path / "out.csv").read_text().count("?c=1\n") == 3
    status, _, errors = run(*table, "--dialect", "appsflyer")
    assert (status, errors.count("error[ME040]")) == (1, 1)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("acme,AppMetrika,install,x", "p.csv:2: unknown dialect 'AppMetrika'; did you mean 'appmetrica'?"),
        ("acme,Kochava,install,x", "p.csv:2: 'Kochava' is not a known platform; correct it, or render all templates"),
        ("acme,,instal,x", "p.csv:2: unknown kind of postback 'instal'; did you mean 'install'?"),
    ],
)
def test_a_row_whose_words_are_not_known_is_not_rendered(run, events, row: str, message: str):
    (events / "p.csv").write_text(f"partner,platform,event,template\n{row}\n")
    status, _, errors = run("--templates", "p.csv", "--input", "events.parquet", "--output", "urls.csv")
    assert (status, message in errors) == (2, True)
    assert not (events / "urls.csv").exists()


def test_a_template_that_cannot_be_rendered_is_named_with_its_place(run, events):
    (events / "p.csv").write_text(
        f"partner,template\na,{TEMPLATE}\nb,{TEMPLATE[:-1]}x)\n\nc,{TEMPLATE}&e=(event_nam)\n"
    )
    status, _, errors = run("--templates", "p.csv", "--input", "events.parquet", "--output", "urls.csv")
    lines = errors.splitlines()
    assert (status, lines[0], lines[4]) == (
        1,
        "p.csv:3: the template of 'b' cannot be rendered",
        "p.csv:5: the template of 'c' cannot be rendered",
    )
    assert (lines[1][:12], lines[5][:12]) == ("error[ME101]", "error[ME101]")
    (events / "p.toml").write_text("b = '(x)'")
    assert (
        "p.toml: the template of 'b' cannot be rendered\n"
        in run("--templates", "p.toml", "--input", "events.parquet", "--output", "urls.csv")[2]
    )
