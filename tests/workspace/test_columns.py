"""By which names the columns of a table are recognised."""

import json

import openpyxl
import pytest

from macroengine.workspace.columns import Layout, recognised

BAD = "https://n.example/pb?id=(clickd)"


def places(result):
    return [line.split()[0] for line in result.out.splitlines() if " ME101 " in line]


@pytest.mark.parametrize(
    "name",
    [
        *("URL", "Link", "Tracking URL", "tracking_link", "Endpoint", "Pixel", "webhook-url"),
        *("Postback", "Callback URL", "Callback Link", "S2S Postback URL"),
    ],
)
def test_the_only_column_that_can_have_the_templates_has_them(run, tmp_path, name):
    assert recognised(["Partner", name], Layout()) == {"partner": 0, "template": 1}
    (tmp_path / "t.csv").write_text(f"Partner;{name}\nAcme;{BAD}\n")
    (tmp_path / "t.txt").write_text(f"{name}\n{BAD}\n")
    (tmp_path / "t.jsonl").write_text(json.dumps({"partner": "Acme", name: BAD}))
    book = openpyxl.Workbook()
    book.active.append(["Partner", name])
    book.active.append(["Acme", BAD])
    book.save(tmp_path / "t.xlsx")
    found = places(run("check", "t.csv", "t.txt", "t.jsonl", "t.xlsx"))
    assert found == ["t.csv:2:25", "t.txt:2:25", "t.jsonl:1:25", "t.xlsx:Sheet!B2:25"]


def test_of_several_columns_that_can_have_them_none_is_guessed(run, tmp_path):
    assert recognised(["URL", "Link"], Layout()) == {}
    assert recognised(["URL", "Link", "Postback"], Layout()) == {"template": 2}
    assert recognised(["URL", "Link"], Layout(template="link")) == {"template": 1}
    (tmp_path / "t.csv").write_text(f"URL,Link\nx,{BAD}\n")
    said = "t.csv: no column 'template' (known: 'URL', 'Link'); say which has the templates with --column"
    assert run("check", "t.csv") == (2, "", f"macroengine: {said}\n")
    assert places(run("check", "t.csv", "--column", "link")) == ["t.csv:2:25"]
    (tmp_path / "t.jsonl").write_text('{"a": "x"}\n')
    said = "t.jsonl:1: no key 'template' (known: 'a')"
    assert run("check", "t.jsonl").err == f"macroengine: {said}; say which has the templates with --column\n"
    assert run("check", "t.jsonl", "--column", "b").err == "macroengine: t.jsonl:1: no key 'b' (known: 'a')\n"


def test_columns_of_the_same_name_are_refused(run, tmp_path):
    rows = f"Postback,postback,Name,Name\nhttps://n.example/?a=(ip),{BAD},A,B\n"
    (tmp_path / "t.csv").write_text(rows)
    book = openpyxl.Workbook()
    for row in rows.splitlines():
        book.active.append(row.split(","))
    book.save(tmp_path / "t.xlsx")
    for file in ("t.csv", "t.xlsx"):
        result = run("check", file)
        assert (result.status, result.out) == (2, "")
        assert "2 columns are called 'Postback', 'postback'; rename all but one" in result.err
        assert len(places(run("check", file, "--column", "postback"))) == 1
        assert run("check", file, "--column", "Postback").status == 0


def test_links_in_the_files_of_a_folder_are_not_templates(run, tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "news.csv").write_text("title,link\nOut now,http://news.example/?a=1&b=(x)\n")
    (tmp_path / "d" / "t.csv").write_text(f"postback,link\n{BAD},http://n.example/\n")
    result = run("check", "d")
    assert places(result) == ["d/t.csv:2:25"]
    assert result.err.startswith("macroengine: skipped d/news.csv: no column 'template' (known: 'title', 'link')")


def test_a_sheet_of_links_is_not_one_of_templates_where_another_is(run, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Document", "Link"])
    book.active.append(["Terms", "http://n.example/?a=(clickd)"])
    other = book.create_sheet("Postbacks")
    for row in (["See the link", "link"], ["Partner", "Postback"], ["Acme", BAD]):
        other.append(row)
    book.save(tmp_path / "t.xlsx")
    assert places(run("check", "t.xlsx")) == ["t.xlsx:Postbacks!B3:25"]
    assert places(run("check", "t.xlsx", "--sheet", "Sheet")) == ["t.xlsx:Sheet!B2:21"]
