"""The catalogue's facts, held against the pages that they come from and against each other."""

import dataclasses
import json
import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from urllib.parse import unquote

import pytest

from macroengine import Event, RenderError, check, compile_template, parse
from macroengine.catalogue import dialect, dialect_names
from macroengine.catalogue.aliases import documented_names
from macroengine.kinds import Function, HashCase, Postback, Source, ValueType
from tests.support.trying import with_each

# AppsFlyer's table of macros as the help centre shows it in Korean, layout accidents included.
TABLE = Path(__file__).parents[1] / "data" / "appsflyer_table.txt"

ALL = set(Postback)
IN_APP = {Postback.IN_APP, Postback.REJECTED_IN_APP}
REJECTED = {Postback.REJECTED_INSTALL, Postback.REJECTED_IN_APP}
RETARGETING = {Postback.RE_ENGAGEMENT, Postback.RE_ATTRIBUTION}

DIALECTS = dialect_names()
WHOLE = ("appsflyer", "appmetrica")

SOURCES = {"링크": Source.LINK, "SDK": Source.SDK, "AF": Source.PLATFORM}
YES_NO = {"예": True, "아니오": False}

# Where the documented row (the key) and the catalogue (the value) are meant to differ.
AVAILABILITY_EXCEPTIONS = {"is_retargeting": RETARGETING | IN_APP}

# Fields that dialects take from different sources, and why.
SOURCE_EXCEPTIONS = {
    "click_unix_ts": "AppsFlyer's older article says SDK; for AppMetrica it is a parameter of the tracking URL",
    "user_agent": "AppsFlyer's is the device's own, AppMetrica's that of the click",
}

UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
FORMS = {
    "text": r".+",
    "number": r"-?\d+(\.\d+)?",
    "boolean": r"(?i:true|false)",
    "flag": r"[01]",
    "uuid": UUID,
    "time": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
    "unix-time": r"\d{10}",
    "unix-time-ms": r"\d{13}",
    "list": r"[^,]+(,[^,]+)*",
    "rfc3339": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)",
}

APPSFLYER_NAMES = """
    advertiserId:advertising_id advertiser_id:advertising_id gaid:advertising_id
    idfa:IDFA idfv:IDFV vendorid:IDFV imei:IMEI android-id:android_id appsflyer-device-id:appsflyer_id
    app-id:app_id app-name:app_name app-version-name:app_version install-unix-ts:install_unix_ts
    c:C campaign:C af_sub_siteid:af_subsite_id device-brand:device_brand
    event:event_name event-name:event_name eventtime:event_time timestamp:event_time event-value:event_value
    currency:event_revenue_currency monetary:event_revenue_USD orig-monetary:event_revenue mapped-iae:partner_event_id
    ip:ip clickid:clickid publisher_id:publisher_id android_id:android_id encode:encode pid:pid
    wifi:wifi click-ts:click-ts city:city device_brand:device_brand carrier:carrier device-model:device-model
    sdk-version:sdk-version user-agent:user-agent os-version:os-version match-type:match-type
    gp_referer_click_ts:gp_referer_click_ts gp_referer_install_ts:gp_referer_install_ts
    af_sub1:af_sub1 af_sub2:af_sub2 af_sub3:af_sub3 af_sub4:af_sub4 af_sub5:af_sub5
"""

APPMETRICA_POSTBACK_MACROS = """
    adwords_link_id click_id match_type attributed_touch_type transaction_id click_user_agent click_datetime
    click_timestamp click_timezone click_ipv6 conversion_datetime conversion_timestamp conversion_timezone
    conversion_event_name conversion_event_json install_datetime install_timestamp install_timezone install_ipv6
    start_datetime start_timestamp start_timezone session_id adwords_rdid appmetrica_device_id profile_id
    limit_ad_tracking google_aid ios_ifa ios_ifv oaid windows_aid device_manufacturer device_model device_type
    device_locale os_name os_version operator_name mcc mnc app_version_name app_package_name appmetrica_sdk_version
    store_app_id price currency product_id order_id inapp_transaction_id inapp_validated inapp_receipt ecom_revenue
    ecom_quantity ecom_product_name ecom_promocodes ecom_type ecom_category_path_1 ecom_category_path_2
    ecom_category_path_3 ecom_category_path_4 ecom_category_path_5 ecom_category_path_6 ecom_category_path_7
    ecom_category_path_8 ecom_category_path_9 ecom_category_path_10
"""

