"""What is done to templates on their way: found, and fixed where that is safe."""

from html.entities import html5

import pytest

from macroengine import Policy, Span, check, fix
from macroengine.rules.damaged import _LOST_IN_ASCII  # compared with the list of HTML
from macroengine.rules.tables import lost_references
from tests.support.trying import with_each

BASE = "https://n.example/pb?id=(clickid)"


@with_each(
    ("damaged", "intended"),
    [
        pytest.param("¤cy=EUR", "&currency=EUR", id="currency"),
        pytest.param("¤t=1", "&current=1", id="current"),
        pytest.param("×tamp=(install_unix_ts)", "&timestamp=(install_unix_ts)", id="timestamp"),
        pytest.param("®ion=1", "&region=1", id="region"),
        pytest.param("®_id=1", "&reg_id=1", id="reg-id"),
        pytest.param("®istration=1", "&registration=1", id="registration"),
        pytest.param("¶m1=1", "&param1=1", id="param"),
        pytest.param("§ion=1", "&section=1", id="section"),
        pytest.param("¬ify=1", "&notify=1", id="notify"),
        pytest.param("¬ification=1", "&notification=1", id="notification"),
        pytest.param("©=1", "&copy=1", id="nothing-is-left-of-the-name"),
        pytest.param("<v=1", "&ltv=1", id="ltv"),
        pytest.param(">m_id=1", "&gtm_id=1", id="gtm-id"),
        pytest.param('"a=1', "&quota=1", id="quota"),
        pytest.param("¯os=1", "&macros=1", id="macros"),
        pytest.param("µs=1", "&micros=1", id="micros"),
        pytest.param("°ree=1", "&degree=1", id="degree"),
        pytest.param("¢s=1", "&cents=1", id="cents"),
        pytest.param("£s=1", "&pounds=1", id="pounds"),
        pytest.param("¥=1", "&yen=1", id="yen"),
        pytest.param("ðnicity=1", "&ethnicity=1", id="ethnicity"),
        pytest.param("&curren;cy=EUR", "&currency=EUR", id="given-a-semicolon"),
        pytest.param("&amp;ip=(ip)", "&ip=(ip)", id="amp"),
        pytest.param("&AMP;amp;ip=(ip)", "&ip=(ip)", id="amp-several-times"),
        pytest.param("&#38;ip=(ip)", "&ip=(ip)", id="amp-by-number"),
        pytest.param("&#x026;ip=(ip)", "&ip=(ip)", id="amp-by-hexadecimal-number"),
        pytest.param("&;ip=(ip)", "&ip=(ip)", id="amp-without-its-letters"),
        pytest.param("&ip=&lpar;ip&rpar;", "&ip=(ip)", id="parentheses-by-name"),
        pytest.param("&ip=&#40;ip&#41;", "&ip=(ip)", id="parentheses-by-number"),
        pytest.param(r"\u0026ip=(ip)", "&ip=(ip)", id="json"),
        pytest.param(r"\\u0026ip\u003d(ip)", "&ip=(ip)", id="json-twice"),
        pytest.param(r"\&site\_id=\(ip\)", "&site_id=(ip)", id="markdown"),
        pytest.param("&ip=%28ip%29", "&ip=(ip)", id="encoded-delimiters"),
        pytest.param("&gaid=(advertising id)", "&gaid=(advertising_id)", id="space-in-a-name"),
        pytest.param("&lang=( language\n)", "&lang=(language)", id="spaces-around-a-name"),
        pytest.param("&gaid=(advertising%20id)", "&gaid=(advertising_id)", id="encoded-space-in-a-name"),
        pytest.param("&ip=(ip&a=1", "&ip=(ip)&a=1", id="not-closed"),
        pytest.param("&ip=(ip", "&ip=(ip)", id="not-closed-at-the-end"),
        pytest.param("&ip=ip)", "&ip=(ip)", id="not-opened"),
        pytest.param("&ip=(ip}", "&ip=(ip)", id="closed-by-another"),
        pytest.param("&ip={ip)", "&ip=(ip)", id="opened-by-another"),
        pytest.param("\n\t\t &ip=(ip)", "&ip=(ip)", id="line-break-and-indentation"),
        pytest.param("&a=b\x00c\x7f\r", "&a=bc", id="control-characters"),
        pytest.param("&ip= (ip) ", "&ip=(ip)", id="spaces-beside-delimiters"),
        pytest.param("&a=b  c", "&a=b%20%20c", id="spaces-in-a-value"),
        pytest.param("&a=b&nbsp;c", "&a=b%20c", id="non-breaking-space-as-an-entity"),
        pytest.param("&a=b\u00a0c", "&a=b%20c", id="non-breaking-space"),
        pytest.param("&ip=(i\u200bp)\u202e", "&ip=(ip)", id="invisible"),
        pytest.param("&&ip=(ip)&", "&ip=(ip)", id="empty-pairs"),
        pytest.param("&ts=(install-unix-ts)", "&ts=(install_unix_ts)", id="legacy-name"),
        pytest.param("&x=(Click_ID)", "&x=(clickid)", id="undocumented-spelling"),
        pytest.param("&x=(af_sub_siteid)", "&x=(af_subsite_id)", id="parameter-for-a-macro"),
    ],
)
def test_damage_is_found_and_mended_safely(damaged, intended):
    fixed = fix(BASE + damaged)
    assert fixed.source == BASE + intended
    assert fixed.applied
    assert {finding.severity for finding in fixed.remaining} <= {"info", "warning"}
    assert all(finding.code == "ME226" for finding in fixed.remaining if finding.severity == "warning")


