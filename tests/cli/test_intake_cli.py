"""The commands of intake: bodies and clicks in, events or diagnostics out."""

import json

import pytest

ID = "1415211453000-6513894"
BODY = {"appsflyer_id": ID, "eventName": "af_purchase", "eventValue": '{"af_revenue":"6"}'}
LATE = "2024-04-30 09:00:00"
CLICK = (
    "https://redirect.appmetrica.yandex.com/serve/1"
    "?click_id=a%20b&device_ip=2001:db8::1&device_ua=x&click_timestamp=1453895044&mine=1"
)
INSTALL = {"link": {"click_id": "8594845"}, "sdk": {"appsflyer_id": ID}, "af": {"country_code": "DE"}}


@pytest.fixture
def write(tmp_path):
    def write(*lines, name="bodies.jsonl"):
        path = tmp_path / name
        path.write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
        return path

    return write


def test_a_body_becomes_an_event(run, write):
    status, out, err = run("intake", "appsflyer-s2s", write({**BODY, "eventTime": "2024-04-29 21:00:00.123"}))
    assert (status, err) == (0, "")
    assert json.loads(out) == {
        "postback": "in-app",
        "attributed": True,
        "link": {},
        "sdk": {
            "appsflyer_id": ID,
            "event_name": "af_purchase",
            "event_value": '{"af_revenue":"6"}',
            "event_revenue": "6",
            "event_time": "2024-04-29 21:00:00",
        },
        "platform": {},
    }


def test_events_piped_into_render_give_postbacks(run, write):
    bodies, installs = write({**BODY, "eventTime": LATE}), write(INSTALL, name="installs.jsonl")
    _, events, _ = run("intake", "appsflyer-s2s", bodies, "--installs", installs)
    template = "https://n.example/pb?c=(clickid)&cc=(country_code)&r=(event_revenue)&t=(event_time)&j=(encode)"
    assert run("render", template, "--events", "-", stdin=events.encode()) == (
        0,
        "https://n.example/pb?c=8594845&cc=DE&r=6&t=2024-04-30%2009%3A00%3A00&j=%7B%22af_revenue%22%3A%226%22%7D\n",
        "",
    )


def test_an_event_without_its_install_is_organic(run, write):
    installs = write({**INSTALL, "sdk": {"appsflyer_id": "another"}}, name="installs.jsonl")
    _, out, _ = run("intake", "appsflyer-s2s", write(BODY), "--installs", installs)
    assert json.loads(out)["attributed"] is False


def test_the_arrival_stamps_events(run, write):
    bodies = write({**BODY, "eventTime": "2024-04-28 21:00:00.000"})
    _, out, _ = run("intake", "appsflyer-s2s", bodies, "--arrival", LATE)
    assert json.loads(out)["sdk"]["event_time"] == LATE


def test_bodies_with_errors_are_reported_with_their_line_and_make_no_event(run, write):
    plain = "'af_revenue' is not a plain figure; only digits, a point and a leading minus are read"
    bodies = write(BODY, b"", {**BODY, "eventValue": '{"af_revenue":"$5"}', "wifi": 1}, b"\xff")
    status, out, err = run("intake", "appsflyer-s2s", bodies)
    assert status == 1
    assert len(out.splitlines()) == 1
    assert err.splitlines() == [
        f"{bodies}:3: error[ME516]: {plain}",
        "  at /eventValue/af_revenue",
        "  hint: write '5'",
        f"{bodies}:3: warning[ME519]: 'wifi' cannot be reported by S2S",
        "  at /wifi",
        "  hint: leave it out; it comes from the SDK alone",
        f"{bodies}:4: error[ME502]: not UTF-8 at byte 0",
    ]


@pytest.mark.parametrize(("options", "status"), [((), 0), (("--strict",), 1)])
def test_warnings_count_only_where_they_are_to(run, write, options, status):
    result, out, err = run("intake", "appsflyer-s2s", write({**BODY, "wifi": 1}), *options)
    assert (result, len(out.splitlines())) == (status, 1)
    assert "warning[ME519]" in err


def test_the_app_says_what_must_be_sent(run, write):
    _, _, err = run("intake", "appsflyer-s2s", write(BODY), "--app-id", "id123456789")
    assert "counts as iOS 14.5" in err


def test_bodies_come_from_standard_input(run):
    status, out, err = run("intake", "appsflyer-s2s", "-", stdin=json.dumps(BODY).encode() + b"\n{")
    assert (status, len(out.splitlines())) == (1, 1)
    assert err.startswith("standard input:2: error[ME503]: not JSON at line 1 column 2")


def test_a_click_becomes_the_event_of_an_install(run):
    status, out, err = run("intake", "appmetrica", CLICK)
    assert (status, err) == (0, "")
    assert run("render", "https://n.example/pb?{click_id}&{mine}", "--dialect", "appmetrica", "--events", "-",
               stdin=out.encode()) == (0, "https://n.example/pb?a%20b&1\n", "")  # fmt: skip


