"""Reports for people: what they say, that hostile templates stay text in them, and how they look in a browser."""

import csv
import html.parser
import io
import re
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest

from macroengine import Policy, check, dialect
from macroengine.cli.inputs import InputError
from macroengine.workspace.record import Record, Said
from macroengine.workspace.reports.entry import by_partner, by_rule, entry_of
from macroengine.workspace.reports.html import html_report
from macroengine.workspace.reports.markdown import markdown_report
from macroengine.workspace.reports.tables import csv_report, write_workbook

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parents[1] / "cases" / "reports"
HOSTILE = [
    '<script>alert(1)</script>"><img src=x onerror=alert(1)>',
    "=cmd|' /C calc'!A0",
    "+1+1&x=(clickd)",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "```\n# heading | [a](javascript:x)",
    "https://n.example/\u202egpj.exe?c=(clickid)\x1b[2J",
    "https://n.example/pb?c=(clickid)&&" + "x" * 2_000,
    "",
    "https://n.example/pb?a=%&&&",
]


def entry(template, partner=""):
    appsflyer, found = dialect("appsflyer"), check(template)
    record = Record("", 1, template, said=Said(partner))
    return entry_of(
        record, file="t.csv", dialect=appsflyer, policy=Policy(), found=found, wanted=sorted({"ME222", "ME212"})
    )


@pytest.mark.parametrize("form", ["html", "md", "csv"])
def test_a_report_of_partners(run, tmp_path, golden, form):
    shutil.copy(ROOT / "examples" / "partners.csv", tmp_path)
    result = run("check", "partners.csv", "--report", f"r.{form}")
    assert (result.status, result.err) == (1, f"report written to r.{form}\n")
    text = (tmp_path / f"r.{form}").read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    if form == "html":  # the style is a file of its own
        text = re.sub(r"<style>.*</style>", "<style></style>", text, flags=re.DOTALL)
    golden(CASES / f"partners.{form}", text)


def test_a_report_as_a_workbook(run, tmp_path):
    shutil.copy(ROOT / "examples" / "partners.xlsx", tmp_path)
    assert run("check", "partners.xlsx", "--report", "r.xlsx").status == 1
    book = openpyxl.load_workbook(tmp_path / "r.xlsx", rich_text=True)
    assert book.sheetnames == ["Templates", "Findings", "Partners", "Rules"]
    assert [cell.value for cell in book["Templates"][1]][:2] == ["partner", "place"]
    assert book["Templates"].max_row == 16
    assert book["Templates"]["B2"].value == "partners.xlsx:Partners!D4"
    marked = book["Findings"]["I2"].value
    assert [str(piece) for piece in marked][1] == "(event_revenue_usd)"
    assert (marked[1].font.b, marked[1].font.color.rgb) == (True, "FFA40E26")
    assert [cell.value for cell in book["Partners"][2]] == ["Northlight Media", 2, 0, 1, 0, 1]
    assert book["Rules"]["A2"].value == "ME101 unknown-macro"
    # The column of fixed templates can be read again.
    assert "ME102" not in run("check", "r.xlsx", "--sheet", "Templates", "--column", "fixed").out


def test_one_command_fixes_the_examples_and_the_next_finds_nothing(run, tmp_path):
    for name in ("partners.xlsx", "partners.csv"):
        shutil.copy(ROOT / "examples" / name, tmp_path)
        fixed = run("check", name, "--fix", "--unsafe-fixes", "--report", "r.html")
        assert (fixed.status, fixed.out) == (0, "18 fixed, nothing found in 15 templates\n")
        assert "ME222" in (tmp_path / "r.html").read_text(encoding="utf-8")  # what was found before
        assert run("check", name).out == "nothing found in 15 templates\n"
    rows = list(csv.reader((tmp_path / "partners.csv").read_text(encoding="utf-8").splitlines(), delimiter=";"))
    sheet = openpyxl.load_workbook(tmp_path / "partners.xlsx").active
    assert [row[3] for row in rows[1:]] == [sheet.cell(number, 4).value for number in range(4, 19)]


