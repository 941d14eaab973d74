"""What somebody meant for a macro or a value, and did not write as one."""

import pytest

from macroengine import Dialect, Policy, check, fix

BASE = "https://n.example/pb?a="


def codes(source, **options):
    return [finding.code for finding in check(source, **options)]


@pytest.mark.parametrize(
    ("text", "name", "meant"),
    [
        pytest.param("((clickid))", "appsflyer", "(clickid)", id="twice"),
        pytest.param("(((clickid)))", "appsflyer", "(clickid)", id="three-times"),
        pytest.param("((clickid)", "appsflyer", "(clickid)", id="opened-twice"),
        pytest.param("(clickid))", "appsflyer", "(clickid)", id="closed-twice"),
        pytest.param("{click_id}}", "appmetrica", "{click_id}", id="braces"),
    ],
)
def test_doubled_delimiters(text, name, meant):
    assert codes(BASE + text, dialect=name) == ["ME042"]
    assert fix(BASE + text, dialect=name).source == BASE + text
    assert fix(BASE + text, dialect=name, unsafe=True).source == BASE + meant


@pytest.mark.parametrize(
    "text", ["(x;(clickid))", "((clickid);x)", "Moz(x(clickid))", "x((clickid)-y)", "(clickid)(ip)", "f((clickid),1)"]
)
def test_other_parentheses_around_a_macro_are_not_doubled(text):
    assert "ME042" not in codes(BASE + text)


@pytest.mark.parametrize(
    ("text", "name", "meant", "hint"),
    [
        pytest.param("(cou", "appsflyer", "(country_code)", None, id="one-way-to-go-on"),
        pytest.param(
            "(event_r",
            "appsflyer",
            None,
            "it may be (event_revenue) or (event_revenue_currency) or (event_revenue_USD)",
            id="several",
        ),
        pytest.param("(nothing", "appsflyer", None, "write the rest of it", id="none"),
        pytest.param("(", "appsflyer", None, "write the rest of it", id="nothing-but-the-delimiter"),
        pytest.param("{device_loc", "appmetrica", "{device_locale}", None, id="braces"),
    ],
)
def test_template_that_ends_in_a_macro(text, name, meant, hint):
    (found,) = check(BASE + text, dialect=name, policy=Policy("in-app"))
    assert (found.code, found.severity, found.fix and found.fix.replacement) == ("ME043", "warning", meant)
    assert found.hint == hint


@pytest.mark.parametrize("text", ["(cou&b=1", "(clickid", "(Linux;", "x)", "(a b"])
def test_templates_that_end_otherwise(text):
    assert "ME043" not in codes(BASE + text)


@pytest.mark.parametrize(
    "text",
    ["APP_ID_HERE", "your-id-here", "<API_KEY>", "<API KEY>", "<TOKEN>", "[YOUR APP ID]", "[your app id]", "[App-Id]"],
)
@pytest.mark.parametrize("name", ["appsflyer", "appmetrica"])
def test_placeholders(text, name):
    assert [code for code in codes(BASE + text, dialect=name) if code != "ME003"] == ["ME012"]
    assert fix(BASE + text, dialect=name).source == BASE + text


@pytest.mark.parametrize(
    ("text", "name"), [("(XXX)", "appsflyer"), ("{XXX}", "singular"), ("{YOURMACRO}", "appmetrica")]
)
def test_a_placeholder_in_delimiters(text, name):
    assert "ME012" in codes(BASE + text, dialect=name)


def test_a_macro_of_the_dialect_is_no_placeholder(tmp_path):
    own = tmp_path / "own.toml"
    head = 'name = "own"\ntitle = "Own"\nsyntax = "brace"\n'
    own.write_text(f'{head}[macros]\nTRACKING_ID = {{ field = "tracking_id", source = "Link" }}\n')
    assert codes(BASE + "{TRACKING_ID}", dialect=Dialect.from_toml(own)) == []


@pytest.mark.parametrize("text", ["HERE", "adhere", "there", "<b>", "a[b]"])
def test_words_that_are_no_placeholders(text):
    assert "ME012" not in codes(BASE + text)


