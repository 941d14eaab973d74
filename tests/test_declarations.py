"""The declarations of AdCP 3.2 (core/macro-declaration.json), for the macros of every dialect."""

import json

import pytest

from macroengine import Dialect, Policy, UnsupportedError, dialect, dialect_names, parse
from macroengine.declarations import declarations
from macroengine.plan.resolve import resolve
from tests.support.trying import slow_after

ALWAYS = {
    "declaration_id",
    "token",
    "dialect",
    "dialect_semantic",
    "mapping_status",
    "operation",
    "location",
    "encoding",
    "required",
    "unavailable_behavior",
}
NESTED = "u=https%3A%2F%2Fx.example%3Fa%3D"
PLACES = ["?a={}", "?a=x{}", "/{}/y", "#{}", "?{}=1", "?" + NESTED + "{}", "?j=%7B%22a%22%3A%22{}%22%7D"]


def declared(source, platform):
    """Return the declarations of a template."""
    own = dialect(platform) if isinstance(platform, str) else platform
    return declarations(resolve(parse(source, own), own, Policy()))


def check_rules(one):
    """Check what the schema demands of a declaration beside its keys."""
    encoding, is_preserved = one["encoding"], one["operation"] == "preserve"
    assert set(one) >= ALWAYS
    assert one["operation"] in ("preserve", "resolve_value")
    assert ("dialect_namespace" in one) == ("dialect_revision" in one) == (one["dialect"] in ("iab_vast", "vendor"))
    assert ("universal_semantic" in one) == (one["mapping_status"] == "verified_universal")
    assert (one["dialect"] == "adcp") == (one["mapping_status"] == "verified_universal")
    assert ("performed_by" in one) != is_preserved
    assert (one["unavailable_behavior"] == "preserve") == is_preserved
    if is_preserved or one["location"]["context"] == "opaque":
        assert is_preserved
        assert encoding == {"kind": "none", "depth": 0}
    if one["dialect"] == "unknown":
        assert is_preserved
        assert one["mapping_status"] == "unresolved"
    if one["unavailable_behavior"] == "omit_parameter":
        assert one["location"]["context"] == "url_query_value"
    if one["unavailable_behavior"] == "dialect_sentinel":
        assert (one["dialect"], one["performed_by"]) == ("iab_vast", "request_executor")
    assert one["required"] is False
    depth = encoding["depth"]
    assert {"none": depth == 0, "rfc3986": depth >= 1, "iab_vast_uri": depth == 1}[encoding["kind"]]


@pytest.mark.parametrize("platform", slow_after(8, dialect_names()))
def test_every_macro_has_a_declaration_that_the_schema_permits(platform):
    own = dialect(platform)
    for spec in own.macros.values():
        written = [own.syntax.write(spec.name)]
        written += [own.syntax.write(name, function) for function, names in spec.functions for name in names]
        for macro in written:
            for place in PLACES:
                try:
                    found = declared(f"https://n.example{place.format(macro)}", own)
                except UnsupportedError:
                    assert platform == "adcp"
                else:
                    assert [one["token"] for one in found] == [macro]
                    check_rules(found[0])


def test_encoding_and_depth_are_those_of_the_place_and_the_name():
    depths = {
        ("?c=%%CLICK_URL%%", "gam"): ("none", 0),
        ("?c=%%CLICK_URL_ESC%%", "gam"): ("rfc3986", 1),
        ("?c=%%CLICK_URL_ESC_ESC%%", "gam"): ("rfc3986", 2),
        ("?" + NESTED + "%%CLICK_URL_ESC_ESC%%", "gam"): ("rfc3986", 2),
        ("?" + NESTED + "(clickid)", "appsflyer"): ("rfc3986", 2),
        ("?" + NESTED + "${AUCTION_PRICE}", "openrtb2"): ("rfc3986", 1),
        ("?p=${AUCTION_PRICE}", "openrtb2"): ("none", 0),
        ("?h=(sha1-idfa)", "appsflyer"): ("rfc3986", 1),
        ("?a=[IFA]", "vast"): ("iab_vast_uri", 1),
        ("?d={DEVICE_ID}", "adcp"): ("rfc3986", 1),
    }
    for (place, platform), (kind, depth) in depths.items():
        [one] = declared(f"https://n.example/{place}", platform)
        assert (one["operation"], one["encoding"]) == ("resolve_value", {"kind": kind, "depth": depth}), place


