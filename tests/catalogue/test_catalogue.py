"""Dialect files: how they are read or refused, what they make public, and how they decide what is sent."""

import copy
import hashlib
import os
import pickle
import threading
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime

import pytest

from macroengine import (
    CatalogueError,
    Default,
    Dialect,
    Event,
    Limits,
    Policy,
    check,
    compile_template,
    dialect,
    dialect_names,
    parse,
)
from macroengine.catalogue import Spelling
from macroengine.catalogue.commands import macros_command
from macroengine.kinds import Consent, Encoding, Function, Identifier, Source
from macroengine.testing import reference

HEAD = 'name = "mine"\nsyntax = "brace"\n'
MACRO = HEAD + "[macros]\n"
GOOD = MACRO + 'cid = { field = "click_id", source = "Link" }\n'
ROW = MACRO + "a = {{ field = 'x', source = 'SDK', {} }}"


def load(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return Dialect.from_toml(path)


def test_dialect_of_ones_own_renders(tmp_path):
    mine = load(tmp_path, MACRO + 'cid = { field = "click_id", source = "Link" }\n')
    assert mine.title == "mine"
    assert compile_template("?c={cid}", dialect=mine).render(Event(link={"click_id": "1"})) == "?c=1"


def test_dialects_are_loaded_once_and_pickle_by_name():
    assert all(dialect(name) is dialect(name) for name in dialect_names())
    assert pickle.loads(pickle.dumps(dialect("appsflyer"))) is dialect("appsflyer")
    assert len(pickle.dumps(dialect("appsflyer"))) < 100


def test_dialects_are_equal_by_their_text(tmp_path):
    first = load(tmp_path, MACRO)
    assert first == load(tmp_path, MACRO)
    assert first == copy.copy(first)
    assert first != dialect("appsflyer")
    assert first != MACRO


@pytest.mark.parametrize(
    ("name", "found", "spelling"),
    [
        ("IDFA", "IDFA", Spelling.DOCUMENTED),
        ("idfa", "IDFA", Spelling.DOCUMENTED),
        ("advertiser_id", "advertising_id", Spelling.DOCUMENTED),
        ("currency", "event_revenue_currency", Spelling.DOCUMENTED),
        ("event", "event_name", Spelling.DOCUMENTED),
        ("publisher_id", "publisher_id", Spelling.DOCUMENTED),
        ("vendorid", "IDFV", Spelling.LEGACY),
        ("install-unix-ts", "install_unix_ts", Spelling.LEGACY),
        ("Install_Unix-TS", "install_unix_ts", Spelling.FOLDED),
        ("click_id", "clickid", Spelling.FOLDED),
        ("ENCODE", "encode", Spelling.FOLDED),
    ],
)
def test_names_are_found_by_their_spellings(name, found, spelling):
    spec, how = dialect("appsflyer").find(name)
    assert (spec.name, how) == (found, spelling)


def test_name_that_nobody_has_is_not_found():
    assert dialect("appsflyer").find("no_such_macro") is None


def test_open_dialect_takes_other_names_for_parameters():
    spec, how = dialect("appmetrica").find("my_sub")
    assert (spec.field, spec.source, spec.send_all, how) == ("my_sub", "Link", False, Spelling.PARAMETER)
    # Case counts where names are free.
    assert dialect("appmetrica").find("Click_ID")[1] is Spelling.PARAMETER


def test_unknown_dialect_names_the_nearest():
    with pytest.raises(CatalogueError, match="unknown dialect 'appsflier'; did you mean 'appsflyer'"):
        dialect("appsflier")


def test_a_file_in_the_place_of_a_name_is_told_how_to_be_read(tmp_path):
    for name in ("mine.toml", "Mine.TOML"):
        with pytest.raises(CatalogueError) as refused:
            check("?a=(ip)", dialect=name)
        assert str(refused.value) == f"unknown dialect {name!r}; read a file with Dialect.from_toml({name!r})"
    with pytest.raises(TypeError, match=r"or a Dialect \(read a file with Dialect\.from_toml\), not"):
        check("?a=(ip)", dialect=tmp_path / "mine.toml")
    with pytest.raises(TypeError, match="must be the name of a dialect, or a Dialect, not int"):
        check("?a=(ip)", dialect=1)


def test_the_command_line_takes_the_name_or_the_file_of_a_dialect(tmp_path):
    for name in dialect_names():
        assert dialect(name).cli_name == name
    path = tmp_path / "my own.toml"
    path.write_text(MACRO + 'a = { field = "x", source = "SDK" }')
    own = Dialect.from_toml(path)
    assert own.cli_name == pickle.loads(pickle.dumps(own)).cli_name == str(path)
    assert macros_command(own) == f"`macroengine macros --dialect '{path}'`"
    assert [one.hint for one in check("?a={zzz}", dialect=own, select="ME101")] == [
        f"{macros_command(own)} lists all of mine"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("name = x", r"not TOML: .*line 1, column", id="not-toml"),
        pytest.param('syntax = "brace"\n[macros]', "key 'name' is missing", id="no-name"),
        pytest.param('name = "x"\nsyntax = "brace"', "key 'macros' is missing", id="no-macros"),
        pytest.param(
            'name = "x"\nsyntax = "bracke"\n[macros]',
            "key 'syntax' must be one of paren \\(NAME\\), brace {NAME}, .*, a table, or a list of both, not 'bracke'",
        ),
        pytest.param(
            'name = "x"\nsyntax = []\n[macros]',
            "key 'syntax' names no syntax; expected one of paren \\(NAME\\), brace {NAME}, .*, or a table$",
        ),
        pytest.param(
            'name = "x"\n[syntax]\nname = "a+"\n[macros]',
            r"\[syntax\]: key 'forms' is missing: a list of forms, at least one, as \['{NAME}'\]$",
        ),
        pytest.param(
            'name = "x"\n[syntax]\nforms = ["{NAME}"]\n[macros]',
            r"\[syntax\]: key 'name' is missing: a pattern of names, as '\[A-Za-z0-9_\]\+'$",
        ),
        pytest.param(
            HEAD
            + "functions = { md5 = 'NAME_md5' }\n[macros]\n"
            + "a = { field = 'x', source = 'Platform', md5 = ['a'] }\na_md5 = { field = 'y', source = 'Platform' }",
            r"\[functions\]: 'md5' of 'a' is written like the macro 'a_md5'",
        ),
        pytest.param(HEAD + "opne = true\n[macros]", "unknown key 'opne'; did you mean 'open'", id="unknown-head-key"),
        pytest.param(HEAD + 'open = "yes"\n[macros]', "key 'open' must be true or false, not 'yes'", id="no-flag"),
        pytest.param(HEAD + "macros = 1", "key 'macros' must be a table, not 1", id="macros-no-table"),
        pytest.param(
            MACRO + "a = 1",
            """macro 'a' must be a table, as { field = "NAME", source = "Link" }, not 1""",
            id="row-no-table",
        ),
        pytest.param('name = " "\nsyntax = "brace"\n[macros]', "key 'name' must be a name that is not blank"),
        pytest.param('name = "a\\u001b[31m"\nsyntax = "brace"\n[macros]', "key 'name' must be a name that is not"),
        pytest.param(HEAD + 'title = "a\\nb"\n[macros]', "key 'title' must be a name that is not blank and has no"),
        pytest.param(MACRO + 'a = { field = "", source = "SDK" }', "macro 'a': key 'field' must be a name that is"),
        pytest.param(
            HEAD + 'missing = "0"\ndrops_missing = true\n[macros]', "keys 'missing' and 'drops_missing' contradict"
        ),
        pytest.param(MACRO + 'a = { field = "x" }', "macro 'a': key 'source' is missing", id="no-source"),
        pytest.param(
            MACRO + 'a = { feild = "x", source = "SDK" }', "macro 'a': unknown key 'feild'; did you mean 'field'"
        ),
        pytest.param(
            MACRO + 'a = { field = "x", source = "link" }', "macro 'a': key 'source' must be one of Link, SDK, Platform"
        ),
        pytest.param(
            MACRO + 'a = { field = 1, source = "Platform" }', "macro 'a': key 'field' must be a string, not 1"
        ),
        pytest.param(
            MACRO + 'a = { field = "x", source = "Platform", legacy = "b" }', "macro 'a': key 'legacy' must be a list"
        ),
        pytest.param(
            MACRO + 'a = { field = "x", source = "Platform", available = "some" }',
            r"macro 'a': key 'available' must be 'all' or a key of \[available\] \(it has none; add it there\), not",
        ),
        pytest.param(
            HEAD + '[available]\nsome = ["instal"]\n[macros]',
            r"key 'available' must be a table of lists of the words install, in-app, .*, not {'some': \['instal'\]}",
        ),
        pytest.param(
            HEAD + '[available]\nsome = ["install"]\n[macros]\na = { field = "x", source = "SDK", available = "sum" }',
            r"macro 'a': key 'available' must be 'all' or a key of \[available\] \(some\), not 'sum'",
        ),
        pytest.param(
            MACRO + 'a = { field = "x", source = "Platform" }\nA = { field = "y", source = "Platform" }',
            "macro 'A': 'A' is also a spelling of 'a'",
            id="two-macros-with-one-name",
        ),
        pytest.param(
            MACRO + 'a = { field = "x", source = "Platform" }\nb = { field = "x", source = "SDK" }',
            "macro 'b': field 'x' comes from Platform elsewhere",
            id="one-field-with-two-sources",
        ),
        pytest.param(
            MACRO + 'a-b = { field = "x", source = "Platform" }',
            r"'a-b' cannot be the name in {NAME}, where names match \S+; for other names, make 'syntax' a table with",
        ),
        pytest.param("a = " + "[" * 5000, "nested too deeply", id="nested-too-deeply"),
        pytest.param("a = " + "9" * 5000, "an integer has too many digits", id="long-integer"),
        pytest.param(
            HEAD + '[functions]\nmd = "NAME_md5"\n[macros]', r"\[functions\]: unknown key 'md'; did you mean 'md5'"
        ),
        pytest.param(HEAD + "functions = 1\n[macros]", "key 'functions' must be a table, not 1"),
        pytest.param(HEAD + "[functions]\nmd5 = 1\n[macros]", r"\[functions\]: key 'md5' must be a string, not 1"),
        pytest.param(
            HEAD + "encoding = 'percentage'\n[macros]",
            "key 'encoding' must be one of percent, nfc, component, form, none, json, base64, not 'percentage'",
        ),
        pytest.param(HEAD + "encodign = 'form'\n[macros]", "unknown key 'encodign'; did you mean 'encoding'"),
        pytest.param(HEAD + "missing = -1\n[macros]", "key 'missing' must be a string, not -1"),
        pytest.param(HEAD + "misssing = '-1'\n[macros]", "unknown key 'misssing'; did you mean 'missing'"),
        pytest.param(HEAD + "[labels]\nPlatfrom = 'P'\n[macros]", r"\[labels\]: unknown key 'Platfrom'; did you mean"),
        pytest.param(HEAD + "[labels]\nSDK = 1\n[macros]", r"\[labels\]: key 'SDK' must be a string, not 1"),
        pytest.param(HEAD + "status = 'part'\n[macros]", "key 'status' must be one of complete, partial, not 'part'"),
        pytest.param(HEAD + "contexts = 'win'\n[macros]", "key 'contexts' must be a table, not 'win'"),
        pytest.param(HEAD + "contxts = {}\n[macros]", "unknown key 'contxts'; did you mean 'contexts'"),
        pytest.param(
            HEAD
            + "[contexts]\nwin = 'the win notice'\n[macros]\na = { field = 'x', source = 'SDK', contexts = ['loss'] }",
            r"macro 'a': key 'contexts' must be a list of the words of \[contexts\] \(win\), not \['loss'\]",
        ),
        pytest.param(ROW.format("contexts = ['win']"), r"words of \[contexts\] \(it has none\)"),
        pytest.param(ROW.format("encoding = 'b64'"), "macro 'a': key 'encoding' must be one of percent"),
        pytest.param(ROW.format("missing = 0"), "macro 'a': key 'missing' must be a string, not 0"),
        pytest.param(ROW.format("argument = true"), "macro 'a': key 'argument' must be a string"),
        pytest.param(ROW.format("arguments = 'x'"), "macro 'a': unknown key 'arguments'; did you mean 'argument'"),
        pytest.param(ROW.format("identifier = 'user'"), "key 'identifier' must be one of advertising, device"),
        pytest.param(ROW.format("identifer = 'device'"), "unknown key 'identifer'; did you mean 'identifier'"),
        pytest.param(ROW.format("consent = 'yes'"), "key 'consent' must be one of limited, authorized, status"),
        pytest.param(ROW.format("type = 'unix-time-us'"), "key 'type' must be one of .*unix-time, unix-time-ms"),
        pytest.param(ROW.format("sha265 = ['a']"), "macro 'a': unknown key 'sha265'; did you mean 'sha256'"),
        pytest.param(ROW.format("md5 = 'a'"), "macro 'a': key 'md5' must be a list, not 'a'"),
        pytest.param(ROW.format("md5 = ['a']"), r"macro 'a': key 'md5': \[functions\] does not say how it is written"),
        pytest.param(
            HEAD
            + "functions = { md5 = 'NAME_md5' }\n[macros]\nclick = { field = 'x', source = 'SDK', md5 = ['clik'] }",
            "macro 'click': key 'md5': 'clik' is not a name of this macro; did you mean 'click'",
        ),
    ],
)
def test_wrong_file_is_refused_with_file_macro_and_key(tmp_path, text, message):
    with pytest.raises(CatalogueError, match=message) as caught:
        load(tmp_path, text)
    assert "mine.toml: " in str(caught.value)


