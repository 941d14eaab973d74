"""A receiver in Starlette (ASGI) that stores the parameters it read."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

received: list[dict[str, str]] = []


async def postback(request: Request) -> Response:
    """Read the parameters of a postback."""
    received.append(dict(request.query_params))
    return Response(status_code=204)


app = Starlette(routes=[Route("/pb", postback)])
