"""Postbacks cannot be sent inside the network of the service, however their host is written."""

import asyncio
import ipaddress
import socket

import httpcore
import pytest
from attribution_service.addresses import CheckedBackend, RefusedAddressError, is_permitted, permitted

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
        "ff02::1", "2002:a9fe:a9fe::1", "2001:db8::1", "::127.0.0.1", "::10.0.0.1", "::ffff:0:127.0.0.1", "fec0::1",
        "64:ff9b:1::7f00:1", "64:ff9b:1::808:808", "192.0.0.192", "168.63.129.16", "192.88.99.1", "100.100.100.200",
        "64:ff9b::a83f:8110", "2002:c000:c0::1", "3fff::1", "4000::1", "5f00::1", "100::1", "ff0e::1", "240.0.0.1",
    ],
)  # fmt: skip
def test_addresses_inside_are_refused(address):
    assert not is_permitted(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "::1.1.1.1"]
)
def test_addresses_outside_are_permitted(address):
    assert is_permitted(ipaddress.ip_address(address))


def test_operator_may_permit_a_network():
    assert is_permitted(ipaddress.ip_address("127.0.0.1"), LOOPBACK)
    assert is_permitted(ipaddress.ip_address("::ffff:127.0.0.1"), LOOPBACK)
    assert not is_permitted(ipaddress.ip_address("::1"), LOOPBACK)
    assert permitted(["10.0.0.1", "fe80::1%eth0", "1.1.1.1", "127.0.0.1", "1.1.1.1"], LOOPBACK) == [
        "1.1.1.1",
        "127.0.0.1",
    ]


HERE = [
    "127.0.0.1", "localhost", "0x7f.1", "2130706433", "0177.0.0.1", "127.1", "::1", "::ffff:127.0.0.1", "0",
    "0x7f000001", "017700000001", "localhost.", "127.0.0.1.", "::127.0.0.1", "①②⑦.0.0.1", "127。0。0。1",
    "64:ff9b::7f00:1",
]  # fmt: skip


@pytest.mark.parametrize("host", HERE)
def test_nothing_is_sent_to_a_server_beside_the_service(host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        port = server.getsockname()[1]
        with pytest.raises((RefusedAddressError, httpcore.ConnectError)):
            asyncio.run(CheckedBackend().connect_tcp(host, port, timeout=2))
        with pytest.raises(BlockingIOError):
            server.accept()


def test_connection_goes_to_the_address_that_was_checked(monkeypatch):
    """A name is only looked up once, since a second look-up could give another address."""
    answers = iter([["127.0.0.1"]])
    connected = []

    async def lookup(*_, port=80, **_options):
        return [(0, 0, 0, "", (address, port)) for address in next(answers)]

    async def connect(_, host, *_arguments, **_options):
        connected.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", lookup)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    with pytest.raises(httpcore.ConnectError):
        asyncio.run(CheckedBackend(LOOPBACK).connect_tcp("n.example", 80))
    assert connected == ["127.0.0.1"]