def test_a_dialect_is_read_from_a_file_and_from_nothing_else(tmp_path):
    own, bundled = load(tmp_path, GOOD), dialect("appmetrica")
    calls = [
        lambda: replace(bundled, open=False),
        lambda: replace(own, macros=bundled.macros),
        lambda: replace(own),
        lambda: Dialect(*vars(own).values()),
        lambda: Dialect("mine", "mine", own.syntax, own.macros, {}),
        Dialect,
    ]
    for call in calls:
        with pytest.raises(TypeError, match=r"a Dialect is read from a file: use dialect\(name\) or"):
            call()
    with pytest.raises(FrozenInstanceError):
        own.open = True
    assert (repr(own), repr(bundled)) == ("<Dialect mine>", "<Dialect appmetrica>")


def test_a_template_knows_its_dialect(tmp_path):
    """One of your own is judged by itself, also where one of the library has the same name."""
    own = load(tmp_path, GOOD.replace("mine", "appmetrica"))
    template = parse("https://n.example/?a={cid}&b={click_id}", own)
    assert template.dialect is own
    assert [finding.code for finding in check(template)] == ["ME101"]
    assert check(template) == check(template.source, dialect=own) == check(pickle.loads(pickle.dumps(template)))
    assert template != parse(template.source, "appmetrica")