APPMETRICA_TRACKING_PARAMETERS = """
    click_id external_click_id google_aid google_aid_sha1 google_aid_md5 ios_ifa ios_ifa_sha1 ios_ifa_md5 idfa
    oaid oaid_sha1 oaid_md5 windows_aid windows_aid_sha1 windows_aid_md5 device_ip device_ua click_timestamp
    noredirect afpub_id site_id creative_id appmetrica_js_redirect
"""

FIELDS_OF_BOTH = """
    clickid:click_id advertising_id:google_aid IDFA:ios_ifa IDFV:ios_ifv oaid:oaid is_lat:limit_ad_tracking
    install_unix_ts:install_timestamp install_time:install_datetime click-ts:click_timestamp
    event_name:conversion_event_name event_value:conversion_event_json encode:conversion_event_json
    event_time:conversion_timestamp event_revenue:price event_revenue_currency:currency bundle_id:app_package_name
    app_id:store_app_id app_version:app_version_name language:device_locale platform:os_name os-version:os_version
    device-model:device_model carrier:operator_name match-type:match_type ip:install_ipv6
    attributed_touch_type:attributed_touch_type user-agent:click_user_agent appsflyer_id:appmetrica_device_id
    af_siteid:afpub_id af_subsite_id:site_id
"""


def fold(name):
    """Return `name` without what the fallback look-up ignores: case, hyphen and underscore."""
    return re.sub("[-_]", "", name).lower()


def names_of(spec):
    """Return every name that the catalogue gives a macro."""
    return spec.name, *spec.spellings, *spec.legacy


def offenders(platform, is_right):
    """Return the macros of a dialect whose row is not right."""
    return [spec.name for spec in dialect(platform).macros.values() if not is_right(spec)]


def data_file(platform):
    """Return the text of a dialect's file."""
    return (resources.files("macroengine.catalogue") / "data" / f"{platform}.toml").read_text(encoding="utf-8")


def macro_lines(platform):
    """Return the lines under the [macros] heading."""
    return data_file(platform).split("\n[macros]\n")[1].splitlines()


def documented_rows() -> Iterator[tuple[str, Source, bool, set[Postback]]]:
    """Read the table: name, source, send-all, availability.

    A cell ends at its bar, wherever the line breaks; a row has six cells, and only the last one, IMEI, lacks its sixth.
    """
    _header, _rule, body = TABLE.read_text(encoding="utf-8").split("\n", 2)
    cells = [" ".join(cell.split()) for cell in body.rstrip().removesuffix("|").split("|")]
    assert len(cells) % 6 == 5
    cells.append("")
    for start in range(0, len(cells), 6):
        name, source, send_all, _description, base, optional = cells[start : start + 6]
        if base == "Retargeting only":
            available = RETARGETING
        elif YES_NO[base]:
            available = ALL
        else:
            available = {"인앱": IN_APP, "Rejected": REJECTED, "": set()}[optional]
        yield name.replace(" ", ""), SOURCES[source], YES_NO[send_all], available


DOCUMENTED = list(documented_rows())


def test_the_documented_table_has_42_rows():
    assert len({name for name, *_ in DOCUMENTED}) == len(DOCUMENTED) == 42


@with_each(("name", "source", "send_all", "available"), [pytest.param(*row, id=row[0]) for row in DOCUMENTED])
def test_a_documented_row_is_in_the_catalogue_as_documented(name, source, send_all, available):
    spec = dialect("appsflyer").macros[name]
    assert (spec.source, spec.send_all) == (source, send_all)
    assert set(spec.available) == AVAILABILITY_EXCEPTIONS.get(name, available)
    assert "table" in spec.references


def test_the_table_gives_only_is_retargeting_no_availability_so_the_catalogue_infers_one():
    assert {name for name, *_, available in DOCUMENTED if not available} == set(AVAILABILITY_EXCEPTIONS)
    assert "available" in dialect("appsflyer").macros["is_retargeting"].inferred


def test_a_row_that_cites_the_table_is_in_it_or_reads_the_field_of_one_that_is():
    macros = dialect("appsflyer").macros
    cited = {name for name, spec in macros.items() if "table" in spec.references}
    assert cited - {name for name, *_ in DOCUMENTED} == {"encode"}
    assert macros["encode"].field == macros["event_value"].field


