"""The words in the rows of a table: for the platform of a template, and for the kind of postback."""

import json

import openpyxl
import pytest

GOOD = "https://n.example/pb?c=1"


@pytest.mark.parametrize("word", ["iOS", "Google Play", "Android/iOS 17", "-", "", "N/A", "AppMetrica (Yandex)"])
@pytest.mark.parametrize("column", ["platform", "MMP"])
def test_a_platform_that_is_about_devices_says_nothing_of_the_dialect(run, tmp_path, column, word):
    (tmp_path / "t.csv").write_text(f"template,{column}\nhttps://n.example/pb?c=1,{word}\n")
    result = run("check", "t.csv")
    assert (result.status, result.err) == (0, "")


def test_a_platform_that_is_not_known_is_named_once(run, tmp_path):
    words = ["Kochava", "Kochava", "game", "x" * 10_000, *(f"game {number}" for number in range(20))]
    (tmp_path / "t.csv").write_text("template,platform\n" + "".join(f"https://n.example/pb?c=1,{w}\n" for w in words))
    result = run("check", "t.csv")
    said = "is not a known platform; its template is read as AppsFlyer's"
    assert result.status == 0
    assert result.err.startswith(
        f"macroengine: t.csv:2: 'Kochava' {said}\nmacroengine: t.csv:4: 'game' {said}\nmacroengine: t.csv:5: 'xxx"
    )
    assert result.err.endswith(f"macroengine: t.csv:12: 'game 6' {said}; further ones are not named\n")
    assert len(result.err) < 1_500
    assert run("check", "t.csv", "--dialect", "appsflyer").err == ""
    assert run("check", "t.csv", "--dialect", "auto", "--dialect-column", "platform").status == 2
    (tmp_path / "macroengine.toml").write_text('dialect = "auto"')
    assert run("check", "t.csv").err == ""


@pytest.mark.parametrize("file", ["t.csv", "t.jsonl", "t.xlsx"])
def test_a_column_that_can_only_name_dialects_has_no_other_words(run, tmp_path, file):
    rows = ["Platform,Dialect,template", f"iOS,tenjin,{GOOD}", f"Kochava,adjust,{GOOD}"]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    heads, *values = [row.split(",") for row in rows]
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps(dict(zip(heads, row, strict=True))) for row in values))
    book = openpyxl.Workbook()
    for row in (heads, *values):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    result = run("preview", file)
    assert result.status == 2
    assert result.err.endswith(" (skipped)\n")
    assert "unknown dialect 'tenjin' (known: adcp, " in result.err
    assert "Adjust\n" in result.out


def test_a_dialect_of_the_project_is_known_by_its_own_name_too(run, tmp_path):
    macro = 'cid = { field = "click_id", source = "Link" }'
    text = f'name = "zorbit"\ntitle = "Zorbit Cloud"\nsyntax = "brace"\nencoding = "percent"\n[macros]\n{macro}\n'
    (tmp_path / "z.toml").write_text(text)
    (tmp_path / "macroengine.toml").write_text('[dialects]\n"Our tracker" = "z.toml"\nAppsFlyer = "adjust"\n')
    names = ["our-tracker", "Zorbit", "zorbit cloud", "Zorbit Cloud EU", "zrobit", "Zrbit", "appsflyer"]
    rows = [f"{name},https://n.example/pb?c={{cid}}" for name in names]
    (tmp_path / "t.csv").write_text("\n".join(["mmp,template", *rows]))
    result = run("preview", "t.csv", "--format", "json")
    assert [row["dialect"] for row in json.loads(result.out)] == [*["zorbit"] * 4, "adjust"]
    assert result.err.splitlines()[-2:] == [
        "macroengine: t.csv:6: unknown dialect 'zrobit'; did you mean 'zorbit'? (skipped)",
        "macroengine: t.csv:7: unknown dialect 'Zrbit'; did you mean 'zorbit'? (skipped)",
    ]
    (tmp_path / "macroengine.toml").write_text('dialect = "z.toml"')
    assert "Zorbit Cloud" in run("preview", "t.csv").out


@pytest.mark.parametrize("word", ["instal", "Intsall", "rejected instal", "re-engagment", "re-atribtion"])
def test_a_misspelt_kind_of_postback_is_not_taken_for_an_event(run, tmp_path, word):
    (tmp_path / "t.csv").write_text(f"template,event\n{GOOD},{word}\n")
    result = run("check", "t.csv")
    assert (result.status, result.out) == (2, "1 template skipped\n")
    assert result.err.startswith(f"macroengine: t.csv:2: unknown kind of postback {word!r}; did you mean '")


@pytest.mark.parametrize("word", ["purchase", "event1", "inapps", "uninstall", "reinstall", "level_5", "first_launch"])
def test_any_other_word_for_the_kind_is_the_name_of_an_event(run, tmp_path, word):
    (tmp_path / "t.csv").write_text(f"template,event\n{GOOD},{word}\n")
    assert "t.csv:2  in-app, " in run("preview", "t.csv").out
