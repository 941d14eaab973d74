"""The worked examples of the platforms' own documents: a value, and what they print for it. Each has its source."""

import pytest

from macroengine import Default, Event, Missing, Policy, RenderError, check, compile_template, dialect
from macroengine.kinds import Source
from macroengine.testing import reference
from tests.support.trying import with_each

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/51.0.2704.103 Safari/537.36"
USER_AGENT_SENT = (
    "Mozilla%2F5.0%20(X11%3B%20Linux%20x86_64)%20AppleWebKit%2F537.36%20(KHTML%2C%20like%20Gecko)"
    "%20Chrome%2F51.0.2704.103%20Safari%2F537.36"
)

# IAB Tech Lab, VAST 4.x macros, InteractiveAdvertisingBureau/vast, vast4macros/data/macros-data.json at ec2a7ce: the
# pairs "Unencoded" and "Encoded", and the lists, which are printed once.
VAST = [
    ("TIMESTAMP", "2016-01-17T8:15:07.127-05", "2016-01-17T8%3A15%3A07.127-05"),
    ("CONTENTPLAYHEAD", "00:05:21.123", "00%3A05%3A21.123"),
    ("MEDIAPLAYHEAD", "00:05:21.123", "00%3A05%3A21.123"),
    ("ADPLAYHEAD", "00:00:11.355", "00%3A00%3A11.355"),
    ("UNIVERSALADID", "ad-id.org CNPA0484000H", "ad-id.org%20CNPA0484000H"),
    ("CLIENTUA", "MyPlayer/7.1 MyPlayerVastPlugin/1.1.2", "MyPlayer%2F7.1%20MyPlayerVastPlugin%2F1.1.2"),
    ("CLIENTUA", "unknown MyPlayerVastPlugin/1.1.2", "unknown%20MyPlayerVastPlugin%2F1.1.2"),
    (
        "SERVERUA",
        "MyServer/3.0 (+https://myserver.com/contact)",
        "MyServer%2F3.0%20(%2Bhttps%3A%2F%2Fmyserver.com%2Fcontact)",
    ),
    (
        "SERVERUA",
        "AdsBot-Google (+http://www.google.com/adsbot.html)",
        "AdsBot-Google%20(%2Bhttp%3A%2F%2Fwww.google.com%2Fadsbot.html)",
    ),
    ("DEVICEUA", USER_AGENT, USER_AGENT_SENT),
    (
        "DEVICEIP",
        "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        "2001%3A0db8%3A85a3%3A0000%3A0000%3A8a2e%3A0370%3A7334",
    ),
    ("PAGEURL", "https://www.mydomain.com/article/page", "https%3A%2F%2Fwww.mydomain.com%2Farticle%2Fpage"),
    ("OMIDPARTNER", "MyIntegrationPartner/7.1", "MyIntegrationPartner%2F7.1"),
    ("ASSETURI", "https://myadserver.com/video.mp4", "https%3A%2F%2Fmyadserver.com%2Fvideo.mp4"),
    ("CONTENTID", "my-domain.com my-video-123", "my-domain.com%20my-video-123"),
    ("CONTENTURI", "https://mycontentserver.com/video.mp4", "https%3A%2F%2Fmycontentserver.com%2Fvideo.mp4"),
    ("MEDIAMIME", "video/mp4,application/x-mpegURL", "video%2Fmp4,application%2Fx-mpegURL"),
    ("MEDIAMIME", ["video/mp4", "application/x-mpegURL"], "video%2Fmp4,application%2Fx-mpegURL"),
    ("VASTVERSIONS", [2, 3, 5, 6, 7, 8, 11], "2,3,5,6,7,8,11"),
    ("LATLONG", [51.004703, 3.754806], "51.004703,3.754806"),
    ("BLOCKEDADCATEGORIES", "IAB1-6,IAB1-7", "IAB1-6,IAB1-7"),
]

IDFA, GAID = "3E0046F7-8BD4-4F3E-9F91-358B137D2BF0", "7268ceb0-5411-4004-b7cb-bd1fee4b6277"
HASHES = [
    # Mintegral, "Tracking URL", https://adv.mintegral.com/doc/en/integration/quickStart/trackingUrl.html: the IDFA is
    # hashed in upper case, the Google advertising ID in lower case, the others as they are.
    ("mintegral", "{idfa_md5}", IDFA, "77d06cb28c1771e8019be4f4fb6e1938"),
    ("mintegral", "{idfa_md5}", IDFA.lower(), "77d06cb28c1771e8019be4f4fb6e1938"),
    ("mintegral", "{gaid_md5}", GAID, "7c687d7812ae6ca319aecea51d0d7750"),
    ("mintegral", "{gaid_md5}", GAID.upper(), "7c687d7812ae6ca319aecea51d0d7750"),
    ("mintegral", "{imei_md5}", "869634020728636", "ed0427f06978ac06d73e2d6f2049aa9d"),
    ("mintegral", "{android_id_md5}", "d0d4845ae4495a83", "1ebf70337adb6df4b70300edc27c24c8"),
    # Unity, "Attribution link parameters reference", {ifa_md5} on iOS: the IDFA in its original upper case. The digest
    # printed for Android lacks six digits; the others agree.
    ("unity", "{ifa_md5}", "1234ABCD-1234-5678-ABCD-1A2B3C4D5E6F", "9dd6df49d764d6ada0b250a6376d7b44"),
    ("unity", "{ifa_md5}", "1234abcd-1234-5678-abcd-1a2b3c4d5e6f", "9a6a0a84bd8003a97a2109f6c4eb535b"),
]

