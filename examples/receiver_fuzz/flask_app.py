"""A receiver in Flask (WSGI) that stores the parameters it read. It has a bug: it strips them."""

from flask import Flask, request

received: list[dict[str, str]] = []
app = Flask(__name__)


@app.get("/pb")
def postback() -> tuple[str, int]:
    """Read the parameters of a postback."""
    received.append({name: value.strip() for name, value in request.args.items()})
    return "", 204
