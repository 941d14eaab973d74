"""The command `match`: one URL, and files of them."""

import json
import tracemalloc
from pathlib import Path

import pytest

from macroengine.catalogue import dialect
from macroengine.cli.received import Summary
from macroengine.matching.faults import FAULTS
from macroengine.matching.front import matcher_of_source

T = "https://n.example/pb?c=(clickid)&i=(sha1-idfa)&cc=(country_code)"
HASH = "1d074de42d20d6c1e6e1baab6aac850e4f476554"
GOOD = f"https://n.example/pb?c=a%20b&i={HASH}&cc=DE"
EVENT = {"click_id": "a b", "idfa": "9C9A82FB-D5DE-4CD1-90C3-527441C11828", "country_code": "DE"}


@pytest.fixture
def write(tmp_path):
    def write(content, name="urls.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return write


def test_the_values_of_a_url_are_a_table(run):
    status, out, err = run("match", T, GOOD)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "parameter\tmacro\tfield\tstate\tvalue",
        "c\tclickid\tclick_id\tread\ta b",
        f"i\tidfa\tsha1-idfa\tread\t{HASH}",
        "cc\tcountry_code\tcountry_code\tread\tDE",
    ]


def test_findings_go_to_standard_error_and_into_the_status(run):
    status, out, err = run("match", T, "https://n.example/pb?c=(clickid)&i=x")
    assert status == 1
    assert "c\tclickid\tclick_id\tmissing\t\n" in out
    assert "error[ME721]: literal macro '(clickid)' was sent unreplaced\n" in err
    assert "warning[ME711]: missing parameter 'cc'\n" in err


def test_json_has_all_of_it(run):
    status, out, err = run("match", T, GOOD.replace("a%20b", "a+b"), "--format", "json")
    found = json.loads(out)
    assert (status, err) == (1, "")
    assert found["values"] == {"click_id": "a+b", "country_code": "DE"}
    assert found["hashes"] == {"sha1-idfa": HASH}
    assert found["pairs"][2] == {"name": "cc", "value": "DE", "span": [70, 75]}
    assert [(one["name"], one["parameter"], one["span"]) for one in found["diagnostics"]] == [
        ("not-encoded", "c", [23, 26])
    ]
    assert found["readings"][1] == {
        "parameter": "i",
        "macro": "idfa",
        "fields": ["idfa"],
        "function": "sha1",
        "state": "read",
        "value": HASH,
    }


@pytest.mark.parametrize(
    ("template", "url", "options", "state"),
    [
        ("https://n.example/?a=(ip)(city)", "https://n.example/?a=1", [], "ambiguous"),
        (
            "https://n.example/?a={tracker_name||app_name}",
            "https://n.example/?a=1",
            ["--dialect", "adjust"],
            "ambiguous",
        ),
        ("https://n.example/?a=(nope)", "https://n.example/?a=1", [], "unknown"),
    ],
)
def test_a_state_says_whether_a_value_was_read(run, template, url, options, state):
    out = run("match", template, url, *options).out
    assert [line.split("\t")[3] for line in out.splitlines()[1:]] == [state] * (len(out.splitlines()) - 1)


def test_values_are_compared_with_an_event(run, write):
    event = write(json.dumps(EVENT), "event.json")
    assert run("match", T, GOOD, "--event", event).status == 0
    status, _, err = run("match", T, GOOD.replace("1d07", "2d07"), "--event", event)
    assert (status, "error[ME734]: different value: 'idfa'" in err) == (1, True)


def test_a_template_is_read_from_a_file(run, write):
    write(f"{T}\n", "t.txt")
    assert run("match", "--file", "t.txt", GOOD) == run("match", T, GOOD)
    assert run("match", "--file", "t.txt", "--events", "-", stdin=GOOD.encode()).status == 0


def test_what_does_not_print_is_escaped_in_the_table_and_whole_in_json(run):
    url = "https://n.example/pb?c=%1B%5B2J%0A"
    result = run("match", "https://n.example/pb?c=(clickid)", url)
    assert "\\x1b[2J\\n" in result.out
    assert "\x1b" not in result.out + result.err
    assert json.loads(run("match", T, url, "--format", "json").out)["values"]["click_id"] == "\x1b[2J\n"


URLS = f"{GOOD}\n\n{GOOD.replace('DE', 'D+E')}\nhttps://n.example/pb?i=&cc=DE&x=1\r\n/pb?c=1&i=&cc=US\nnonsense\n"


@pytest.mark.parametrize("how", [["--events", "urls.txt"], ["urls.txt"], ["--events", "-"], ["-"]])
def test_a_file_of_urls_is_summed_up_by_parameter(run, write, how):
    write(URLS)
    status, out, err = run("match", T, *how, stdin=URLS.encode())
    assert status == 1
    assert out.splitlines() == [
        "parameter\tmacros\tread\tmissing\tambiguous\tfinding\tcount\tfirst line",
        "c\tclickid\t3\t2\t0\tmissing-parameter\t1\t4",
        "i\tidfa\t2\t3\t0\tempty-identifier\t2\t4",
        "cc\tcountry_code\t4\t1\t0\tnot-encoded\t1\t3",
        "x\t\t0\t0\t0\tunknown-parameter\t1\t4",
        "(path)\t\t0\t0\t0\tnot-a-url\t1\t6",
    ]
    assert err == "5 URLs, 4 with findings\n"


