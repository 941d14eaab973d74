"""Events: what `Event.from_flat` and `Event.from_json` accept, where each value is put, and what is refused."""

import copy
import pickle
import re
from dataclasses import FrozenInstanceError, replace
from decimal import Decimal
from types import MappingProxyType
from unittest.mock import Mock

import pytest

from macroengine import CatalogueError, Dialect, Event, Policy, Postback, compile_template, dialect, dialect_names

NESTED = {
    "postback": "in-app",
    "attributed": False,
    "link": {"click_id": "1"},
    "sdk": {"event_name": "x"},
    "af": {"country_code": "DE"},
}
EVENT = Event(
    link={"click_id": "1"},
    sdk={"event_name": "x"},
    platform={"country_code": "DE"},
    postback=Postback.IN_APP,
    attributed=False,
)


def test_flat_mapping_is_sorted_by_source():
    flat = {"click_id": "1", "event_name": "x", "country_code": "DE", "postback": "in-app", "attributed": False}
    assert Event.from_flat(flat, "appsflyer") == EVENT
    assert Event.from_json(flat, "appsflyer") == EVENT


def test_nested_json_is_read():
    assert Event.from_json(NESTED, "appsflyer") == EVENT
    assert Event.from_json({"sdk": {}, "af": None}, "appsflyer") == Event()
    assert Event.from_json({}, "appsflyer") == Event()


def test_a_source_is_named_once():
    assert Event.from_json({"platform": {"country_code": "DE"}}, "appsflyer") == Event(platform={"country_code": "DE"})
    with pytest.raises(CatalogueError, match="'af' and 'platform' are one source; write its fields under 'platform'"):
        Event.from_json({"platform": {"country_code": "DE"}, "af": {}}, "appsflyer")


def test_open_dialect_takes_any_parameter_of_the_link():
    assert Event.from_flat({"sub_id": "7"}, "appmetrica").link == {"sub_id": "7"}
    assert Event.from_json({"link": {"sub_id": "7", "os_version": "x"}}, "appmetrica").link["os_version"] == "x"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "an event is a JSON object, not a list"),
        (1, "not a number$"),
        (Decimal(1), "not a number$"),
        (b'{"link": {}}', "not bytes$"),
        ((), "not tuple$"),
        ({"link": {}, "sdk": b""}, "'sdk' must be an object, not bytes$"),
        ({"link": []}, "'link' must be an object, not a list$"),
        ({"link": 1, "click_id": 2}, "'link' must be an object, not a number$"),
        ({"clickid": 1, "af": "x"}, "'af' must be an object, not a string$"),
        ({"link": None, "clickid": 1}, "unknown field"),
        ({"clickid": 1}, "unknown field 'clickid'; did you mean 'click_id'?"),
        ({"evnt_name": 1}, "unknown field 'evnt_name'; did you mean 'event_name'?"),
        ({"sdk": {"xyzzy": 1}}, "unknown field 'xyzzy'$"),
        ({"sdk": {}, "lnk": {}}, "unknown key 'lnk'; did you mean 'link'?"),
        ({"sdk": {}, "link": "x"}, "'link' must be an object, not a string"),
        (
            {"link": {"country_code": "DE"}},
            "'country_code' comes from AF and is under 'link'; write it under 'platform'",
        ),
        ({"postback": "instal"}, "unknown postback 'instal'; did you mean 'install'? .known: install, in-app"),
        ({"postback": ["install"]}, "unknown postback"),
        ({"attributed": "yes"}, "'attributed' must be true or false, not 'yes'"),
    ],
)
def test_data_that_is_no_event_is_refused(data, message):
    with pytest.raises(CatalogueError, match=message.replace("?", r"\?")):
        Event.from_json(data, "appsflyer")


@pytest.mark.parametrize("name", ["appsflyer", "appmetrica"])
@pytest.mark.parametrize(
    "data",
    [
        {"link": None},
        {"af": None, "sdk": None},
        {"postback": "in-app", "attributed": False, "link": None, "sdk": None, "platform": None},
    ],
)
def test_sources_may_all_be_null(name, data):
    event = Event.from_json(data, name)
    assert (event.link, event.sdk, event.platform) == ({}, {}, {})
    assert event.attributed is data.get("attributed", True)


def test_a_flat_event_may_have_a_parameter_that_is_called_like_a_source():
    assert Event.from_json({"sdk": None, "click_id": "1"}, "appmetrica").link == {"click_id": "1", "sdk": None}


def test_field_under_a_wrong_source_is_refused_in_an_open_dialect():
    with pytest.raises(CatalogueError, match="write it under 'sdk'"):
        Event.from_json({"af": {"os_version": "14"}}, "appmetrica")


@pytest.fixture
def families(tmp_path):
    """A dialect with two families of names, whose fields are called otherwise."""
    (tmp_path / "mine.toml").write_text(
        """name = "mine"
        syntax = "brace"
        [macros]
        p_name = { field = "parameter", source = "Link", family = "p_" }
        s_name = { field = "shared", source = "SDK", family = "s_" }
        id     = { field = "click_id", source = "Link" }
        """
    )
    return Dialect.from_toml(tmp_path / "mine.toml")


