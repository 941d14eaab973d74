"""The valid content of the configuration, and which partners are told if something cannot be rendered."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from attribution_service import partners
from attribution_service.checking import ConfigError
from attribution_service.partners import Config

from macroengine import Event

HERE = Path(__file__).resolve().parents[1]
GOOD = (HERE / "partners.toml").read_text("utf-8")


def config(tmp_path, text):
    path = tmp_path / "partners.toml"
    path.write_text(text, "utf-8")
    (tmp_path / "demo_signing_key.txt").write_text("demo-signing-key\n")
    return Config(path)


def test_the_configuration_that_comes_with_it_is_good(tmp_path):
    assert config(tmp_path, GOOD).partner_names == {"examplenet_int", "othernet_int", "postnet_int"}


EXAMPLENET = "app 'com.example.game', partner 'examplenet_int'"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("= false", '= "false"', f"{EXAMPLENET}: key 'send_all' must be true or false, not 'false'"),
        ("= false", "= 0", f"{EXAMPLENET}: key 'send_all' must be true or false, not 0"),
        ("send_all    = false", "", f"{EXAMPLENET}: key 'send_all' is missing"),
        ("send_all    = false", "sendall = false", f"{EXAMPLENET}: key 'send_all' is missing"),
        ("send_all    = false", "send_all = false\nattributed = false", f"{EXAMPLENET}: unknown key 'attributed'"),
        ('"1019409635088005254"', "1019409635088005254", f"{EXAMPLENET}: key 'tracking_id' must be a string, not 1019"),
        ('"1019409635088005254"', '"600573419754384676"', "'othernet_int': 'tracking_id' is that of another partner"),
        ('"appsflyer"', '"appsflier"', f"{EXAMPLENET}: key 'install': unknown dialect 'appsflier'"),
        ("(clickid)&id", "(clickidd)&id", f"{EXAMPLENET}: key 'install': error[ME101]"),
        ("jitter          = 0.0", "jitter = true", "retry: key 'jitter' must be a number, not True"),
        ("jitter          = 0.0", "jitter = -1", "retry: key 'jitter' must be 0 or more, not -1"),
        ("jitter          = 0.0", "jitter = nan", "retry: key 'jitter' must be 0 or more, not nan"),
        ("answer_within_s = 5.0", "", "retry: key 'answer_within_s' is missing"),
        ('key = "demo-key"', "", "app 'com.example.game': key 'key' is missing"),
        ("127.0.0.0/8", "localhost", "key 'allow_networks': 'localhost' is not a network such as '10.0.0.0/8'"),
        ("[retry]", "[retri]", "key 'retry' is missing"),
        ("[retry]", "[retry", "cannot be read"),
    ],
)
def test_a_wrong_configuration_names_partner_and_key(tmp_path, before, after, message):
    assert before in GOOD
    with pytest.raises(ConfigError) as caught:
        config(tmp_path, GOOD.replace(before, after, 1))
    assert message in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_partner_that_is_no_table_is_named(tmp_path):
    with pytest.raises(ConfigError, match="partner 'x' must be a table, not 1"):
        config(tmp_path, GOOD.partition("[apps.")[0] + '[apps.a]\nkey = "k"\npartners.x = 1\n')


def test_the_service_does_not_start_with_a_wrong_configuration(tmp_path):
    path = tmp_path / "partners.toml"
    path.write_text(GOOD.replace("send_all    = true", 'send_all = "true"'), "utf-8")
    command = [sys.executable, "-m", HERE.name, "--config", str(path), "--database", str(tmp_path / "db.sqlite")]
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "partner 'othernet_int': key 'send_all' must be true or false, not 'true'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_value_that_one_template_cannot_send_keeps_the_event_from_no_other(tmp_path, caplog):
    app = config(tmp_path, GOOD).apps["com.example.game"]
    sdk = {"event_name": "e", "event_revenue": object(), "advertising_id": "g"}
    event = Event({"click_id": "1"}, sdk, postback="in-app")
    other = GOOD.replace("&price={price}", "")
    told = config(tmp_path, other).apps["com.example.game"].postbacks(event, "examplenet_int", lambda _: True)
    assert [name for name, _ in told] == ["othernet_int"]
    with caplog.at_level(logging.WARNING):
        assert app.postbacks(event, "examplenet_int", lambda _: True) == []
    assert "no postback to examplenet_int: the value of macro 'event_revenue' cannot be sent" in caplog.text
    assert "no postback to othernet_int: the value of macro 'price' cannot be sent" in caplog.text


def test_an_owner_that_is_no_longer_a_partner_is_nobody(tmp_path):
    app = config(tmp_path, GOOD).apps["com.example.game"]
    [(name, _)] = app.postbacks(Event(postback="in-app"), "gone_int", lambda _: True)
    assert name == "othernet_int"


def test_what_becomes_of_each_postback_is_counted_without_its_values(tmp_path, monkeypatch):
    counted = []
    monkeypatch.setattr(partners.POSTBACKS, "add", lambda _, labels: counted.append(labels))
    app = config(tmp_path, GOOD).apps["com.example.game"]
    event = Event(link={"click_id": "s3cret"}, postback="install")
    app.postbacks(event, "examplenet_int", lambda _: True)
    assert {"partner": "examplenet_int", "result": "rendered"} in counted
    assert {"partner": "othernet_int", "result": "suppressed", "reason": "other-postback"} in counted
    assert "s3cret" not in repr(counted)


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("(clickid)&id", "(clickidd)&id", "install     ="),
        ('"appsflyer"', "1", "dialect     = 1"),
        ("send_all    = false", "", "examplenet_int]"),
        ("send_all    = false", "send_all = false\nattributed = false", "attributed ="),
        ("jitter          = 0.0", "jitter = -1", "jitter = -1"),
        ('"1019409635088005254"', '"600573419754384676"', "partners.othernet_int]\ntracking_id"),
        ("127.0.0.0/8", "localhost", "allow_networks"),
    ],
)
def test_a_wrong_configuration_names_the_line(tmp_path, before, after, key):
    text = GOOD.replace(before, after, 1)
    line = text.count("\n", 0, text.index(key)) + 1 + key.count("\n")
    with pytest.raises(ConfigError) as caught:
        config(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'partners.toml'}:{line}: ")
