"""Texts that look as if they were filled, but would be sent as they are or filled with the wrong value."""

import pytest

from macroengine import (
    Dialect,
    Event,
    Request,
    TemplateError,
    check,
    check_request,
    compile_request,
    compile_template,
    fix,
    render,
)
from macroengine import dialect as dialect_of
from macroengine.testing import reference

BASE = "https://n.example/pb?a="
FORM = "application/x-www-form-urlencoded"


def codes(source, dialect="appsflyer", **options):
    return [finding.code for finding in check(source, dialect=dialect, **options)]


def refused(source, dialect="appsflyer", **options):
    """Return the codes of the errors that keep a template from being compiled."""
    try:
        compile_template(source, dialect=dialect, **options)
    except TemplateError as error:
        return [finding.code for finding in error.diagnostics]
    return []


NAMES_WITH_WHITE_SPACE = pytest.mark.parametrize(
    ("source", "dialect", "meant", "errors"),
    [
        pytest.param(BASE + "(click\r\nid)", "appsflyer", BASE + "(clickid)", ["ME002"], id="line-break"),
        pytest.param(BASE + "(click\tid)&b=1", "appsflyer", BASE + "(clickid)&b=1", ["ME002"], id="tab"),
        pytest.param(BASE + "( clickid )", "appsflyer", BASE + "(clickid)", ["ME003"], id="around-the-name"),
        pytest.param(BASE + "(click id)&b=1", "appsflyer", BASE + "(clickid)&b=1", ["ME003"], id="space"),
        pytest.param(BASE + "(click\u00a0id)", "appsflyer", BASE + "(clickid)", ["ME003"], id="non-breaking-space"),
        pytest.param(BASE + "(click%20\nid)", "appsflyer", BASE + "(clickid)", ["ME002"], id="after-an-encoded-one"),
        pytest.param(
            BASE + "(install unix\r\nts)", "appsflyer", BASE + "(install_unix_ts)", ["ME003", "ME002"], id="both"
        ),
        pytest.param(
            BASE + "(install unix ts)", "appsflyer", BASE + "(install_unix_ts)", ["ME003"], id="two-of-a-kind"
        ),
        pytest.param(
            "https://n.example/(click\r\nid)/x?a=1",
            "appsflyer",
            "https://n.example/(clickid)/x?a=1",
            ["ME002"],
            id="path",
        ),
        pytest.param(BASE + "{gps_\r\nadid}", "adjust", BASE + "{gps_adid}", ["ME002"], id="another-dialect"),
    ],
)


@NAMES_WITH_WHITE_SPACE
def test_raw_white_space_in_the_name_of_a_macro_is_an_error(source, dialect, meant, errors):
    found = [finding for finding in check(source, dialect=dialect) if finding.severity == "error"]
    assert [finding.code for finding in found] == errors
    assert all(
        finding.fix is None and finding.message.endswith("in the name of a macro; remove it") for finding in found
    )
    assert refused(source, dialect) == errors
    assert refused(source, dialect, unknown="keep", ignore=["ME007"]) == errors
    assert refused(source, dialect, ignore=["ME0"]) == []
    assert fix(source, dialect=dialect).source == meant
    assert refused(meant, dialect) == []


@pytest.mark.parametrize("body", ["a=(click\r\nid)&b=1", "a=(click id)", "a=x\r\ny", "a=x y", "(click\tid)=1", "a=1\n"])
def test_raw_white_space_in_a_form_is_an_error(body):
    request = Request("POST", "https://n.example/pb", {}, body, FORM)
    [found] = [one for one in check_request(request) if one.severity == "error"]
    assert found.code in ("ME002", "ME003")
    assert "in a form" in found.message
    with pytest.raises(TemplateError, match="in a form"):
        compile_request(request, ignore=["ME007"])
    assert compile_request(request, ignore=["ME0"]).url


def test_white_space_in_other_bodies_is_allowed():
    for body, kind in (("a (click id)\n", "text/plain"), ('{"a": "(click id)"}\n', "application/json")):
        assert "error" not in {one.severity for one in check_request(Request("POST", BASE, {}, body, kind))}


def test_encoded_white_space_in_the_name_of_a_macro_is_a_warning():
    assert codes(BASE + "(click%20id)") == ["ME007"]
    assert refused(BASE + "(click%20id)") == []