def test_a_template_is_not_judged_in_a_dialect_of_another_syntax():
    template = parse("https://n.example/?a={click_id}", "appmetrica")
    assert check(template, dialect="appmetrica") == []
    with pytest.raises(ValueError, match=r"was parsed as one of AppMetrica; parse its source in AppsFlyer"):
        check(template, dialect="appsflyer")


def test_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(CatalogueError, match=r"none\.toml: cannot be read"):
        Dialect.from_toml(tmp_path / "none.toml")
    path = tmp_path / "bytes.toml"
    path.write_bytes(b"# \xff")
    with pytest.raises(CatalogueError, match=r"bytes\.toml: not UTF-8 at byte 2"):
        Dialect.from_toml(path)
    with pytest.raises(CatalogueError, match="larger than 2 bytes"):
        Dialect.from_toml(path, limits=Limits(catalogue=2))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_dialect_is_read_from_a_pipe_but_not_waited_for(tmp_path, monkeypatch):
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(GOOD,))
    writer.start()
    assert Dialect.from_toml(pipe).name == "mine"
    writer.join()
    monkeypatch.setattr("macroengine.opening._PATIENCE_MS", 50)
    with pytest.raises(CatalogueError, match=r"pipe\.toml: cannot be read: Nothing is written to this pipe$"):
        Dialect.from_toml(pipe)