def test_what_the_protocol_has_no_word_for_is_preserved():
    for place, platform in {
        "?b=##PBS-BIDID##": "prebid-server",
        "?p=${AUCTION_PRICE:B64}": "openrtb2",
        "?" + NESTED + "[IFA]": "vast",
        "?d={date:Y-m-d}": "keitaro",
        "?i={idfa||gps_adid}": "adjust",
    }.items():
        [one] = declared(f"https://n.example/{place}", platform)
        assert one["operation"] == "preserve", place


def test_an_unknown_macro_is_preserved():
    [one] = declared("https://n.example/?a=(nope)", "appsflyer")
    assert (one["dialect"], one["dialect_semantic"], one["mapping_status"]) == ("unknown", "nope", "unresolved")


def test_occurrences_of_a_token_are_counted():
    found = declared("https://n.example/?a={DEVICE_ID}&b={OS}&c={DEVICE_ID}", "adcp")
    assert [(one["declaration_id"], one["location"]["occurrence"]) for one in found] == [
        ("macro-1", 0),
        ("macro-2", 0),
        ("macro-3", 1),
    ]


def test_a_missing_value_omits_a_parameter_that_it_fills_alone():
    found = declared("https://n.example/{OS}?a={DEVICE_ID}&b=x{OS}", "adcp")
    assert [one["unavailable_behavior"] for one in found] == ["reject", "omit_parameter", "reject"]
    [vast] = declared("https://n.example/?a=[IFA]", "vast")
    assert vast["unavailable_behavior"] == "dialect_sentinel"


def test_a_macro_of_the_catalog_is_encoded_once_or_not_declared():
    assert declared("https://n.example/?a={SKU}", "adcp")[0]["performed_by"] == "seller"
    with pytest.raises(UnsupportedError, match=r"\{SKU\} only in a parameter or path of the URL, encoded once"):
        declared(f"https://n.example/?{NESTED}{{SKU}}", "adcp")


def test_a_vendors_dialect_is_named_by_its_page_and_the_digest_of_its_catalogue(tmp_path):
    [one] = declared("https://n.example/?a=(clickid)", "appsflyer")
    assert one["dialect_namespace"].startswith("https://support.appsflyer.com/")
    assert one["dialect_revision"].startswith("sha256:")
    assert (one["performed_by"], one["dialect_semantic"]) == ("source_ad_server", "clickid")
    assert declared("https://n.example/?a=(sha1-idfa)", "appsflyer")[0]["dialect_semantic"] == "sha1-idfa"
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\nsyntax = "brace"\n[macros]\na = { field = "x", source = "SDK" }\n')
    [one] = declared("https://n.example/?a={a}", Dialect.from_toml(path))
    assert one["dialect_namespace"] == "urn:macroengine:dialect:own"


def test_the_command_prints_them(run):
    result = run("explain", "--dialect", "vast", "--format", "adcp", "https://n.example/?a=[IFA]&b=[IFA]")
    assert [one["location"]["occurrence"] for one in json.loads(result.out)] == [0, 1]
    assert run("explain", "--format", "adcp", "https://n.example/").out == "[]\n"
    refused = run("explain", "--dialect", "adcp", "--format", "adcp", f"https://n.example/?{NESTED}{{SKU}}")
    assert (refused.status, "encoded once" in refused.err) == (2, True)
    refused = run("explain", "--format", "adcp", "--file", "t.txt")
    assert (refused.status, "give it as an argument" in refused.err) == (2, True)
