"""Write rendered requests to messages of a stream, and read them back."""

import json
from base64 import b64decode, b64encode

from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from macroengine import PreparedRequest

STREAM, SUBJECTS = "POSTBACKS", "postbacks.>"
# How long the server remembers an id, in seconds.
KNOWN_FOR = 120.0


async def create_stream(stream: JetStreamContext) -> None:
    await stream.add_stream(StreamConfig(name=STREAM, subjects=[SUBJECTS], duplicate_window=KNOWN_FOR))


async def publish(stream: JetStreamContext, partner: str, key: str, request: PreparedRequest) -> bool:
    """Add a request; return whether it is new.

    `key` identifies the event and the partner. Publishing the same request again, after a crash or without an answer,
    does not add it twice.
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