WHOLE = (
    HEAD
    + """
encoding = "component"
missing  = "-1"
status   = "partial"

[functions]
md5     = "NAME_md5"
percent = "NAME_ESC"

[labels]
Platform = "network"

[contexts]
win  = "sent when the auction is won"
bill = "sent when the impression is billed"

[macros.gaid]
field      = "gaid"
source     = "SDK"
spellings  = ["aid"]
identifier = "advertising"
md5        = ["gaid", "aid"]
percent    = ["gaid"]

[macros.lat]
field   = "is_lat"
source  = "SDK"
consent = "limited"

[macros.price]
field    = "price"
source   = "Platform"
encoding = "none"
missing  = "0"
contexts = ["win"]
argument = "currency"
"""
)

COMPLETE = WHOLE.replace('"partial"', '"complete"')


def test_all_that_a_dialect_may_say_is_exposed(tmp_path):
    mine = load(tmp_path, WHOLE)
    assert (mine.encoding, mine.missing, mine.partial) == (Encoding.COMPONENT, "-1", True)
    assert mine.contexts == {
        "win": "sent when the auction is won",
        "bill": "sent when the impression is billed",
    }
    assert mine.labels == {Source.LINK: "Link", Source.SDK: "SDK", Source.PLATFORM: "network"}
    gaid, lat, price = mine.macros.values()
    assert gaid.functions == ((Function.MD5, ("gaid", "aid")), (Function.PERCENT, ("gaid",)))
    assert (gaid.names_with("md5"), gaid.names_with(Function.SHA1)) == (("gaid", "aid"), ())
    assert (gaid.identifier, gaid.consent, gaid.encoding, gaid.missing) == (Identifier.ADVERTISING, None, None, None)
    assert lat.consent is Consent.LIMITED
    assert (price.source, price.encoding, price.missing) == (Source.PLATFORM, Encoding.NONE, "0")
    assert (price.contexts, price.argument) == (("win",), "currency")
    assert hash(price) == hash(copy.copy(price))


