"""Workbooks: which cells are read, and that a rewritten one differs in those alone, or is not rewritten."""

import builtins
import io
import re
import zipfile

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill, Protection

from macroengine.workspace.workbook_parts import lost_parts

BAD = "https://n.example/pb?id=(clickd)&;ip=(ip)"
MENDED = "https://n.example/pb?id=(clickd)&ip=(ip)"
GOOD = "https://n.example/pb?id=(clickid)"


@pytest.fixture
def book(tmp_path):
    """Make a workbook of rows, changed by a function before it is saved."""

    def make(*rows, change=None, name="t.xlsx"):
        made = openpyxl.Workbook()
        made.active.title = "Partners"
        for row in rows:
            made.active.append(row)
        if change is not None:
            change(made)
        made.save(tmp_path / name)
        return tmp_path / name

    return make


def places(result):
    return [" ".join(line.split()[:2]) for line in result.out.splitlines() if " ME" in line]


def rewritten(path, change):
    """Change the parts of an archive: a function takes the name and content of each, and returns the content."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts = {name: change(name, content) for name, content in parts.items()} | change(None, None)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def with_results(result, extension=b""):
    """Return a change that stores a result with each formula."""

    def change(name, content):
        if name is None:
            return {}
        content = re.sub(rb"</f><v ?(/>|></v>)", b"</f><v>" + result.encode() + b"</v>", content)
        content = re.sub(rb'<c r="(\w+)" ?><f>', rb'<c r="\1" t="str"><f>', content)
        return content.replace(b"</worksheet>", extension + b"</worksheet>")

    return change


def cells(path):
    read = openpyxl.load_workbook(path, rich_text=True)
    return {
        (sheet.title, cell.coordinate): (
            str(cell.value),
            cell.number_format,
            cell.font.b,
            cell.fill.fgColor.rgb,
            cell.alignment.wrap_text,
            cell.comment and cell.comment.text,
        )
        for sheet in read.worksheets
        for row in sheet.iter_rows()
        for cell in row
    }


def test_a_cell_has_a_place_a_partner_and_a_kind(run, book):
    book(
        ["Partners of the quarter"],
        [],
        ["Partner", "Event", "Postback URL"],
        ["Acme", "install", BAD],
        ["Beta", "purchase", GOOD + "&e=(event_name)"],
        [None, None, None],
        ["Gamma", None, "  "],
        ["Delta", None, 12],
    )
    result = run("check", "t.xlsx")
    assert places(result)[:3] == [
        "t.xlsx:Partners!C4:25 ME101",
        "t.xlsx:Partners!C4:33 ME222",
        "t.xlsx:Partners!C8:1 ME203",
    ]
    assert '"sheet": "Partners", "cell": "C4", "partner": "Acme"' in run("check", "t.xlsx", "--format", "json").out
    assert '"fullyQualifiedName": "Partners!C4"' in run("check", "t.xlsx", "--format", "sarif").out
    assert '"begin": 4' in run("check", "t.xlsx", "--format", "gitlab").out


def test_only_the_cells_that_are_fixed_change(run, book):
    def change(made):
        sheet = made.active
        sheet["C2"].font, sheet["C2"].fill = Font(b=True), PatternFill("solid", fgColor="FF00FF00")
        sheet["C2"].alignment, sheet["C2"].comment = Alignment(wrap_text=True), Comment("ask them", "me")
        sheet["D2"] = "=1+1"
        sheet["D3"].number_format = "0.00%"
        sheet["D3"] = 0.5
        sheet["C3"].hyperlink = BAD
        sheet["E2"] = CellRichText("a ", TextBlock(InlineFont(b=True), "bold"), " word")
        sheet.column_dimensions["C"].width = 77
        sheet.freeze_panes = "A2"
        sheet.auto_filter.ref = "A1:D3"
        made.create_sheet("Notes")["A1"] = "keep me"

    path = book(["Partner", "Event", "Template"], ["Acme", "", BAD], ["Beta", "", BAD], change=change)
    before = cells(path)
    assert "2 fixed" in run("check", "t.xlsx", "--fix").out
    after = cells(path)
    fixed = {("Partners", "C2"), ("Partners", "C3")}
    assert {place for place in before if before[place] != after[place]} == fixed
    for place in fixed:
        assert after[place] == (MENDED, *before[place][1:])
    sheet = openpyxl.load_workbook(path).active
    assert (sheet.column_dimensions["C"].width, sheet.freeze_panes, sheet.auto_filter.ref) == (77, "A2", "A1:D3")
    assert sheet["C3"].hyperlink.target == MENDED
    content = path.read_bytes()
    run("check", "t.xlsx", "--fix")
    assert path.read_bytes() == content


def test_a_diff_names_the_cell(run, book):
    path = book(["template"], [BAD])
    before = path.read_bytes()
    result = run("check", "t.xlsx", "--diff")
    assert result.out == f"--- t.xlsx\n+++ t.xlsx\n@@ -2,1 +2,1 @@ Partners!A2\n-{BAD}\n+{MENDED}\n"
    assert path.read_bytes() == before


def test_merged_cells_say_it_for_all_their_rows(run, book):
    def change(made):
        made.active.merge_cells("A2:A3")
        made.active.merge_cells("B4:C4")

    book(["Partner", "Template", "Note"], ["Acme", BAD], [None, BAD], [None, BAD], change=change)
    found = run("check", "t.xlsx", "--format", "json", "--select", "ME222").out
    assert found.count('"partner": "Acme"') == 2
    assert found.count("ME222") == 3


# Sheets


def test_hidden_sheets_are_skipped_and_named(run, book):
    def change(made):
        old = made.create_sheet("Old ones")
        old.sheet_state = "hidden"
        old.append(["template"])
        old.append([BAD])
        made.create_sheet("Hidden too").sheet_state = "veryHidden"

    book(["template"], [GOOD], change=change)
    result = run("check", "t.xlsx")
    assert result.out == "nothing found in 1 template\n"
    assert result.err == "macroengine: t.xlsx: sheet 'Old ones' is hidden and was skipped; read it with --sheet\n"
    result = run("check", "t.xlsx", "--sheet", "old ones")
    assert (result.out.startswith("t.xlsx:'Old ones'!A2:25 ME101"), result.err) == (True, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sheet", "Partnrs"], "t.xlsx: no sheet 'Partnrs'; did you mean 'Partners'? (known: 'Partners')"),
        ([], "t.xlsx: no column 'template' in the first 20 rows of a visible sheet (sheets: 'Partners'); say where"),
        (["--column", "c"], "t.xlsx: no column 'c' in the first 20 rows"),
        (["--column", "postbak no."], "rows of a visible sheet; did you mean 'postback no.'? (sheets: 'Partners')"),
        (["--sheet", "partners"], "rows of sheet 'Partners'; say which column has the templates with --column\n"),
        (["--sheet", "partners", "--column", "c"], "no column 'c' in the first 20 rows of sheet 'Partners'\n"),
        (["--column", "a", "--partner-column", "p"], "t.xlsx: sheet 'Partners': no column 'p' (known: 'a', 'b')"),
    ],
)
def test_what_is_not_in_a_workbook_is_named(run, book, arguments, message):
    book(["a", None, "b"], [GOOD, "", "postback no."])
    result = run("check", "t.xlsx", *arguments)
    assert (result.status, result.out) == (2, "")
    assert message in result.err


READERS = (
    "check",
    "check --request",
    "preview",
    "detect",
    "translate --to adjust",
    "diff t.xlsx",
    "explain --file",
    "render --set click_id=1",
    "render --set click_id=1 --request",
)


@pytest.mark.parametrize("command", READERS)
@pytest.mark.parametrize("file", ["t.csv", "t.txt", "t.jsonl", "t.py", "r.toml", "-", "folder"])
def test_a_file_without_sheets_has_no_sheet_to_choose(run, book, tmp_path, command, file):
    book(["template"], [GOOD])
    (tmp_path / "folder").mkdir()
    for name in ("t.csv", "t.txt", "t.jsonl", "t.py", "r.toml", "folder/t.csv"):
        (tmp_path / name).write_text(f"template\n{GOOD}\n")
    result = run(*command.split(), file, "--sheet", "Partners", stdin=GOOD.encode())
    said = "has no sheets; only .xlsx and .xlsm files have them, so omit --sheet\n"
    assert result == (2, "", f"macroengine: {'standard input' if file == '-' else file}: {said}")


def test_a_sheet_is_chosen_in_the_workbooks_of_a_folder(run, book, tmp_path):
    (tmp_path / "folder").mkdir()
    book(["template"], [BAD], name="folder/t.xlsx", change=lambda made: made.create_sheet("Other").append(["template"]))
    (tmp_path / "folder" / "t.txt").write_text(BAD)
    assert places(run("check", "folder", "--sheet", "Other", "--select", "ME101")) == ["folder/t.txt:1:25 ME101"]


def test_a_sheet_is_not_asked_of_files_that_are_not_named_by_hand(run, tmp_path):
    (tmp_path / "t.txt").write_text(BAD)
    assert places(run("check", "--files", "--sheet", "x", "t.txt", "--select", "ME101")) == ["t.txt:1:25 ME101"]
    (tmp_path / "macroengine.toml").write_text('sheet = "x"')
    assert places(run("check", "t.txt", "--select", "ME101")) == ["t.txt:1:25 ME101"]


def test_a_spreadsheet_of_another_format_is_to_be_saved_as_a_workbook(run, tmp_path):
    (tmp_path / "t.xls").touch()
    said = "macroengine: t.xls: .xls files cannot be read; save it as .xlsx or .csv\n"
    assert run("check", "t.xls", "--sheet", "x").err == said


# What is not written


def test_a_template_that_a_formula_makes_is_read_and_not_written(run, book):
    formula = '"https://n.example/pb?id=(clickid)"'
    path = book(["template"], [f"={formula}"], [BAD])
    rewritten(path, with_results(BAD.replace("&", "&amp;")))
    result = run("check", "t.xlsx")
    assert places(result)[:2] == ["t.xlsx:Partners!A2:25 ME101", "t.xlsx:Partners!A2:33 ME222"]
    result = run("check", "t.xlsx", "--diff")
    assert "@@ -3,1" in result.out
    assert "@@ -2,1" not in result.out
    assert result.err == (
        f"macroengine: t.xlsx:Partners!A2: made by the formula ={formula}, and not changed; fix it there\n"
    )
    before = path.read_bytes()
    result = run("check", "t.xlsx", "--fix")
    assert result.status == 2
    assert result.err == (
        "macroengine: t.xlsx: rewriting it would lose its stored results of 1 formula; write the fixed templates to a "
        "new file with --report fixed.xlsx, and copy the column from there\n"
    )
    assert path.read_bytes() == before


def test_a_formula_without_a_result_is_named(run, book):
    book(["template"], ["=A1"])
    result = run("check", "t.xlsx")
    assert (result.status, result.out) == (2, "")
    assert "t.xlsx:Partners!A2: the template is made by a formula whose result is not stored; open" in result.err


def chart(made):
    sheet = made.active
    sheet["B1"], sheet["B2"] = "n", 1
    added = BarChart()
    added.add_data(Reference(sheet, min_col=2, min_row=1, max_row=2))
    sheet.add_chart(added, "D2")


def test_a_workbook_with_a_chart_is_not_written(run, book):
    path = book(["template"], [BAD], change=chart)
    before = path.read_bytes()
    result = run("check", "t.xlsx", "--fix")
    assert (result.status, result.out) == (2, "")
    assert "t.xlsx: rewriting it would lose its " in result.err
    assert "charts" in result.err
    assert "drawings" in result.err
    assert path.read_bytes() == before
    assert places(run("check", "t.xlsx")) != []


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("xl/vbaProject.bin", ["macros"]),
        ("xl/pivotTables/_rels/pivotTable1.xml.rels", ["pivot tables"]),
        ("xl/worksheets/sheet2.xml", []),
        ("xl/unheard-of.xml", ["xl/unheard-of.xml"]),
        ("xl/comments1.xml", []),
        ("xl/drawings/drawing7.xml", []),
        ("xl/sharedStrings.xml", ["phonetic guides"]),
    ],
)
def test_what_would_be_lost_is_said_in_words(book, part, words):
    path = book(["template"], [BAD])
    rewritten(path, lambda name, content: {part: b"<rPh>"} if name is None else content)
    assert lost_parts(path.read_bytes()) == words


def test_extensions_of_a_sheet_would_be_lost(book):
    path = book(["template"], ["=1"], ["=2"])
    rewritten(path, with_results("1", b"<extLst></extLst>"))
    assert lost_parts(path.read_bytes()) == [
        "newer formats, such as sparklines and rules for formats",
        "stored results of 2 formulas",
    ]


def test_a_locked_cell_of_a_protected_sheet_is_not_written(run, book):
    def change(made):
        made.active.protection.enable()
        made.active["A3"].protection = Protection(locked=False)

    path = book(["template"], [GOOD], [BAD], change=change)
    assert "1 fixed" in run("check", "t.xlsx", "--fix").out
    path = book(["template"], [BAD], [BAD], change=change)
    before = path.read_bytes()
    result = run("check", "t.xlsx", "--fix")
    assert (result.status, path.read_bytes()) == (2, before)
    assert "t.xlsx:Partners!A2: the sheet is protected and the cell is locked; unprotect the sheet, or" in result.err


def test_a_workbook_that_changes_meanwhile_is_not_written(run, book, monkeypatch, tmp_path):
    from macroengine.rules import fixing  # noqa: PLC0415

    path = book(["template"], [BAD])
    book(["template"], [GOOD], name="other.xlsx")
    fix = fixing.fix

    def save(*arguments, **options):
        (tmp_path / "other.xlsx").replace(path)
        return fix(*arguments, **options)

    monkeypatch.setattr(fixing, "fix", save)
    result = run("check", "t.xlsx", "--fix")
    assert (result.status, result.err) == (
        2,
        "macroengine: t.xlsx: changed while it was being fixed; nothing was written, run the command again\n",
    )
    assert openpyxl.load_workbook(path).active["A2"].value == GOOD


def test_a_workbook_that_is_open_in_excel_is_not_written(run, book, tmp_path):
    book(["template"], [BAD])
    (tmp_path / "~$t.xlsx").write_text("")
    assert "t.xlsx: open in another program, as ~$t.xlsx says" in run("check", "t.xlsx", "--fix").err
    assert "ME222" in run("check", ".").out


# What cannot be read


def encrypted():
    return bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 100


def archive(**parts):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            encrypted(),
            "t.xlsx: locked with a password, or in the old .xls format; save it in Excel as .xlsx without one",
        ),
        (b"template\nx\n", "t.xlsx: not a workbook; save it in Excel as .xlsx"),
        (archive(a="b"), "t.xlsx: not a workbook; save it in Excel as .xlsx"),
        (archive(**{"xl__workbook.xml": "<x/>"}), "t.xlsx: not a workbook that can be read: "),
    ],
)
def test_what_is_not_a_workbook_says_what_it_is(run, tmp_path, content, message):
    (tmp_path / "t.xlsx").write_bytes(content)
    for option in ([], ["--fix"]):
        result = run("check", "t.xlsx", *option)
        assert (result.status, result.out) == (2, "")
        assert message in result.err
    assert (tmp_path / "t.xlsx").read_bytes() == content


@pytest.mark.parametrize("content", [encrypted(), archive(a="b")])
@pytest.mark.parametrize("name", ["t.csv", "t.txt", "-"])
def test_a_workbook_by_another_name_is_recognised(run, tmp_path, content, name):
    (tmp_path / "t.csv").write_bytes(content)
    (tmp_path / "t.txt").write_bytes(content)
    result = run("check", "--file", name, stdin=content)
    assert (result.status, result.out) == (2, "")
    assert "a workbook, not text; save it as .xlsx, and give it by that name" in result.err


def test_a_workbook_that_unpacks_to_too_much(run, tmp_path, monkeypatch):
    monkeypatch.setattr("macroengine.workspace.workbook_parts._MAX_UNPACKED", 10)
    (tmp_path / "t.xlsx").write_bytes(archive(**{"xl__workbook.xml": "x" * 11}))
    assert "t.xlsx: the workbook has 11 bytes unpacked; the limit is 10" in run("check", "t.xlsx").err


def test_without_the_extra_one_line_says_how_to_get_it(run, book, monkeypatch):
    book(["template"], [BAD])
    real = builtins.__import__

    def imported(name, *rest):
        if name == "openpyxl":
            raise ModuleNotFoundError(name=name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", imported)
    result = run("check", "t.xlsx")
    assert result == (2, "", "macroengine: t.xlsx: workbooks need an extra: pip install 'macroengine[excel]'\n")
