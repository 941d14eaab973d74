"""What surrounds a template, and what is not a template at all: found, and told apart from the template."""

import pytest

from macroengine import Dialect, Limits, TemplateError, check, compile_template, fix
from macroengine.diagnostics import Fix, Span
from macroengine.rules.whole import whole_text
from tests.support.surroundings import AROUND
from tests.support.trying import with_each

URL = "https://n.example/pb?id=(clickid)&ts=(install_unix_ts)"
OTHER = "https://m.example/pb?id=(clickid)"


def found(source, **options):
    return [finding.code for finding in check(source, **options)]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        pytest.param(f"Please use {URL}", "ME020", id="words"),
        pytest.param(f"Install postback\n{URL}", "ME020", id="heading"),
        pytest.param(f"{URL}\nThanks, John", "ME021", id="words-on-the-next-line"),
        pytest.param(f"install,{URL}", "ME020", id="cells-of-a-csv"),
        pytest.param(f"acme;install;{URL}", "ME020", id="cells-with-semicolons"),
        pytest.param(f"install|{URL}", "ME020", id="cells-of-a-table"),
        pytest.param(f"my param = {URL}", "ME020", id="name-of-several-words"),
        pytest.param(f"my param= {URL}", "ME020", id="name-of-several-words-with-one-space"),
        pytest.param(f"param = {URL}", "ME020", id="name-between-spaces"),
        pytest.param(f"param={URL}", "ME020", id="name"),
    ],
)
def test_words_are_removed_only_if_asked_for(source, code):
    assert found(source) == [code]
    assert fix(source).source == source
    assert fix(source, unsafe=True).source == URL


@with_each(
    ("source", "codes"),
    [
        pytest.param(f"Please use {URL} for installs", ["ME020"], id="words-on-both-sides"),
        pytest.param("https://n.example/pb?\n// id=(clickid)", ["ME021"], id="comment-with-a-parameter"),
        pytest.param(f"curl -H 'a: b' '{URL}'", ["ME022"], id="curl-with-a-header"),
        pytest.param(f"curl '{URL}' | jq .", ["ME022"], id="curl-in-a-pipe"),
        pytest.param(f"[{OTHER}]({URL})", ["ME024"], id="link-that-shows-another-url"),
        pytest.param(f'"{URL}" is it', ["ME023"], id="quotes-around-a-part"),
        pytest.param(f'requests.get("{URL}", timeout=1)', ["ME020"], id="call-with-an-option"),
        pytest.param(f"https://protect-eu.mimecast.com/s/{'x' * 9}?domain=n.example", ["ME025"], id="opaque"),
        pytest.param("https://a.safelinks.protection.outlook.com/?data=1", ["ME025"], id="safelink-without-a-url"),
        pytest.param("https://a.safelinks.protection.outlook.com/?url=%FF", ["ME025"], id="safelink-not-utf-8"),
        pytest.param("https://a.safelinks.protection.outlook.com/?url=x", ["ME025"], id="safelink-of-no-url"),
        pytest.param("https://urldefense.com/v3/__https://n.example/*x", ["ME025"], id="defense-cut-short"),
        pytest.param("https://urldefense.com/v3/__https://n.example/**A__;JQ!!x!y$", ["ME025"], id="defense-too-short"),
        pytest.param("https://urldefense.com/v3/__https://n.example/*__;_w!!x!y$", ["ME025"], id="defense-not-utf-8"),
        pytest.param("https://n.example/?a=3D(clickid)&b=3D=FF", ["ME026"], id="quoted-printable-not-utf-8"),
        pytest.param('{"id": "{click_id}"}', ["ME030"], id="json"),
        pytest.param('{\n  "id": (clickid)\n}', ["ME030"], id="json-with-a-bare-macro"),
        pytest.param("{id: '(clickid)'}", ["ME030"], id="javascript"),
        pytest.param(f'<html><a href="{URL}">x</a>', ["ME031"], id="html"),
        pytest.param(f'see <a href="{URL}">this</a>', ["ME031"], id="html-inside"),
        pytest.param("<a href='#'>x</a>", ["ME031"], id="html-without-a-url"),
        pytest.param(f"{URL}\n{OTHER}", ["ME032"], id="two-lines"),
        pytest.param(f"{URL} {OTHER}", ["ME032"], id="two-in-a-line"),
        pytest.param("n.example/a?b=(ip)\nm.example/a?b=(ip)", ["ME032"], id="two-servers"),
        pytest.param(f"/pb?id=(clickid) {URL}", ["ME032"], id="a-path-and-a-url"),
        pytest.param(f"https://app.appsflyer.com/a?b={{c}}\n{URL}", ["ME032"], id="a-tracking-link-and-a-url"),
        pytest.param("hello world", ["ME033"], id="prose"),
        pytest.param("The macro (clickid) is the click id.", ["ME033"], id="prose-with-a-macro"),
        pytest.param("GET /pb?id=(clickid) HTTP/1.1\nHost: n.example", ["ME034"], id="request"),
        pytest.param("https://app.appsflyer.com/x?clickid={transaction_id}", ["ME035"], id="appsflyer"),
        pytest.param("http://brand.onelink.me/x?clickid= {click_id}", ["ME035"], id="onelink"),
        pytest.param("https://app.adjust.com/abc?install_callback={c}&amp;idfa={idfa}", ["ME035"], id="adjust"),
        pytest.param("redirect.appmetrica.yandex.com/serve/1?click_id={id}", ["ME035"], id="appmetrica"),
    ],
)
@pytest.mark.parametrize("unsafe", [False, True])
def test_what_is_not_clear_or_not_a_template_is_left_alone(source, codes, unsafe):
    assert found(source) == found(source, dialect="appmetrica") == codes
    assert fix(source, unsafe=unsafe).source == fix(source, dialect="appmetrica", unsafe=unsafe).source == source