@with_each("name", sorted(name for name in html5 if not name.endswith(";") and name.islower()))
def test_every_reference_without_a_semicolon_is_damage_or_known_to_be_none(name):
    damaged = f"{BASE}{html5[name]}xy=1"
    repaired = fix(damaged).source
    letters = html5[name].isalpha() and name not in ("eth", "micro")
    if not letters and name not in ("amp", "nbsp", "shy"):
        assert repaired == f"{BASE}&{name}xy=1"
    else:
        assert f"&{name}" not in repaired


@with_each(
    ("written", "intended"),
    [
        pytest.param("{clickid}", "(clickid)", id="braces"),
        pytest.param("{gps_adid}", "(advertising_id)", id="a-name-of-adjust"),
        pytest.param("{cl?Network Name}", "(clickid)", id="an-argument"),
        pytest.param("{{campaign.id}}", "(af_c_id)", id="double-braces"),
        pytest.param("${(user_data.aaid)!}", "(advertising_id)", id="freemarker"),
        pytest.param("${clickid}", "(clickid)", id="dollar"),
        pytest.param("$!{clickid}", "(clickid)", id="quiet-reference"),
        pytest.param("[DEVICEIP]", "(ip)", id="brackets"),
        pytest.param("[[clickid]]", "(clickid)", id="double-brackets"),
        pytest.param("[*clickid*]", "(clickid)", id="brackets-with-stars"),
        pytest.param("__CLICKID__", "(clickid)", id="underscores"),
        pytest.param("%%IDFA%%", "(IDFA)", id="double-percent"),
        pytest.param("%clickid%", "(clickid)", id="percent"),
        pytest.param("%{clickid}", "(clickid)", id="percent-brace"),
        pytest.param("##clickid##", "(clickid)", id="double-hash"),
        pytest.param("#clickid#", "(clickid)", id="hash"),
        pytest.param("@{clickid}@", "(clickid)", id="at"),
        pytest.param("TS{event_name}", "(event_name)", id="tapstream"),
        pytest.param("$$click(clickid)", "(clickid)", id="function"),
        pytest.param("1&euro;", "1%E2%82%AC", id="entity-of-a-sign"),
        pytest.param("$$click{sha1-idfa}", "(sha1-idfa)", id="a-hash"),
        pytest.param("%7Bclickid%7D", "(clickid)", id="encoded-braces"),
        pytest.param(
            "https%3A%2F%2Fm.example%3Fb%3D%28ip%29", "https%3A%2F%2Fm.example%3Fb%3D(ip)", id="encoded-in-a-url"
        ),
        pytest.param("CLICK_ID", "(clickid)", id="placeholder"),
        pytest.param("（clickid）", "(clickid)", id="full-width"),
        pytest.param("(google_aid)", "(advertising_id)", id="a-name-of-appmetrica"),
        pytest.param("(clickd)", "(clickid)", id="a-slip"),
        pytest.param("(sha1-af_siteid)", "(af_siteid)", id="undocumented-hash"),
        pytest.param("(sha1-ip)", "(sha1-ip)", id="undocumented-hash-of-personal-data"),
        pytest.param("(sha1-sha1-idfa)", "(sha1-idfa)", id="hash-of-a-hash"),
        pytest.param("<b>(clickid)</b>", "(clickid)", id="html"),
        pytest.param("(clickid) />", "(clickid)", id="end-of-a-tag"),
        pytest.param("100%", "100%25", id="percent-sign"),
        pytest.param("“a–b…”", "%22a-b...%22", id="typographic"),
        pytest.param("a|b", "a%7Cb", id="illegal"),
        pytest.param("é", "%C3%A9", id="not-ascii"),
        pytest.param("(ip)b=(ip)", "(ip)&b=(ip)", id="no-ampersand"),
        pytest.param("[DEVICEIP]b=(ip)", "(ip)&b=(ip)", id="no-ampersand-behind-a-foreign-macro"),
        pytest.param("1?b=(ip)", "1&b=(ip)", id="second-question-mark"),
        pytest.param("1&b(ip)", "1&b=(ip)", id="no-equals"),
    ],
)
def test_doubtful_text_is_rewritten_only_if_asked_for(written, intended):
    policy = Policy("in-app")
    source = f"https://n.example/pb?a={written}"
    assert fix(source, policy=policy).source == source
    assert fix(source, policy=policy, unsafe=True).source == f"https://n.example/pb?a={intended}"


