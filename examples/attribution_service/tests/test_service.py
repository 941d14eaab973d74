"""The running service: a separate process and real HTTP over loopback; the process is killed at any time."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from macroengine.intake.appmetrica import Click, build_url
from macroengine.intake.appsflyer.fields import fields_below

HERE = Path(__file__).resolve().parents[1]
PACKAGE = HERE.name

ID = "1415211453000-6513894"
GAID = "8e4dd44b-82ec-43d0-a5de-321f3c0b9a71"
ZEROS = "00000000-0000-0000-0000-000000000000"
TRACKING_ID = "1019409635088005254"
OTHERS_TRACKING_ID = "600573419754384676"
POSTNET_TRACKING_ID = "745018362590174113"
KEY = {"authentication": "demo-key"}
EVENT = {"appsflyer_id": ID, "eventName": "af_purchase", "eventValue": '{"af_revenue":"6"}', "eventCurrency": "USD"}
INSTALLED = f"/examplenet/install?clickid=123456789&id={GAID}&site=6304"
PURCHASED = (
    "/examplenet/event?clickid=123456789&event=af_purchase&revenue=6&currency=USD&json=%7B%22af_revenue%22%3A%226%22%7D"
)
TOLD_TO_OTHERS = f"/othernet/event?click=&bid=&aid={GAID}&event=af_purchase&price=6"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A module of the example in a separate process, with its output in a file."""

    def __init__(self, module, output, *arguments):
        self.output, self.command = output, [sys.executable, "-m", module, *map(str, arguments)]
        self.start()

    def start(self):
        with self.output.open("ab") as output:
            self.running = subprocess.Popen(self.command, cwd=HERE.parent, stdout=output, stderr=subprocess.STDOUT)

    def kill(self):
        """Kill it like the kernel does when memory runs out: kill -9."""
        self.running.kill()
        self.running.wait()


class Service:
    """The service and its partner stub, on free ports and with their own files."""

    def __init__(self, directory, *, fail=0):
        self.port, self.stub_port = free_port(), free_port()
        config = (HERE / "partners.toml").read_text("utf-8").replace("127.0.0.1:8001", f"127.0.0.1:{self.stub_port}")
        config = re.sub(r"(first_s|max_s)( *)= 180.0", r"\1\2= 0.2", config)
        config += '[apps."com.example.other"]\nkey = "demo-key"\n'
        (directory / "partners.toml").write_text(config, "utf-8")
        shutil.copy(HERE / "demo_signing_key.txt", directory)
        self.stub = Process(f"{PACKAGE}.partner_stub", directory / "stub.log", "--port", self.stub_port, "--fail", fail)
        options = ("--port", self.port, "--config", directory / "partners.toml", "--database", directory / "db.sqlite")
        self.process = Process(PACKAGE, directory / "service.log", *options)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)
        try:
            self.wait()
        except AssertionError:
            self.close()  # what is left running would fail other tests
            raise

    def wait(self):
        for port in (self.port, self.stub_port):
            wait_until(lambda port=port: socket.create_connection(("127.0.0.1", port), 1).close() or True)

    def restart(self):
        self.process.kill()
        self.process.start()
        self.wait()

    def click(self, tracking_id=TRACKING_ID, host="127.0.0.1", **parameters):
        at = parameters.pop("at", int(time.time()))
        path = build_url(tracking_id, Click("192.0.2.1", "Mozilla/5.0 (Linux)", at, **parameters)).partition("/serve")
        return self.http.get("/serve" + path[2], headers={"host": host})

    def install(self, referrer="", app="com.example.game", **sdk):
        body = {"referrer": referrer, "sdk": {"appsflyer_id": ID, "advertising_id": GAID, **sdk}}
        return self.http.post(f"/install/{app}", json=body, headers=KEY)

    def event(self, body=EVENT, app="com.example.game", headers=KEY):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.post(f"/inappevent/{app}", content=content, headers=headers)

    def delivered(self):
        return [line.removeprefix("200 ") for line in self.stub.output.read_text().splitlines() if line[:3] == "200"]

    def expect(self, *postbacks):
        """Wait until the partners have received these postbacks, and check that no others arrive."""
        wait_until(lambda: len(self.delivered()) >= len(postbacks))
        time.sleep(0.5)
        assert sorted(self.delivered()) == sorted(postbacks)

    def close(self):
        self.http.close()
        self.process.kill()
        self.stub.kill()