@pytest.mark.parametrize(
    ("text", "dialect", "span", "meant"),
    [
        pytest.param("(sha1-(idfa))", "appsflyer", None, "(sha1-idfa)", id="a-function-of-the-dialect"),
        pytest.param("(sha1(idfa))", "appsflyer", None, "(sha1-idfa)", id="as-a-call"),
        pytest.param("(SHA-1%20(IDFA))", "appsflyer", None, "(sha1-idfa)", id="in-another-spelling"),
        pytest.param("((idfa)-sha1)", "appsflyer", None, "(sha1-idfa)", id="a-function-after-the-name"),
        pytest.param("(f(sha1(idfa)))", "appsflyer", "(sha1(idfa))", "(sha1-idfa)", id="in-other-parentheses"),
        pytest.param("(md5((idfa)))", "appsflyer", None, None, id="a-function-of-others"),
        pytest.param("(sha1-(clickid))", "appsflyer", None, None, id="a-function-that-the-macro-does-not-have"),
        pytest.param("(sha1-(idfa)x)", "appsflyer", None, None, id="with-other-text"),
        pytest.param("(sha1-(idfa)", "appsflyer", None, None, id="not-closed"),
        pytest.param("(sha1-(nope))", "appsflyer", None, None, id="of-an-unknown-macro"),
        pytest.param("(clickid(idfa))", "appsflyer", None, None, id="a-macro"),
        pytest.param("(clickid(idfa)", "appsflyer", None, None, id="a-macro-not-closed"),
        pytest.param("{x{idfa}}", "adjust", None, None, id="any-name-in-braces"),
        pytest.param("{md5({gps_adid})}", "adjust", None, "{gps_adid_md5}", id="a-call-in-braces"),
        pytest.param("{{gps_adid}_md5}", "adjust", None, "{gps_adid_md5}", id="after-the-name-in-braces"),
        pytest.param("{idfa||{gps_adid}}", "adjust", None, None, id="alternatives"),
        pytest.param("{status:{revenue}}", "keitaro", None, None, id="argument"),
        pytest.param("${A${AUCTION_PRICE}}", "openrtb2", None, None, id="two-characters"),
        pytest.param("${B64${AUCTION_PRICE}}", "openrtb2", None, "${AUCTION_PRICE:B64}", id="a-function-by-its-text"),
        pytest.param("{{x{{campaign.id}}}}", "meta", None, None, id="double-braces"),
        pytest.param("${(sha1_${(user_data.idfa)!})!}", "branch", None, None, id="freemarker"),
    ],
)
def test_a_macro_inside_a_macro(text, dialect, span, meant):
    source = f"{BASE}{text}&b=1"
    [found] = check(source, dialect=dialect, select=["ME008", "ME042", "ME046", "ME227"])
    assert (found.code, source[found.span.start : found.span.stop]) == ("ME046", span or text)
    assert (found.fix and found.fix.replacement) == meant
    assert "ME046" in refused(source, dialect)
    assert "ME046" in refused(source, dialect, unknown="keep")
    assert fix(source, dialect=dialect, select=["ME046"]).source == source
    assert fix(source, dialect=dialect, select=["ME046"], unsafe=True).source == source.replace(
        span or text, meant or text
    )


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("x((clickid)-y)", "appsflyer"),
        ("Moz(x(clickid))", "appsflyer"),
        ("f((clickid),1)", "appsflyer"),
        ("(x(clickid)sha1)", "appsflyer"),
        ("(clickid;(idfa))", "appsflyer"),
        ("(clickid:(idfa))", "appsflyer"),
        ("(clickid)(idfa)", "appsflyer"),
        ("((clickid))", "appsflyer"),
        ("sha1:(sha1-idfa)", "appsflyer"),
        ("[x[ERRORCODE]]", "vast"),
        ("{{x}{idfa}}", "adjust"),
        ("{x:{idfa}}", "adjust"),
        ("{x{idfa}", "adjust"),
        ("__SHA1____CLICKID__&b=__", "tiktok"),
        ("{%22x%22:{idfa}}", "adjust"),
    ],
)
def test_other_text_around_a_macro_is_not_another_macro(text, dialect):
    assert "ME046" not in codes(BASE + text, dialect)