@with_each("pair", APPSFLYER_NAMES.split())
def test_a_name_from_samples_and_older_pages_belongs_to_its_macro(pair):
    alias, _, name = pair.partition(":")
    assert alias in names_of(dialect("appsflyer").macros[name])


def test_spellings_are_those_that_appsflyers_own_samples_use():
    spellings = {spelling for spec in dialect("appsflyer").macros.values() for spelling in spec.spellings}
    assert spellings == {"idfa", "advertiserId", "advertiser_id", "currency", "event"}


@with_each("name", APPMETRICA_POSTBACK_MACROS.split())
def test_a_documented_appmetrica_macro_is_in_the_catalogue(name):
    assert "macros" in dialect("appmetrica").macros[name].references


@with_each("name", APPMETRICA_TRACKING_PARAMETERS.split())
def test_a_parameter_of_the_tracking_url_is_in_the_catalogue(name):
    [spec] = [spec for spec in dialect("appmetrica").macros.values() if name in names_of(spec)]
    assert {"tracking-url", "s2s"} & set(spec.references)


@with_each("pair", FIELDS_OF_BOTH.split())
def test_macros_of_one_meaning_read_one_field_in_both_dialects(pair):
    theirs, _, ours = pair.partition(":")
    assert dialect("appsflyer").macros[theirs].field == dialect("appmetrica").macros[ours].field


def test_publisher_id_is_not_the_site_id():
    macros = dialect("appsflyer").macros
    assert macros["publisher_id"].field != macros["af_siteid"].field


@pytest.mark.parametrize(
    ("variant", "name", "case"),
    [("advertiserId", "advertising_id", "lower"), ("idfa", "IDFA", "upper"), ("android-id", "android_id", "lower")],
)
def test_a_documented_hash_belongs_to_its_macro(variant, name, case):
    spec = dialect("appsflyer").macros[name]
    assert (spec.names_with("sha1"), spec.case) == ((variant,), case)
    assert variant in names_of(spec)
    assert "case" in spec.inferred


def test_no_other_hash_is_documented():
    def is_not_hashed(spec):
        return not spec.functions and spec.case is HashCase.AS_IS

    assert offenders("appsflyer", is_not_hashed) == ["advertising_id", "IDFA", "android_id"]
    assert offenders("appmetrica", is_not_hashed) == []


@with_each("platform", dialect_names())
def test_no_two_macros_have_names_that_fold_together(platform):
    owners = {}
    for spec in dialect(platform).macros.values():
        for name in names_of(spec):
            owners.setdefault(fold(name), set()).add(spec.name)
    assert {folded: macros for folded, macros in owners.items() if len(macros) > 1} == {}


def has_distinct_names(spec):
    return len(set(names_of(spec))) == len(names_of(spec))


def infers_keys_of_a_row(spec):
    keys = {field.name for field in dataclasses.fields(spec)} - {"name", "references", "inferred", "note"}
    return set(spec.inferred) <= keys and len(set(spec.inferred)) == len(spec.inferred)


def has_a_fragment_for_description(spec):
    text = spec.description
    return text.strip() == text and len(text) <= 100 and not text.endswith(".")


def has_no_note_or_one_that_says_something(spec):
    return spec.note is None or spec.note.strip() == spec.note != ""


def has_no_example_or_one_of_its_type(spec):
    if not spec.example:
        return True
    if spec.type is ValueType.JSON:
        return isinstance(json.loads(spec.example), dict | list)
    return re.fullmatch(FORMS[spec.type], spec.example) is not None


def has_a_field_in_lower_snake_case(spec):
    return re.fullmatch("[a-z][a-z0-9]*(_[a-z0-9]+)*", spec.field) is not None


def keeps_what_the_link_says_to_its_own_network(spec):
    return not (spec.source is Source.LINK and spec.send_all)


def is_personal_if_it_identifies_a_device(spec):
    return spec.personal or spec.type is not ValueType.UUID


def is_personal_if_it_is_an_identifier(spec):
    return spec.personal or spec.identifier is None


ROW_RULES = [
    has_distinct_names,
    infers_keys_of_a_row,
    has_a_fragment_for_description,
    has_no_note_or_one_that_says_something,
    is_personal_if_it_is_an_identifier,
    has_no_example_or_one_of_its_type,
    has_a_field_in_lower_snake_case,
    keeps_what_the_link_says_to_its_own_network,
    is_personal_if_it_identifies_a_device,
]