class Page(html.parser.HTMLParser):
    """What a page has: its elements, attributes and text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.values, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.values += [(name, value) for name, value in attrs]

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize("template", HOSTILE)
def test_hostile_templates_are_text(template, tmp_path):
    entries = [entry(template, partner=template)]
    page = Page(html_report(entries))
    assert not {"script", "img", "iframe", "link", "object", "form"} & set(page.tags)
    assert not {name for name, _ in page.values} & {"src", "onerror", "onclick", "style"}
    assert all(value.startswith("#") for name, value in page.values if name == "href")
    text = html_report(entries) + markdown_report(entries) + csv_report(entries)
    assert not {"\u202e", "\x1b"} & set(text)
    for row in csv.reader(io.StringIO(csv_report(entries), newline="")):
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    write_workbook(entries, tmp_path / "r.xlsx")
    for sheet in openpyxl.load_workbook(tmp_path / "r.xlsx"):
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "inlineStr"}
    for line in markdown_report(entries).split("\n"):
        assert not line.startswith("# heading")
    outside = re.sub(r"```.*?```", "", markdown_report(entries), flags=re.DOTALL)
    assert re.search(r"(?<!\\)<", outside) is None


def test_a_text_of_many_backticks_stays_in_its_fence():
    assert "`````text\n````x\n`````\n" in markdown_report([entry("````x")])


def test_marks_are_of_the_worst_severity():
    page = html_report([entry("http://n.example/pb?c=(clickd)&;x=1")])
    assert '<mark class="warning">http</mark>:' in page
    assert '<mark class="error">(clickd)</mark><mark class="warning">&amp;;</mark>' in page


def test_what_is_counted():
    entries = [entry("?c=(clickid)&&", "A"), entry("?c=(clickid)"), entry("?c=(clickid)&&", "A")]
    assert [(group.name, group.templates, group.fixable) for group in by_partner(entries)] == [
        ("A", 2, 4),
        ("(no partner)", 1, 0),
    ]
    assert [group.name for group in by_rule(entries)] == ["ME212 empty-pair", "ME204 missing-server"]
    assert by_rule([entry("https://n.example/pb?c=(clickid)")]) == []
    clean = [entry("https://n.example/pb?c=(clickid)")]
    for text in (html_report(clean), markdown_report(clean)):
        assert "By rule" not in text
        assert "| rule" not in text


def test_both_renderings_are_in_the_page():
    template = "https://n.example/pb?c=(clickid)&geo=(country_code)&i=(idfa)"
    one = entry_of(
        Record("", 1, template),
        file="t",
        dialect=dialect("appsflyer"),
        policy=Policy(send_all=True, consent=True),
        found=[],
        wanted=(),
    )
    page = html_report([one])
    assert "Not attributed:" in page
    assert "Withheld where not attributed: <code>(clickid)</code>" in page
    assert "Withheld where the user does not share identifiers: <code>(idfa)</code>" in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--report", "r.pdf"], "--report: expected a file that ends in .html, .xlsx, .csv, .md, not 'r.pdf'"),
        (["--report", "r.html", "--diff"], "--diff only shows changes; give --report without it"),
        (["--report", "t.csv"], "t.csv: the report would replace the file that is checked; give another name"),
        (["--report", "none/r.html"], "none/r.html: no such file or directory"),
    ],
)
def test_a_report_that_cannot_be_written(run, tmp_path, arguments, message):
    (tmp_path / "t.csv").write_text("template\nhttps://n.example\n")
    result = run("check", "t.csv", *arguments)
    assert (result.status, message in result.err) == (2, True)
    assert (tmp_path / "t.csv").read_text() == "template\nhttps://n.example\n"


def test_a_workbook_needs_its_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(InputError, match=r"needs an extra: pip install 'macroengine\[excel\]'"):
        write_workbook([], tmp_path / "r.xlsx")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("light", ["--window-size=1200,2000"]),
        ("narrow", ["--window-size=500,2000"]),
        ("dark", ["--window-size=1200,2000", "--blink-settings=preferredColorScheme=0"]),
    ],
)
def test_the_page_is_drawn_by_a_browser(run, tmp_path, name, options):
    shutil.copy(ROOT / "examples" / "partners.csv", tmp_path)
    run("check", "partners.csv", "--report", "r.html")
    picture = tmp_path / f"{name}.png"
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command = [*browser, *options, f"--screenshot={picture}", (tmp_path / "r.html").as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert picture.stat().st_size > 20_000
    assert "Refused" not in done.stderr


def contrast(one, other):
    """Return the contrast of two colours (WCAG 2.2, section 1.4.3)."""

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_colours_can_be_told_apart():
    style = (ROOT / "macroengine" / "workspace" / "reports" / "page.css").read_text(encoding="utf-8")
    schemes = [
        dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    for colours in schemes[:2]:
        pairs = [("text", "back"), ("text", "card"), ("muted", "back"), ("muted", "card"), ("link", "back")]
        pairs += [(name, f"{name}-back") for name in ("error", "warning", "info", "clean")]
        assert {
            pair: contrast(colours[pair[0]], colours[pair[1]])
            for pair in pairs
            if contrast(colours[pair[0]], colours[pair[1]]) < 4.5
        } == {}
