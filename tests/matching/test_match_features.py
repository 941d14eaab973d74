"""The values of lists, families of names and other units in URLs, and what is withheld from some events."""

import pytest

from macroengine import Dialect, Event, Missing, Policy, compile_template, dialect, match

OWN = """
name = "own"
syntax = "brace"
[functions]
sha1 = "NAME_sha1"
base64 = "NAME_b64"
upper = "NAME_up"
[macros]
l = { field = "l", source = "SDK", type = "list", sha1 = ["l"], base64 = ["l"], upper = ["l"] }
t = { field = "t", source = "SDK" }
of_name = { field = "of", source = "SDK", type = "uuid", family = "of_" }
"""
SHA1_OF_A, SHA1_OF_B = "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8", "e9d71f5ee7c92d6dc9e92ffdad17b8bd49418f98"
IDFA = "30255BCE-4CDA-4F62-91DC-475B1D7E60A2"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    return Dialect.from_toml(path)


def names(found):
    return [diagnostic.name for diagnostic in found.diagnostics]


# Lists


@pytest.mark.parametrize(
    ("macro", "sent", "text", "expected"),
    [
        ("l", "2,7", "2,7", []),
        ("l", "a%2Fb,c%20d", "a/b,c d", []),
        ("l", "a%2Cb,c", "a,b,c", []),
        ("l", ",", ",", []),
        ("l", "2", "2", []),
        ("l", "a/b,c", "a/b,c", ["not-encoded"]),
        ("l", "a+b,c", "a+b,c", ["not-encoded"]),
        ("l", "a%252Fb,c", "a%2Fb,c", ["double-encoded"]),
        ("l", "a%2fb,c", "a/b,c", ["wrong-case"]),
        ("l", "a,%7Bl%7D", "a,{l}", ["literal-macro"]),
        ("l_b64", "YQ%3D%3D,Yg%3D%3D", "a,b", []),
        ("l_b64", "YQ%3D%3D,Y", None, ["wrong-value"]),
        ("l_up", "A,b", "A,b", ["wrong-case"]),
    ],
)
def test_a_list_is_read_as_its_text(own, macro, sent, text, expected):
    found = match(f"https://n.example/pb?a={{{macro}}}", f"https://n.example/pb?a={sent}", dialect=own)
    assert (found.values.get("l"), names(found)) == (text, expected)


def test_a_value_that_is_no_list_has_no_comma(own):
    assert names(match("https://n.example/pb?a={t}", "https://n.example/pb?a=2,7", dialect=own)) == ["not-encoded"]


def test_the_hashes_of_a_list_are_verified_one_by_one(own):
    template, url = "https://n.example/pb?a={l_sha1}", f"https://n.example/pb?a={SHA1_OF_A},{SHA1_OF_B}"
    event = Event(sdk={"l": ["a", "b"]})
    assert compile_template(template, dialect=own).render(event) == url
    found = match(template, url, dialect=own, event=event)
    assert (found.hashes, names(found)) == ({"sha1-l": f"{SHA1_OF_A},{SHA1_OF_B}"}, [])
    assert names(match(template, f"{url}0", dialect=own)) == ["wrong-value"]
    assert names(match(template, url, dialect=own, event=Event(sdk={"l": ["b", "a"]}))) == ["different-value"]


@pytest.mark.parametrize(
    ("value", "sent", "expected"),
    [
        (["2", "7"], "2,7", []),
        ("2,7", "2,7", []),
        (["2", "7"], "2%2C7", ["double-encoded"]),
        (["2,7"], "2%2C7", []),
        (["2,7"], "2,7", ["not-encoded"]),
        (["2,7", "8"], "2,7,8", ["not-encoded"]),
        (["2", "7"], "2,8", ["different-value"]),
        (["a b", "7"], "a%2520b,7", ["double-encoded"]),
        (["a%41", "7"], "a%2541,7", []),
        (["a/b", "7"], "a%2fb,7", ["wrong-case"]),
        (None, "2,7", ["different-value"]),
    ],
)
def test_the_elements_of_a_list_are_compared_with_those_of_the_event(own, value, sent, expected):
    template = compile_template("https://n.example/pb?a={l}", dialect=own)
    found = template.match(f"https://n.example/pb?a={sent}", event=Event(sdk={"l": value}))
    assert names(found) == expected


