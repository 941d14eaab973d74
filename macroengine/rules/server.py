"""Rules about the beginning of a URL: the scheme and the server."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import unquote

from macroengine.caching import late_pattern
from macroengine.catalogue.foreign import notes
from macroengine.diagnostics import Finding, Fix, Span
from macroengine.language.nodes import Literal
from macroengine.rules.checked import Checked
from macroengine.rules.tables import is_placeholder, web_schemes, wrong_schemes
from macroengine.suggest import edit_distance
from macroengine.template import Template

_SCHEME = late_pattern(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)")
# RFC 3986 section 3.2.2 permits some of these, but no domain registry does. After & the query begins, without its ?.
_NO_NAME = late_pattern(r"""[!$'()*+,;=~"<>^`{|}]""")
_HIGHEST_PORT = 65_535
# Replaces the characters of a macro, whose value is unknown.
_MASK = "\ufffc"
# RFC 1035 section 2.3.4
_LONGEST_LABEL, _LONGEST_HOST = 63, 253
_PLAIN_NAME = late_pattern(rf"(?:[a-z0-9-]{{1,{_LONGEST_LABEL}}}\.)+[a-z]{{2,{_LONGEST_LABEL}}}")


def bad_host(checked: Checked) -> Iterator[Finding]:
    """Server that cannot exist.

    What it does:
        Finds servers without a name, with an empty or overlong label, an invalid port, percent escapes, an IPv6 address
        without brackets, an IPv4 address out of range, characters that names cannot have, or a placeholder as the name.

    Why it matters:
        The postback is not delivered.

    Example:
        https://2001:db8::1/pb?id=(clickid)

    Use instead:
        https://[2001:db8::1]/pb?id=(clickid)
    """
    template = checked.template
    if template.slashes is None or _is_plain_name(template) or not _has_server(template) or checked.malformed_start:
        return
    text = _masked(checked)
    start = template.slashes.span.stop
    host_start = text.rfind("@") + 1
    address = text[host_start:]
    if not address:
        yield Finding(template.slashes.span, "URL names no server", "write it after //")
    else:
        for finding in _host_findings(address, start + host_start):
            # Quote the text at the finding's place, since the masked text has lost its macros.
            masked = text[finding.span.start - start : finding.span.stop - start]
            yield finding._replace(message=finding.message.replace(masked, checked.text(finding.span)))


def wrong_scheme(checked: Checked) -> Iterator[Finding]:
    """Scheme that cannot be used for postbacks.

    What it does:
        Finds schemes that are a typo of `https` or `http`, are joined to a word, are defanged (`hxxp`), or do not lead
        to a server, such as `mailto:` and `javascript:`. The schemes of apps, `myapp://` and `intent:`, are valid.

    Why it matters:
        The postback is not sent.

    Example:
        htps://n.example/pb?id=(clickid)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    match = _SCHEME.match(checked.source)
    scheme = match[0].lower() if match else ""
    nowhere, defanged = wrong_schemes()
    span = Span(0, len(scheme))
    if scheme in nowhere:
        yield Finding(span, f"with {scheme}: nothing is sent to a server", "write https://, and the server")
        return
    has_slashes = checked.source[len(scheme) + 1 : len(scheme) + 2] in ("/", "\\")
    meant = defanged.get(scheme) or (_slip_of(scheme) or _end_of(scheme) if has_slashes else None)
    if meant:
        yield Finding(span, f"{scheme}: is not a web scheme; write {meant}", None, Fix(meant, span, safe=False))


def malformed_scheme(checked: Checked) -> Iterator[Finding]:
    """Malformed scheme or slashes at the beginning of a URL.

    What it does:
        Finds `https:/n.example`, `https//n.example`, `https:n.example`, `https://https://n.example` and
        `http(s)://n.example`.

    Why it matters:
        Browsers and other clients read it differently, and some read the server as a path.

    Example:
        https:/n.example/pb?id=(clickid)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    source = checked.source
    for match in notes().finditer(source):
        span = Span(*match.span())
        yield Finding(span, f"{match[0]} names two schemes; write https", None, Fix("https", span, safe=False))
    start = checked.malformed_start
    if start is not None:
        span, replacement = start
        text = source[span.start : span.stop]
        message = f"{text} is repeated; remove it" if not replacement else f"{text} in place of ://"
        advice = "" if not replacement else f"; write {replacement}"
        yield Finding(span, message + advice, None, Fix(replacement, span, safe=False))


def _slip_of(scheme: str) -> str | None:
    """Return the web scheme that differs in one letter; None if the scheme is already one."""
    known = web_schemes()
    if scheme in known or len(scheme) <= len("ws"):
        return None
    return next((other for other in known if len(other) > len("wss") and _differ_in_one(scheme, other)), None)


def _end_of(scheme: str) -> str | None:
    """Return the web scheme at the end of a longer word, as in GEThttps."""
    match = re.fullmatch("[a-z]+?(https?)", scheme)
    return match[1] if match else None


def _differ_in_one(one: str, other: str) -> bool:
    return abs(len(one) - len(other)) <= 1 and edit_distance(one, other) == 1


def _is_plain_name(template: Template) -> bool:
    """Say whether the server has an ordinary name that needs no further checks."""
    authority = template.authority
    host = authority[0].text if len(authority) == 1 else ""
    return len(host) <= _LONGEST_HOST and _PLAIN_NAME.fullmatch(host) is not None and not is_placeholder(host)


def _has_server(template: Template) -> bool:
    scheme = template.scheme
    if not all(isinstance(piece, Literal) for piece in scheme):
        return False
    return not scheme or "".join(piece.text for piece in scheme).lower() in web_schemes()


def _masked(checked: Checked) -> str:
    """Return the authority with a mask for each character of a macro, including macros of other platforms."""
    authority = checked.template.authority
    if not authority:
        return ""
    start, stop = authority[0].start, authority[-1].span.stop
    text = "".join(piece.text if isinstance(piece, Literal) else _MASK * len(piece.text) for piece in authority)
    for foreign in checked.foreign_macros:
        span = foreign.span
        if start <= span.start < stop:
            text = text[: span.start - start] + _MASK * (span.stop - span.start) + text[span.stop - start :]
    return text[: stop - start]


def _host_findings(address: str, at: int) -> Iterator[Finding]:
    """Yield the problems of a host and port at the offset `at`."""
    whole = Span(at, at + len(address))
    if address.startswith("["):
        host, bracket, rest = address.partition("]")
        if not bracket or not _is_ipv6(host[1:]):
            yield Finding(whole, f"{address} is not an IPv6 address in brackets")
        elif rest:
            yield from _port_findings(rest, at + len(host) + 1)
        return
    host, colon, rest = address.partition(":")
    if ":" in rest:
        if _is_ipv6(address):
            fix = Fix(f"[{address}]", whole, safe=False)
            yield Finding(whole, f"IPv6 address without brackets; write [{address}]", None, fix)
        else:
            yield Finding(
                whole, f"{address} has more than one colon", "a server is a name, with an optional port after :"
            )
        return
    if colon:
        yield from _port_findings(colon + rest, at + len(host))
    yield from _name_findings(host, at)


def _port_findings(port: str, at: int) -> Iterator[Finding]:
    number = port.removeprefix(":")
    is_port = number.isascii() and number.isdigit() and int(number[:6]) <= _HIGHEST_PORT
    # An empty port means the default; macros have their own rule.
    if port[0] != ":" or (number and not is_port and _MASK not in number):
        yield Finding(Span(at, at + len(port)), f"{port} is not a port", f"ports are numbers up to {_HIGHEST_PORT:,}")


def _name_findings(host: str, at: int) -> Iterator[Finding]:
    whole = Span(at, at + len(host))
    escape = re.search("%[0-9A-Fa-f]{2}", host)
    labels = host.removesuffix(".").split(".")
    if is_placeholder(host):
        yield Finding(whole, f"{host} is a placeholder; write the server")
    elif escape:
        span = Span(at + escape.start(), at + escape.end())
        meant = unquote(escape[0])
        fix = Fix(meant, span, safe=False) if meant in ("/", ":", "?", "#") else None
        advice = f"; write {meant}" if fix else ""
        yield Finding(span, f"percent escape {escape[0]} in the server name{advice}", None, fix)
    elif not all(labels):
        dot = max(0, host.find(".."))
        yield Finding(Span(at + dot, at + dot + 2 if ".." in host else at + dot + 1), "empty label in the server name")
    elif max(map(len, labels)) > _LONGEST_LABEL or len(host) > _LONGEST_HOST:
        message = f"server name is longer than {_LONGEST_HOST} characters, or has a label longer than {_LONGEST_LABEL}"
        yield Finding(whole, message)
    elif (sign := _NO_NAME.search(host)) and "&" not in host:
        span = Span(at + sign.start(), at + sign.end())
        yield Finding(span, f"{sign[0]} is not allowed in a server name")
    elif labels[-1].isascii() and labels[-1].isdigit() and not _is_ipv4(".".join(labels)):
        yield Finding(whole, f"{host} is neither a name nor an IPv4 address")


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return "%" not in text