def wait_until(is_so, seconds=60):
    last = None
    for _ in range(seconds * 20):
        try:
            if is_so():
                return
        except OSError as error:
            last = error
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {last}")


@pytest.fixture
def start(tmp_path):
    started = []

    def start(**options):
        started.append(Service(tmp_path, **options))
        return started[-1]

    yield start
    for service in started:
        service.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """Share a service whose partners are not checked."""
    shared = Service(tmp_path_factory.mktemp("service"))
    yield shared
    shared.close()


def test_a_click_leads_to_the_postbacks_of_its_network_and_others_get_no_link_values(start):
    service = start()
    assert service.click(click_id="123456789", afpub_id="6304").status_code == 204
    assert service.install("utm_source=x&appmetrica_click_id=123456789").text == "OK"
    answer = service.event()
    assert (answer.status_code, answer.text) == (200, "OK")
    service.expect(INSTALLED, PURCHASED, TOLD_TO_OTHERS)


@pytest.mark.slow
def test_nothing_is_lost_when_it_is_killed_between_click_install_and_event(start):
    service = start()
    service.click(click_id="123456789", afpub_id="6304")
    service.restart()
    service.install("appmetrica_click_id=123456789")
    service.expect(INSTALLED)
    service.restart()
    service.event()
    service.expect(INSTALLED, PURCHASED, TOLD_TO_OTHERS)


@pytest.mark.slow
def test_postbacks_on_their_way_survive_a_kill_and_a_partner_that_is_away(start):
    service = start()
    service.stub.kill()
    service.click(click_id="123456789", afpub_id="6304")
    service.install("appmetrica_click_id=123456789")
    service.event()
    service.process.kill()
    service.stub.start()
    service.process.start()
    service.expect(INSTALLED, PURCHASED, TOLD_TO_OTHERS)


def test_a_partner_is_posted_a_signed_request(start):
    service = start()
    assert service.click(POSTNET_TRACKING_ID, click_id="123456789").status_code == 204
    service.install("appmetrica_click_id=123456789")
    service.event({**EVENT, "eventName": 'a "b" é'})
    body = r'{"click": "123456789", "event": "a \"b\" é", "price": 6, "attributes": {"af_revenue":"6"}}'
    told = TOLD_TO_OTHERS.replace("af_purchase", "a%20%22b%22%20%C3%A9")
    service.expect(told, f"/postnet/event {body}")


def test_a_partner_that_fails_is_tried_again(start):
    service = start(fail=3)
    service.click(click_id="123456789", afpub_id="6304")
    service.install("appmetrica_click_id=123456789")
    service.expect(INSTALLED)
    assert service.stub.output.read_text().splitlines() == [f"500 {INSTALLED}"] * 3 + [f"200 {INSTALLED}"]


@pytest.mark.slow
def test_a_device_id_matches_where_there_is_no_click_id(start):
    service = start()
    service.click(click_id="123456789", afpub_id="6304", google_aid=GAID.upper())
    service.install()
    service.expect(INSTALLED)


@pytest.mark.slow
def test_the_latest_click_counts_and_more_than_an_impression(start):
    service, now = start(), int(time.time())
    service.click(click_id="1", google_aid=GAID, at=now - 60)
    service.click(click_id="123456789", afpub_id="6304", google_aid=GAID, at=now - 30)
    service.click(click_id="2", google_aid=GAID, host="impression.example", at=now)
    service.install()
    service.expect(INSTALLED)