def test_what_is_wrong_with_the_commas_of_a_list_is_said(own):
    template = compile_template("https://n.example/pb?a={l}", dialect=own)
    [found] = template.match("https://n.example/pb?a=2%2C7", event=Event(sdk={"l": [2, 7]})).diagnostics
    assert found.message == "double-encoded: a comma between elements is encoded in the list 'l'"
    assert found.hint == "it should be '2,7'"
    [found] = template.match("https://n.example/pb?a=2,7", event=Event(sdk={"l": ["2,7"]})).diagnostics
    assert found.message == "not encoded: a comma in an element is not encoded in the list 'l'"


def test_vast_writes_lists():
    url = "https://n.example/t?c=[CONTENTCAT]&s=[PLAYERSTATE]"
    found = match(url, "https://n.example/t?c=IAB1-1,IAB1-2&s=muted,fullscreen", dialect="vast")
    assert (found.values, names(found)) == ({"contentcat": "IAB1-1,IAB1-2", "playerstate": "muted,fullscreen"}, [])


# Unicode's form NFC, and parameters that are dropped


def test_a_text_in_another_form_is_found():
    macros = dialect("adcp").macros
    source = "https://n.example/pb?q={KEYWORDS}"
    event = Event(**{macros["KEYWORDS"].source.lower(): {macros["KEYWORDS"].field: "e\u0301"}})
    template = compile_template(source, dialect="adcp")
    found = template.match("https://n.example/pb?q=%C3%A9", event=event)
    assert ([*found.values.values()], names(found)) == (["é"], [])
    for options in ({}, {"event": event}):
        found = template.match("https://n.example/pb?q=e%CC%81", **options)
        assert ([*found.values.values()], names(found)) == (["e\u0301"], ["wrong-value"])
        assert "is not in Unicode's form NFC" in found.diagnostics[0].message


def test_a_parameter_that_the_platform_drops_is_not_missing():
    source = "https://n.example/pb?q={KEYWORDS}&c=1"
    for found in (
        match(source, "https://n.example/pb?c=1", dialect="adcp"),
        match(source, "https://n.example/pb?c=1", dialect="adcp", event=Event()),
        compile_template(source, dialect="adcp").match("https://n.example/pb?c=1", event=Event()),
    ):
        assert (found.values, names(found)) == ({}, [])
    assert names(match(source, "https://n.example/pb?q=a", dialect="adcp")) == ["missing-parameter"]


# Other units


@pytest.mark.parametrize(
    ("values", "sent", "expected"),
    [
        ({"click_unix_ts": 1451923560}, "1451923560000", []),
        ({"click_unix_ms": 1451923560001, "click_unix_ts": 5}, "1451923560001", []),
        ({"click_unix_ts": 1451923561}, "1451923560000", ["different-value"]),
        ({"click_unix_ts": 1451923560}, "1451923560", ["different-value", "wrong-value"]),
        ({"click_unix_ts": 5}, "5000", []),
    ],
)
def test_a_value_in_another_unit_is_that_of_the_macro(values, sent, expected):
    source = "https://n.example/pb?t=${(last_attributed_touch_timestamp)!}"
    for template in (source, compile_template(source, dialect="branch")):
        options = {"dialect": "branch"} if template is source else {}
        found = match(template, f"https://n.example/pb?t={sent}", event=Event(sdk=values), **options)
        assert (found.values, sorted(names(found))) == ({"click_unix_ms": sent}, expected)


# Families of names


