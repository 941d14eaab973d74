"""The sender with misbehaving partners: none of them stops it, or delays another partner."""

import asyncio
import gzip
import logging
import random
import time
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import httpx
import pytest
from attribution_service import sender
from attribution_service.sender import send_for_ever, try_once
from attribution_service.store import Store
from attribution_service.templates import request_of

from macroengine import PreparedRequest
from macroengine.delivery import Outcome, RetrySchedule

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
BOMB = gzip.compress(b"0" * 10_000_000)
REDIRECTS = [
    b"http://\xff.example/", b"http://xn--/", b"http://" + b"a" * 300 + b".example/", b"http://[", b"//", b"",
    b"http://a..b/", b"javascript:alert(1)", "http://\u0130.example/".encode(), b"http://n.example:99999/", b"\x00",
    b"http://xn--a\xcc\x88/", b"/" * 60_000,
]  # fmt: skip


def random_answer(chance):
    status = chance.choice(
        [b"200", b"204", b"302", b"301", b"307", b"404", b"500", b"100", b"103", b"999", b"0", b"2e2", b""]
    )
    headers = [
        b"Location: " + chance.choice(REDIRECTS),
        b"Set-Cookie: " + chance.choice([b"a=b; Path=/", b"\xff\xfe=;;=", b"=" * 500, b"a=b; Expires=99999999999"]),
        b"Content-Length: " + chance.choice([b"0", b"2", b"-1", b"9" * 30, b"x"]),
        b"Transfer-Encoding: " + chance.choice([b"chunked", b"gzip, chunked", b"none"]),
        b"Content-Encoding: " + chance.choice([b"gzip", b"br", b"deflate, gzip", b"x"]),
        b"Connection: " + chance.choice([b"close", b"keep-alive", b"upgrade"]),
        chance.randbytes(20),
        b"X: " + b"y" * chance.choice([1, 70_000, 200_000]),
    ]
    chosen = chance.sample(headers, chance.randrange(5))
    body = chance.choice([b"", b"OK", BOMB, chance.randbytes(300), b"5\r\nhello\r\n0\r\n\r\n"])
    answer = b"\r\n".join([b"HTTP/1.1 " + status + b" x", *chosen]) + b"\r\n\r\n" + body
    match chance.randrange(10):
        case 0:
            return chance.randbytes(200)
        case 1:
            return answer[: chance.randrange(len(answer))]
        case 2:
            return b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + answer
        case 3:
            place = chance.randrange(len(answer))
            return answer[:place] + chance.randbytes(1) + answer[place + 1 :]
        case _:
            return answer


@asynccontextmanager
async def partner(answer):
    """Run a server that lets `answer` write to each connection after the first request on it."""
    requests, serving = [], set()

    async def serve(reader, writer):
        serving.add(asyncio.current_task())
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
                requests.append(await reader.readuntil(b"\r\n\r\n"))
                await answer(writer)
        finally:
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", requests
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await asyncio.sleep(0.05)


async def good(writer):
    writer.write(OK)
    await writer.drain()


async def mute(_):
    await asyncio.sleep(60)


async def trickling(writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: 1\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def endless(writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"0" * 10_000))
    while True:
        writer.write(b"x" * 1_000)
        await writer.drain()