@pytest.mark.parametrize(
    ("text", "dialect", "meant"),
    [
        ("[CLICKID]", "appsflyer", "(clickid)"),
        ("%%CLICKID%%", "appsflyer", "(clickid)"),
        ("##CLICKID##", "appsflyer", "(clickid)"),
        ("%CLICKID%", "appsflyer", "(clickid)"),
        ("{Click-Id}", "appsflyer", "(clickid)"),
        ("{{click_id}}", "appsflyer", "(clickid)"),
        ("{sha1-IDFA}", "appsflyer", "(sha1-idfa)"),
        ("[GPS_ADID]", "adjust", "{gps_adid}"),
        ("{auction_price}", "openrtb2", "${AUCTION_PRICE}"),
        ("[REQID]", "cake", "#reqid#"),
    ],
)
def test_the_name_of_a_macro_in_another_spelling_and_another_syntax_is_an_error(text, dialect, meant):
    [found] = check(BASE + text, dialect=dialect, select=["ME011", "ME040"])
    assert (found.code, found.fix.replacement) == ("ME040", meant)
    assert "ME040" in refused(BASE + text, dialect)
    assert refused(BASE + text, dialect, unknown="keep", ignore=["ME221"]) == []


def test_the_name_of_a_macro_in_another_spelling_may_be_an_alternative():
    for name in ("clickid", "CLICKID"):
        assert codes(f"{BASE}{{x||{name}}}") == ["ME040"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[APP%20ID]", ["ME012"]),
        ("[YOUR APP ID]", ["ME012", "ME003"]),
        ("[YOUR_APP_ID]", ["ME011"]),
        ("{APP%20ID}", ["ME011"]),
        ("<CLICKID>", ["ME012"]),
        (":CLICKID", []),
        ("{ID}", ["ME011"]),
        ("x[CLICKID]", []),
    ],
)
def test_placeholders_and_other_text_stay_what_they_are(text, expected):
    assert codes(BASE + text) == expected


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("${c.name}", "appsflyer"),
        ("${c.name}", "openrtb2"),
        ("${c.name}", "branch"),
        ("${event.clickid}", "appsflyer"),
        ("${c?.getId()}", "appsflyer"),
        ("${ids[0]}", "appsflyer"),
        ("$!{c.name}", "appsflyer"),
        ("{{.X}}", "appsflyer"),
        ("{{.X}}", "meta"),
        ("{{%20.X%20}}", "appsflyer"),
        ("{{$x}}", "appsflyer"),
        ("@{x}@", "appsflyer"),
        ("@{x}@", "cake"),
        ("@{netcfg.company}@", "appmetrica"),
        ("x-@{c.d}@-y", "appsflyer"),
    ],
)
def test_placeholders_of_programs_that_look_like_macros(text, dialect):
    assert codes(BASE + text, dialect) == ["ME044"]
    assert refused(BASE + text, dialect) == refused(BASE + text, dialect, unknown="keep") == ["ME044"]
    assert refused(BASE + text, dialect, ignore=["ME044"]) == []
    assert codes(f"https://{text}/pb?a=(clickid)").count("ME044") == 0  # another rule reports it in a host


@pytest.mark.parametrize(
    ("text", "dialect", "expected"),
    [
        ("${name}", "appsflyer", ["ME011"]),
        ("${user_data.idfa}", "appsflyer", ["ME011"]),
        ("${last_attributed_touch_data.~campaign}", "appsflyer", ["ME011"]),
        ("${last_attributed_touch_data.~campaign}", "branch", ["ME040"]),
        ("${last_attributed_touch_data.nope}", "branch", ["ME011"]),
        ("${(a.b)!}", "appsflyer", ["ME011"]),
        ("${x.y?upper_case}", "appsflyer", ["ME040"]),
        ("{{x.y}}", "appsflyer", ["ME011"]),
        ("{{.clickid}}", "appsflyer", ["ME040"]),
        ("{{campaign.id}}", "meta", []),
        ("@{clickid}@", "appsflyer", ["ME040"]),
        ("@{idfa}@", "adjust", ["ME040"]),
    ],
)
def test_macros_of_other_platforms_are_not_placeholders_of_programs(text, dialect, expected):
    assert codes(BASE + text, dialect) == expected