@pytest.mark.slow
def test_the_click_id_counts_more_than_the_device(start):
    service, now = start(), int(time.time())
    service.click(click_id="123456789", afpub_id="6304", at=now - 60)
    service.click(OTHERS_TRACKING_ID, click_id="2", google_aid=GAID, at=now)
    service.install("appmetrica_click_id=123456789")
    service.expect(INSTALLED)


@pytest.mark.slow
def test_devices_that_share_no_id_are_not_taken_for_each_other(start):
    service = start()
    service.click(click_id="123456789", google_aid=ZEROS)
    service.install(advertising_id=ZEROS)
    service.event()
    service.expect(TOLD_TO_OTHERS.replace(GAID, ZEROS))


@pytest.mark.slow
def test_a_click_leads_to_installs_of_its_app_only(start):
    service = start()
    service.click(click_id="123456789", afpub_id="6304", google_aid=GAID)
    service.install("appmetrica_click_id=123456789", app="com.example.other")
    service.event(app="com.example.other")
    service.event({**EVENT, "advertising_id": GAID})
    service.expect(TOLD_TO_OTHERS)


@pytest.mark.slow
def test_an_event_without_an_install_is_organic(start):
    service = start()
    service.event({**EVENT, "advertising_id": GAID})
    service.expect(TOLD_TO_OTHERS)


@pytest.mark.slow
def test_whom_the_sharing_filter_names_is_not_told(start):
    service = start()
    service.click(click_id="123456789", afpub_id="6304")
    service.install("appmetrica_click_id=123456789")
    service.event({**EVENT, "sharing_filter": "all"})
    service.event({**EVENT, "sharing_filter": ["othernet_int"]})
    service.expect(INSTALLED, PURCHASED)


@pytest.mark.slow
def test_the_log_tells_no_personal_data(start):
    service = start()
    service.click(click_id="123456789", afpub_id="6304", google_aid=GAID)
    service.install("appmetrica_click_id=123456789")
    service.event({**EVENT, "customer_user_id": "user-4711"})
    service.event(b"{")
    service.expect(INSTALLED, PURCHASED, TOLD_TO_OTHERS)
    wait_until(lambda: service.process.output.read_text().count("delivered") == 3)
    log = service.process.output.read_text()
    assert "click for examplenet_int" in log
    assert [secret for secret in (GAID, ID, "123456789", "192.0.2.1", "Mozilla", "user-4711") if secret in log] == []


UNPARSED = "Payload is missing or failed to parse"


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param(b"", UNPARSED, id="empty"),
        pytest.param(b"\xff", UNPARSED, id="not-utf-8"),
        pytest.param(b"x" * 10_000_000, UNPARSED, id="ten-megabytes"),
        pytest.param(b"[" * 60_000, UNPARSED, id="deep"),
        pytest.param(b'{"a":' * 500 + b"1" + b"}" * 500, UNPARSED, id="deep-objects"),
        pytest.param([EVENT, EVENT], UNPARSED, id="several-events"),
        pytest.param({**EVENT, "eventValue": {"af_revenue": 6}}, UNPARSED, id="not-stringified"),
        pytest.param(json.dumps(EVENT)[:-1].encode() + b',"att":NaN}', UNPARSED, id="nan"),
        pytest.param(json.dumps(EVENT)[:-1].encode() + b',"att":1e999}', UNPARSED, id="huge"),
        pytest.param(json.dumps(EVENT)[:-1].encode() + b',"att":' + b"9" * 900 + b"}", UNPARSED, id="many-digits"),
        pytest.param(json.dumps(EVENT)[:-1].encode() + b',"eventName":"x"}', "Bad request", id="key-twice"),
        pytest.param({**EVENT, "appsflyer_id": ""}, "appsflyer_id is a mandatory field", id="no-id"),
        pytest.param({**EVENT, "eventValue": '{"af_revenue":"$6"}'}, "Bad request", id="formatted-revenue"),
    ],
)
def test_a_bad_event_gets_the_documented_answer(service, body, answer):
    response = service.event(body)
    assert (response.status_code, response.text) == (400, answer)


