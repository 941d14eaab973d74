"""Workers on one database are killed at random moments, while partners misbehave."""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

import pytest
from attribution_service.store import Store

from macroengine import PreparedRequest

EXAMPLES = Path(__file__).resolve().parents[2]
EACH = 200
ROUNDS = 20
WORKER = """
import asyncio, sys
from ipaddress import ip_network
from pathlib import Path
from attribution_service import sender
from attribution_service.store import Store
from macroengine.delivery import RetrySchedule

sender.TROUBLE_S = 1.0  # the lease of a killed worker is to end within the test
schedule = RetrySchedule(first_s=0.2, factor=1, max_s=0.2, jitter=0, give_up_s=3600, answer_within_s=1)
networks = [ip_network("127.0.0.0/8")]
asyncio.run(sender.send_for_ever(Store(Path(sys.argv[1])), schedule, sys.argv[2:], networks))
"""


class Partner(BaseHTTPRequestHandler):
    """Misbehaves at every third request. Its name is in the path."""

    protocol_version = "HTTP/1.1"
    delivered: Counter
    bodies: dict
    tries: count

    def do_POST(self):
        partner = self.path.split("/")[1]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if next(self.tries) % 3 == 0:
            getattr(self, partner)()
        else:
            self.accept(body)

    def accept(self, body):
        self.delivered[self.headers["Idempotency-Key"]] += 1
        self.bodies[self.headers["Idempotency-Key"]] = (self.path, body)
        time.sleep(0.1)  # a worker that is killed now does not get the answer
        self.answer(200)

    def answer(self, status, size=2):
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        with suppress(OSError):
            for _ in range(0, size, 65_536):
                self.wfile.write(b"x" * min(size, 65_536))

    def slow(self):
        time.sleep(0.7)
        self.answer(503)

    def hanging(self):
        time.sleep(1.5)
        self.close_connection = True

    def failing(self):
        self.answer(500)

    def redirecting(self):
        self.answer(302)

    def large(self):
        self.answer(500, 10_000_000)

    def log_message(self, *args):
        """Print nothing."""


PARTNERS = ["slow", "hanging", "failing", "redirecting", "large"]


@pytest.fixture
def origin():
    Partner.delivered, Partner.bodies, Partner.tries = Counter(), {}, count()
    with ThreadingHTTPServer(("127.0.0.1", 0), Partner) as server:
        server.handle_error = lambda *_: None
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def worker(database):
    return subprocess.Popen([sys.executable, "-c", WORKER, str(database), *PARTNERS], cwd=EXAMPLES)


@pytest.mark.slow
def test_nothing_is_lost_when_workers_are_killed(origin, tmp_path):
    chance, database = random.Random(21), tmp_path / "db.sqlite"
    store = Store(database)
    meant = [
        (
            name,
            PreparedRequest("POST", f"{origin}/{name}/{number}?a=%2f", {"X-A": "b"}, f'{{"n": {number}}} é'.encode()),
        )
        for name in PARTNERS
        for number in range(EACH)
    ]
    store.add_postbacks(meant)
    workers = [worker(database) for _ in range(3)]
    try:
        for _ in range(ROUNDS):
            time.sleep(chance.uniform(0.3, 1.5))
            killed = workers.pop(0)
            killed.kill()
            killed.wait()
            workers.append(worker(database))
        deadline = time.monotonic() + 90
        while store.partners() and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        for one in workers:
            one.kill()
            one.wait()
    assert store.partners() == []
    assert len(Partner.delivered) == len(meant)
    arrived = sorted(Partner.bodies.values())
    assert arrived == sorted((sent.url.removeprefix(origin), sent.body) for _, sent in meant)
    twice = sum(times > 1 for times in Partner.delivered.values())
    tries = next(Partner.tries)
    print(f"\n{len(meant)} delivered, {ROUNDS} workers killed, {tries} tries, {twice} delivered more than once")