def test_a_dialect_that_says_nothing_has_defaults(tmp_path):
    mine = load(tmp_path, ROW.format("send_all = true"))
    assert (mine.encoding, mine.missing, mine.partial, mine.contexts) == (Encoding.PERCENT, None, False, {})
    assert mine.labels[Source.PLATFORM] == "Platform"
    assert dialect("appsflyer").labels[Source.PLATFORM] == "AF"


def test_what_a_dialect_says_of_a_macro_decides_how_it_is_sent(tmp_path):
    mine = load(tmp_path, WHOLE)
    template = compile_template("https://n.example/pb?a={gaid_md5}&b={lat}&c={price}&d={aid_ESC}", dialect=mine)
    gaid = "9c9a82fb-d5de-4cd1-90c3-527441c11828"
    event = Event(sdk={"gaid": gaid, "is_lat": "it's (on)"}, platform={"price": "1.5"})
    digest = hashlib.md5(gaid.encode()).hexdigest()
    assert template.render(event) == f"https://n.example/pb?a={digest}&b=it's%20(on)&c=1.5&d={gaid}"
    assert template.render(Event()) == "https://n.example/pb?a=-1&b=-1&c=0&d=-1"


def test_a_function_that_is_not_documented_of_a_macro_is_an_error(tmp_path):
    mine = load(tmp_path, COMPLETE)
    [md5] = check("https://n.example/pb?a={lat_md5}", dialect=mine, select="ME105")
    said = "no hash of 'lat' is documented; write {lat}"
    assert (md5.message, md5.hint) == (said, "documented: {gaid_md5}, {aid_md5}")
    [percent] = check("https://n.example/pb?a={aid_ESC}", dialect=mine, select="ME102")
    assert percent.message == "undocumented spelling {aid_ESC}; write {gaid_ESC}"
    [percent] = check("https://n.example/pb?a={lat_ESC}", dialect=mine, select="ME105")
    assert percent.message == "no percent form of 'lat' is documented; write {lat}"
    plain = load(tmp_path, COMPLETE.replace('percent    = ["gaid"]', ""))
    [percent] = check("https://n.example/pb?a={lat_ESC}", dialect=plain, select="ME105")
    assert percent.hint is None


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (datetime(2016, 1, 4, 15, 26, 0, 123_999, UTC), "1451921160123"),
        (datetime(1969, 12, 31, 23, 59, 59, 999_001, UTC), "-1"),
        (datetime(1970, 1, 1, tzinfo=UTC), "0"),
    ],
)
def test_times_in_milliseconds_round_down(tmp_path, time, text):
    mine = load(tmp_path, ROW.format("type = 'unix-time-ms'"))
    event = Event(sdk={"x": time})
    assert compile_template("?t={a}", dialect=mine).render(event) == f"?t={text}"
    assert reference.render("?t={a}", event, dialect=mine) == f"?t={text}"


