"""What a URL begins with: schemes and servers that there are not, and those that there are."""

import pytest

from macroengine import TemplateError, check, compile_template, fix, parse
from macroengine.rules.structure import server_end
from tests.support.trying import with_each


def codes(source, **options):
    return [finding.code for finding in check(source, **options)]


@with_each(
    ("url", "fixed"),
    [
        pytest.param("https://?id=(clickid)", None, id="no-name"),
        pytest.param("https://", None, id="nothing"),
        pytest.param("https:///pb", "https://pb", id="three-slashes"),
        pytest.param("https://2001:db8::1/pb", "https://[2001:db8::1]/pb", id="ipv6"),
        pytest.param("https://a:b:c/pb", None, id="colons"),
        pytest.param("https://[::1/pb", None, id="bracket-that-is-not-closed"),
        pytest.param("https://[1::2::3]/pb", None, id="no-ipv6-in-brackets"),
        pytest.param("https://[fe80::1%eth0]/pb", None, id="zone"),
        pytest.param("https://[::1]x/pb", None, id="text-behind-brackets"),
        pytest.param("https://[::1]:99999/pb", None, id="port-behind-brackets"),
        pytest.param("https://n..example/pb", None, id="empty-label"),
        pytest.param("https://.n.example/pb", None, id="empty-first-label"),
        pytest.param("https://n.example../pb", None, id="two-dots-at-the-end"),
        pytest.param("https://n.example:99999/pb", None, id="port-too-high"),
        pytest.param("https://n.example:65536/pb", None, id="port-one-too-high"),
        pytest.param("https://n.example:port/pb", None, id="port-in-words"),
        pytest.param("https://n.example:٣/pb", None, id="port-in-other-digits"),
        pytest.param("https://n.example%2fpb?id=(clickid)", "https://n.example/pb?id=(clickid)", id="encoded-slash"),
        pytest.param("https://n.example%3Fid=(clickid)", None, id="encoded-question-mark"),
        pytest.param("https://%7B0%7D.foobar.com/pb", None, id="encoded-brace"),
        pytest.param("https://YOUR_DOMAIN/pb", None, id="placeholder"),
        pytest.param("https://your-domain-here:80/pb", None, id="placeholder-and-port"),
        pytest.param("https://*.n.example/pb", None, id="wildcard"),
        pytest.param("https://<DOMAIN>/pb", None, id="angle-brackets"),
        pytest.param("https://a|b.example/pb", None, id="bar"),
        pytest.param("https://n.example,/pb", None, id="comma"),
        pytest.param("https://1.2.3.256/pb", None, id="number-too-high"),
        pytest.param("https://1.2.3/pb", None, id="three-numbers"),
        pytest.param(f"https://{'a' * 64}.example/pb", None, id="label-too-long"),
        pytest.param(f"https://{'a.' * 130}example/pb", None, id="name-too-long"),
        pytest.param("wss://n..example/pb", None, id="web-socket"),
        pytest.param("//n..example/pb", None, id="no-scheme"),
    ],
)
def test_servers_that_there_are_not_are_errors(url, fixed):
    found = [finding for finding in check(url) if finding.code in ("ME208", "ME210")]
    assert [finding.severity for finding in found] == ["error"]
    assert fix(url).source == url
    if fixed:
        assert fix(url, unsafe=True).source == fixed
    with pytest.raises(TemplateError):
        compile_template(url)


@with_each(
    "url",
    [
        "https://n.example",
        "https://n.example./pb",
        "https://n.example:/pb",
        "https://n.example:65535/pb",
        "https://user:pass@n.example/pb",
        "https://localhost/pb",
        "https://my_host.n.example/pb",
        "https://127.0.0.1:8080/pb",
        "https://[2001:db8::1]/pb",
        "https://[::1]:80/pb",
        "https://XN--E1AFMKFD.example/pb",
        "https://YourCompanyDomain.com/pb",
        "myapp://p",
        "myapp://?id=(clickid)",
        "intent://open?id=(clickid)#Intent;scheme=x;package=com.example;end",
        "market://details?id=com.example",
        "itms-apps://n.example/app/id1",
        "microsoft-edge-https://n.example/pb",
    ],
)
def test_servers_and_apps_that_there_are_raise_no_alarm(url):
    assert codes(url) == []


