"""Sends postbacks that are due, and sends again what failed. At least once: a crash may send one twice.

Each partner has a task, connections and a limit of its own, so that a slow one delays none of the others.
"""

import asyncio
import logging
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ssl import SSLContext

import httpcore
import httpx
from starlette.concurrency import run_in_threadpool

from attribution_service.addresses import CheckedBackend, Network
from attribution_service.store import Due, Store
from attribution_service.templates import KEY_HEADER
from macroengine import PreparedRequest
from macroengine.delivery import Outcome, RetrySchedule, next_try, outcome
from macroengine.transport import httpx_request

log = logging.getLogger(__name__)

# How long new postbacks wait at most while nothing else is due.
IDLE_S = 0.2
# How long to wait when the database cannot be read or written: what was sent then will be sent again.
TROUBLE_S = 5.0
# Tries to one partner at a time.
AT_ONCE = 8
# Of an answer only the status counts. A short body is read, so that the connection can be used again.
MAX_BODY = 4_096
# A name lookup that hangs holds a thread longer than the try: enough threads for each partner's.
LOOKUP_THREADS = 8 * AT_ONCE


async def send_for_ever(
    store: Store, schedule: RetrySchedule, partners: Collection[str], allowed: Collection[Network] = ()
) -> None:
    """Send what is due to these partners: to public addresses, and those in the networks that are allowed besides."""
    lookups = ThreadPoolExecutor(max(1, len(partners)) * LOOKUP_THREADS, "lookup")
    asyncio.get_running_loop().set_default_executor(lookups)
    tls = httpx.create_ssl_context()
    async with asyncio.TaskGroup() as tasks:
        for name in partners:
            tasks.create_task(_send_to(name, store, schedule, tls, allowed))


async def _send_to(
    partner: str, store: Store, schedule: RetrySchedule, tls: SSLContext, allowed: Collection[Network]
) -> None:
    # A worker that has not settled a postback by then is gone: it was killed, or could not write.
    lease = timedelta(seconds=schedule.answer_within_s + TROUBLE_S)
    async with checked_transport(tls, allowed) as transport:
        while True:
            try:
                due = await run_in_threadpool(store.take, partner, datetime.now(UTC), AT_ONCE, lease)
                sent = (_send(transport, store, schedule, postback) for postback in due)
                failed = [one for one in await asyncio.gather(*sent, return_exceptions=True) if one is not None]
            except Exception as error:  # noqa: BLE001 - nothing ends the loop
                due, failed = [], [error]
            if failed:  # the disk is full, another program holds the file, ...
                log.error("cannot settle postbacks to %s; will try again", partner, exc_info=failed[0])
            if failed or not due:
                await asyncio.sleep(TROUBLE_S if failed else IDLE_S)


def checked_transport(tls: SSLContext, allowed: Collection[Network]) -> httpx.AsyncHTTPTransport:
    """Return what sends requests, to addresses that are checked; proxies of the environment are not used."""
    transport = httpx.AsyncHTTPTransport(verify=tls)
    # A transport of httpx takes no custom backend; its connections do.
    transport._pool = httpcore.AsyncConnectionPool(
        ssl_context=tls,
        max_connections=AT_ONCE,
        max_keepalive_connections=AT_ONCE,
        network_backend=CheckedBackend(allowed),
    )
    return transport


async def _send(transport: httpx.AsyncHTTPTransport, store: Store, schedule: RetrySchedule, due: Due) -> None:
    # A postback may come twice, and has the same key each time: by it, its receiver knows it again.
    request = replace(due.request, headers={**due.request.headers, KEY_HEADER: due.key})
    status = await try_once(transport, request, schedule.answer_within_s)
    result, again = outcome(schedule, status), None
    if result is Outcome.FAILED:
        again = next_try(schedule, due.failures + 1, first=due.first_try, now=datetime.now(UTC))
    await run_in_threadpool(store.settle, due, result, again)
    # The URL stays out of the log: it is full of personal data.
    log.info("postback %d to %s: %s (%s)%s", due.id, due.partner, result, status, ", will try again" if again else "")


async def try_once(transport: httpx.AsyncHTTPTransport, request: PreparedRequest, within_s: float) -> int | None:
    """Return the status of the answer, None where there is none within the time for everything from lookup to body.

    The transport is asked without a client around it: a client would follow what is in an answer, such as cookies and
    the targets of redirects.
    """
    try:
        async with asyncio.timeout(within_s):
            response = await transport.handle_async_request(httpx_request(request))
            try:
                await _read_some(response)
            finally:
                await response.aclose()
            return response.status_code
    except Exception as error:  # noqa: BLE001 - whatever a partner does, it only fails this try
        log.info("no answer: %s", type(error).__name__)
        return None


async def _read_some(response: httpx.Response) -> None:
    """Read a few KiB of the body as it was sent, compressed or not."""
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > MAX_BODY:
            return
