"""Rendered requests in a stream: how they are written into messages, and read back."""

import json
from base64 import b64decode, b64encode

from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from macroengine import PreparedRequest

STREAM, SUBJECTS = "POSTBACKS", "postbacks.>"
# How long the server knows an id again, in seconds.
KNOWN_FOR = 120.0


async def create_stream(stream: JetStreamContext) -> None:
    await stream.add_stream(StreamConfig(name=STREAM, subjects=[SUBJECTS], duplicate_window=KNOWN_FOR))


async def publish(stream: JetStreamContext, partner: str, key: str, request: PreparedRequest) -> bool:
    """Add a request; say whether it is a new one.

    `key` is that of the event and the partner: who publishes twice, after a crash or without an answer, adds it once.
    """
    headers = {**request.headers, "Idempotency-Key": key}
    row = {
        "method": request.method,
        "url": request.url,
        "headers": headers,
        "body": b64encode(request.body).decode(),
    }
    ack = await stream.publish(f"postbacks.{partner}", json.dumps(row).encode(), headers={"Nats-Msg-Id": key})
    return not ack.duplicate


def request_of(data: bytes) -> PreparedRequest:
    row = json.loads(data)
    return PreparedRequest(row["method"], row["url"], row["headers"], b64decode(row["body"]))