async def slow_body(writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    await asyncio.sleep(60)


@pytest.mark.parametrize("rounds", [50, pytest.param(250, marks=pytest.mark.slow)])
def test_thousands_of_random_answers_are_statuses_or_failures(rounds):
    chance = random.Random(11)
    expected = {None, *range(100, 1000)}

    async def hostile(writer):
        writer.write(random_answer(chance))
        await writer.drain()

    async def go():
        limits = httpx.Limits(max_connections=sender.AT_ONCE)
        async with (
            partner(hostile) as (bad, _),
            partner(good) as (fine, _),
            httpx.AsyncHTTPTransport(limits=limits) as client,
        ):
            statuses = []
            for _ in range(rounds):
                tries = (
                    try_once(client, PreparedRequest("GET", f"{bad}/{number}"), 0.5) for number in range(sender.AT_ONCE)
                )
                statuses += await asyncio.gather(*tries)
            assert await try_once(client, PreparedRequest("GET", fine), 30) == 200
            return statuses

    statuses = asyncio.run(go())
    assert len(statuses) == rounds * sender.AT_ONCE
    assert set(statuses) <= expected
    assert {None, 200, 302, 500} <= set(statuses)


@pytest.mark.parametrize("location", REDIRECTS)
def test_a_redirect_is_a_status_whatever_it_leads_to(location):
    async def redirecting(writer):
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    assert asyncio.run(one_try(redirecting, 5))[0] in (302, None)


async def one_try(answer, within_s):
    """Return the status of a try, its duration, and the requests."""
    async with partner(answer) as (url, requests), httpx.AsyncHTTPTransport() as transport:
        begun = time.perf_counter()
        status = await try_once(transport, PreparedRequest("GET", url), within_s)
        return status, time.perf_counter() - begun, requests


@pytest.mark.parametrize("answer", [mute, trickling, slow_body])
def test_a_try_ends_in_time_whatever_takes_long(answer):
    status, took, _ = asyncio.run(one_try(answer, 0.3))
    assert status is None
    assert took < 20  # the partner takes a minute, or for ever


def test_a_body_without_an_end_is_not_read():
    status, took, _ = asyncio.run(one_try(endless, 30))
    assert status == 200
    assert took < 5


@pytest.mark.parametrize(
    "url", ["", "x", "http://", "http://\xff..example/", "ftp://n.example/", "http://n.example:x/", "http://["]
)
def test_a_url_that_cannot_be_asked_is_no_answer(url):
    async def go():
        async with httpx.AsyncHTTPTransport() as transport:
            return await try_once(transport, PreparedRequest("GET", url), 5)

    assert asyncio.run(go()) is None


def test_a_cookie_is_not_kept():
    async def baking(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()

    async def go():
        async with partner(baking) as (url, requests), httpx.AsyncHTTPTransport() as transport:
            assert [await try_once(transport, PreparedRequest("GET", url), 5) for _ in range(3)] == [200] * 3
            return requests

    assert all(b"cookie" not in request.lower() for request in asyncio.run(go()))


SCHEDULE = RetrySchedule(first_s=0.0, factor=1.0, max_s=0.0, jitter=0.0, give_up_s=60.0, answer_within_s=0.5)


LOOPBACK = [ip_network("127.0.0.0/8")]


def run_until(condition, store, names, seconds=20):
    """Run the sender until a condition is true, or the time is up."""

    async def go():
        sending = asyncio.create_task(send_for_ever(store, SCHEDULE, names, LOOPBACK))
        for _ in range(seconds * 20):
            if sending.done() or condition():
                break
            await asyncio.sleep(0.05)
        assert not sending.done()
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending

    return go()


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "db.sqlite")


def test_a_slow_partner_delays_no_other(store):
    async def go():
        async with partner(mute) as (slow, _), partner(good) as (fast, requests):
            store.add_postbacks([("slow", request_of(f"{slow}/{number}")) for number in range(500)])
            store.add_postbacks([("fast", request_of(f"{fast}/{number}")) for number in range(40)])
            begun = time.perf_counter()
            await run_until(lambda: len(requests) == 40, store, {"slow", "fast"})
            return len(requests), time.perf_counter() - begun

    sent, took = asyncio.run(go())
    assert sent == 40
    assert took < 6


def test_no_answer_ends_the_loop(store):
    chance = random.Random(12)

    async def hostile(writer):
        writer.write(random_answer(chance))
        await writer.drain()

    async def go():
        async with partner(hostile) as (bad, seen), partner(good) as (fine, requests):
            store.add_postbacks([("bad", request_of(f"{bad}/{number}")) for number in range(100)])
            await run_until(lambda: len(seen) > 300, store, {"bad", "good"})
            store.add_postbacks([("bad", request_of(f"{fine}/last")), ("good", request_of(f"{fine}/other"))])
            await run_until(lambda: len(requests) == 2, store, {"bad", "good"})
            return len(seen), sorted(request.split()[1] for request in requests)

    seen, last = asyncio.run(go())
    assert seen > 300
    assert last == [b"/last", b"/other"]


def test_a_database_in_trouble_is_tried_again(store, monkeypatch, caplog):
    monkeypatch.setattr(sender, "TROUBLE_S", 0.1)
    settle, take, failures = store.settle, store.take, []

    def failing(*arguments):
        if len(failures) < 4:
            failures.append(arguments)
            raise OSError("disk full")
        return (settle if len(arguments) == 3 and not isinstance(arguments[0], str) else take)(*arguments)

    monkeypatch.setattr(store, "settle", failing)
    monkeypatch.setattr(store, "take", failing)

    async def go():
        async with partner(good) as (url, requests):
            store.add_postbacks([("p", request_of(url))])
            await run_until(lambda: requests and not store.partners(), store, {"p"})
            return store.partners()

    with caplog.at_level(logging.ERROR):
        assert asyncio.run(go()) == []
    assert len(failures) == 4
    assert caplog.text.count("cannot settle postbacks to p") >= 1


def test_partners_of_an_earlier_configuration_are_known(store):
    store.add_postbacks([("gone", request_of("http://127.0.0.1:1/"))])
    assert store.partners() == ["gone"]
    [due] = store.take("gone", datetime.now(UTC) + timedelta(hours=1), 5, timedelta())
    assert due.request.url == "http://127.0.0.1:1/"


def test_two_workers_never_have_the_same_postback(tmp_path):
    one, other = Store(tmp_path / "a.sqlite"), Store(tmp_path / "a.sqlite")
    one.add_postbacks([("p", request_of(f"http://n.example/{number}")) for number in range(6)])
    now, lease = datetime.now(UTC), timedelta(seconds=10)
    mine, theirs = one.take("p", now, 4, lease), other.take("p", now, 4, lease)
    assert (len(mine), len(theirs)) == (4, 2)
    assert not {due.key for due in mine} & {due.key for due in theirs}
    assert one.take("p", now, 4, lease) == []
    again = other.take("p", now + timedelta(seconds=11), 9, lease)
    assert {(due.id, due.key) for due in again} == {(due.id, due.key) for due in (*mine, *theirs)}
    one.settle(mine[0], Outcome.FAILED, now)  # too late: the other worker has it
    one.settle(mine[1], Outcome.DELIVERED, None)
    assert other.take("p", now + timedelta(seconds=5), 9, lease) == []
    assert len(other.take("p", now + timedelta(seconds=40), 9, lease)) == 5