@pytest.mark.parametrize("is_right", ROW_RULES, ids=lambda rule: rule.__name__)
def test_every_row(is_right):
    wrong = {platform: offenders(platform, is_right) for platform in dialect_names()}
    assert {platform: rows for platform, rows in wrong.items() if rows} == {}


@with_each("platform", dialect_names())
def test_every_row_says_where_it_comes_from(platform):
    references = set(dialect(platform).references)
    assert offenders(platform, lambda spec: spec.references and set(spec.references) <= references) == []


@with_each("platform", dialect_names())
def test_every_reference_is_cited(platform):
    cited = {key for spec in dialect(platform).macros.values() for key in spec.references}
    assert cited == set(dialect(platform).references)


@pytest.mark.parametrize("aspect", ["source", "personal"])
@with_each("platform", dialect_names())
def test_macros_that_read_one_field_agree_about_it(platform, aspect):
    seen = {}
    for spec in dialect(platform).macros.values():
        seen.setdefault(spec.field, set()).add(getattr(spec, aspect))
    assert {field: values for field, values in seen.items() if len(values) > 1} == {}


def differing(aspect):
    """Return the fields that macros, of any dialects, do not agree about."""
    seen = {}
    for spec in (spec for platform in DIALECTS for spec in dialect(platform).macros.values()):
        seen.setdefault(spec.field, set()).add(aspect(spec))
    return {field for field, values in seen.items() if len(values) > 1}


def test_a_field_has_one_source_in_all_dialects_or_a_reason():
    assert differing(lambda spec: spec.source) == set(SOURCE_EXCEPTIONS)


@pytest.mark.parametrize("aspect", ["personal", "identifier", "consent"])
def test_dialects_agree_about_what_a_field_says_of_a_person(aspect):
    assert differing(lambda spec: getattr(spec, aspect)) == set()


# What a time is written as does not change it; the values of an event are the same.
UNITS = {"time": "seconds", "unix-time": "seconds", "rfc3339": "seconds", "flag": "boolean"}
UNITS |= {"uuid": "text", "list": "text"}


def test_no_field_has_two_units():
    assert differing(lambda spec: UNITS.get(spec.type, spec.type)) == set()


def test_a_field_of_milliseconds_or_cents_says_so_in_its_name():
    for spec in (spec for platform in DIALECTS for spec in dialect(platform).macros.values()):
        assert (spec.type == "unix-time-ms") is spec.field.endswith("_ms"), spec
        assert "cents" in spec.field or not re.search(r"\b(cents|hundredths)\b", spec.description), spec


def test_the_lists_that_are_known_to_be_cut_say_so():
    partial = "adjust applovin appsflyer-link binom gam google-ads mintegral scaleo singular tiktok tune"
    assert [platform for platform in DIALECTS if dialect(platform).partial] == partial.split()


WHOLE_LISTS = [
    "adcp",
    "adobe-dsp",
    "affise",
    "cake",
    "keitaro",
    "meta",
    "openrtb2",
    "openrtb3",
    "prebid-server",
    "unity",
    "vast",
    "xandr",
    "branch",
]
OTHER_LISTS = [
    "adjust",
    "applovin",
    "appsflyer-link",
    "binom",
    "gam",
    "google-ads",
    "mintegral",
    "scaleo",
    "singular",
    "tiktok",
    "tune",
]


def test_the_platforms_of_which_enough_is_known_have_a_dialect():
    assert sorted([*WHOLE, *WHOLE_LISTS, *OTHER_LISTS]) == DIALECTS
    assert [name for name in OTHER_LISTS if not dialect(name).partial] == []
    assert [name for name in (*WHOLE, *WHOLE_LISTS) if dialect(name).partial] == []


@pytest.mark.parametrize(
    ("platform", "encoding", "missing"),
    [
        ("adcp", "nfc", None),
        ("openrtb2", "none", ""),
        ("openrtb3", "none", ""),
        ("prebid-server", "form", ""),
        ("vast", "component", "-1"),
    ],
)
def test_a_documented_encoding_and_missing_value_is_in_the_catalogue(platform, encoding, missing):
    assert (dialect(platform).encoding, dialect(platform).missing) == (encoding, missing)


