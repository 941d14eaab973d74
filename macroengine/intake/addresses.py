"""IP addresses that no device on the internet can have."""

import ipaddress
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path

from macroengine.intake.tables import table

_ADDRESSES = Path(__file__).with_name("addresses.toml")


def unusable(address: IPv4Address | IPv6Address) -> str | None:
    """Return the kind of an address that no device on the internet can have; None for a usable one.

    >>> unusable(ipaddress.ip_address("0.0.0.0")), unusable(ipaddress.ip_address("192.0.2.1"))
    ('the unspecified address', None)
    """
    shown = getattr(address, "ipv4_mapped", None) or address
    return next((kind for kind, network in _networks() if shown in network), None)


@cache
def _networks() -> tuple[tuple[str, IPv4Network | IPv6Network], ...]:
    rows = table(_ADDRESSES)["networks"].items()
    return tuple((kind, ipaddress.ip_network(network)) for kind, networks in rows for network in networks)
