"""Workers are killed at random moments, and every postback arrives."""

import asyncio
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import ClassVar

import nats
import pytest
from nats_delivery.outbox import create_stream, publish

from macroengine import Event, Request, compile_request

SERVER = shutil.which("nats-server")
pytestmark = pytest.mark.skipif(SERVER is None, reason="there is no nats-server on this machine")
EXAMPLES = Path(__file__).resolve().parents[2]


class Partner(BaseHTTPRequestHandler):
    """Misbehaves at every third request: it is slow, hangs, fails, redirects, or answers too much."""

    protocol_version = "HTTP/1.1"
    delivered: ClassVar[Counter] = Counter()
    bodies: ClassVar[set] = set()
    tries: ClassVar[count] = count()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        number = next(self.tries)
        if number % 3:
            Partner.delivered[self.headers["Idempotency-Key"]] += 1
            Partner.bodies.add((self.path, body))
            time.sleep(0.05)  # a worker that is killed now does not get the answer
            self.answer(200)
        else:
            status, pause, size = ((503, 0.6, 2), (503, 1.5, 2), (500, 0, 2), (302, 0, 2), (500, 0, 10_000_000))[
                number // 3 % 5
            ]
            time.sleep(pause)
            self.answer(status, size)

    def answer(self, status, size=2):
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        with suppress(OSError):
            for _ in range(0, size, 65_536):
                self.wfile.write(b"x" * min(size, 65_536))

    def log_message(self, *args):
        """Print nothing."""


@pytest.fixture
def partner():
    with ThreadingHTTPServer(("127.0.0.1", 0), Partner) as server:
        server.handle_error = lambda *_: None
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def queue(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [SERVER, "-js", "-sd", str(tmp_path), "-a", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"nats://127.0.0.1:{port}"
        server.kill()


def worker(queue):
    command = [sys.executable, "-m", "nats_delivery.worker", "--server", queue, "--first-s", "0.2"]
    command += ["--allow", "127.0.0.0/8"]
    return subprocess.Popen(command, cwd=EXAMPLES)


async def fill(queue, url, count):
    connection = await nats.connect(queue)
    stream = connection.jetstream()
    await create_stream(stream)
    template = Request("POST", url + "/pb?c=(clickid)", {}, '{"c": "(clickid)"}', "application/json")
    compiled = compile_request(template, ignore=["ME2", "ME3"])
    requests = [compiled.render(Event(link={"click_id": f"{number}/é"})) for number in range(count)]
    added = [await publish(stream, "p", f"{number}-p", one) for number, one in enumerate([*requests, *requests])]
    again = [await publish(stream, "p", f"{number}-p", one) for number, one in enumerate(requests)]
    await connection.close()
    return sum(added), sum(again)


@pytest.mark.slow
def test_nothing_is_lost_when_workers_are_killed(queue, partner):
    chance = random.Random(3)
    added, again = asyncio.run(fill(queue, partner, 100))
    assert (added, again) == (200, 0)
    workers = [worker(queue), worker(queue)]
    try:
        for _ in range(20):
            time.sleep(chance.uniform(0.3, 1.5))
            killed = workers.pop(0)
            killed.kill()
            killed.wait()
            workers.append(worker(queue))
        for _ in range(600):
            if len(Partner.delivered) == 200:
                break
            time.sleep(0.1)
    finally:
        for one in workers:
            one.kill()
            one.wait()
    assert Partner.delivered.keys() == {f"{number}-p" for number in range(200)}
    assert Partner.bodies == {(f"/pb?c={n}%2F%C3%A9", f'{{"c": "{n}/é"}}'.encode()) for n in range(100)}
    twice = sum(count > 1 for count in Partner.delivered.values())
    print(f"\n200 delivered, 20 workers killed, {next(Partner.tries)} tries, {twice} delivered more than once")
