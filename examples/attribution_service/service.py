"""The HTTP server: it receives clicks and impressions, installs, and S2S events."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from hmac import compare_digest
from pathlib import Path
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from attribution_service.partners import Config
from attribution_service.sender import send_for_ever
from attribution_service.store import Store
from macroengine import Event, MacroEngineError, PayloadError, Postback
from macroengine.intake import appmetrica, appsflyer

log = logging.getLogger(__name__)

# Far more than an event may have. The library describes the problem with a larger one.
MOST_BYTES = 65_536
UNPARSED = {"payload-too-large", "not-unicode", "not-json", "several-events", "not-stringified"}


def create_app(config: Config, store: Store) -> Starlette:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        # Partners of an earlier configuration still get postbacks that are waiting for them.
        partners = {*config.partner_names, *store.partners()}
        sending = asyncio.create_task(send_for_ever(store, config.schedule, partners, config.allowed))
        yield
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending

    async def serve(request: Request) -> Response:
        return await run_in_threadpool(_serve, request, config, store)

    async def install(request: Request) -> Response:
        return await run_in_threadpool(_install, request, await _body(request), config, store)

    async def in_app_event(request: Request) -> Response:
        return await run_in_threadpool(_in_app_event, request, await _body(request), config, store)

    routes = [
        Route("/serve/{tracking_id}", serve),
        Route("/install/{app_id}", install, methods=["POST"]),
        Route("/inappevent/{app_id}", in_app_event, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def _serve(request: Request, config: Config, store: Store) -> Response:
    """Handle a click, or an impression if the host name begins with "impression"."""
    tracking_id = request.path_params["tracking_id"]
    if tracking_id not in config.trackers:
        return PlainTextResponse("unknown tracking id", 404)
    app_id, partner = config.trackers[tracking_id]
    query = request.scope["query_string"].decode("utf-8", "surrogateescape")
    kind = "impression" if (request.url.hostname or "").startswith("impression") else "click"
    url, hosts = f"https://{kind}/serve/{tracking_id}?{query}", {kind: kind}
    found = appmetrica.validate(url, arrival=datetime.now(UTC), hosts=hosts)
    # An ordinary link is for browsers, which expect a redirect to the store.
    refused = [one for one in found if one.severity == "error" or one.name == "ordinary-link"]
    if refused:
        # Name the problems without the values.
        return PlainTextResponse("\n".join(f"{one.code} {one.name}" for one in refused), 400)
    store.add_engagement(app_id, partner, appmetrica.parse_url(url, hosts=hosts))
    log.info("%s for %s", kind, partner)
    return Response(status_code=204)


def _install(request: Request, body: bytes, config: Config, store: Store) -> Response:
    """Handle the report of the app's SDK on its first start: `{"referrer": "...", "sdk": {...}}`."""
    app_id = request.path_params["app_id"]
    refused = _refusal(request, config)
    if refused:
        return refused
    try:
        sdk, click_id = _read_install(body)
        devices = [sdk.get(field) for field in ("advertising_id", "idfa", "oaid")]
        owner, link = store.match(app_id, click_id, devices, datetime.now(UTC)) or (None, {})
        event = Event(link, {**sdk, "app_id": app_id}, attributed=owner is not None)
        store.add_install(app_id, owner, event, config.apps[app_id].postbacks(event, owner, lambda _: True))
    except (MacroEngineError, ValueError, RecursionError):
        return PlainTextResponse("Bad request", 400)
    log.info("install for %s", owner or "nobody")
    return PlainTextResponse("OK")


def _in_app_event(request: Request, body: bytes, config: Config, store: Store) -> Response:
    """Handle one S2S event, with the answers that AppsFlyer's API documents."""
    app_id = request.path_params["app_id"]
    refused = _refusal(request, config)
    if refused:
        return refused
    try:
        s2s = appsflyer.S2SEvent.from_json(body, app_id=app_id)
        owner, install = store.install(app_id, s2s.appsflyer_id) or (None, None)
        event = appsflyer.to_event(s2s, install=install, arrival=datetime.now(UTC))
        store.add_postbacks(config.apps[app_id].postbacks(event, owner, s2s.is_shared_with))
    except PayloadError as error:
        return PlainTextResponse(_reason(error), 400)
    except MacroEngineError:
        return PlainTextResponse("Bad request", 400)
    log.info("%s event for %s", Postback.IN_APP, owner or "nobody")
    return PlainTextResponse("OK")


def _refusal(request: Request, config: Config) -> Response | None:
    """Return the answer to a request without its app's key."""
    app = config.apps.get(request.path_params["app_id"])
    given = request.headers.get("authentication")
    if not given:
        return PlainTextResponse("Failed to Authenticate", 400)
    if app is None:
        return PlainTextResponse("app_id", 400)
    if not compare_digest(given.encode(), app.key.encode()):
        return PlainTextResponse("Unauthorized", 401)
    return None


def _reason(error: PayloadError) -> str:
    found = {(one.name, getattr(one, "pointer", "")) for one in error.diagnostics}
    if any(name in UNPARSED for name, _ in found):
        return "Payload is missing or failed to parse"
    if ("missing-field", "/appsflyer_id") in found:
        return "appsflyer_id is a mandatory field"
    return "Bad request"


def _read_install(body: bytes) -> tuple[Mapping[str, object], str | None]:
    """Return the values from the SDK, and the click id in the referrer from the store.

    A field that does not come from the SDK is rejected, so that an app cannot forge values of its link or the platform.
    """
    data = json.loads(body)
    if not isinstance(data, dict):
        raise ValueError("not an object")  # noqa: TRY004 - the request is wrong, not the code
    sdk = Event.from_json({"sdk": data.get("sdk")}, "appsflyer").sdk
    if not isinstance(sdk.get("appsflyer_id"), str):
        raise ValueError("no appsflyer_id")  # noqa: TRY004 - likewise
    return sdk, parse_qs(str(data.get("referrer"))).get("appmetrica_click_id", [None])[0]


async def _body(request: Request) -> bytes:
    """Read the whole request, so that its sender receives the answer, but keep no more of it than needed."""
    body = b""
    async for chunk in request.stream():
        if len(body) <= MOST_BYTES:
            body += chunk
    return body


def create(config: Path, database: Path) -> Starlette:
    return create_app(Config(config), Store(database))