@pytest.mark.parametrize(
    ("platform", "macro", "name", "function"),
    [
        ("adjust", "{gps_adid_md5}", "gps_adid", "md5"),
        ("adjust", "{idfa_upper}", "idfa", "upper"),
        ("adjust", "{idfa_md5}", "idfa_md5", None),
        ("adobe-dsp", "${TM_CLICK_URL_URLENC}", "TM_CLICK_URL", "percent"),
        ("gam", "%%CLICK_URL_ESC_ESC%%", "CLICK_URL", "percent2"),
        ("gam", "%%DEST_URL_UNESC%%", "DEST_URL", "none"),
        ("google-ads", "{lpurl+3}", "lpurl", "percent3"),
        ("google-ads", "{escapedlpurl+2}", "escapedlpurl", "percent2"),
        ("keitaro", "{_date:Y-m-d H:i:s,Europe/Kyiv}", "date", "none"),
        ("mintegral", "{imei_md5}", "imei", "md5"),
        ("openrtb2", "${AUCTION_PRICE:B64}", "AUCTION_PRICE", "base64"),
        ("scaleo", "{sub_id1_hash}", "sub_id1_hash", None),
        ("unity", "{ifa_md5}", "ifa", "md5"),
        ("unity", "{android_id_md5}", "android_id_md5", None),
        ("xandr", "${USER_AGENT_ENC}", "USER_AGENT", "percent"),
    ],
)
def test_a_function_in_a_name_is_one_where_the_platform_has_the_value(platform, macro, name, function):
    reading = dialect(platform).syntax.read(macro)
    spec, _ = dialect(platform).find(name)
    assert (reading.name, reading.function) == (name, function)
    assert function is None or name in spec.names_with(function)


def test_a_field_of_hashes_says_so_in_its_name():
    for spec in (spec for platform in DIALECTS for spec in dialect(platform).macros.values()):
        is_hash = re.match(r"(MD5|SHA-1|hash) of\b", spec.description) is not None
        assert not is_hash or re.search("md5|sha1|hash", spec.field), spec


@pytest.mark.parametrize("platform", WHOLE)
def test_every_row_has_an_example(platform):
    assert offenders(platform, lambda spec: spec.example) == []


@with_each("platform", DIALECTS)
def test_every_row_of_a_whole_list_is_described(platform):
    assert dialect(platform).partial or offenders(platform, lambda spec: spec.description) == []


@with_each("platform", DIALECTS)
def test_names_can_be_written_and_read(platform):
    syntax = dialect(platform).syntax
    for spec in dialect(platform).macros.values():
        for name in names_of(spec):
            reading = syntax.read(syntax.write(name))
            assert (reading.name, reading.function, reading.argument) == (name, None, None)
        for function, names in spec.functions:
            for name in names:
                assert syntax.read(syntax.write(name, function)) == (name, function, None, ())


def examples_of(platform):
    """Return an event with the examples of a dialect, and a template that has all of its macros."""
    own = dialect(platform)
    values = {source: {} for source in Source}
    for spec in own.macros.values():
        values[spec.source].setdefault(spec.field, spec.example or None)
    event = Event(values[Source.LINK], values[Source.SDK], values[Source.PLATFORM])
    written = [(spec, own.syntax.write(name)) for spec in own.macros.values() for name in (spec.name, *spec.spellings)]
    written += [
        (spec, own.syntax.write(name, function))
        for spec in own.macros.values()
        for function, names in spec.functions
        for name in names
    ]
    return event, written


# Findings that a template with one macro in it need not have: hints, and macros of another kind of postback.
BESIDES = ("ME107", "ME301", "ME306", "ME307")


@with_each("platform", DIALECTS)
def test_a_template_with_any_of_its_macros_is_clean(platform):
    for _, macro in examples_of(platform)[1]:
        template = f"https://n.example/pb?p={macro}&q={macro}x"
        assert [macro.text for macro in parse(template, platform).macros()] == [macro] * 2
        assert check(template, dialect=platform, ignore=BESIDES) == []