@with_each(
    ("source", "fixed"),
    [
        pytest.param(f"GET '{URL}' # note", URL, id="several-layers"),
        pytest.param("URL: n.example/pb?id=(clickid)", "n.example/pb?id=(clickid)", id="no-scheme"),
        pytest.param("GET /pb?id=(clickid) HTTP/1.1", "/pb?id=(clickid)", id="request-line"),
        pytest.param("GET https://(app_id).n.example/", "https://(app_id).n.example/", id="host-macro"),
        pytest.param("'&event=(clickid)'", "&event=(clickid)", id="quotes-around-a-piece"),
        pytest.param("https://n.example/pb (install)", "https://n.example/pb", id="remark-after-a-path"),
        pytest.param(f"{URL} - for installs", URL, id="dash"),
        pytest.param(f"{URL} (install)", URL, id="remark"),
        pytest.param(f"{URL} | install", URL, id="cell-after-it"),
        pytest.param(f"GET:{URL}", URL, id="method-with-a-colon"),
        pytest.param(f"Postback URL = {URL}", URL, id="label-with-an-equals-sign"),
        pytest.param(f"postback_url={URL}", URL, id="variable"),
        pytest.param(f'"{OTHER}&a=""b"""', f'{OTHER}&a="b"', id="spreadsheet"),
        pytest.param('"https:\\/\\/n.example\\/pb?a=\\u0026b"', "https://n.example/pb?a=&b", id="json-string"),
        pytest.param(
            '"https://n.example/pb?a=1\\u0026b=\\"(ip)"', 'https://n.example/pb?a=1&b="(ip)', id="string-of-json"
        ),
        pytest.param('"https://n.example/pb\\_x"', "https://n.example/pb_x", id="no-json-string"),
        pytest.param(f"“{URL}", URL, id="opening-quote"),
        pytest.param(f"({URL}", URL, id="opening-parenthesis"),
        pytest.param("_https://n.example/a_b_", "https://n.example/a_b", id="emphasis"),
        pytest.param(f"[url]{URL}[/url]", URL, id="bbcode"),
        pytest.param(f'[url="{URL}"][b]x[/b][/url]', URL, id="bbcode-in-quotes"),
        pytest.param("[url]https://n.example/pb?a=[b][/url]", "https://n.example/pb?a=[b]", id="bbcode-with-brackets"),
        pytest.param(f"<a href=' {URL} \n' target='_blank'>x</a>", URL, id="html-with-spaces"),
        pytest.param(f'<img alt="x" src = "\t{URL} ">', URL, id="html-image-with-spaces"),
        pytest.param(f"<u> <![CDATA[ {URL} ]]> </u>", URL, id="cdata-with-spaces"),
        pytest.param("<u><![CDATA[https://n.example/pb?a=[b]]]></u>", "https://n.example/pb?a=[b]", id="cdata-bracket"),
        pytest.param(f"{URL}<{URL}>", URL, id="plain-text-mail"),
        pytest.param(f"\ufeff “{URL}”\n", URL, id="white-space-around"),
        pytest.param('curl "https://n.example/pb?a=\\"(ip)"', 'https://n.example/pb?a="(ip)', id="shell-escape"),
        pytest.param("https://n.example/a=\nb/(clickid)", "https://n.example/ab/(clickid)", id="soft-break-in-a-path"),
        pytest.param(f"{URL}*", URL, id="asterisk"),
        pytest.param(f"{URL},", URL, id="comma"),
        pytest.param(f"{URL};", URL, id="semicolon"),
        pytest.param(f"{URL}.", URL, id="full-stop"),
        pytest.param(f"{URL}'", URL, id="closing-quote"),
    ],
)
def test_surroundings_are_removed(source, fixed):
    assert fix(source).source == fixed


