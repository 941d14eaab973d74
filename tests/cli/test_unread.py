"""Values of events under a name that is only like the one that a template reads."""

import json

import pytest

TEMPLATE = "https://n.example/pb?c={click_id}&s={my_sub}"
NOTE = "macroengine: no macro reads the value 'clickid' of the event; did you mean 'click_id'?\n"


@pytest.mark.parametrize(
    ("event", "sent", "said"),
    [
        ({"link": {"clickid": "1"}}, "?c=&s=", NOTE),
        ({"clickid": "1", "my_sub": "2"}, "?c=&s=2", NOTE),
        ({"clickid": "1", "click_id": "2"}, "?c=2&s=", ""),
        ({"click_id": None, "clickid": "1"}, "?c=&s=", NOTE),
        ({"other": "1"}, "?c=&s=", ""),
        ({"idfa": "A"}, "?c=&s=", ""),
        ({"mysub": "1"}, "?c=&s=", NOTE.replace("clickid", "mysub").replace("click_id", "my_sub")),
    ],
)
def test_a_value_under_another_name_is_named_where_the_dialect_takes_any(run, tmp_path, event, sent, said):
    (tmp_path / "e.json").write_text(json.dumps(event))
    result = run("render", TEMPLATE, "--dialect", "appmetrica", "--event", "e.json")
    assert result == (0, f"https://n.example/pb{sent}\n", said)


def test_it_is_named_where_a_family_takes_any(run, tmp_path):
    (tmp_path / "e.json").write_text('{"dcp_campain": "1"}')
    said = "macroengine: no macro reads the value 'dcp_campain' of the event; did you mean 'dcp_campaign'?\n"
    call = ["render", "?c={dcp_campaign}", "--dialect", "adjust"]
    assert run(*call, "--event", "e.json") == (0, "?c=\n", said)
    (tmp_path / "e.json").write_text('{"dcp_campaign": "1"}')
    assert run(*call, "--event", "e.json") == (0, "?c=1\n", "")


def test_it_is_named_once_for_many_events_and_for_requests(run, tmp_path):
    (tmp_path / "e.jsonl").write_text('{"clickid": "1"}\n' * 3)
    call = ["render", TEMPLATE, "--dialect", "appmetrica"]
    assert run(*call, "--events", "e.jsonl") == (0, "https://n.example/pb?c=&s=\n" * 3, NOTE)
    assert run(*call, "--set", "clickid=1").err == NOTE
    (tmp_path / "r.toml").write_text(f'method = "GET"\nurl = "{TEMPLATE}"\ndialect = "appmetrica"\n')
    assert run("render", "--request", "r.toml", "--set", "clickid=1").err == NOTE


def test_other_dialects_refuse_it(run, tmp_path):
    (tmp_path / "e.json").write_text('{"link": {"clickid": "1"}}')
    said = "macroengine: e.json: unknown field 'clickid'; did you mean 'click_id'?\n"
    assert run("render", "https://n.example/pb?c=(clickid)", "--event", "e.json") == (2, "", said)