@pytest.mark.parametrize(
    "host", ["(app_id)", "a-(app_id)", "{app_id}", "(ip):(ip)", "n.example:(ip)", "u(ip)@n.example"]
)
def test_of_a_macro_in_the_server_other_rules_speak(host):
    assert "ME208" not in codes(f"https://{host}.n.example/pb")


def test_a_macro_in_the_scheme_says_nothing_of_the_server():
    assert codes("(ip)://n..example/pb") == ["ME201"]


@with_each(
    ("begin", "fixed"),
    [
        pytest.param("htps://", "https://", id="a-letter-less"),
        pytest.param("httpss://", "https://", id="a-letter-more"),
        pytest.param("HTPS://", "https://", id="capitals"),
        pytest.param("htt://", "http://", id="http"),
        pytest.param("GEThttps://", "https://", id="joined-to-a-method"),
        pytest.param("curlhttp://", "http://", id="joined-to-a-command"),
        pytest.param("hxxps://", "https://", id="defanged"),
        pytest.param("hxxp://", "http://", id="defanged-http"),
        pytest.param("https:/", "https://", id="one-slash"),
        pytest.param("https:\\\\", "https://", id="backslashes"),
        pytest.param("https:", "https://", id="no-slash"),
        pytest.param("https//", "https://", id="no-colon"),
        pytest.param("https;//", "https://", id="semicolon"),
        pytest.param("https://https://", "https://", id="twice"),
        pytest.param("http://https://", "https://", id="both"),
        pytest.param("https://https//", "https://", id="twice-without-a-colon"),
        pytest.param("http(s)://", "https://", id="either"),
    ],
)
@pytest.mark.parametrize("name", ["appsflyer", "appmetrica"])
def test_slips_in_the_scheme_are_errors_and_fixed_only_if_asked_for(begin, fixed, name):
    url = begin + "n.example/pb"
    found = [finding for finding in check(url, dialect=name) if finding.severity == "error"]
    assert found[0].code in ("ME209", "ME210")
    assert "ME203" not in codes(url, dialect=name)
    assert fix(url, dialect=name, ignore=["ME205", "ME223"]).source == url
    # http: of its own is another finding, and would become https: as well.
    assert fix(url, dialect=name, unsafe=True, ignore=["ME205", "ME223"]).source == fixed + "n.example/pb"
    with pytest.raises(TemplateError):
        compile_template(url, dialect=name)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("mailto:a@b.example", "ME209"),
        ("tel:1", "ME209"),
        ("javascript:f()", "ME232"),
        ("JavaScript:f()", "ME232"),
        ("data:text/html,x", "ME232"),
    ],
)
def test_schemes_without_a_server_are_errors(url, code):
    (found,) = [finding for finding in check(url) if finding.severity == "error"]
    assert (found.code, found.fix) == (code, None)


@pytest.mark.parametrize("url", ["localhost:80/pb", "sub://n", "http2/pb", "https", "httpbin.example/pb", "wws://n"])
def test_other_beginnings_are_no_slips(url):
    assert not {"ME209", "ME210"} & set(codes(url))


def test_http_s_in_a_value_is_text_as_well():
    url = "https://n.example/pb?u=http(s)://m.example"
    assert codes(url) == ["ME210"]
    assert compile_template(url, ignore=["ME210"]).render.__name__
    assert compile_template(url, ignore=["ME210"]).fields == ()


def test_a_fragment_of_an_app_is_read_by_the_app():
    assert "ME206" not in codes("intent:#Intent;scheme=x;end")
    assert "ME206" in codes("https://n.example/#a")
    assert "ME206" in codes("//n.example/#a")
    assert "ME206" in codes("/pb#a")
    assert "ME206" in codes("(ip)#a")


@pytest.mark.parametrize(
    ("server", "message"),
    [
        pytest.param("[(ip)].example", "[(ip)].example is not an IPv6 address in brackets", id="brackets"),
        pytest.param("a:(ip):b", "a:(ip):b has more than one colon", id="colons"),
        pytest.param("[::1]{ip}", "{ip} is not a port", id="macro-of-another-platform"),
    ],
)
def test_a_message_quotes_macros_as_they_are_written(server, message):
    found = [finding.message for finding in check(f"https://{server}/pb") if finding.code == "ME208"]
    assert found == [message]


def test_a_text_without_slashes_has_no_server():
    assert server_end(parse("pb?id=(clickid)")) == 0