@pytest.mark.parametrize(
    ("name", "field"), [("adjust", "dcp_campaign"), ("google-ads", "google_custom_mine"), ("keitaro", "own")]
)
def test_fields_of_a_family_are_read(name, field):
    event = Event(link={field: "1"})
    assert Event.from_flat({field: "1"}, name) == event
    assert Event.from_json({field: "1"}, name) == event
    assert Event.from_json({"link": {field: "1"}}, name) == event


def test_fields_of_a_family_have_the_source_of_the_family(families):
    event = Event(link={"parameter_a": "1"}, sdk={"shared_a": "2"})
    assert Event.from_flat({"shared_a": "2", "parameter_a": "1"}, families) == event
    assert Event.from_json({"link": {"parameter_a": "1"}, "sdk": {"shared_a": "2"}}, families) == event
    assert families.source_of("parameter_") is families.source_of("p_a") is families.source_of("parameters") is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"link": {"shared_a": 1}}, "field 'shared_a' comes from SDK and is under 'link'; write it under 'sdk'"),
        ({"sdk": {"parameter_a": 1}}, "field 'parameter_a' comes from Link and is under 'sdk'; write it under 'link'"),
        ({"p_a": 1}, "unknown field 'p_a'; did you mean 'parameter_a'?"),
        ({"p_name": 1}, "unknown field 'p_name'; did you mean 'parameter'?"),
        # The macro {p_name} stands for the family, and reads the field "parameter".
        ({"parameter_name": 1}, "unknown field 'parameter_name'; did you mean 'parameter'?"),
        ({"p_": 1}, "unknown field 'p_'"),
    ],
)
def test_other_fields_than_those_of_a_family_are_refused(families, data, message):
    with pytest.raises(CatalogueError, match=f"^{re.escape(message)}$"):
        Event.from_json(data, families)


@pytest.mark.parametrize("name", dialect_names())
@pytest.mark.parametrize("field", ["is_lat", "att_status", "att_0_1", "tracking_enabled"])
def test_every_dialect_reads_the_fields_of_consent(name, field):
    own = dialect(name)
    assert Event.from_json({"sdk": {field: "0"}}, own) == Event(sdk={field: "0"})
    flat = Event.from_flat({field: "0"}, own)
    assert flat in (Event(sdk={field: "0"}), *[Event(link={field: "0"})] * own.open)
    if not own.open:
        with pytest.raises(CatalogueError, match=r"comes from .* and is under 'link'; write it under 'sdk'"):
            Event.from_json({"link": {field: "0"}}, own)


@pytest.mark.parametrize("data", [{"event_time": "1451899560"}, {"sdk": {"event_time": "1451899560"}}])
def test_a_value_may_be_given_in_the_unit_of_other_dialects(data):
    template = compile_template("?t=${(event_timestamp)!}", dialect="branch", policy=Policy("in-app"))
    event = Event.from_json({"postback": "in-app", **data}, "branch")
    assert template.render(event) == "?t=1451899560000"


def test_kind_of_postback_is_checked():
    with pytest.raises(
        ValueError, match=r"^unknown postback 'instal'; did you mean 'install'\? \(known: install, in-app, "
    ):
        Event(postback="instal")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"link": None}, "link must be a mapping, not NoneType"),
        ({"sdk": [("ip", "1")]}, "sdk must be a mapping, not list"),
        ({"platform": "city"}, "platform must be a mapping, not 'city'"),
        ({"link": Mock()}, "link must be a mapping, not Mock"),
        ({"attributed": "false"}, "attributed must be True or False, not 'false'"),
        ({"attributed": 1}, "attributed must be True or False, not int"),
        ({"attributed": None}, "attributed must be True or False, not NoneType"),
        ({"postback": None}, "postback must be a Postback or its word, not NoneType"),
        ({"postback": ["install"]}, "postback must be a Postback or its word, not list"),
    ],
)
def test_an_event_of_wrong_types_is_refused_where_it_is_made(arguments, message):
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        Event(**arguments)
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        replace(Event(), **arguments)


def test_any_mapping_holds_values():
    values = MappingProxyType({"click_id": "1"})
    assert Event(link=values).link is values
    assert Event(link=values) == Event(link={"click_id": "1"})
    assert pickle.loads(pickle.dumps(EVENT)) == copy.deepcopy(EVENT) == EVENT


def test_what_is_not_given_is_empty_and_its_own():
    one, other = Event(), Event()
    one.link["click_id"] = "1"
    assert other == Event({}, {}, {}, "install", True) != one
    with pytest.raises(FrozenInstanceError):
        one.attributed = False


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1], "values must be a mapping, not list"),
        (None, "values must be a mapping, not NoneType"),
        ({1: 2}, "each field must be a string, not int"),
    ],
)
def test_a_flat_event_is_a_mapping_of_fields(values, message):
    with pytest.raises(TypeError, match=f"^{message}$"):
        Event.from_flat(values, "appsflyer")
    with pytest.raises(TypeError, match=r"dialect must be the name of a dialect, or a Dialect, not NoneType"):
        Event.from_flat({}, None)
