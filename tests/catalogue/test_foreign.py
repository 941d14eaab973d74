"""Macros of other platforms: the outer reading wins, and the syntax says whose the name is."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macroengine import Event, Policy, TemplateError, check, compile_template, dialect, fix, parse, render
from macroengine.catalogue.aliases import platforms
from macroengine.catalogue.foreign import _read, _table, foreign_texts  # the file is compared with what is read of it
from macroengine.plan.segments import Missing
from macroengine.rules import intended
from macroengine.testing import reference
from tests.support.floors import reached, reaching
from tests.support.trying import try_all, with_each

BASE = "https://n.example/pb?a="
EVENT = Event(link={"click_id": "C1", "x": "X1"}, sdk={"country_code": "DE", "idfa": "I1"})

WRAPPED = [
    pytest.param("$$sdk(country-code)", "appsflyer", id="appsflyers-function"),
    pytest.param("$$click(clickid)", "appsflyer", id="appsflyers-other-function"),
    pytest.param("${(idfa)!}", "appsflyer", id="freemarker"),
    pytest.param("${clickid(clickid)}", "appsflyer", id="dollar-and-braces"),
    pytest.param("<#if (idfa)>", "appsflyer", id="directive"),
    pytest.param("%%PATTERN:(clickid)%%", "appsflyer", id="ad-manager"),
    pytest.param("{{click_id}}", "appmetrica", id="double-braces"),
    pytest.param("%{click_id}", "appmetrica", id="percent-brace"),
    pytest.param("${click_id}", "appmetrica", id="dollar"),
    pytest.param("$!{click_id}", "appmetrica", id="quiet-dollar"),
    pytest.param("@{click_id}@", "appmetrica", id="at"),
    pytest.param("${URL_ENC(${click_id},1)}", "appmetrica", id="macro-in-a-macro"),
    pytest.param("{{x}}", "appmetrica", id="parameter-of-the-link"),
    pytest.param("TS{click_id}", "appmetrica", id="tapstream"),
    pytest.param("$$sdk({click_id})", "appmetrica", id="braces-in-appsflyers-function"),
    pytest.param("$$sdk( clickid )", "appsflyer", id="spaces-in-appsflyers-function"),
    pytest.param("$$sdk(%20clickid%20)", "appsflyer", id="encoded-spaces-in-appsflyers-function"),
    pytest.param("${URL_ENC({click_id})}", "appmetrica", id="xandrs-function"),
    pytest.param("{{ {click_id} }}", "appmetrica", id="braces-in-double-braces"),
]


@with_each(("text", "name"), WRAPPED)
def test_own_macro_in_the_wrapper_of_another_platform_is_an_error_and_never_filled(text, name):
    found = [finding for finding in check(BASE + text, dialect=name) if finding.code != "ME003"]
    assert [finding.code for finding in found] == ["ME040"]
    assert BASE[found[0].span.start :] + text[: found[0].span.stop] == text
    with pytest.raises(TemplateError):
        compile_template(BASE + text, dialect=name)
    assert fix(BASE + text, dialect=name).source == BASE + text


@with_each(("text", "name"), WRAPPED)
@pytest.mark.parametrize("missing", [Missing.EMPTY, Missing.DROP])
@pytest.mark.parametrize("send", [render, reference.render])
def test_what_is_kept_is_sent_whole(text, name, missing, send):
    ignore = {"ignore": ("ME0",)} if send is render else {}
    url = send(f"{BASE}{text}&b=1", EVENT, dialect=name, unknown="keep", missing=missing, **ignore)
    assert url == f"{BASE}{text}&b=1"


def test_what_is_kept_needs_no_ignoring():
    template = compile_template(BASE + "{{click_id}}&b={click_id}", dialect="appmetrica", unknown="keep")
    assert template.render(EVENT) == BASE + "{{click_id}}&b=C1"
    with pytest.raises(TemplateError):
        compile_template(BASE + "{{click_id}}", dialect="appmetrica", unknown="empty")


def test_policy_says_nothing_of_what_is_not_filled():
    found = check(BASE + "${(idfa)!}", policy=Policy(deny={"idfa"}))
    assert [finding.code for finding in found] == ["ME040"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("{{click id}}", "appmetrica", id="a-space-in-the-name"),
        pytest.param("${click%20id}", "appmetrica", id="an-encoded-space"),
        pytest.param("{{Click_ID}}", "appmetrica", id="another-case"),
        pytest.param("$$sdk(country-code)", "appsflyer", id="a-legacy-name"),
        pytest.param("$$sdk(Country_Code)", "appsflyer", id="a-spelling"),
    ],
)
def test_no_safe_fix_touches_what_is_inside(text, name):
    assert fix(BASE + text, dialect=name).source == BASE + text


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        pytest.param("a$(clickid)", "a$C1", id="dollar"),
        pytest.param("a@(clickid)@", "a@C1@", id="at"),
        pytest.param("f(x;(clickid))", "f(x;C1)", id="parentheses"),
        pytest.param("{n:(clickid)}", "{n:C1}", id="braces"),
        pytest.param("{clickid:(clickid)}", "{clickid:C1}", id="braces-and-a-documented-name"),
    ],
)
def test_other_text_around_a_macro_is_no_wrapper(text, filled):
    assert render(BASE + text, EVENT) == BASE + filled


@with_each(
    ("text", "name", "code", "meant"),
    [
        pytest.param("__CID__", "appsflyer", "ME040", "(af_ad_id)", id="tiktoks-ad"),
        pytest.param("__CALLBACK_URL__", "appsflyer", "ME040", None, id="documented-without-a-field"),
        pytest.param("__OAID__", "appsflyer", "ME040", "(oaid)", id="of-ocean-engine"),
        pytest.param("__IMEI__", "appsflyer", "ME040", "(IMEI)", id="own-name"),
        pytest.param("__TS__", "appsflyer", "ME040", None, id="milliseconds"),
        pytest.param("__NO_SUCH__", "appsflyer", "ME011", None, id="unknown"),
        pytest.param("{ad_id}", "appsflyer", "ME011", None, id="a-letter-from-adjusts-adid"),
        pytest.param("{gps_adid}", "appsflyer", "ME040", "(advertising_id)", id="adjusts"),
        pytest.param("{af_siteid}", "appsflyer", "ME040", "(af_siteid)", id="own-name-in-braces"),
        pytest.param("{sha1-idfa}", "appsflyer", "ME040", "(sha1-idfa)", id="own-hash-in-braces"),
        pytest.param("[click_id]", "appsflyer", "ME040", "(clickid)", id="own-spelling-in-brackets"),
        pytest.param("[adid]", "appsflyer", "ME011", None, id="adjusts-name-in-vasts-brackets"),
        pytest.param("[DEVICEIP]", "appsflyer", "ME040", "(ip)", id="vasts"),
        pytest.param("{DEVICEIP}", "appsflyer", "ME011", None, id="vasts-name-in-braces"),
        pytest.param("${(user_data.aaid)!}", "appsflyer", "ME040", "(advertising_id)", id="branchs"),
        pytest.param("<#if attributed>", "appsflyer", "ME040", None, id="directive"),
        pytest.param("%ecid!", "appsflyer", "ME040", None, id="no-close"),
        pytest.param("%pamo=!", "appsflyer", "ME040", None, id="no-close-and-a-key"),
        pytest.param("{ifmobile:X}", "appsflyer", "ME040", None, id="conditional"),
        pytest.param("{%campaign_cfid}", "appsflyer", "ME011", None, id="amazons"),
        pytest.param("{@path@}", "appsflyer", "ME011", None, id="mintegrals"),
        pytest.param("<clickid>", "appsflyer", "ME040", "(clickid)", id="angle-brackets"),
        pytest.param(":clickid", "appsflyer", "ME040", "(clickid)", id="colon"),
        pytest.param("{Event revenue USD}", "appsflyer", "ME011", "(event_revenue_USD)", id="blanks-in-the-name"),
        pytest.param("(clickid)", "appmetrica", "ME040", "{click_id}", id="appsflyers"),
        pytest.param("(device-model)", "appmetrica", "ME040", "{device_model}", id="appsflyers-legacy-name"),
    ],
)
def test_the_way_in_which_a_macro_is_written_says_whose_it_is(text, name, code, meant):
    (found,) = [finding for finding in check(BASE + text, dialect=name) if finding.code != "ME003"]
    assert (found.code, found.fix and found.fix.replacement) == (code, meant)
    assert found.fix is None or not found.fix.safe
    if code == "ME011":
        assert found.severity == "warning"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        pytest.param(
            "{idfa||gps_adid}", "it needs two parameters, one for each value: (idfa), (advertising_id)", id="two"
        ),
        pytest.param(
            "{idfa||gps_adid||fire_adid}",
            "it needs three parameters, one for each value: (idfa), (advertising_id)",
            id="three-one-of-which-there-is-not",
        ),
        pytest.param("{a||b||c||d}", "it needs 4 parameters, one for each value", id="four-unknown-ones"),
    ],
)
def test_alternatives_need_as_many_parameters(text, hint):
    (found,) = check(BASE + text)
    assert (found.hint, found.fix) == (hint, None)


def test_several_readings_are_listed_without_a_fix():
    (found,) = check(BASE + "(CID)")
    assert found.message == "unknown macro 'CID'; did you mean 'C' or 'af_ad_id'?"
    assert found.hint == "CID is Singular's name for (C); CID is TikTok's name for (af_ad_id)"
    assert found.fix is None


def test_a_name_of_the_dialect_that_is_another_value_elsewhere_has_two_readings(monkeypatch):
    ip = dialect("appsflyer").macros["ip"]
    monkeypatch.setattr(intended, "named_by_others", lambda *_: ((ip, "VAST"),))
    monkeypatch.setattr(intended, "_read_as_theirs", intended._read_as_theirs.__wrapped__)  # nothing of this is kept
    (found,) = check(BASE + "[city]&several=1")
    assert found.message == "[city] is not an AppsFlyer macro; it may be (city) or (ip)"
    assert found.fix is None


@pytest.mark.parametrize("name", ["id", "ab", "st", "status", "pd", "x", "cd"])
def test_short_names_and_half_names_get_no_suggestion(name):
    (found,) = check(f"{BASE}({name})")
    assert found.code == "ME101"
    assert (found.message, found.fix) == (f"unknown macro {name!r}", None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("[C][D][E]", ["[C]", "[D]", "[E]"], id="brackets"),
        pytest.param("[[a]][[b]]", ["[[a]]", "[[b]]"], id="double-brackets"),
        pytest.param("__A____B_C__", ["__A__", "__B_C__"], id="underscores"),
        pytest.param("__A__%5F__B__", ["__A__", "__B__"], id="underscores-with-one-between"),
        pytest.param("%ab%%cd%", ["%ab%", "%cd%"], id="percent"),
        pytest.param("%%A%%%%B%%", ["%%A%%", "%%B%%"], id="double-percent"),
        pytest.param("#a##b#", ["#a#", "#b#"], id="hash"),
        pytest.param("{a}{b}(ip){c}", ["{a}", "{b}", "{c}"], id="braces"),
        pytest.param("a[b][c]=1", [], id="indexes"),
        pytest.param("jlI4vL__5_cR7__hR", [], id="underscores-in-an-identifier"),
    ],
)
def test_macros_side_by_side_are_all_found(text, found):
    texts = foreign_texts(text, dialect("appsflyer").syntax)
    assert [text[each.span.start : each.span.stop] for each in texts] == found


@pytest.mark.parametrize(
    "text",
    [
        "{6F9619FF-8B86-D011-B42D-00CF4FC964FF}",
        "{AF9619FF-8B86-D011-B42D-00CF4FC964FF}",
        "%7BAF9619FF-8B86-D011-B42D-00CF4FC964FF%7D",
    ],
)
@pytest.mark.parametrize("name", ["appsflyer", "appmetrica"])
def test_an_identifier_in_braces_is_no_macro(text, name):
    assert {finding.code for finding in check(BASE + text, dialect=name)} <= {"ME008", "ME227"}


@pytest.mark.parametrize(
    ("url", "name"),
    [
        pytest.param("https://{sub}.n.example/pb", "appsflyer", id="unknown"),
        pytest.param("https://{clickid}.n.example/pb", "appsflyer", id="documented"),
        pytest.param("https://n.example:${PORT}/pb", "appsflyer", id="port"),
        pytest.param("{scheme}://n.example/pb", "appsflyer", id="scheme"),
        pytest.param("{{base_url}}/pb?id=(clickid)", "appsflyer", id="base"),
        pytest.param("[HOST]?id=(clickid)", "appsflyer", id="base-and-query"),
        pytest.param("https://{{click_id}}.n.example/pb", "appmetrica", id="wrapped"),
        pytest.param("//__HOST__/pb", "appsflyer", id="no-scheme"),
    ],
)
def test_foreign_macro_that_names_the_server_is_an_error_whatever_is_kept(url, name):
    assert [finding.severity for finding in check(url, dialect=name) if finding.code == "ME207"] == ["error"]
    assert not {"ME011", "ME040"} & {finding.code for finding in check(url, dialect=name)}
    with pytest.raises(TemplateError):
        compile_template(url, dialect=name, unknown="keep")


@pytest.mark.parametrize("url", ["{clickid}", "{clickid}&a=1", "/pb?a={clickid}", "myapp://{{p}}/a", "{a},{b}"])
def test_foreign_macro_elsewhere_names_no_server(url):
    assert "ME207" not in {finding.code for finding in check(url)}


def test_foreign_macro_of_an_unknown_name_is_sent_as_it_is():
    assert render(BASE + "{{our.own}}", EVENT) == BASE + "{{our.own}}"


@pytest.mark.parametrize(
    ("text", "name", "codes"),
    [
        pytest.param("%7Bweb_id%7D", "appsflyer", ["ME041"], id="braces"),
        pytest.param("%24%7BAUCTION_PRICE%7D", "appsflyer", ["ME041"], id="dollar"),
        pytest.param("%257B%257Bad.id%257D%257D", "appsflyer", ["ME041"], id="encoded-twice"),
        pytest.param("%5BCACHEBUSTING%5D", "appsflyer", ["ME041"], id="brackets"),
        pytest.param("%7bclick_time%7d", "appsflyer", ["ME041"], id="lower-case"),
        pytest.param("%7Bclickid%7D", "appsflyer", ["ME010"], id="own-name"),
        pytest.param("%3Cb%3E", "appsflyer", [], id="encoded-tag"),
        pytest.param("1&b%5Bx%5D=1", "appsflyer", [], id="an-index"),
        pytest.param("%7Bx%7D", "appmetrica", [], id="a-parameter-of-the-link"),
        pytest.param("%7B%22id%22%3A%221%22%7D", "appsflyer", [], id="json"),
    ],
)
def test_encoded_macros_of_other_platforms_are_found(text, name, codes):
    assert [finding.code for finding in check(BASE + text, dialect=name)] == codes


@pytest.mark.parametrize("text", ["%s", "%1$s", "%d", "a%s", "%s%s", "{0}", "{12}", "<%= id %>", "<?= $id ?>"])
def test_places_for_a_program_are_errors(text):
    found = check(BASE + text)
    assert {finding.code for finding in found if finding.severity == "error"} - {"ME003"} == {"ME044"}
    assert not [finding for finding in found if finding.fix]


@pytest.mark.parametrize("text", ["100%25s", "%sa", "%d1", "{123}", "%E2%82%AC"])
def test_other_percent_signs_and_numbers_are_no_places_for_a_program(text):
    assert "ME044" not in {finding.code for finding in check(BASE + text)}


def test_a_fragment_that_is_a_macro_is_no_place_for_a_program():
    assert "ME044" not in {finding.code for finding in check("https://n.example/#{x}", dialect="appmetrica")}


def test_every_platform_that_a_syntax_names_has_names():
    rows = {row.pattern: row for rows in _table(dialect("appsflyer").syntax)[1].values() for row in rows}
    named = {platform for row in rows.values() for platform in row.platforms}
    # Whoever adds a table says in which way its macros are written.
    assert named == set(platforms())


def test_every_row_of_the_table_has_one_group_and_begins_as_it_says():
    for row in _read()["macro"]:
        assert re.compile(row["pattern"]).groups == 1
        assert "next" not in row or re.compile(row["next"]).groups == 1
        assert row["first"]


PIECES = """
    ( ) { } $ % @ # [ ] < > _ : ! & = a (ip) {a} {{ }} $$s( %% || __A__ http(s):// . %7B TS{ ${( ${A(${ [* {@a@} %eaid!
    {{x}} ${y} %%Z%% [[q]]