def test_a_click_is_cut_to_what_templates_of_another_dialect_read(run):
    _, out, _ = run("intake", "appmetrica", CLICK, "--dialect", "appsflyer")
    assert run("render", "https://n.example/pb?(clickid)", "--events", "-", stdin=out.encode())[:2] == (
        0,
        "https://n.example/pb?a%20b\n",
    )


def test_clicks_come_from_a_file(run, write):
    urls = write(CLICK.encode(), CLICK.replace("2001:db8::1", "localhost").encode(), CLICK.encode() + b"&a=\xff")
    status, out, err = run("intake", "appmetrica", urls)
    assert (status, len(out.splitlines())) == (1, 1)
    assert err.splitlines()[0] == f"{urls}:2: error[ME554]: 'device_ip' is not an IPv4 or IPv6 address"
    assert f"{urls}:3: error[ME564]" in err


@pytest.mark.parametrize("arrival", ["now", "2016-01-28 11:44:04"])
def test_the_arrival_tells_late_clicks(run, arrival):
    status, out, err = run("intake", "appmetrica", CLICK, "--arrival", arrival)
    assert (status, out) == (1, "")
    assert "error[ME557]" in err


def test_a_body_that_is_cut_off_is_wrong_in_its_own_line(run):
    status, out, err = run("intake", "appsflyer-s2s", "-", stdin=b'{"a": 1\r\n')
    assert (status, out) == (1, "")
    assert err.startswith("standard input:1: error[ME503]: not JSON at line 1 column 8: ")


def test_a_time_that_cannot_be_read_is_wrong_usage(run):
    status, _, err = run("intake", "appmetrica", CLICK, "--arrival", "yesterday")
    assert status == 2
    assert "'yesterday' is not a time; write it like '2024-04-30 01:00:00', in UTC, or 'now'" in err


@pytest.mark.parametrize("command", ["appsflyer-s2s", "appmetrica"])
def test_a_file_that_cannot_be_read_is_named(run, command):
    assert run("intake", command, "missing.jsonl") == (2, "", "macroengine: missing.jsonl: no such file or directory\n")


def test_a_file_of_no_installs_is_named(run, write):
    installs = write({"link": {"clickid": 1}}, name="installs.jsonl")
    status, out, err = run("intake", "appsflyer-s2s", write(BODY), "--installs", installs)
    assert (status, out) == (2, "")
    assert err.startswith(f"macroengine: {installs}:1: unknown field 'clickid'")


@pytest.mark.parametrize("sdk", [{}, {"appsflyer_id": ["a"]}, {"appsflyer_id": {"a": 1}}, {"appsflyer_id": 5}])
def test_an_install_that_no_event_can_match_is_named(run, write, sdk):
    installs = write(INSTALL, {"sdk": sdk}, name="installs.jsonl")
    status, out, err = run("intake", "appsflyer-s2s", write(BODY), "--installs", installs)
    assert (status, out) == (2, "")
    assert err == f"macroengine: {installs}:2: no id of the device that its events could be matched by\n"


def test_standard_input_is_read_once(run):
    status, out, err = run("intake", "appsflyer-s2s", "-", "--installs", "-", stdin=b"{}")
    assert (status, out) == (2, "")
    assert "standard input can be read only once, but - is given for FILE and --installs" in err


@pytest.mark.parametrize("command", ["appsflyer-s2s", "appmetrica"])
def test_a_line_without_an_end_is_not_read_to_it(run, write, command):
    endless = write(b"x" * 17_000_000, name="endless.txt")
    status, out, err = run("intake", command, endless)
    assert (status, out) == (2, "")
    assert err == f"macroengine: {endless}: line 1 is longer than 1,048,576 bytes\n"


def test_a_file_may_begin_with_a_byte_order_mark(run, write):
    status, out, err = run("intake", "appmetrica", write("\ufeff".encode() + CLICK.encode()))
    assert (status, len(out.splitlines()), err) == (0, 1, "")


@pytest.mark.parametrize("options", [(), ("--strict",)])
def test_an_ordinary_link_is_an_info_and_makes_an_event(run, options):
    link = CLICK.partition("&device_ip")[0]
    status, out, err = run("intake", "appmetrica", link, *options)
    assert (status, json.loads(out)["link"]["click_id"]) == (0, "a b")
    assert err.startswith("info[ME570]: an ordinary tracking link")
    assert run("intake", "appmetrica", link.partition("?")[0])[0] == 0


def test_a_code_of_intake_is_explained(run):
    explained = "An object instead of a string that contains JSON.\n\nFound in payloads, by intake."
    assert run("explain", "me515") == (0, f"ME515 not-stringified (error)\n\n{explained}\n", "")
    status, _, err = run("explain", "ME599")
    assert status == 1
    assert "unknown rule 'ME599'; did you mean 'ME5" in err