def test_a_dialect_may_write_macros_like_placeholders_of_programs(tmp_path):
    own = tmp_path / "own.toml"
    head = 'name = "own"\ntitle = "Own"\nsyntax = ["at-brace", "double-brace"]\n'
    own.write_text(f'{head}[macros]\nx = {{ field = "click_id", source = "Link" }}\n')
    assert codes(BASE + "@{x}@&b={{x}}", Dialect.from_toml(own)) == []


@pytest.mark.parametrize("before", ["(" * 60, "(" + "%20" * 32, "(sha1" * 19, "(" + "a:" * 49])
def test_delimiters_before_a_macro_are_read_once(before):
    assert "ME046" not in codes(f"{BASE}{before};(ip)")


@pytest.mark.parametrize(("body", "kind"), [("a=(sha1-(idfa))", FORM), ('{"a": "(sha1-(idfa))"}', "application/json")])
def test_a_macro_inside_a_macro_in_a_request(body, kind):
    with pytest.raises(TemplateError, match="ME046"):
        compile_request(Request("POST", "https://n.example/pb", {}, body, kind))
    with pytest.raises(TemplateError, match="ME046") as error:
        compile_request(Request("GET", "https://n.example/pb", {"X-A": "s3cret (sha1-(idfa))"}))
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "dialect", "message", "hint"),
    [
        ("(sha1-sha1-idfa)", "appsflyer", "is the hash of a hash", "hash the identifier once"),
        ("{idfa_upper_md5}", "adjust", "is the md5 hash of the upper form", "use one function"),
        ("{__city}", "keitaro", "is the unencoded form of the unencoded form", "use one function"),
        ("{____}", "keitaro", "is the unencoded form of the unencoded form", "use one function"),
        ("%%CLICK_URL_ESC_ESC_ESC%%", "gam", "is the percent2 form of the percent form", "use one function"),
        ("${CLICK_URL_ENC_ENC}", "xandr", "is the percent form of the percent form", "use one function"),
    ],
)
def test_a_function_of_a_function_is_called_what_it_is(text, dialect, message, hint):
    [found] = check(BASE + text, dialect=dialect, select=["ME106"])
    assert (found.message, found.hint) == (f"{text} {message}", hint)
    assert refused(BASE + text, dialect) == ["ME106"]
    with pytest.raises(TemplateError, match="ME106"):
        reference.render(BASE + text, Event(), dialect=dialect)
    ignored = {"dialect": dialect, "ignore": ["ME106"], "unknown": "keep"}
    assert render(BASE + text, Event(), **ignored) == reference.render(BASE + text, Event(), **ignored)


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("${(idfa)}", "appsflyer"),
        ("{{(idfa)}}", "appsflyer"),
        ("%{idfa||gps_adid}", "adjust"),
        ("@{{idfa}}@", "adjust"),
        ("{{idfa}}", "adjust"),
    ],
)
def test_what_is_sent_literally_is_not_among_the_macros(text, dialect):
    options = {"dialect": dialect, "unknown": "keep", "ignore": ["ME044"]}
    own = dialect_of(dialect).syntax.write("idfv")
    compiled = compile_template(BASE + text + "&b=" + own, **options)
    assert compiled.macros == ("idfv",)
    assert text in compiled.render(Event(sdk={"idfa": "x", "idfv": "y"}))
    request = Request("POST", BASE + text, {"X-A": own + text}, f"b={text}&c={own}&d={own}", FORM)
    compiled = compile_request(request, **options)
    assert compiled.macros == ("idfv",)
    assert text in compiled.render(Event(sdk={"idfa": "x", "idfv": "y"})).body.decode()


@pytest.mark.parametrize(
    ("template", "code", "hint"),
    [
        (
            "https://(clickid).example/pb",
            "ME202",
            "to permit a label of the host, render with allow_host_macros (--allow-host-macros of the command)",
        ),
        (
            BASE + "(event_name)",
            "ME301",
            "it is filled for: in-app, rejected-in-app; check the template for in-app postbacks",
        ),
        (
            BASE + "%7B%22id%22%3A%22(clickid)%22%7D",
            "ME220",
            "if it is missing and missing values are dropped, so is the whole parameter",
        ),
    ],
)
def test_hints_fit_the_command_and_python(template, code, hint):
    (found,) = check(template, select=[code])
    assert found.hint == hint