# AdCP, static/test-vectors/catalog-macro-substitution.json at 3d47896; the last one is of RFC 3629 and UAX #15.
ADCP = [
    ("GTIN", "00013&cmd=drop", "00013%26cmd%3Ddrop"),
    ("JOB_ID", "vacancy-{DEVICE_ID}-42", "vacancy-%7BDEVICE_ID%7D-42"),
    ("SKU", "abc\r\nHost: evil.example", "abc%0D%0AHost%3A%20evil.example"),
    ("STORE_ID", "café-amsterdam", "caf%C3%A9-amsterdam"),
    ("VEHICLE_ID", "VIN-\u202e1234", "VIN-%E2%80%AE1234"),
    ("STORE_ID", "cafe\u0301-amsterdam", "caf%C3%A9-amsterdam"),
]


def rendered(source, platform, macro, value, **options):
    """Return what is sent when the event has a value for one macro, by the engine and by the reference."""
    own = dialect(platform)
    reading = own.syntax.read(macro)
    spec, _ = own.find(reading.name)
    event = Event(**{source.name.lower(): {spec.field: value} for source in Source if source is spec.source})
    sent = compile_template(source, dialect=own, **options).render(event)
    assert sent == reference.render(source, event, dialect=own, **options)
    return sent


@with_each(("name", "value", "sent"), VAST)
def test_vast_encodes_as_its_reference_prints(name, value, sent):
    template = f"https://n.example/pixel?v=[{name}]"
    assert rendered(template, "vast", f"[{name}]", value) == f"https://n.example/pixel?v={sent}"


def test_vast_says_that_a_value_is_not_known_as_documented():
    template = "https://n.example/pixel?i=[IFA]&s=[SERVERSIDE]&p=[PAGEURL]"
    assert compile_template(template, dialect="vast").render(Event()).endswith("?i=-1&s=0&p=-1")
    dropped = compile_template(template, dialect="vast", missing=Missing.DROP)
    assert dropped.render(Event()) == "https://n.example/pixel"


@pytest.mark.parametrize(("platform", "macro", "value", "digest"), HASHES)
def test_a_hash_is_that_of_the_identifier_in_its_documented_case(platform, macro, value, digest):
    assert rendered(f"https://n.example/c?h={macro}", platform, macro, value) == f"https://n.example/c?h={digest}"


@pytest.mark.parametrize(("name", "value", "sent"), ADCP)
def test_adcp_encodes_as_its_vectors_say(name, value, sent):
    template = f"https://track.example/imp?s={{{name}}}"
    assert rendered(template, "adcp", f"{{{name}}}", value) == f"https://track.example/imp?s={sent}"


def test_adcp_encodes_alike_in_a_path_and_in_a_query():
    template = "https://track.example/catalog/{CATALOG_ID}/ping?cid={CATALOG_ID}"
    url = rendered(template, "adcp", "{CATALOG_ID}", "gmc/primary feed")
    assert url == "https://track.example/catalog/gmc%2Fprimary%20feed/ping?cid=gmc%2Fprimary%20feed"


# AdCP, docs/creative/universal-macros.mdx at 4439b18: a parameter whose macro has no value is dropped.
def test_adcp_drops_a_parameter_without_a_value():
    template = "https://track.example/{CATALOG_ID}/imp?a=1&d={DEVICE_ID}&u=https%3A%2F%2Fx%3Fs%3D{SKU}%26k%3D1#{OS}"
    url = "https://track.example//imp?a=1&u=https%3A%2F%2Fx%3Fk%3D1#"
    assert compile_template(template, dialect="adcp", ignore="ME").render(Event()) == url
    assert reference.render(template, Event(), dialect="adcp") == url
    empty = {"*": Default("")}
    url = "https://track.example//imp?a=1&d=&u=https%3A%2F%2Fx%3Fs%3D%26k%3D1#"
    assert compile_template(template, dialect="adcp", missing=empty, ignore="ME").render(Event()) == url
    assert reference.render(template, Event(), dialect="adcp", missing=empty) == url


