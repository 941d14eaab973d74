"""Sends postbacks that are due, and sends again what failed. At least once: a crash may send one twice."""

import asyncio
import logging
import sqlite3
from datetime import UTC, datetime

import httpx
from starlette.concurrency import run_in_threadpool

from attribution_service.store import Due, Store
from macroengine.intake import Outcome, RetrySchedule, next_try, outcome

log = logging.getLogger(__name__)

# How long new postbacks wait at most while nothing else is due.
IDLE_S = 0.2


async def send_for_ever(store: Store, schedule: RetrySchedule) -> None:
    async with httpx.AsyncClient(timeout=schedule.answer_within_s) as client:
        while True:
            try:
                due = await run_in_threadpool(store.due, datetime.now(UTC))
                await asyncio.gather(*(_send(client, store, schedule, postback) for postback in due))
            except sqlite3.OperationalError:  # the disk is full, or somebody else holds the file
                log.exception("cannot read or write the database")
                due = []
            if not due:
                await asyncio.sleep(IDLE_S)


async def _send(client: httpx.AsyncClient, store: Store, schedule: RetrySchedule, due: Due) -> None:
    try:
        status = (await client.get(due.url)).status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        status = None
    result, again = outcome(schedule, status), None
    if result is Outcome.FAILED:
        again = next_try(schedule, due.failures + 1, first=due.first_try, now=datetime.now(UTC))
    await run_in_threadpool(store.settle, due, result, again)
    # The URL stays out of the log: it is full of personal data.
    log.info("postback %d to %s: %s (%s)%s", due.id, due.partner, result, status, ", will try again" if again else "")