# Backtracking over the spaces of the first three would take hours.
@pytest.mark.parametrize(
    ("before", "repeated", "after"),
    [
        ('<a href="', " ", "x"),
        ("<img src='", "\t", ">"),
        ("<a><![CDATA[", " ", "x</a>"),
        ("[url=", "]", "x"),
        (f"{URL} (", " ", "x"),
    ],
)
def test_surroundings_that_do_not_end_are_none(before, repeated, after):
    found = {finding.name for finding in check(before + repeated * 15_000 + after)}
    assert found
    assert not found & {"linked-template", "text-after-template"}


@with_each(
    "source",
    [
        pytest.param("https://n.example/pb?ua=Mozilla/5.0 (Linux)", id="value-in-parentheses"),
        pytest.param("https://n.example/pb?a=(ip) (clickid)", id="two-macros"),
        pytest.param("https://n.example/pb?a=1 - 2", id="value-with-a-dash"),
        pytest.param("https://n.example/pb?id=(clickid) please", id="word"),
        pytest.param("https://n.example/pb?id=(clickid)\nThanks", id="word-on-the-next-line"),
        pytest.param("https://n.example/pb?click\nid=(clickid)", id="line-break-in-a-name"),
        pytest.param("https://n.example/pb?a b=(clickid)", id="space-in-a-name"),
        pytest.param("https://n. example/pb", id="space-in-a-host"),
        pytest.param("https://a.example/x?a=(ip)\0https://b.example/x", id="nul-between-urls"),
        pytest.param("https://n.example/pb is ours", id="words-after-a-path"),
        pytest.param("https://n.example/pb?a=[b - c]", id="dash-in-brackets"),
        pytest.param("curl 'https://n.example/pb?id=(clickid)", id="quote-that-is-not-closed"),
        pytest.param("https://n.example,", id="comma-after-a-host"),
        pytest.param("https://n.example/pb?v=1,", id="comma-after-a-value"),
        pytest.param("https://n.example/pb?a='(clickid)'", id="quotes-around-a-value"),
        pytest.param("https://n.example/pb?a='", id="quote-after-a-name"),
        pytest.param("git+https://n.example/pb", id="scheme-with-a-plus"),
        pytest.param("x\ny=(ip)", id="line-break-after-a-word"),
        pytest.param("https://n.example/pb\n;x", id="semicolon-on-the-next-line"),
        pytest.param("__https://n.example/pb?a=__CLICKID__", id="underscores-of-a-macro"),
        pytest.param("(12) country_code=(ip)", id="number-before-a-piece"),
        pytest.param("https://n.example/pb?a=\nhttps://m.example/", id="url-on-the-next-line"),
        pytest.param(f"https://n.example/pb?{'a' * 60}\nThanks", id="word-after-a-long-line"),
        pytest.param(f"https://n.example/{'a' * 60}\nb/(ip)\nc=d", id="line-after-the-end-of-a-long-one"),
        pytest.param(f"https://n.example/{'a' * 60}\nb/(ip)\rc=d", id="the-same-with-another-line-break"),
        pytest.param(f"https://n.example/pb?x={'a' * 60}\tb=c", id="tab-in-a-long-line"),
        pytest.param(f"https://n.example/pb?x={'a' * 60}\x1f{{a}}\x1f{{a}}", id="separators"),
        pytest.param("https://google.com/urls?q=1", id="another-page-of-a-redirect"),
        pytest.param("<https://n.example/?a=(ip)> is <b", id="crossed-brackets"),
    ],
)
def test_no_safe_fix_joins_words_or_deletes_a_value(source):
    assert fix(source).source in (source, source.replace("=\n", "="))


LONG = f"https://n.example/{'a' * 60}"


@pytest.mark.parametrize("mark", ["\x1f", "\t", "\r", "\n", "\v", "\u2028"])
@pytest.mark.parametrize("text", ["%", "{a}", "a="])
def test_a_fix_does_not_make_way_for_the_same_one_before_it(mark, text):
    fixed = fix(f"https://n.example/pb?x={'a' * 60}{f'{mark}{text}' * 200}", select=["ME002"])
    assert len({finding.source for finding in fixed.applied}) <= 1, "fixed in one round"


