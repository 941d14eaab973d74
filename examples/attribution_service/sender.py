"""Send postbacks that are due, and retry failures. Delivery is at least once: after a crash, one may be sent twice.

Each partner has its own task, connections and limit, so that a slow one does not delay the others.
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

# The longest time that new postbacks wait while nothing else is due.
IDLE_S = 0.2
# The delay if the database cannot be read or written. Postbacks that were sent then will be sent again.
TROUBLE_S = 5.0
# Concurrent tries for one partner.
AT_ONCE = 8
# Only the status of an answer matters. A short body is read, so that the connection can be reused.
MAX_BODY = 4_096
# A look-up that hangs keeps a thread for longer than the try, so provide enough threads for each partner.
LOOKUP_THREADS = 8 * AT_ONCE


async def send_for_ever(
    store: Store, schedule: RetrySchedule, partners: Collection[str], allowed: Collection[Network] = ()
) -> None:
    """Send postbacks that are due to these partners: to public addresses, and to those in `allowed`."""
    lookups = ThreadPoolExecutor(max(1, len(partners)) * LOOKUP_THREADS, "lookup")
    asyncio.get_running_loop().set_default_executor(lookups)
    tls = httpx.create_ssl_context()
    async with asyncio.TaskGroup() as tasks:
        for name in partners:
            tasks.create_task(_send_to(name, store, schedule, tls, allowed))


async def _send_to(
    partner: str, store: Store, schedule: RetrySchedule, tls: SSLContext, allowed: Collection[Network]
) -> None:
    # A worker that has not settled a postback by then is gone: it was killed, or could not write to the database.
    lease = timedelta(seconds=schedule.answer_within_s + TROUBLE_S)
    async with checked_transport(tls, allowed) as transport:
        while True:
            try:
                due = await run_in_threadpool(store.take, partner, datetime.now(UTC), AT_ONCE, lease)
                sent = (_send(transport, store, schedule, postback) for postback in due)
                failed = [one for one in await asyncio.gather(*sent, return_exceptions=True) if one is not None]
            except Exception as error:  # noqa: BLE001 - nothing may end the loop
                due, failed = [], [error]
            if failed:  # the disk is full, another program has locked the file, ...
                log.error("cannot settle postbacks to %s; will try again", partner, exc_info=failed[0])
            if failed or not due:
                await asyncio.sleep(TROUBLE_S if failed else IDLE_S)


def checked_transport(tls: SSLContext, allowed: Collection[Network]) -> httpx.AsyncHTTPTransport:
    """Return a transport that only connects to checked addresses. It ignores proxies in the environment."""
    transport = httpx.AsyncHTTPTransport(verify=tls)
    # An httpx transport does not accept a custom backend, but its connection pool does.
    transport._pool = httpcore.AsyncConnectionPool(
        ssl_context=tls,
        max_connections=AT_ONCE,
        max_keepalive_connections=AT_ONCE,
        network_backend=CheckedBackend(allowed),
    )
    return transport


async def _send(transport: httpx.AsyncHTTPTransport, store: Store, schedule: RetrySchedule, due: Due) -> None:
    # A retried postback has the same key each time, by which its receiver can recognise it.
    request = replace(due.request, headers={**due.request.headers, KEY_HEADER: due.key})
    status = await try_once(transport, request, schedule.answer_within_s)
    result, again = outcome(schedule, status), None
    if result is Outcome.FAILED:
        again = next_try(schedule, due.failures + 1, first=due.first_try, now=datetime.now(UTC))
    await run_in_threadpool(store.settle, due, result, again)
    # Don't log the URL: it contains personal data.
    log.info("postback %d to %s: %s (%s)%s", due.id, due.partner, result, status, ", will try again" if again else "")


async def try_once(transport: httpx.AsyncHTTPTransport, request: PreparedRequest, within_s: float) -> int | None:
    """Return the status of the answer; None if the try, from look-up to body, takes longer than `within_s`.

    The transport is used without a client, since a client would act on answers: store cookies and follow redirects.
    """
    try:
        async with asyncio.timeout(within_s):
            response = await transport.handle_async_request(httpx_request(request))
            try:
                await _read_some(response)
            finally:
                await response.aclose()
            return response.status_code
    except Exception as error:  # noqa: BLE001 - a partner can only make this try fail
        log.info("no answer: %s", type(error).__name__)
        return None


async def _read_some(response: httpx.Response) -> None:
    """Read a few KiB of the body as they were sent, compressed or not."""
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > MAX_BODY:
            return