"""
pieces = st.sampled_from(PIECES.split())


@reaching(found=25)
@given(st.lists(pieces, max_size=14).map("".join))
def test_foreign_macros_begin_as_their_rows_say(source):
    found = 0
    for row in _read()["macro"]:
        for pattern in (row["pattern"], row.get("next", row["pattern"])):
            matches = [match[0] for match in re.finditer(pattern, source)]
            assert all(text.startswith(row["first"]) for text in matches)
            found += len(matches)
    reached(*["found"] * (found > 0))


@reaching(several=5)
@given(st.lists(pieces, max_size=14).map("".join), st.sampled_from(["appsflyer", "appmetrica"]))
def test_nothing_of_what_is_found_overlaps(source, name):
    texts = foreign_texts(source, dialect(name).syntax)
    stops = [0, *(text.span.stop for text in texts)]
    assert all(stop <= text.span.start < text.span.stop for stop, text in zip(stops, texts, strict=False))
    reached(*["several"] * (len(texts) > 1))


@reaching(fixed=6)
@given(st.lists(pieces, max_size=14).map("".join), st.sampled_from(["appsflyer", "appmetrica"]), st.booleans())
def test_fixing_again_changes_nothing(source, name, unsafe):
    once = fix(BASE + source, dialect=name, unsafe=unsafe).source
    assert fix(once, dialect=name, unsafe=unsafe).source == once
    reached(*["fixed"] * (once != BASE + source))


DATA = Path(__file__).parents[1] / "data" / "corpus.jsonl"
CORPUS = [json.loads(line)["template"] for line in DATA.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", ["appsflyer", "appmetrica"])
def test_no_safe_fix_touches_a_macro_of_another_platform(name):
    syntax = dialect(name).syntax

    def written(source):
        return [source[text.span.start : text.span.stop] for text in foreign_texts(source, syntax) if text.encloses]

    def attempt(source):
        assert written(fix(source, dialect=name).source) == written(source)

    try_all({source: source for source in CORPUS}, attempt)


@pytest.mark.parametrize(
    ("text", "what", "instead"),
    [
        ("<#if user_data.idfa??>", "a FreeMarker directive", "send the values alone, as ${(path)!}, and decide"),
        ("</#list>", "a FreeMarker directive", "send the values alone"),
        ("<@urlencode>", "a FreeMarker function", "send the value alone, as ${(path)!}"),
        ("</@sha1>", "a FreeMarker function", "send the value alone"),
    ],
)
@pytest.mark.parametrize("platform", ["branch", "appsflyer"])
def test_a_construct_of_freemarker_is_named(platform, text, what, instead):
    [found] = check(f"https://n.example/pb?a={text}", dialect=platform, select="ME040")
    assert found.message == f"{text} is {what}, which is not evaluated; it will be sent literally"
    assert found.hint.startswith(instead if platform == "branch" else f"this is the syntax of Branch; {instead}")
    with pytest.raises(TemplateError):
        compile_template(f"https://n.example/pb?a={text}", dialect=platform)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("${user_data.idfa?upper_case}", "a FreeMarker built-in"),
        ("${(user_data.idfa)?upper_case}", "a FreeMarker built-in"),
        ('${(user_data.idfa)!"none"}', "a FreeMarker expression with a default"),
    ],
)
def test_an_expression_of_freemarker_is_named_and_its_path_is_what_to_write(text, what):
    [found] = check(f"https://n.example/pb?a={text}", dialect="branch", select=["ME011", "ME040"])
    assert found.message == f"{text} is {what}, which is not evaluated; write ${{(user_data.idfa)!}}"
    assert fix(f"https://n.example/pb?a={text}", dialect="branch", unsafe=True).source.endswith(
        "?a=${(user_data.idfa)!}"
    )


def test_a_macro_inside_a_macro_is_named():
    [found] = check("https://n.example/pb?a=${URL_ENC(${CLICK_URL},1)}", dialect="xandr")
    assert found.message.startswith("${URL_ENC(${CLICK_URL},1)} is a macro inside a macro, which is not evaluated")
    assert "${CLICK_URL_ENC}" in found.hint


def test_paths_of_freemarker_are_macros():
    names = ["id", "user_data.idfa", "content_items[0].$price", "last_attributed_touch_data.~campaign"]
    policy = Policy("in-app")
    source = "https://n.example/pb?" + "&".join(f"p{n}=${{({name})!}}" for n, name in enumerate(names))
    assert [macro.name for macro in parse(source, "branch").macros()] == names
    assert [found.code for found in check(source, dialect="branch", policy=policy) if found.severity != "info"] == []
