"""Requests with method, URL, headers and body: as a template, and ready to send."""

import hmac
from base64 import b64encode
from collections.abc import ItemsView, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal as OneOf

from macroengine.arguments import check_type, text_of

Over = OneOf["body", "url"]
Algorithm = OneOf["hmac-sha256"]
Format = OneOf["hex", "base64"]

_CHOICES = {"over": ("body", "url"), "algorithm": ("hmac-sha256",), "format": ("hex", "base64")}


class Headers(Mapping[str, str]):
    """Headers in the order they are sent; look-ups ignore case. The repr hides values, since some are secret.

    >>> headers = Headers({"Authorization": "Bearer s3cret"})
    >>> headers["authorization"], headers
    ('Bearer s3cret', Headers({'Authorization': ...}))
    """

    __slots__ = ("_values",)
    _values: dict[str, str]

    def __init__(self, headers: Mapping[str, str] = {}) -> None:
        # Don't show anything that was given: it may be a secret.
        if not isinstance(headers, Mapping):
            raise TypeError(f"headers must be a mapping of names to values, not {type(headers).__name__}")
        self._values = {text_of("each name of headers", name): value for name, value in headers.items()}
        for name, value in self._values.items():
            if not isinstance(value, str):
                raise TypeError(f"header {name!r} must be a string, not {type(value).__name__}")
            self._values[name] = str.__str__(value)

    @classmethod
    def of(cls, values: dict[str, str]) -> "Headers":
        """Return headers from names and values that are known to be strings; takes ownership of the dict."""
        headers = cls.__new__(cls)
        headers._values = values
        return headers

    def __getitem__(self, name: str) -> str:
        values = self._values
        if name in values:
            return values[name]
        wanted = name.lower()
        for known, value in values.items():
            if known.lower() == wanted:
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def items(self) -> ItemsView[str, str]:
        """Return names and values."""
        return self._values.items()

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        # Mappings are equal in any order.
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return f"Headers({{{', '.join(f'{name!r}: ...' for name in self)}}})"

    def __reduce__(self) -> tuple[object, ...]:
        return Headers, (dict(self._values),)


@dataclass(frozen=True, slots=True)
class Signature:
    """A header with a keyed hash (RFC 2104) of the body or of the URL, as they are sent.

    >>> Signature("X-Signature").value(b"key", "https://n.example/pb", b"{}")
    'a777724d943eb48dc69bca8a4a6d57a04db3f9ec7e1de4e581e860265bdf3032'
    """

    header: str
    """The name of the header."""
    over: Over = "body"
    """What is signed."""
    algorithm: Algorithm = "hmac-sha256"
    format: Format = "hex"
    """How the hash is written; `hex` is lower case."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "header", text_of("header", self.header))
        for name, choices in _CHOICES.items():
            given = text_of(name, getattr(self, name))
            object.__setattr__(self, name, given)
            if given not in choices:
                raise ValueError(f"{name} must be {' or '.join(map(repr, choices))}, not {given!r}")

    def value(self, key: bytes, url: str, body: bytes) -> str:
        """Return the value of the header."""
        # A fragment is not sent, so the receiver could not verify it.
        digest = hmac.digest(key, body if self.over == "body" else url.partition("#")[0].encode(), "sha256")
        return digest.hex() if self.format == "hex" else b64encode(digest).decode()


@dataclass(frozen=True, slots=True)
class Request:
    """A request with macros in its URL, headers and body. The repr hides header values, since some are secret.

    >>> Request("POST", "https://n.example/pb", {"X-Key": "k"}, '{"click": "(clickid)"}', "application/json")
    Request('POST', 'https://n.example/pb', Headers({'X-Key': ...}), '{"click": "(clickid)"}', 'application/json')
    """

    method: str
    """The method, such as `GET`, without macros."""
    url: str
    """The template of the URL."""
    headers: Mapping[str, str] = field(default_factory=Headers)
    """The templates of the headers, by name, in the order in which they are sent."""
    body: str | None = None
    """The template of the body, or None for no body."""
    content_type: str | None = None
    """The media type of the body. It decides how values are written in it."""
    signature: Signature | None = None
    """The header that holds the signature, made with the key given to `render`."""

    def __post_init__(self) -> None:
        for name in ("method", "url"):
            object.__setattr__(self, name, text_of(name, getattr(self, name)))
        for name in ("body", "content_type"):
            given = getattr(self, name)
            check_type(name, str | None, "a string or None", given)
            if given is not None:
                object.__setattr__(self, name, text_of(name, given))
        check_type("signature", Signature | None, "a Signature or None", self.signature)
        if not isinstance(self.headers, Headers):
            object.__setattr__(self, "headers", Headers(self.headers or {}))

    def __repr__(self) -> str:
        shown = [self.method, self.url, self.headers, self.body, self.content_type, self.signature]
        while shown and shown[-1] is None:
            shown.pop()
        return f"Request({', '.join(map(repr, shown))})"


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """A request ready to send, for example with `macroengine.transport`. The repr hides personal values and secrets.

    >>> PreparedRequest("POST", "https://n.example/pb?c=1", {"X-Key": "k"}, b"{}")
    <PreparedRequest POST, headers X-Key, body of 2 bytes>
    """

    method: str
    url: str
    """The URL, to be sent without further encoding."""
    headers: Mapping[str, str] = field(default_factory=Headers)
    """All headers except those that a client adds, such as Host and Content-Length."""
    body: bytes = b""
    """The body in UTF-8, or empty for no body."""

    def __post_init__(self) -> None:
        for name in ("method", "url"):
            given = getattr(self, name)
            if type(given) is not str:
                object.__setattr__(self, name, text_of(name, given))
        if not isinstance(self.body, bytes):
            # What is given is not shown: it may be the body as text, with all its values.
            raise TypeError(f"body must be bytes, not {type(self.body).__name__}")
        if not isinstance(self.headers, Headers):
            object.__setattr__(self, "headers", Headers(self.headers))

    def __repr__(self) -> str:
        names = ", ".join(self.headers) or "none"
        return f"<PreparedRequest {self.method}, headers {names}, body of {len(self.body):,} bytes>"