@pytest.mark.parametrize(
    ("source", "fixed"),
    [
        pytest.param("https://n.example/pb?a=1\n&b=(ip)", "https://n.example/pb?a=1&b=(ip)", id="before-a-delimiter"),
        pytest.param("https://n.example/pb?a=\n(ip)", "https://n.example/pb?a=(ip)", id="after-a-delimiter"),
        pytest.param(f"https://n.example/{'a' * 60}\nb/(ip)", f"https://n.example/{'a' * 60}b/(ip)", id="wrapped"),
        pytest.param(f"{LONG}\n{'b' * 70}/d\r\n  c=(ip)\n", f"{LONG}{'b' * 70}/dc=(ip)", id="wrapped-twice"),
        pytest.param(f"{LONG}\rb/(ip)&\nc=1\n&d=2", f"{LONG}b/(ip)&c=1&d=2", id="wrapped-and-parted-at-delimiters"),
        pytest.param("https://n.example/pb?a=b c&d=(ip)", "https://n.example/pb?a=b%20c&d=(ip)", id="space-in-a-value"),
        pytest.param("https://n.example/a b?d=(ip)", "https://n.example/a%20b?d=(ip)", id="space-in-a-path"),
        pytest.param("https:// n.example /pb", "https://n.example/pb", id="spaces-beside-slashes"),
        pytest.param("/a?u= https://m.example/", "/a?u=https://m.example/", id="space-before-a-value"),
    ],
)
def test_white_space_that_can_only_be_a_slip_is_still_removed(source, fixed):
    assert fix(source).source == fixed


def test_findings_inside_surroundings_stand_where_they_are():
    source = "GET https://n.example/pb?id=(click-id) HTTP/1.1"
    spans = {finding.code: source[finding.span.start : finding.span.stop] for finding in check(source)}
    assert spans == {"ME020": "GET", "ME102": "(click-id)", "ME021": "HTTP/1.1"}
    assert {finding.source for finding in check(source)} == {source}
    finding = check(source)[1]
    assert source[finding.fix.span.start : finding.fix.span.stop] == "(click-id)"


def test_one_finding_and_one_fix_remove_both_ends():
    (finding,) = check(f" “{URL}”")
    assert (finding.fix.replacement, finding.fix.safe) == (URL, True)
    assert (finding.span.start, finding.fix.span.start, finding.fix.span.stop) == (1, 0, len(URL) + 3)


def test_a_user_may_insist_but_nothing_is_written_into_what_is_no_template():
    source = '{"id": "(click-id)"}'
    assert "ME030" not in found(source, ignore=["ME030"])
    assert len(found(source, ignore=["ME030"])) > 1
    for options in ({"ignore": ["ME030"]}, {"select": ["ME003", "ME102"]}):
        assert fix(source, unsafe=True, **options).source == source
    lines = f"{URL}\n{OTHER}"
    assert fix(lines, select=["ME002"], unsafe=True).source == lines


@pytest.mark.parametrize("source", ['{"id": "(click-id)"}', f"{URL} {OTHER}", "GET https://n.example/pb?id=(click-id)"])
def test_selecting_rules_shows_a_part_of_what_is_found(source):
    assert check(source, select=["ME1"]) == [finding for finding in check(source) if finding.code.startswith("ME1")]


def test_errors_of_a_text_with_an_ignored_rule_are_still_errors():
    with pytest.raises(TemplateError, match="ME201"):
        compile_template("https://(clickid)@app.appsflyer.com/x", ignore=["ME035"])
    with pytest.raises(TemplateError, match="ME035"):
        compile_template("https://app.appsflyer.com/x?clickid={click_id}", dialect="appmetrica")


def test_a_dialect_of_the_users_own_may_be_that_of_the_link(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\ntitle = "Mine"\nsyntax = "brace"\n[references]\nx = "https://n.example"\n'
        '[macros]\nclick_id = { field = "click_id", source = "Link" }\n',
        encoding="utf-8",
    )
    assert "ME035" not in found("https://app.appsflyer.com/x?clickid={click_id}", dialect=Dialect.from_toml(path))


@pytest.mark.parametrize("name", ["appsflyer-link", "affise", "tiktok"])
def test_who_fills_the_macros_of_a_link_may_check_it(name):
    assert "ME035" not in found("https://app.appsflyer.com/x?pid=n_int&clickid={clickid}", dialect=name)


def test_more_layers_than_anybody_wraps_are_left():
    few, many = URL, URL
    for _ in range(10):
        few = AROUND["URL Defense 3"](few)
    for _ in range(30):
        many = AROUND["URL Defense 3"](many)
    assert fix(few).source == URL
    assert fix(many).source == many
    assert len(check(many)) == 1


def test_large_limits_hold_for_the_inner_template():
    source = f"GET https://n.example/pb?a={'(ip)' * 600}"
    assert whole_text(source, compile_template(URL).dialect).inner == source[4:]
    with pytest.raises(TemplateError, match="ME020"):
        compile_template(source, limits=Limits(macros=1000))


def test_punctuation_and_white_space_at_the_end_are_removed_at_once():
    fixed = fix(URL + "*\x0c" * 1_000, unsafe=True)
    assert (fixed.source, len(fixed.applied)) == (URL, 2)
    [found] = check(f"{URL}* ,\u3000*", select="ME027")
    assert found.fix == Fix("", Span(len(URL), len(URL) + 5), safe=False)