# Prebid Mobile for iOS, ORTBMacrosHelper.swift at d7d7b4e: the standard base64 of the UTF-8, not encoded further.
@pytest.mark.parametrize(
    ("price", "base64"), [("0.91", "MC45MQ=="), ("0.158", "MC4xNTg="), ("1", "MQ=="), ("12.50", "MTIuNTA=")]
)
@pytest.mark.parametrize(
    ("platform", "name"), [("openrtb2", "AUCTION_PRICE"), ("openrtb3", "OPENRTB_PRICE")], ids=["2.6", "3.0"]
)
def test_openrtb_sends_a_price_as_base64(platform, name, price, base64):
    macro = f"${{{name}:B64}}"
    assert rendered(f"https://n.example/win?p={macro}", platform, macro, price) == f"https://n.example/win?p={base64}"


# OpenRTB 2.6, section 4.4: values are inserted unchanged, and what is not known is the empty string.
def test_openrtb_sends_values_as_they_are():
    template = "https://n.example/win?p=${AUCTION_PRICE}"
    assert rendered(template, "openrtb2", "${AUCTION_PRICE}", "0.91") == "https://n.example/win?p=0.91"
    assert compile_template(template, dialect="openrtb2").render(Event()) == "https://n.example/win?p="
    seat = "https://n.example/win?s=${AUCTION_SEAT_ID}"
    assert rendered(seat, "openrtb2", "${AUCTION_SEAT_ID}", "a:b/c(d)") == "https://n.example/win?s=a:b/c(d)"


@pytest.mark.parametrize("value", ["a&b=c", "a#b", "a b", "a\r\nb", "a%b", "é", '"'])
def test_but_none_that_would_leave_its_place(value):
    compiled = compile_template("https://n.example/win?s=${AUCTION_SEAT_ID}", dialect="openrtb2")
    with pytest.raises(RenderError, match="would leave its place"):
        compiled.render(Event(platform={"seat_id": value}))


# Prebid Server, macros/string_index_based_replacer.go at 0ba3523: url.QueryEscape, which writes a space as a plus sign.
@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("bidId123", "bidId123"),
        ("https://example.com/page?a=1&b=2", "https%3A%2F%2Fexample.com%2Fpage%3Fa%3D1%26b%3D2"),
        ("a b+c", "a+b%2Bc"),
        ("ä~-_.!*'()", "%C3%A4~-_.%21%2A%27%28%29"),
    ],
)
def test_prebid_server_escapes_as_go_does(value, sent):
    template = "http://tracker.example?page=##PBS-PAGEURL##"
    assert rendered(template, "prebid-server", "##PBS-PAGEURL##", value) == f"http://tracker.example?page={sent}"


# The same, string_index_based_replacer_test.go, "macro not found".
def test_prebid_server_sends_nothing_for_what_it_does_not_know():
    template = "http://tracker.example?macro1=##PBS-test1##"
    assert compile_template(template, dialect="prebid-server").render(Event()) == "http://tracker.example?macro1="


# Keitaro, "S2S postback parameters": `_` before a name sends it raw.
def test_keitaro_sends_a_value_raw_where_the_name_says_so():
    assert rendered("https://n.example/?k={keyword}", "keitaro", "{keyword}", "a/b c").endswith("?k=a%2Fb%20c")
    assert rendered("https://n.example/?k={_keyword}", "keitaro", "{_keyword}", "a/b").endswith("?k=a/b")


# Google Ad Manager, https://support.google.com/admanager/answer/6081628: escaped so often as the name says.
@pytest.mark.parametrize(
    ("platform", "macro", "sent"),
    [
        ("gam", "%%CLICK_URL_UNESC%%", "https://c.example/?a=b"),
        ("gam", "%%CLICK_URL_ESC%%", "https%3A%2F%2Fc.example%2F%3Fa%3Db"),
        ("gam", "%%CLICK_URL_ESC_ESC%%", "https%253A%252F%252Fc.example%252F%253Fa%253Db"),
        ("xandr", "${CLICK_URL}", "https://c.example/?a=b"),
        ("xandr", "${CLICK_URL_ENC}", "https%3A%2F%2Fc.example%2F%3Fa%3Db"),
        ("adobe-dsp", "${TM_CLICK_URL_URLENC}", "https%3A%2F%2Fc.example%2F%3Fa%3Db"),
    ],
)
def test_a_name_says_how_often_a_url_is_encoded(platform, macro, sent):
    assert rendered(f"https://n.example/?u={macro}", platform, macro, "https://c.example/?a=b").endswith(f"?u={sent}")


def test_the_examples_are_of_templates_that_check_finds_nothing_wrong_with():
    for platform, names in {"vast": VAST, "adcp": ADCP}.items():
        for name, *_ in names:
            template = f"https://n.example/?v={dialect(platform).syntax.write(name)}"
            found = check(template, dialect=platform, policy=Policy())
            assert [finding.code for finding in found if finding.severity != "info"] == []
