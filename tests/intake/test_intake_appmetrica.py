"""AppMetrica tracking URLs: reading, checking, fixing and writing them."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macroengine import Event, PayloadError, render
from macroengine.intake.appmetrica import (
    Click,
    Impression,
    build_url,
    is_timely,
    landing_url,
    link_values,
    parse_url,
    tracking_id_of,
    validate,
)
from macroengine.intake.appmetrica.parameters import parameters
from macroengine.intake.placeholders import holds_macro, placeholder
from tests.support.floors import reached, reaching
from tests.support.trying import with_each

AGENT = (
    "Mozilla/5.0 (Linux; Android 4.4.4; 5042D Build/KTU84P) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/33.0.0.0 Mobile Safari/537.36"
)
# The document's samples, line break included.
QUERY = (
    "click_id=123456789&external_click_id=987654321&device_ip=192.0.2.0/24&device_ua=Mozilla/5.0%20\n"
    "(Linux;%20Android%204.4.4;%205042D%20Build/KTU84P)%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)%20"
    "Version/4.0%20Chrome/33.0.0.0%20Mobile%20Safari/537.36&click_timestamp=1453895044&noredirect"
)
SAMPLES = {
    Click: f"GET redirect.appmetrica.yandex.com/serve/TRACKING_ID?{QUERY}",
    Impression: f"GET impression.appmetrica.yandex.com/serve/TRACKING_ID?{QUERY}",
}
CLICK = Click("192.0.2.1", "x", 1453895044, click_id="123456789")
CLICKED = datetime(2016, 1, 27, 11, 44, 4, tzinfo=UTC)
START = "https://redirect.appmetrica.yandex.com/serve/1?"
GOOD = "device_ip=192.0.2.1&device_ua=x&click_timestamp=1453895044"


def found(query, **options):
    """Return what is wrong with a query, as `code text-of-the-span`."""
    url = START + query
    return [f"{one.code} {url[one.span.start : one.span.stop]}" for one in validate(url, **options)]


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_sample_of_the_document_is_read_and_written_with_the_same_parameters(kind):
    engagement = parse_url(SAMPLES[kind])
    assert engagement == kind("192.0.2.0/24", AGENT, 1453895044, "123456789", "987654321", noredirect=True)
    url = build_url("TRACKING_ID", engagement)
    assert url.startswith(SAMPLES[kind].partition("?")[0].replace("GET ", "https://") + "?")
    assert parse_url(url) == engagement
    sample = parse_qsl(QUERY.replace("\n", ""), keep_blank_values=True)
    assert [pair for pair in parse_qsl(url.partition("?")[2]) if pair[0] != "noredirect"] == sample[:-1]


def test_what_the_samples_have_wrong_are_warnings():
    assert [one.name for one in validate(SAMPLES[Click])] == ["unusual-tracking-id", "raw-line-break"]
    assert tracking_id_of(SAMPLES[Click]) == "TRACKING_ID"


def test_a_line_break_is_taken_out_with_its_indentation():
    sample = SAMPLES[Click]
    [one] = [one for one in validate(sample.replace("\n", "\n    ")) if one.name == "raw-line-break"]
    assert (one.fix.replacement, one.fix.span.stop - one.fix.span.start, one.fix.safe) == ("", 5, True)
    assert parse_url(sample.replace("\n", "\n    ")) == parse_url(sample)


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.0/24", "192.0.2.0%2F24"),
        ("2001:db8::1", "2001%3Adb8%3A%3A1"),
        ("2001:db8::/32", "2001%3Adb8%3A%3A%2F32"),
        ("::ffff:5.255.232.147", "%3A%3Affff%3A5.255.232.147"),
    ],
)
def test_addresses_and_ranges_are_encoded(address, written):
    url = build_url(1, Click(address, "x", 1453895044))
    assert f"device_ip={written}&" in url
    assert parse_url(url).device_ip == address


@pytest.mark.parametrize("tracking_id", [1019409635088005254, "1019409635088005254"])
def test_a_tracking_id_may_exceed_a_double(tracking_id):
    assert tracking_id_of(build_url(tracking_id, CLICK)) == "1019409635088005254"


@with_each(
    ("query", "expected"),
    [
        pytest.param(GOOD, [], id="good"),
        pytest.param(f"?{GOOD}&", ["ME566 ??"], id="second-question-mark"),
        pytest.param("noredirect", ["ME553 ", "ME553 ", "ME553 "], id="all-missing"),
        pytest.param(GOOD.replace("192.0.2.1", ""), ["ME553 device_ip"], id="empty-ip"),
        pytest.param(GOOD.replace("192.0.2.1", "localhost"), ["ME554 localhost"], id="no-ip"),
        pytest.param(GOOD.replace("192.0.2.1", "192.0.2.0/33"), ["ME554 192.0.2.0/33"], id="no-range"),
        pytest.param(GOOD + "000", ["ME555 1453895044000"], id="milliseconds"),
        pytest.param(GOOD.replace("1453895044", "99999999999"), [], id="eleven-digits"),
        pytest.param(GOOD.replace("1453895044", "100000000000"), ["ME555 100000000000"], id="twelve-digits"),
        pytest.param(GOOD + ".5", ["ME555 1453895044.5"], id="fraction"),
        pytest.param(GOOD.replace("145", "-145"), ["ME555 -1453895044"], id="negative"),
        pytest.param(GOOD + "9" * 30, ["ME555 1453895044" + "9" * 30], id="too-many-digits"),
        pytest.param(GOOD + "&google-aid=1", ["ME558 google-aid"], id="hyphen-in-a-name"),
        pytest.param(GOOD + "&Click_ID=1", ["ME558 Click_ID"], id="capitals-in-a-name"),
        pytest.param(GOOD + "&idfa=4F62\u201391DC", ["ME559 4F62\u201391DC"], id="en-dash"),
        pytest.param(GOOD + "&click_id=a%E2%80%93b", ["ME559 a%E2%80%93b"], id="encoded-en-dash"),
        pytest.param(GOOD + "&google_aid=8e4dd44b", ["ME560 8e4dd44b"], id="short-id"),
        pytest.param(GOOD + "&google_aid_sha1=8e4dd44b", ["ME560 8e4dd44b"], id="short-hash"),
        pytest.param(GOOD + "&click_id=1&click_id=1", ["ME562 click_id"], id="twice"),
        pytest.param(GOOD + "&mine=1&mine=2", ["ME562 mine"], id="custom-twice"),
        pytest.param(GOOD + "&noredirect=yes", ["ME563 yes"], id="no-flag"),
        pytest.param(GOOD + "&noredirect=0", [], id="flag"),
        pytest.param(GOOD + "&mine=%ff", ["ME564 %ff"], id="not-utf-8"),
        pytest.param(GOOD + "&%ff=1", ["ME564 %ff"], id="name-is-not-utf-8"),
        pytest.param(GOOD + "&mine=\ud800", ["ME564 \ud800"], id="surrogate"),
        pytest.param(GOOD + "&&mine", [], id="empty-pair"),
        pytest.param(GOOD + "#mine=%ff", [], id="fragment"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_found_where_it_is(query, expected):
    assert found(query) == expected


def test_the_same_parameter_under_two_names_stands_twice():
    idfa = "30255BCE-4CDA-4F62-91DC-475B1D7E60A2"
    assert found(f"{GOOD}&idfa={idfa}&ios_ifa={idfa}") == ["ME562 ios_ifa"]
    assert parse_url(f"{START}{GOOD}&idfa={idfa}").ios_ifa == idfa


@pytest.mark.parametrize(
    ("query", "fixed"),
    [
        ("&google-aid=8e4dd44b-82ec-43d0-a5de-321f3c0b9a71", "&google_aid=8e4dd44b-82ec-43d0-a5de-321f3c0b9a71"),
        ("&idfa=30255BCE-4CDA-4F62\u201391DC-475B1D7E60A2", "&idfa=30255BCE-4CDA-4F62-91DC-475B1D7E60A2"),
        ("&mi\nne=1", "&mine=1"),
    ],
)
def test_a_fix_fixes_what_it_is_for(query, fixed):
    url = START + GOOD + query
    [one] = validate(url)
    result = url[: one.fix.span.start] + one.fix.replacement + url[one.fix.span.stop :]
    assert result == START + GOOD + fixed
    assert one.fix.safe
    assert validate(result) == []


def test_a_name_is_not_safely_fixed_to_one_that_is_there():
    [first, second] = [one.fix for one in validate(START + GOOD + "&click_id=1&click-id=2&Idfa=3")]
    assert (first.replacement, first.safe) == ("click_id", False)
    assert (second.replacement, second.safe) == ("ios_ifa", True)


def test_an_empty_id_is_none():
    assert parse_url(START + GOOD + "&click_id=&mine=").click_id is None
    assert parse_url(START + GOOD + "&click_id=&mine=").custom == {"mine": ""}


def test_a_server_asks_for_no_redirect():
    assert build_url(1, CLICK).endswith("&noredirect=1")
    assert build_url(1, Click("::1", "x", 1, noredirect=False, js_redirect=False)).endswith(
        "&noredirect=0&appmetrica_js_redirect=0"
    )


def test_milliseconds_are_fixed_by_a_guess():
    [one] = validate(START + GOOD + "000")
    assert (one.fix.replacement, one.fix.safe) == ("1453895044", False)


@pytest.mark.parametrize(
    ("arrival", "expected"),
    [
        (CLICKED, []),
        (CLICKED + timedelta(hours=12), []),
        (CLICKED + timedelta(hours=12, seconds=1), ["ME557 1453895044"]),
        (CLICKED - timedelta(seconds=1), ["ME556 1453895044"]),
    ],
)
def test_a_click_counts_for_twelve_hours(arrival, expected):
    assert found(GOOD, arrival=arrival) == expected
    assert is_timely(CLICKED, arrival) is ("ME557 1453895044" not in expected)


def test_a_time_that_is_none_has_no_age():
    assert found(GOOD + "000", arrival=CLICKED) == ["ME555 1453895044000"]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (3955 * 86_400 + 3_284.17, "3,955 days before the arrival; at most 12 hours is allowed"),
        (86_400, "1 day before the arrival; at most 12 hours is allowed"),
        (12 * 3_600 + 0.5, "12 hours 1 second before the arrival; at most 12 hours is allowed"),
        (-0.5, "1 second after the arrival"),
        (-61, "1 minute 1 second after the arrival"),
    ],
)
def test_a_message_says_how_late_a_click_is(seconds, shown):
    (one,) = validate(START + GOOD, arrival=CLICKED + timedelta(seconds=seconds))
    assert one.message == f"'click_timestamp' is {shown}"


def test_an_arrival_without_a_zone_is_the_callers_mistake():
    with pytest.raises(ValueError, match="time zone"):
        validate(CLICK, arrival=datetime(2024, 4, 29))  # noqa: DTZ001


@pytest.mark.parametrize(
    "url",
    [
        "",
        "?",
        "#",
        "http://[",
        "https://n.example/serve/1?" + GOOD,
        "redirect.appmetrica.yandex.com",
        "redirect.appmetrica.yandex.com/serve/?" + GOOD,
        "redirect.appmetrica.yandex.com/serve/1/2?" + GOOD,
        "redirect.appmetrica.yandex.com/click/1?" + GOOD,
        "\ud800",
    ],
)
def test_what_is_no_tracking_url_is_said_to_be_none(url):
    assert [one.name for one in validate(url)] == ["not-a-tracking-url"]
    assert tracking_id_of(url) == ""
    with pytest.raises(PayloadError):
        parse_url(url)


def test_a_url_of_ten_megabytes_is_not_read():
    [one] = validate(START + "a&" * 5_000_000)
    assert (one.name, len(str(one)) < 400) == ("payload-too-large", True)


def test_a_click_is_validated_like_its_url():
    assert validate(CLICK) == []
    wrong = Click("x", "", 1453895044000, google_aid="a\u2013b")
    assert [one.code for one in validate(wrong)] == ["ME554", "ME553", "ME555", "ME559"]


@pytest.mark.parametrize(
    ("tracking_id", "engagement", "reason"),
    [
        ("", CLICK, "not a tracking URL"),
        (1, Click("x", "x", 1453895044), "not an IPv4"),
        (1, Click("::1", "", 1453895044), "'device_ua' is empty"),
        (1, Click("::1", "x", 1453895044, custom={"click_id": "1", "device_ip": "2"}), "'device_ip' is repeated"),
        (1, Click("::1", "\ud800", 1453895044), "half a surrogate pair"),
        ("\ud800", CLICK, "half a surrogate pair"),
    ],
)
def test_what_would_not_count_is_not_written(tracking_id, engagement, reason):
    with pytest.raises(PayloadError, match=reason):
        build_url(tracking_id, engagement)


def test_hosts_may_be_those_of_a_service_of_ones_own():
    hosts = {"c.example": "click", "i.example": "impression"}
    url = build_url(1, CLICK, host="c.example")
    assert url.startswith("https://c.example/serve/1?")
    assert parse_url(url, hosts=hosts) == CLICK
    assert isinstance(parse_url(url.replace("//c.", "//i."), hosts=hosts), Impression)
    assert tracking_id_of(url, hosts=hosts) == "1"


def test_link_values_are_those_that_macros_read():
    click = Click(
        "192.0.2.1", AGENT, 1453895044, "1", afpub_id="6304", site_id="7", google_aid="g", custom={"bid": "5"}
    )
    event = Event(link=link_values(click))
    url = "https://n.example/pb?{click_id}+{click_timestamp}+{click_user_agent}+{afpub_id}+{site_id}+{bid}+{google_aid}"
    of_family = Click("192.0.2.1", AGENT, 1453895044, "1", custom={"dcp_site": "5", "bid": "6"})
    assert link_values(of_family, dialect="adjust") == {"dcp_site": "5"}
    texts = render(url, event, dialect="appmetrica").partition("?")[2].split("+")
    assert list(map(unquote, texts)) == ["1", "1453895044", AGENT, "6304", "7", "5", ""]


def test_the_landing_page_comes_out_as_printed():
    printed = (
        "play.google.com/store/apps/details?hl=ru&gl=ru&id=com.non.noncalendar&referrer=appmetrica_click_id%3D123456789"
    )
    assert landing_url(printed.partition("&referrer")[0], CLICK) == printed


STORE = "https://play.google.com/store/apps/details"


@pytest.mark.parametrize(
    ("store_url", "expected"),
    [
        pytest.param("?id=x", "?id=x&referrer={}", id="no-referrer"),
        pytest.param("", "?referrer={}", id="no-query"),
        pytest.param("?", "?referrer={}", id="empty-query"),
        pytest.param("?id=x&", "?id=x&referrer={}", id="empty-pair"),
        pytest.param("?id=x#top", "?id=x&referrer={}#top", id="fragment"),
        pytest.param("?referrer=&id=x", "?referrer={}&id=x", id="empty-referrer"),
        pytest.param("?referrer=utm_source%3Da&id=x", "?referrer=utm_source%3Da%26{}&id=x", id="referrer"),
        pytest.param("?referrer=appmetrica_click_id%3D9%26b%3D1", "?referrer=b%3D1%26{}", id="earlier-click"),
    ],
)
def test_the_click_id_joins_what_is_there(store_url, expected):
    assert landing_url(STORE + store_url, CLICK) == STORE + expected.format("appmetrica_click_id%3D123456789")


def test_the_external_id_stands_in_for_the_click_id():
    assert "%3D987" in landing_url(STORE, Click("::1", "x", 1, external_click_id="987"))
    assert "%3D123" in landing_url(STORE, Click("::1", "x", 1, click_id="123", external_click_id="987"))


def test_without_an_id_there_is_nothing_to_pass_on():
    with pytest.raises(PayloadError, match="click_id or external_click_id"):
        landing_url(STORE, Click("::1", "x", 1))


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda text: placeholder(text, identifier=True) is None and not holds_macro(text)
)
ids = texts.filter(lambda text: not set(text) & set("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"))
addresses = st.ip_addresses().map(str)
names = texts.filter(lambda name: not any(name in (row.name, *row.spellings) for row in parameters().values()))


@reaching(encoded=40)
@given(texts)
def test_the_receiver_of_the_store_decodes_the_original_id(click_id):
    url = landing_url(STORE + "?id=x&referrer=a%3D1", Click("::1", "x", 1, click_id=click_id))
    [referrer] = parse_qs(urlsplit(url).query)["referrer"]
    assert parse_qs(referrer, keep_blank_values=True) == {"a": ["1"], "appmetrica_click_id": [click_id]}
    reached(*["encoded"] * (quote(click_id) != click_id))


engagements = st.builds(
    lambda kind, *arguments, **named: kind(*arguments, **named),
    st.sampled_from([Click, Impression]),
    addresses,
    texts,
    st.integers(0, 10**11 - 1),
    click_id=st.none() | ids,
    external_click_id=st.none() | ids,
    noredirect=st.booleans(),
    google_aid=st.none() | st.uuids().map(str),
    ios_ifa_sha1=st.none() | st.from_regex("[0-9a-f]{40}", fullmatch=True),
    creative_id=st.none() | texts,
    js_redirect=st.booleans(),
    custom=st.dictionaries(names, texts, max_size=3),
)


@reaching(click=20, impression=20, custom=20)
@given(engagements)
def test_what_is_written_is_read_back(engagement):
    assert parse_url(build_url(1, engagement)) == engagement
    reached(type(engagement).__name__.lower(), *["custom"] * bool(engagement.custom))


@reaching(diagnostic=50, read=5, landing=20)
@given(st.text(max_size=40) | st.text("abc=&%?#\n\r\t /:éf0\ud800", max_size=40).map(lambda query: START + query))
def test_any_text_is_a_click_or_the_librarys_own_error(url):
    found = validate(url, arrival=CLICKED)
    assert all(map(str, found))
    reached(*["diagnostic"] * bool(found))
    with suppress(PayloadError):
        parse_url(url)
        reached("read")
    with suppress(PayloadError):
        landing_url(url, Click("::1", "x", 1, click_id=url))
        reached("landing")


@with_each(
    ("query", "code", "fixed"),
    [
        pytest.param("??click_id=1&G", "ME566", "?click_id=1&G", id="second-question-mark"),
        pytest.param("???click_id=1&G", "ME566", "?click_id=1&G", id="third-question-mark"),
        pytest.param("?G&?click_id=1", "ME566", "?G&click_id=1", id="question-mark-in-the-middle"),
        pytest.param("&click_id=1&G", "ME566", "?click_id=1&G", id="no-question-mark"),
        pytest.param("&amp;click_id=1&G", "ME566", "?click_id=1&G", id="no-question-mark-in-html"),
        pytest.param("%3Fclick_id=1&G", "ME566", "?click_id=1&G", id="encoded-question-mark"),
        pytest.param("?G& click_id=1", "ME566", "?G&click_id=1", id="blank-before-a-name"),
        pytest.param("?G&click_id =1", "ME566", "?G&click_id=1", id="blank-after-a-name"),
        pytest.param("?G&\u200bclick_id=1", "ME566", "?G&click_id=1", id="invisible-blank"),
        pytest.param("?G&%22click_id=1", "ME566", "?G&click_id=1", id="quote"),
        pytest.param("?G&mine=2?click_id=1", "ME566", "?G&mine=2&click_id=1", id="question-mark-for-an-ampersand"),
        pytest.param("?G&mine=2;click_id=1", "ME566", "?G&mine=2&click_id=1", id="semicolon"),
        pytest.param("?click_id=1&amp;G", "ME567", "?click_id=1&G", id="html"),
        pytest.param("?mine=2&AMP;click_id=1&G", "ME567", "?mine=2&click_id=1&G", id="html-in-capitals"),
        pytest.param("?click_id=1&amp;amp;G", "ME567", "?click_id=1&G", id="html-twice"),
        pytest.param("?click_id=1&#38;G", "ME567", "?click_id=1&G", id="html-decimal"),
        pytest.param("?click_id=1&#x26;G#top", "ME567", "?click_id=1&G#top", id="html-hexadecimal"),
        pytest.param("?click_id=1&;G", "ME567", "?click_id=1&G", id="html-without-its-letters"),
        pytest.param("?click_id=1&amp;a=2&b=3&amp;G", "ME567", "?click_id=1&a=2&b=3&G", id="html-here-and-there"),
    ],
)  # fmt: skip
def test_a_wrong_separator_loses_nothing_silently(query, code, fixed):
    url, right = (START[:-1] + text.replace("G", GOOD) for text in (query, fixed))
    [one] = validate(url)
    assert (one.code, one.severity) == (code, "error")
    assert url[: one.fix.span.start] + one.fix.replacement + url[one.fix.span.stop :] == right
    assert validate(right) == []
    assert parse_url(right).click_id == "1"
    with pytest.raises(PayloadError):
        parse_url(url)


def test_html_that_breaks_every_separator_is_one_error():
    url = START + GOOD.replace("&", "&amp;")
    [one] = validate(url)
    assert one.message == "the link was damaged by HTML: '&amp;' stands for '&'"
    assert url[: one.fix.span.start] + one.fix.replacement + url[one.fix.span.stop :] == START + GOOD


def test_a_url_in_a_value_may_have_parameters_of_its_own():
    assert found(GOOD + "&mine=https://n.example/?click_id=1") == []
    assert found(GOOD.replace("=x", "=Mozilla/5.0%20(Linux;%20U;site_id=1)")) == []


@with_each(
    "value",
    [
        "{click_id}", "{{click_id}}", "${click_id}", "${click_id:B64}", "$(click_id)", "%{click_id}", "#{click_id}",
        "@{click_id}@", "${(click_id)!}", "$$sdk(clickid)", "(clickid)", "((clickid))", "[CLICKID]", "[[CLICKID]]",
        "[*ClickID*]", "<clickid>", "__CLICKID__", "%clickid%", "%%CLICK_ID%%", "#clickid#", "##CLICK-ID##",
        "$clickid$", "@clickid@", "$clickid", ":clickid", "!clickid!", "{idfa||gps_adid}", "{Event revenue USD}",
        "{campaign.id}", "{}", "${}", "%s", "%7Bclick_id%7D", "%257Bclick_id%257D", " {click_id} ", "pre-{click_id}",
        "%%A%%-%%B%%", "null", "NULL", "undefined", "None", "nil", "NaN", "(null)", "YOURMACRO", "YOUR_CLICK_ID",
        "INSERT_CLICK_ID", "CLICK_ID_HERE", "REPLACE_ME", "click_id", "CLICKID", "[object Object]",
    ],
)  # fmt: skip
def test_an_id_that_was_never_filled_in_is_an_error(value):
    value = (
        value.replace("#", "%23").replace("%%", "%25%25").replace("%s", "%25s").replace("%clickid%", "%25clickid%25")
    )
    value = value.replace("%{", "%25{")
    assert found(f"{GOOD}&click_id={value}") == [f"ME568 {value.rstrip()}"]


@pytest.mark.parametrize(
    "value", ["8594845", "{8e4dd44b-82ec-43d0-a5de-321f3c0b9a71}", "a_b__c", "a:b", "0", "nullable", "AbC$d", "%2541"]
)
def test_an_id_that_only_looks_unusual_passes(value):
    assert found(f"{GOOD}&click_id={value}") == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (GOOD.replace("192.0.2.1", "{ip}"), ["ME568 {ip}"]),
        (GOOD.replace("1453895044", "__TS__"), ["ME568 __TS__"]),
        (GOOD.replace("=x", "={user_agent}"), ["ME568 {user_agent}"]),
        (GOOD.replace("=x", "=null"), ["ME568 null"]),
        (GOOD + "&google_aid={GAID}", ["ME568 {GAID}"]),
        (GOOD + "&afpub_id={publisher}", ["ME568 {publisher}"]),
        (GOOD + "&afpub_id=null", ["ME569 null"]),
        (GOOD + "&mine={mine}", ["ME569 {mine}"]),
        (GOOD + "&mine=undefined", ["ME569 undefined"]),
        (GOOD + "&utm_medium=(none)", []),
        (GOOD + "&mine=a-{b}", []),
        (GOOD + "&mine=" + "{" * 200, []),
    ],
)
def test_how_bad_a_placeholder_is_depends_on_the_parameter(query, expected):
    assert found(query) == expected


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("0.0.0.0", "the unspecified address"),
        ("0.0.0.0/0", "the unspecified address"),
        ("::", "the unspecified address"),
        ("::ffff:0.0.0.0", "the unspecified address"),
        ("127.0.0.1", "a loopback address"),
        ("::1", "a loopback address"),
        ("10.1.2.3", "a private address"),
        ("::ffff:192.168.0.1", "a private address"),
        ("fe80::1%25eth0", "a link-local address"),
        ("255.255.255.255", "a reserved address"),
    ],
)
def test_an_address_that_no_device_has_is_a_warning(address, kind):
    [one] = validate(START + GOOD.replace("192.0.2.1", address))
    assert (one.code, one.severity) == ("ME571", "warning")
    assert one.message == f"'device_ip' is {kind}, which no device on the internet has"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", Click(None, None, None, noredirect=False)),
        ("?click_id=5&mine=1", Click(None, None, None, "5", noredirect=False, custom={"mine": "1"})),
    ],
)
def test_an_ordinary_link_is_told_apart_and_read(query, expected):
    url = START[:-1] + query
    [one] = validate(url)
    assert (one.code, one.severity) == ("ME570", "info")
    assert parse_url(url) == expected
    assert build_url(1, expected).rstrip("?") == url
    assert link_values(expected) == {**expected.custom, **({"click_id": "5"} if query else {}), "noredirect": False,
                                     "appmetrica_js_redirect": True}  # fmt: skip


@pytest.mark.parametrize("query", ["noredirect", "device_ip=192.0.2.1", "Device-UA=x", "click_timestamp="])
def test_a_link_with_anything_of_a_server_is_not_ordinary(query):
    assert found(query)[-1].startswith("ME553") or found(query)[0].startswith("ME553")
    assert "ME570" not in "".join(found(query))


SECRET = "9876F1AA-2983-3855-27BB-2C626772EFAB"


@pytest.mark.parametrize("secret", [SECRET, "490154203237518", "me@n.example", "192.0.2.77", "+491701234567"])
def test_no_message_about_a_url_repeats_a_value(secret):
    names = [row.name for row in parameters().values()]
    queries = [*(f"{name}={secret}" for name in names), f"{secret}=1&{secret}=2", f"mine={{{secret}}}"]
    urls = [f"{START}{GOOD}&{query}&{query}" for query in queries]
    urls += [f"https://{secret}/serve/1", f"{START[:-2]}{secret}?{GOOD}", secret]
    for url in urls:
        for one in validate(url, arrival=CLICKED):
            assert secret not in f"{one.message}{one.hint}", one
