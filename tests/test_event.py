import pytest

from macroengine import CatalogueError, Event, Postback

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
    af={"country_code": "DE"},
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


def test_open_dialect_takes_any_parameter_of_the_link():
    assert Event.from_flat({"sub_id": "7"}, "appmetrica").link == {"sub_id": "7"}
    assert Event.from_json({"link": {"sub_id": "7", "os_version": "x"}}, "appmetrica").link["os_version"] == "x"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "an event is a JSON object, not a list"),
        (1, "not a number"),
        ({"clickid": 1}, "unknown field 'clickid'; did you mean 'click_id'?"),
        ({"evnt_name": 1}, "unknown field 'evnt_name'; did you mean 'event_name'?"),
        ({"sdk": {"xyzzy": 1}}, "unknown field 'xyzzy'$"),
        ({"sdk": {}, "lnk": {}}, "unknown key 'lnk'; did you mean 'link'?"),
        ({"sdk": {}, "link": "x"}, "'link' must be an object, not a string"),
        (
            {"link": {"country_code": "DE"}},
            "'country_code' comes from AF, and stands under 'link'; write it under 'af'",
        ),
        ({"postback": "instal"}, "unknown postback 'instal' .there are: install, in-app"),
        ({"postback": ["install"]}, "unknown postback"),
        ({"attributed": "yes"}, "'attributed' must be true or false, not 'yes'"),
    ],
)
def test_data_that_is_no_event_is_refused(data, message):
    with pytest.raises(CatalogueError, match=message.replace("?", r"\?")):
        Event.from_json(data, "appsflyer")


def test_field_under_a_wrong_source_is_refused_in_an_open_dialect():
    with pytest.raises(CatalogueError, match="write it under 'sdk'"):
        Event.from_json({"af": {"os_version": "14"}}, "appmetrica")


def test_kind_of_postback_is_checked():
    with pytest.raises(ValueError, match="instal"):
        Event(postback="instal")
