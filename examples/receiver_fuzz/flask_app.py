"""A receiver in Flask (WSGI), which keeps what it understood, and has a bug: it strips what it reads."""

from flask import Flask, request

received: list[dict[str, str]] = []
app = Flask(__name__)


@app.get("/pb")
def postback() -> tuple[str, int]:
    """Take the parameters of a postback."""
    received.append({name: value.strip() for name, value in request.args.items()})
    return "", 204
