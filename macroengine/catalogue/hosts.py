"""Find the platform to which the host of a tracking link belongs."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

_TABLE = Path(__file__).resolve().parent / "hosts.toml"
# RFC 1035, section 2.3.4. A longer text could have any number of parent domains.
_LONGEST_HOST = 255


class Platform(NamedTuple):
    """A platform with tracking links."""

    title: str
    dialect: str | None
    """The dialect that such a host indicates."""


def tracking_platform(host: str) -> Platform | None:
    """Return the platform whose tracking links use this host.

    >>> tracking_platform("brand.onelink.me")
    Platform(title='AppsFlyer OneLink', dialect='appsflyer-link')
    >>> tracking_platform("n.example") is None
    True
    """
    host = host.rpartition("|")[2]  # pages write redirect|impression.platform.example
    if len(host) > _LONGEST_HOST:
        return None
    hosts = _hosts()
    return next((hosts[key] for key in _domains(host.lower().rstrip(".")) if key in hosts), None)


@cache
def platforms_with_links() -> frozenset[str]:
    """Return the titles of the platforms that have tracking links and send postbacks themselves."""
    return frozenset(platform.title for platform in _hosts().values())


def _domains(host: str) -> Iterator[str]:
    """Yield a host, then its parent domains, which begin with a dot."""
    yield host
    labels = host.split(".")
    yield from ("." + ".".join(labels[first:]) for first in range(1, len(labels)))


@cache
def _hosts() -> dict[str, Platform]:
    import tomllib  # noqa: PLC0415 - the reader of dialects also imports late

    rows = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["platform"]
    return {
        ("." if row.get("subdomains") else "") + host: Platform(row["name"], row.get("dialect"))
        for row in rows
        for host in row["hosts"]
    }