@pytest.mark.parametrize("wrong", [None, [], {}, -1.5, "\ud800", "x" * 200], ids=repr)
def test_no_wrong_field_is_more_than_a_bad_request(service, wrong):
    answers = {name: service.event({**EVENT, name: wrong}).status_code for name in fields_below("")}
    assert {name: status for name, status in answers.items() if status not in (200, 400)} == {}


@pytest.mark.parametrize(
    ("headers", "app", "status", "answer"),
    [
        ({}, "com.example.game", 400, "Failed to Authenticate"),
        ({"authentication": "another-key"}, "com.example.game", 401, "Unauthorized"),
        ({"authentication": "\u00e9"}, "com.example.game", 401, "Unauthorized"),
        (KEY, "com.example.unknown", 400, "app_id"),
    ],
)
def test_a_wrong_key_gets_the_documented_answer(service, headers, app, status, answer):
    encoded = {name: value.encode() for name, value in headers.items()}
    response = service.event(app=app, headers=encoded)
    assert (response.status_code, response.text) == (status, answer)
    assert service.http.post(f"/install/{app}", headers=encoded).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 60_000,
        b'{"sdk": 1}',
        b'{"sdk": {"advertising_id": "1"}}',
        b'{"sdk": {"appsflyer_id": {}}}',
        b'{"sdk": {"appsflyer_id": "\\ud800"}}',
        b'{"sdk": {"appsflyer_id": "1", "click_id": "1"}}',
        b'{"sdk": {"appsflyer_id": "1", "country_code": "US"}}',
    ],
)
def test_a_bad_install_is_a_bad_request(service, body):
    assert service.http.post("/install/com.example.game", content=body, headers=KEY).status_code == 400


# Names of tests are the same in every process of a run, so NOW is the time only when the click is sent.
GOOD_CLICK = "device_ip=192.0.2.1&device_ua=x&click_timestamp=NOW"


@pytest.mark.parametrize(
    ("tracking_id", "query", "status", "answer"),
    [
        (TRACKING_ID, GOOD_CLICK, 204, ""),
        (TRACKING_ID, GOOD_CLICK.replace("192.0.2.1", "2001%3Adb8%3A%3A1"), 204, ""),
        ("1", GOOD_CLICK, 404, "unknown tracking id"),
        (TRACKING_ID, "", 400, "ME570 ordinary-link"),
        (TRACKING_ID, GOOD_CLICK + "000", 400, "ME555 not-a-timestamp"),
        (TRACKING_ID, GOOD_CLICK.replace("192.0.2.1", "x") + "&a=%ff", 400, "ME554 not-an-ip\nME564 bad-encoding"),
        (TRACKING_ID, GOOD_CLICK.replace("NOW", "1453895044"), 400, "ME557 too-late"),
    ],
)
def test_a_click_gets_an_answer_that_names_faults_and_no_values(service, tracking_id, query, status, answer):
    response = service.http.get(f"/serve/{tracking_id}?{query.replace('NOW', str(int(time.time())))}")
    assert (response.status_code, response.text) == (status, answer)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README uses curl")
def test_the_readme_can_be_followed_word_by_word(start):
    service = start()
    readme = (HERE / "README.md").read_text("utf-8").replace("127.0.0.1:8000", f"127.0.0.1:{service.port}")
    blocks = re.findall(r"```console\n(.*?)```", readme, re.DOTALL)
    requests = [block for block in blocks if block.startswith("$ curl")]
    assert len(requests) == 4
    for block in requests:
        command = re.sub("^> ", "", block[2:], flags=re.MULTILINE)
        command, output = command.rstrip("\n").rsplit("\n", 1)
        environment = {**os.environ, "no_proxy": "127.0.0.1"}
        done = subprocess.run(command, shell=True, capture_output=True, encoding="utf-8", env=environment, check=True)
        assert done.stdout.strip() == output
    [printed] = re.findall(r"```text\n(.*?)```", readme, re.DOTALL)
    service.expect(*(line.removeprefix("200 ") for line in printed.splitlines()))