@pytest.mark.parametrize(
    ("source", "fixed"),
    [
        pytest.param("n.example/pb?id=(clickid)", "https://n.example/pb?id=(clickid)", id="no-scheme"),
        pytest.param("//n.example/pb", "https://n.example/pb", id="scheme-relative"),
        pytest.param("HTTP://n.example/pb", "https://n.example/pb", id="http"),
        pytest.param("https://n.example/pb&id=(clickid)", "https://n.example/pb?id=(clickid)", id="no-question-mark"),
        pytest.param("https://n.example&id=(clickid)", "https://n.example?id=(clickid)", id="nor-a-path"),
        pytest.param("https://n.example/a&pid(pid)", "https://n.example/a?pid=(pid)", id="nor-an-equals-sign"),
        pytest.param("app://a=(pid)&b=(ip)&c=1", "app://a=(pid)?b=(ip)&c=1", id="of-an-app"),
    ],
)
def test_urls_are_completed_only_if_asked_for(source, fixed):
    assert fix(source).source == source
    assert fix(source, unsafe=True).source == fixed


@with_each(
    "sound",
    [
        pytest.param("&ua=(user-agent)&v=(sha1-idfa)&c=(C)", id="documented-names"),
        pytest.param("&currency=(currency)", id="currency"),
        pytest.param("&a[]=1&a[]=2&b[x]=3", id="lists-and-indexes"),
        pytest.param("&q=a?b", id="question-mark-in-a-value"),
        pytest.param("&id2=a__b__c&opaque=jlI4vL_5_cR7-hREc7__pBm", id="underscores"),
        pytest.param("&n=1%252Fa%20b%C3%A9", id="percent-escapes"),
        pytest.param("&ua=%ADabc%20x", id="a-name-between-escapes"),
        pytest.param("&u=https://m.example/path", id="a-url-without-a-query"),
        pytest.param("&source=GOOGLE_ADS&type=IDFA&event=install", id="words-in-capitals"),
        pytest.param("&x=a;b&y=1;2", id="semicolons"),
        pytest.param("&a=(clickid)_(af_siteid)-(af_sub1)", id="several-macros-in-one-value"),
        pytest.param("&json=1&Json=2", id="names-in-other-cases"),
        pytest.param("&x=$1&y=@me&z=a*b!c'd,e", id="sub-delimiters"),
        pytest.param("&ua=(Linux&b=1", id="a-parenthesis-of-no-macro"),
        pytest.param("&noredirect", id="no-value"),
        pytest.param("&x=", id="empty-value"),
        pytest.param("&x=%2528Linux%2529&y=%28Linux%29", id="encoded-parentheses-around-no-macro"),
    ],
)
def test_sound_templates_have_no_error_and_no_warning(sound):
    source = BASE + sound
    assert [finding for finding in check(source, policy=Policy("in-app")) if finding.severity != "info"] == []
    assert fix(source, unsafe=True, policy=Policy("in-app")).source == source


def test_a_joiner_between_letters_of_other_scripts_may_be_meant():
    word = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    source = f"{BASE}&x={word}"
    assert fix(source).source == source
    assert fix(f"{source}\u200c").source == source


@pytest.mark.parametrize("path", ["/r&d", "/r&d/x", "/(clickid)/r&d", "/a(b)c"])
def test_paths_are_left_alone(path):
    assert check(f"https://n.example{path}", ignore=["ME101"]) == []


@pytest.mark.parametrize("host", ["YourCompanyDomain.com", "n.example:8443", "127.0.0.1", "[::1]:80", "a-b.co.uk"])
def test_hosts_are_left_alone(host):
    assert check(f"https://{host}?id=(clickid)") == []


