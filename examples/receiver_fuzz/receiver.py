"""A small receiver of postbacks, with a bug in it."""

from urllib.parse import parse_qsl, unquote, urlsplit


def received(url: str) -> dict[str, str]:
    """Return the parameters of a postback."""
    # The bug: they have already been decoded.
    return {name: unquote(value) for name, value in parameters(url).items()}


def parameters(url: str) -> dict[str, str]:
    """Return the parameters of a postback, without the bug."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
