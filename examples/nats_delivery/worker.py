"""`python -m nats_delivery.worker`: send the requests in the stream, and retry them by the schedule. Start several.

A message that is neither acknowledged nor postponed in time is given to another worker. So a killed worker loses
nothing, but its last postbacks may be sent twice, with the same key.
"""

import argparse
import asyncio
import logging
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network

import httpx
import nats
from attribution_service.addresses import Network
from attribution_service.sender import AT_ONCE, checked_transport, try_once
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NothingDue
from nats.js.api import ConsumerConfig

from macroengine.delivery import Outcome, RetrySchedule, next_try, outcome, retry_schedule
from nats_delivery.outbox import STREAM, SUBJECTS, request_of

log = logging.getLogger(__name__)

# The time that the worker itself needs, in addition to the time for the answer.
MARGIN_S = 1.0


async def work(server: str, schedule: RetrySchedule, allowed: Collection[Network] = ()) -> None:
    """Send for ever: to public addresses, and to those in `allowed`."""
    connection = await nats.connect(server)
    config = ConsumerConfig(ack_wait=schedule.answer_within_s + MARGIN_S, max_ack_pending=-1)
    due = await connection.jetstream().pull_subscribe(SUBJECTS, durable="senders", stream=STREAM, config=config)
    async with checked_transport(httpx.create_ssl_context(), allowed) as transport:
        while True:
            try:
                messages = await due.fetch(AT_ONCE, timeout=1)
            except NothingDue:
                continue
            await asyncio.gather(*(_settle(message, transport, schedule) for message in messages))


async def _settle(message: Msg, transport: httpx.AsyncHTTPTransport, schedule: RetrySchedule) -> None:
    # The request is sent as it was rendered. Only the beginning of the answer is read.
    status = await try_once(transport, request_of(message.data), schedule.answer_within_s)
    result, failures, now = outcome(schedule, status), message.metadata.num_delivered, datetime.now(UTC)
    again = None
    if result is Outcome.FAILED:
        again = next_try(schedule, failures, first=message.metadata.timestamp, now=now)
    if result is Outcome.DELIVERED:
        await message.ack()
    elif again is None:
        log.warning("gave up on a postback to %s", message.subject)
        await message.term()
    else:
        await message.nak(delay=(again - now).total_seconds())


def main() -> None:
    parser = argparse.ArgumentParser(prog="nats_delivery.worker", description=__doc__)
    parser.add_argument("--server", default="nats://127.0.0.1:4222")
    parser.add_argument("--schedule", default="appmetrica", help="one of those that macroengine.delivery knows")
    parser.add_argument(
        "--allow", type=ip_network, action="append", default=[], metavar="NETWORK", help="send there, too"
    )
    parser.add_argument("--first-s", type=float, help="the delay after a failure, for trying it out")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    schedule = retry_schedule(options.schedule)
    if options.first_s is not None:
        schedule = replace(schedule, first_s=options.first_s, max_s=options.first_s, answer_within_s=1.0)
    asyncio.run(work(options.server, schedule, options.allow))


if __name__ == "__main__":
    main()