# The sample postbacks of AppsFlyer's page as it prints them, and as they are meant.
SAMPLES = [
    pytest.param(
        "http://YourCompanyDomain.com?site_id=(publisher_id)\n&advertising_id=(advertiser_id)&android_id=(android_id)\n"
        "&install_time=(install_unix_ts)",
        "http://YourCompanyDomain.com?site_id=(publisher_id)&advertising_id=(advertiser_id)&android_id=(android_id)"
        "&install_time=(install_unix_ts)",
        ["ME002"],
        "install",
        id="install-android",
    ),
    pytest.param(
        "http://YourCompanyDomain.com?&site_id=(publisher_id)&\ndevice_ip=(ip)&;idfa=(idfa)"
        "&install_time=(install_unix_ts)",
        "http://YourCompanyDomain.com?site_id=(publisher_id)&device_ip=(ip)&idfa=(idfa)&install_time=(install_unix_ts)",
        ["ME002", "ME212", "ME222"],
        "install",
        id="install-ios",
    ),
    pytest.param(
        "http://YourCompanyDomain.com?site_id=(publisher_id)&\ndevice_ip=(ip)&advertising_id=(advertiserId)"
        "&android_id=(android_id)&\ninstall_time=(install_unix_ts)&event_name=(event_name)¤cy=(currency)&\n"
        "json=(event_value)",
        "http://YourCompanyDomain.com?site_id=(publisher_id)&device_ip=(ip)&advertising_id=(advertiserId)"
        "&android_id=(android_id)&install_time=(install_unix_ts)&event_name=(event_name)&currency=(currency)"
        "&json=(event_value)",
        ["ME002", "ME222"],
        "in-app",
        id="in-app-android",
    ),
    pytest.param(
        "http://YourCompanyDomain.com?clickid=(clickid)&site_id=(publisher_id)&\ndevice_ip=(ip)&idfa=(idfa)"
        "&install_time=(install_unix_ts)\n&event_name=(event_name)¤cy=(currency)&json=(event_value)",
        "http://YourCompanyDomain.com?clickid=(clickid)&site_id=(publisher_id)&device_ip=(ip)&idfa=(idfa)"
        "&install_time=(install_unix_ts)&event_name=(event_name)&currency=(currency)&json=(event_value)",
        ["ME002", "ME222"],
        "in-app",
        id="in-app-ios",
    ),
]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize(("printed", "meant", "damage", "postback"), SAMPLES)
def test_samples_are_fixed_to_what_they_mean(printed, meant, damage, postback, ending):
    policy = Policy(postback)
    fixed = fix(printed.replace("\n", ending), policy=policy)
    assert fixed.source == meant
    assert sorted({finding.code for finding in fixed.applied}) == damage
    assert fix(fixed.source, policy=policy).applied == ()


@pytest.mark.parametrize(("printed", "meant", "damage", "postback"), SAMPLES)
def test_samples_on_https_have_no_error_and_no_warning(printed, meant, damage, postback):
    found = check(meant.replace("http:", "https:"), policy=Policy(postback))
    assert {finding.severity for finding in found} <= {"info"}


@pytest.mark.parametrize("guid", ["12345678-9abc-DEF0-1234-56789abcdef0", "123456789abcDEF0123456789abcdef0"])
def test_a_guid_in_braces_raises_no_alarm(guid):
    assert check(f"{BASE}&uid={{{guid}}}") == []
    assert [finding.code for finding in check(f"{BASE}&uid={{{guid}0}}")] == ["ME227", "ME227"]


def test_signs_of_ascii_that_html_has_names_for_are_those_of_the_table():
    lost, names = lost_references()
    assert {sign for sign in names if sign.isascii()} == set(_LOST_IN_ASCII)
    assert all(lost.search(f"(ip){sign}a=") for sign in _LOST_IN_ASCII)


@pytest.mark.parametrize(
    ("dialect", "written", "intended"),
    [
        ("appsflyer", "(\N{CYRILLIC SMALL LETTER ES}lickid)", "(clickid)"),
        ("appsflyer", "(sha1-\N{CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I}dfa)", "(sha1-idfa)"),
        ("appmetrica", "{\N{CYRILLIC SMALL LETTER ES}lick_id}", "{click_id}"),
        ("tiktok", "__\N{CYRILLIC CAPITAL LETTER ES}LICKID__", "__CLICKID__"),
    ],
)
def test_letters_that_look_like_latin_ones_are_named(dialect, written, intended):
    source = f"https://n.example/pb?id={written}&city=Köln"
    [found, *others] = check(source, dialect=dialect, select={"ME008", "ME225", "ME226"})
    assert (found.code, str(found.span), found.hint) == ("ME225", str(Span(24, 24 + len(written))), None)
    assert "cyrillic" in found.message
    assert found.message.endswith(f"write {intended}")
    assert [other.code for other in others] == ["ME226"]
    assert fix(source, dialect=dialect).source == source
    assert fix(source, dialect=dialect, unsafe=True).source == f"https://n.example/pb?id={intended}&city=K%C3%B6ln"


@pytest.mark.parametrize(
    ("dialect", "value"),
    [
        ("appsflyer", "(осе)"),
        ("appmetrica", "{осе}"),
        ("appsflyer", "Москва"),
        ("appsflyer", "{{(сlickid)}}"),
    ],
)
def test_words_of_another_alphabet_are_no_macros(dialect, value):
    assert "ME225" not in {found.code for found in check(f"https://n.example/pb?id={value}", dialect=dialect)}
