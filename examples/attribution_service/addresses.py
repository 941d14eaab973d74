"""The addresses that postbacks may be sent to: none inside the network of the service, unless its operator allows it.

A partner writes the URL, and could choose one that leads to a database next to the service, or to the cloud's metadata
server. So names are resolved here, every address is checked, and the connection is made to the checked address: a
second look-up could return another one.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Collection, Iterable

import httpcore

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# The last 32 bits of these are an IPv4 address: NAT64 (RFC 6052), its predecessor (RFC 2765), and "IPv4-compatible"
# addresses (RFC 4291, section 2.5.5.1), which some systems still connect to.
WITH_IPV4 = [ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "::ffff:0:0:0/96", "::/96")]
# No other IPv6 addresses are on the public internet (RFC 4291, section 2.4).
PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
# Not public either, even if this version of Python's ipaddress says so: protocol assignments (RFC 6890) and metadata of
# Oracle's cloud, 6to4 relays (RFC 7526), metadata of Azure, and documentation (RFC 9637).
NOT_PUBLIC = [
    ipaddress.ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "3fff::/20")
]


class RefusedAddressError(httpcore.ConnectError):
    """A host has no address that postbacks may be sent to."""


def is_permitted(address: Address, allowed: Collection[Network] = ()) -> bool:
    """Say whether postbacks may be sent to an address.

    All non-public addresses are refused: private, loopback, link-local (including cloud metadata), shared and
    documentation addresses. If an IPv6 address contains an IPv4 address, that one is checked.
    """
    inner = _inner(address)
    if any(one in network for one in (address, inner) for network in allowed if one.version == network.version):
        return True
    is_public = inner.version == 4 or inner in PUBLIC_IPV6
    is_named = any(inner in network for network in NOT_PUBLIC if network.version == inner.version)
    return is_public and inner.is_global and not (inner.is_multicast or is_named)


def _inner(address: Address) -> Address:
    """Return the IPv4 address inside an IPv6 address, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if any(address in network for network in WITH_IPV4):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def permitted(addresses: Iterable[str], allowed: Collection[Network] = ()) -> list[str]:
    """Return the addresses that postbacks may be sent to, in order and without repeats."""
    found = dict.fromkeys(addresses)
    return [one for one in found if is_permitted(ipaddress.ip_address(one.partition("%")[0]), allowed)]


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects only to addresses that have been checked."""

    def __init__(self, allowed: Collection[Network] = ()) -> None:
        self._allowed = allowed
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, *args, **options) -> httpcore.AsyncNetworkStream:
        # The look-up also accepts unusual spellings: 0x7f.1 and 2130706433 are 127.0.0.1.
        try:
            rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(error) from error
        fault: Exception = RefusedAddressError("no address of this host is for postbacks")
        for address in permitted((row[4][0] for row in rows), self._allowed):
            try:
                return await self._backend.connect_tcp(address, port, *args, **options)
            except httpcore.ConnectError as error:
                fault = error
        raise fault

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)