def test_a_name_of_a_family_is_one_of_a_macro(own):
    found = match("https://n.example/pb?a={of_a}", f"https://n.example/pb?a={IDFA}", dialect=own)
    assert (found.values, names(found)) == ({"of_a": IDFA}, [])
    # It is what the family is: here, an identifier.
    assert names(match("https://n.example/pb?a={of_a}", "https://n.example/pb?a=null", dialect=own)) == [
        "empty-identifier"
    ]


@pytest.mark.parametrize(
    ("name", "source", "macro"),
    [
        ("adjust", "https://n.example/pb?a={adid}&b=1", "{dcp_mine}"),
        ("google-ads", "https://n.example/pb?a={keyword}&b=1", "{_mine}"),
        ("appsflyer", "https://n.example/pb?a=(campaign)&b=1", "{dcp_mine}"),
    ],
)
def test_a_literal_macro_of_a_family_is_found(name, source, macro):
    for written in (macro, macro.replace("{", "%7B").replace("}", "%7D"), f"x-{macro}" if name == "adjust" else macro):
        url = source.replace(source[source.index("a=") + 2 : source.index("&")], written)
        assert "literal-macro" in names(match(source, url, dialect=name)), url


# Macros that only the platform knows


def test_a_macro_that_the_catalogue_may_lack_may_have_any_value():
    source = "https://n.example/pb?a={nope}&b={adid}"
    found = compile_template(source, dialect="adjust").match("https://n.example/pb?a=1&b=2")
    assert ([*found.values.values()], names(found)) == (["2"], [])
    assert [reading.state for reading in found.readings] == ["unknown", "read"]
    event = Event(sdk=dict.fromkeys(dialect("adjust").fields, "2"))
    assert names(compile_template(source, dialect="adjust").match("https://n.example/pb?a=1&b=2", event=event)) == []
    dropping = compile_template(source, dialect="adjust", missing=Missing.DROP)
    assert names(dropping.match("https://n.example/pb?b=2")) == []


# Consent


WITHHELD = "https://n.example/pb?c=(clickid)&i=(idfa)&h=(sha1-idfa)"


@pytest.mark.parametrize("missing", [Missing.EMPTY, Missing.DROP, Missing.KEEP])
def test_an_identifier_that_is_withheld_and_was_sent_is_found(missing):
    template = compile_template(WITHHELD, policy=Policy(consent=True), missing=missing)
    shares = Event({"click_id": "1"}, {"idfa": IDFA, "is_lat": False})
    refuses = Event({"click_id": "1"}, {"idfa": IDFA, "is_lat": True})
    sent = template.render(shares)
    assert names(template.match(sent, event=shares)) == []
    assert names(template.match(template.render(refuses), event=refuses)) == []
    found = template.match(sent, event=refuses)
    assert found.values == {"click_id": "1", "idfa": IDFA}
    assert [diagnostic.message for diagnostic in found.diagnostics] == [
        f"different value: {macro!r} was sent, though it is withheld for this event" for macro in ("idfa", "idfa")
    ]


def test_a_value_that_is_withheld_from_a_network_is_found():
    template = compile_template(WITHHELD, policy=Policy(send_all=True))
    event = Event({"click_id": "1"}, {"idfa": IDFA}, attributed=False)
    found = template.match("https://n.example/pb?c=1&i=&h=", event=event)
    assert found.diagnostics[0].message == "different value: 'clickid' was sent, though it is withheld for this event"
    # What the event lacks is not withheld.
    found = template.match("https://n.example/pb?c=1&i=&h=", event=Event())
    assert "missing in the event" in found.diagnostics[0].message


def test_an_event_for_which_a_withheld_value_must_be_there_is_not_sent():
    template = compile_template(WITHHELD, policy=Policy(consent=True), missing=Missing.RAISE)
    event = Event({"click_id": "1"}, {"idfa": IDFA, "is_lat": True})
    assert names(template.match(f"https://n.example/pb?c=1&i={IDFA}&h={SHA1_OF_A}", event=event)) == ["not-sent"]