def test_a_hash_of_an_advertising_identifier_asks_for_consent_too():
    [finding] = check("https://n.example/pb?id={google_aid_md5}", dialect="appmetrica", select="ME306")
    assert finding.hint == "macros for it: {limit_ad_tracking}"


def test_consent_is_not_asked_for_where_the_dialect_has_no_macro_for_it(tmp_path):
    mine = load(tmp_path, ROW.format("identifier = 'advertising'"))
    assert check("https://n.example/pb?id={a}", dialect=mine, select="ME306") == []


def test_a_function_of_a_parameter_of_an_open_dialect_is_not_an_error(tmp_path):
    mine = load(tmp_path, "open = true\n" + COMPLETE)
    assert [found.code for found in check("https://n.example/pb?a={my_ESC}", dialect=mine, select="ME1")] == []
    assert [found.code for found in check("https://n.example/pb?a={lat_ESC}", dialect=mine, select="ME1")] == ["ME105"]


def test_a_macro_may_be_named_like_a_function_that_is_not_documented_of_another(tmp_path):
    functions = HEAD + "functions = { md5 = 'NAME_md5' }\n[macros]\n"
    rows = "a = { field = 'x', source = 'Platform' }\na_md5 = { field = 'y', source = 'Platform' }"
    mine = load(tmp_path, functions + rows)
    assert compile_template("?i={a_md5}", dialect=mine).render(Event(platform={"y": "1"})) == "?i=1"


def test_a_value_without_encoding_is_called_unencoded(tmp_path):
    functions = "functions = { none = 'raw_NAME' }\n[macros]\na = { field = 'a', source = 'Link' }"
    (found,) = check("?i={raw_a}", dialect=load(tmp_path, HEAD + functions), select="ME105")
    assert found.message == "no unencoded form of 'a' is documented; write {a}"


FAMILY = f"""{HEAD}
[macros]
p_name = {{ field = 'p', source = 'Link', family = 'p_', personal = true }}
p_one  = {{ field = 'o', source = 'SDK' }}
"""


def test_names_of_a_family_are_macros_with_fields_of_their_own(tmp_path):
    mine = load(tmp_path, FAMILY)
    template = "https://n.example/?a={p_color}&b={p_one}&c={p_size}"
    event = Event(link={"p_color": "red", "p_size": "9", "p": "no"}, sdk={"o": "1"})
    assert [found.code for found in check(template, dialect=mine)] == []
    assert compile_template(template, dialect=mine).render(event) == "https://n.example/?a=red&b=1&c=9"
    assert reference.render(template, event, dialect=mine) == "https://n.example/?a=red&b=1&c=9"
    assert [found.code for found in check("?a={p_}&b={q}", dialect=mine, select="ME1")] == ["ME101", "ME101"]
    assert mine.find("p_ONE")[1] is mine.find("p-one")[1] is Spelling.FOLDED
    spec, spelling = mine.find("p_color")
    assert (spec.name, spec.field, spec.personal, spelling) == ("p_color", "p_color", True, Spelling.DOCUMENTED)