def test_the_summary_is_json_too(run, write):
    found = json.loads(run("match", T, write(URLS), "--format", "json").out)
    assert (found["urls"], found["with_findings"]) == (5, 4)
    assert found["parameters"][0] == {
        "parameter": "c",
        "macros": ["clickid"],
        "read": 3,
        "missing": 2,
        "ambiguous": 0,
        "findings": [
            {"code": "ME711", "name": "missing-parameter", "severity": "warning", "count": 1, "first_line": 4}
        ],
    }


def test_a_clean_file_has_status_0(run, write):
    status, out, err = run("match", T, write(f"{GOOD}\n"))
    assert (status, err) == (0, "1 URL, 0 with findings\n")
    assert out.splitlines()[1] == "c\tclickid\t1\t0\t0\t\t\t"
    assert run("match", T, write("")).err == "0 URLs, 0 with findings\n"


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("urls.csv", f"n,url\n1,{GOOD}\n2,\n", []),
        ("urls.tsv", f"n\tu\n1\t{GOOD}\n", ["--column", "u"]),
        ("urls.jsonl", json.dumps({"url": GOOD}) + "\n", []),
    ],
)
def test_tables_have_the_urls_in_a_column(run, write, name, content, options):
    status, _, err = run("match", T, "--events", write(content, name), *options)
    assert (status, err) == (0, "1 URL, 0 with findings\n")


def test_bytes_that_are_not_utf_8_are_findings(run, write):
    status, out, _ = run("match", T, write(b"\xef\xbb\xbfhttps://n.example/pb?c=\xff&i=&cc=%FF\n\xff\n"))
    assert status == 1
    assert "c\tclickid\t1\t1\t0\tnot-encoded\t1\t1" in out.splitlines()
    assert "cc\tcountry_code\t1\t1\t0\tbad-encoding\t1\t1" in out.splitlines()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["urls.txt", "-"])
def test_urls_that_are_not_in_utf_8_at_all_are_refused(run, tmp_path, encoding, name):
    content = "https://n.example/pb?c=1\nhttps://n.example/pb?c=2\n".encode(encoding)
    (tmp_path / "urls.txt").write_bytes(content)
    said = f"{'standard input' if name == '-' else name}: not UTF-8; convert it, as with iconv -f UTF-16 -t UTF-8\n"
    assert run("match", T, "--events", name, stdin=content) == (2, "", f"macroengine: {said}")


@pytest.mark.slow
def test_the_memory_does_not_grow_with_the_urls():
    matcher, summary = matcher_of_source(T, dialect("appsflyer")), Summary()

    def counted(numbers):
        for number in numbers:
            summary.count(number, matcher.match(f"https://n.example/pb?c={number}&x{number}=1"))

    counted(range(2_000))
    tracemalloc.start()
    counted(range(2_000, 6_000))
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 100_000
    rows = [row[0] for row in summary.rows()]
    assert len(rows) == len({*rows}) == 1_001
    assert "(others)" in rows


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([T], "give one URL: as an argument, or many with --events"),
        ([T, GOOD, "--events", "urls.txt"], "give one URL: as an argument, or many with --events"),
        ([T, "--events", "urls.txt", "--event", "e.json"], "--event compares one URL; omit --events"),
        ([T, GOOD, "--column", "url"], "--column is for the files of --events"),
        ([T, "lost.txt"], "lost.txt: no such file; to read it as a URL, pipe it to --events -"),
        ([T, "--events", "lost.txt"], "lost.txt: no such file or directory"),
        ([T, "--events", "bad.csv"], "no column 'url'"),
        ([T, GOOD, "--dialect", "apsflyer"], "unknown dialect 'apsflyer'; did you mean 'appsflyer'?"),
        ([], "give one template: as an argument, or with --file"),
        ([T, GOOD, "more"], "got unexpected extra argument"),
    ],
)
def test_wrong_usage_is_explained(run, write, arguments, said):
    write(URLS)
    write("a,b\n", "bad.csv")
    status, out, err = run("match", *arguments)
    assert (status, out, said in " ".join(err.split())) == (2, "", True), err


def test_progress_is_told_by_thousands(run, monkeypatch, write):
    from tests.support.terminal import terminal  # noqa: PLC0415 - not on Windows

    write(f"{GOOD}\n" * 1_500)
    with terminal(monkeypatch, "stderr") as shown:
        assert run("match", T, "urls.txt").out.startswith("parameter\t")
        assert "1,000 URLs" in shown.text


@pytest.mark.parametrize("code", FAULTS)
def test_codes_are_explained(run, code):
    out = run("explain", code).out
    assert out.startswith(f"{code} {FAULTS[code].name} ({FAULTS[code].severity})\n")
    assert out.endswith("Found in URLs that were sent, by match.\n")


def test_the_page_lists_every_name_as_it_is():
    page = (Path(__file__).parents[2] / "docs" / "match.md").read_text(encoding="utf-8")
    rows = [f"| {code} | {fault.name} | {fault.severity} | {fault.meaning} |" for code, fault in FAULTS.items()]
    section = page.partition("| code |")[2].partition("\n\n")[0]
    assert section.splitlines()[2:] == rows
