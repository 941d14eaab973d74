"""The template of one partner for one kind of event: a URL, or a table with a whole request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attribution_service.checking import ConfigError, check_keys
from attribution_service.places import Place
from macroengine import (
    CompiledRequest,
    CompiledTemplate,
    MacroEngineError,
    Policy,
    PreparedRequest,
    Request,
    Signature,
    TemplateError,
    compile_request,
    compile_template,
)
from macroengine.transport import address

# The sender sets it, to the same value for each try.
KEY_HEADER = "Idempotency-Key"
_MUST = {"method": str, "url": str}
_MAY = {"headers": dict, "body": str, "content_type": str, "signature": dict}
_SIGNATURE = {"over": str, "algorithm": str, "format": str}
_TEXTS = ("method", "url", "body", "content_type")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A compiled template, with the key for signing requests."""

    template: CompiledTemplate | CompiledRequest
    key: bytes | None = field(default=None, repr=False)


def request_of(outcome: str | PreparedRequest) -> PreparedRequest:
    """Return the rendered URL or request as a request."""
    return PreparedRequest("GET", outcome, {"Accept": "*/*"}) if isinstance(outcome, str) else outcome


def read_outgoing(row: object, dialect: str, policy: Policy, partner: Place, kind: str) -> Outgoing:
    """Return the template of a partner for one kind of postback. Errors name the line.

    Raises:
        ConfigError: the template has errors.
    """
    if isinstance(row, str):
        try:
            outgoing = Outgoing(compile_template(row, dialect=dialect, policy=policy))
        except MacroEngineError as error:
            raise ConfigError(f"{partner.at(kind)}: key {kind!r}: {error}") from None
    elif isinstance(row, dict):
        outgoing = _request(row, dialect, policy, partner.inside(kind, kind))
    else:
        raise ConfigError(f"{partner.at(kind)}: key {kind!r} must be a URL, or a table with a request, not {row!r}")
    try:
        address(outgoing.template.source)
    except ValueError as error:
        raise ConfigError(f"{partner.at(kind)}: key {kind!r}: {error}") from None
    return outgoing


def _request(row: Mapping[str, Any], dialect: str, policy: Policy, where: Place) -> Outgoing:
    check_keys(row, where, _MUST, {**_MAY, "key_file": str}, secret=True)
    signature = row.get("signature")
    if signature is not None:
        check_keys(signature, where.inside("signature", "signature"), {"header": str}, _SIGNATURE, secret=True)
    if (signature is None) != ("key_file" not in row):
        raise ConfigError(f"{where}: 'signature' and 'key_file' are needed together")
    if any(name.lower() == KEY_HEADER.lower() for name in row.get("headers", {})):
        raise ConfigError(f"{where.at('headers')}: the service sets the header {KEY_HEADER!r} itself; leave it out")
    try:
        request = Request(
            row["method"],
            row["url"],
            row.get("headers", {}),
            row.get("body"),
            row.get("content_type"),
            None if signature is None else Signature(**signature),
        )
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}: {error}") from None
    try:
        compiled = compile_request(request, dialect=dialect, policy=policy)
    except TemplateError as error:
        raise ConfigError(f"{where.at(_part(request, error))}: {error}") from None
    except MacroEngineError as error:
        raise ConfigError(f"{where}: {error}") from None
    return Outgoing(compiled, _key(row["key_file"], where) if "key_file" in row else None)


def _part(request: Request, error: TemplateError) -> str:
    """Return the key of the part that contains the first error."""
    sources = [diagnostic.source for diagnostic in error.diagnostics]
    return next((part for part in _TEXTS if sources and getattr(request, part) == sources[0]), "headers")


def _key(name: str, where: Place) -> bytes:
    """Return the key in a file, without the last line break. Its path is relative to the configuration."""
    try:
        key = (where.path.parent / name).read_bytes().removesuffix(b"\n").removesuffix(b"\r")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{where.at('key_file')}: key 'key_file': {name!r} cannot be read: {reason}") from None
    if not key:
        raise ConfigError(f"{where.at('key_file')}: key 'key_file': {name!r} is empty")
    return key