def test_a_documented_macro_of_another_platform_is_no_placeholder():
    assert codes(BASE + "__ADVERTISER_ID__") == ["ME040"]


@pytest.mark.parametrize("text", ["{}", "{{}}", "${}", "%%%%", "()"])
@pytest.mark.parametrize("name", ["appsflyer", "appmetrica"])
def test_delimiters_without_a_name(text, name):
    assert codes(BASE + text + "&b=1", dialect=name).count("ME009") == 1


@pytest.mark.parametrize(
    ("text", "spaces"),
    [
        pytest.param("{Event revenue USD}", 1, id="a-foreign-macro"),
        pytest.param("[YOUR APP ID]", 1, id="a-placeholder"),
        pytest.param("{a b c}&b={c d e}", 2, id="two"),
        pytest.param("a b c", 2, id="a-value"),
        pytest.param("{a b c} d", 2, id="one-and-a-value"),
    ],
)
def test_spaces_in_text_that_has_to_go_are_one_finding(text, spaces):
    assert codes(BASE + text, select=["ME003"]) == ["ME003"] * spaces


@pytest.mark.parametrize("text", ["<clickid>", "<ip>", "<device>", "<banner_id>", "<1>"])
def test_only_elements_of_html_are_tags(text):
    assert "ME224" not in codes(BASE + text)


@pytest.mark.parametrize("text", ["<b>", "<BR/>", "</span>", "<i class=x>", "<h1>", '<font color="red">'])
def test_elements_of_html_are_tags(text):
    assert "ME224" in codes(BASE + "1" + text)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        pytest.param("https://n.example/pb?c=(clickid)", "appsflyer", id="another-case-of-a-short-name"),
        pytest.param("https://n.example/pb?C=(clickid)", "appsflyer", id="one-letter"),
        pytest.param("https://n.example/pb?idfa=(IDFA)", "appsflyer", id="another-case"),
        pytest.param("https://n.example/pb?idfa={IDFA}", "appmetrica", id="a-slip"),
        pytest.param("https://n.example/pb?click_id={LOGID}", "appmetrica", id="a-parameter-of-the-link"),
    ],
)
def test_parameters_that_are_filled_with_what_they_say(source, name):
    assert "ME107" not in codes(source, dialect=name)


@pytest.mark.parametrize(
    ("damaged", "meant"),
    [
        pytest.param("https://n.example/pb??ip=(ip)", "https://n.example/pb?ip=(ip)", id="two-question-marks"),
        pytest.param("https://n.example/pb???ip=(ip)", "https://n.example/pb?ip=(ip)", id="three"),
        pytest.param("https://n.example/pb?a=1&?ip=(ip)", "https://n.example/pb?a=1&ip=(ip)", id="behind-an-ampersand"),
        pytest.param("https://n.example/pb?id:(clickid)", "https://n.example/pb?id=(clickid)", id="colon"),
        pytest.param("https://n.example/pb?id:{x}&b=1", "https://n.example/pb?id={x}&b=1", id="colon-and-foreign"),
        pytest.param("https://n.example/pb?b=1&a:[X]", "https://n.example/pb?b=1&a=[X]", id="colon-and-brackets"),
    ],
)
def test_slips_between_names_and_values(damaged, meant):
    (found,) = [finding for finding in check(damaged) if finding.fix]
    assert found.code in ("ME214", "ME216")
    assert fix(damaged).source == damaged
    assert fix(damaged, unsafe=True).source == meant


@pytest.mark.parametrize("query", ["a:b", "a:b(ip)", "(ip):(ip)", "1:(ip)", "a:b{x}", "a:b=[X]", "a:(ip)(ip)", ":[X]"])
def test_other_colons_are_left_alone(query):
    assert not [finding for finding in check(f"https://n.example/pb?{query}") if finding.message.startswith("colon")]


def test_text_between_macros_with_equal_delimiters_is_in_no_delimiters():
    found = check("https://n.example/pb?a=##x##-&b=#ip#%E2", dialect="cake", select=["ME008", "ME009"])
    assert [checked.span for checked in found] == []