@pytest.mark.parametrize(
    ("denied", "found"),
    [("p_color", ["{p_color}"]), ("p_name", ["{p_color}", "{p_size}"]), ("p", ["{p_color}", "{p_size}"]), ("o", [])],
)
def test_a_policy_denies_one_of_a_family_or_all(tmp_path, denied, found):
    mine = load(tmp_path, FAMILY)
    template = "https://n.example/?a={p_color}&c={p_size}"
    findings = check(template, dialect=mine, policy=Policy(deny=[denied]), select="ME304")
    assert [template[finding.span.start : finding.span.stop] for finding in findings] == found


def test_what_is_said_of_a_missing_value_may_be_said_of_one_of_a_family(tmp_path):
    mine, template = load(tmp_path, FAMILY), "https://n.example/?a={p_color}&c={p_size}"
    missing = {"p_size": "drop"}
    assert compile_template(template, dialect=mine, missing=missing).render(Event()) == "https://n.example/?a="
    assert reference.render(template, Event(), dialect=mine, missing=missing) == "https://n.example/?a="


def test_names_may_be_given_by_the_field_of_one_of_a_family(tmp_path):
    mine, template = load(tmp_path, FAMILY.replace("'p'", "'par'")), "https://n.example/?a={p_color}&c={p_size}"
    event, missing = Event(link={"par_color": "red"}), {"par_size": "drop", "p_color": "drop"}
    assert compile_template(template, dialect=mine, missing=missing).render(event) == "https://n.example/?a=red"
    assert reference.render(template, event, dialect=mine, missing=missing) == "https://n.example/?a=red"
    found = check(template, dialect=mine, policy=Policy(deny=["par_size"]), select="ME304")
    assert [finding.message for finding in found] == ["{p_size} is denied by the policy"]
    with pytest.raises(ValueError, match="policy denies 'part_size'"):
        check(template, dialect=mine, policy=Policy(deny=["part_size"]))


def test_the_name_of_one_of_a_family_counts_more_than_its_field(tmp_path):
    rows = "{ field = 'p_a', source = 'Link', family = 'p_' }"
    mine = load(tmp_path, f"{HEAD}\n[macros]\np_name = {rows}\n")
    missing = {"p_a_x": "drop", "p_x": Default("1")}
    assert compile_template("?i={p_x}&j={p_a_x}", dialect=mine, missing=missing).render(Event()) == "?i=1"
    assert reference.render("?i={p_x}&j={p_a_x}", Event(), dialect=mine, missing=missing) == "?i=1"


def test_fields_of_a_family_come_from_one_source(tmp_path):
    rows = "p_name = { field = 'p', source = 'Link', family = 'p_' }\nother = { field = 'p_time', source = 'SDK' }"
    with pytest.raises(CatalogueError, match="macro 'p_name': field 'p_time' of the family comes from SDK elsewhere"):
        load(tmp_path, f"{HEAD}\n[macros]\n{rows}\n")


@pytest.mark.parametrize("family", ["", "x_"])
def test_a_family_is_what_its_name_begins_with(tmp_path, family):
    with pytest.raises(CatalogueError, match="macro 'p_name': key 'family' must be what the name begins with"):
        load(tmp_path, FAMILY.replace("'p_'", f"'{family}'"))


@pytest.mark.parametrize(
    ("platform", "macro"),
    [
        ("branch", "${(ad_network.credentials.event_tracker_id)!}"),
        ("adjust", "{dcp_w2a_opportunity_id}"),
        ("google-ads", "{_season}"),
    ],
)
def test_a_documented_family_of_names_is_known(platform, macro):
    assert check(f"https://n.example/?a={macro}", dialect=platform) == []