@with_each("platform", DIALECTS)
def test_examples_render(platform):
    event, written = examples_of(platform)
    for spec, macro in written:
        template = f"https://n.example/pb?p={macro}"
        compiled = compile_template(template, dialect=platform, ignore="ME301")
        try:
            url = compiled.render(event)
        except RenderError:
            # What the platform does not encode could add parameters of its own.
            assert "none" in (spec.encoding, dialect(platform).encoding, dialect(platform).syntax.read(macro).function)
        else:
            is_dropped = dialect(platform).drops_missing and not spec.example
            assert url == "https://n.example/pb" if is_dropped else url.startswith("https://n.example/pb?p=")
            if spec.example and spec.name in macro and dialect(platform).syntax.read(macro).function is None:
                assert unquote(url.removeprefix("https://n.example/pb?p="))


def test_names_are_read_from_the_lines_of_files_as_from_the_dialects():
    """For speed, suggestions read the files without parsing them."""
    dialects = [dialect(platform) for platform in DIALECTS]
    assert list(documented_names()) == [
        (own.title, name, spec.field) for own in dialects for spec in own.macros.values() for name in names_of(spec)
    ]


@with_each("platform", DIALECTS)
def test_every_context_and_function_of_a_dialect_is_one_of_a_macro(platform):
    data = tomllib.loads(data_file(platform))
    rows = data["macros"].values()
    contexts = {context for row in rows for context in row.get("contexts", [])}
    # Where no row names contexts, all macros are in all of them.
    assert contexts in (set(), set(data.get("contexts", {})))
    assert {function for row in rows for function in Function if function in row} == set(data.get("functions", {}))


@with_each("platform", dialect_names())
def test_a_macro_is_a_line_and_a_line_is_a_macro(platform):
    rows = [line for line in macro_lines(platform) if line and not line.startswith("#")]
    listed = [name for line in rows for name in tomllib.loads(line)]
    assert len(rows) == len(listed)
    assert listed == list(dialect(platform).macros)


@with_each("platform", dialect_names())
def test_a_row_leaves_out_what_is_the_default(platform):
    defaults = ("send_all", False), ("personal", False), ("available", "all"), ("type", "text")
    empty = [(key, []) for key in ("spellings", "legacy", "inferred", "contexts", *Function)]
    for name, row in tomllib.loads(data_file(platform))["macros"].items():
        assert [key for key, value in [*defaults, *empty] if row.get(key, ...) == value] == [], name


@with_each("platform", dialect_names())
def test_every_group_of_postbacks_is_used(platform):
    data = tomllib.loads(data_file(platform))
    groups = {"all": list(Postback), **data.get("available", {})}
    assert {row.get("available", "all") for row in data["macros"].values()} | {"all"} == set(groups)
    assert set(groups["all"]) == set(Postback)


@pytest.mark.parametrize(
    ("platform", "advertising", "device", "consent"),
    [
        (
            "appsflyer",
            {"advertising_id", "IDFA", "oaid"},
            {"IDFV", "IMEI", "android_id", "appsflyer_id"},
            {"is_lat": "limited", "att-0-1": "authorized", "att-status": "status"},
        ),
        (
            "appmetrica",
            {"google_aid", "ios_ifa", "oaid", "windows_aid", "adwords_rdid"}
            | {
                f"{name}_{hashed}"
                for name in ("google_aid", "ios_ifa", "oaid", "windows_aid")
                for hashed in ("sha1", "md5")
            },
            {"ios_ifv", "appmetrica_device_id"},
            {"limit_ad_tracking": "limited"},
        ),
    ],
)
def test_identifiers_and_what_permits_them_are_marked(platform, advertising, device, consent):
    macros = dialect(platform).macros.values()
    assert {spec.name for spec in macros if spec.identifier == "advertising"} == advertising
    assert {spec.name for spec in macros if spec.identifier == "device"} == device
    assert {spec.name: spec.consent for spec in macros if spec.consent} == consent


@pytest.mark.parametrize(
    ("platform", "inferred"),
    [
        ("appsflyer", {"missing"}),
        ("appmetrica", {"encoding"}),
        ("adjust", {"missing"}),
        ("vast", {"available"}),
        ("openrtb2", {"available"}),
        ("tiktok", {"encoding", "missing", "available"}),
    ],
)
def test_what_no_document_states_of_a_dialect_is_marked(platform, inferred, run):
    assert set(dialect(platform).inferred) == inferred
    shown = run("macros", "--dialect", platform, next(iter(dialect(platform).macros))).out
    marked = {line.split()[0] for line in shown.splitlines() if line.endswith("(inferred)")}
    assert inferred - {"missing"} <= marked
