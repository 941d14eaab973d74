"""AppMetrica's S2S clicks and impressions: build and read their tracking URLs.

https://appmetrica.yandex.com/docs/en/mobile-tracking/s2s; the table of the parameters is `tracking.toml`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from macroengine.arguments import check_type, text_of
from macroengine.catalogue import Dialect, dialect_of
from macroengine.diagnostics import Diagnostic, Severity, Span
from macroengine.encodings.encoder import percent_encode
from macroengine.errors import PayloadError
from macroengine.intake import faults
from macroengine.intake.appmetrica.checks import check_url, is_ordinary
from macroengine.intake.appmetrica.parameters import TRACKING, TrackingParameter, parameter, parameters
from macroengine.intake.appmetrica.tracking_url import known_hosts, read_url
from macroengine.intake.tables import table
from macroengine.kinds import Source


@dataclass(frozen=True, slots=True)
class Engagement:
    """A click or impression reported by a server. None means that the parameter is not sent."""

    device_ip: str | None
    """IPv4 or IPv6, or a range of addresses as in the platform's own example.

    This, `device_ua` and `click_timestamp` are None in an ordinary link, where opening the link provides the values.
    """
    device_ua: str | None
    click_timestamp: int | None
    """UNIX time of the click or impression, in seconds."""
    click_id: str | None = None
    external_click_id: str | None = None
    """For the store, if `click_id` cannot be passed on."""
    noredirect: bool = True
    google_aid: str | None = None
    google_aid_sha1: str | None = None
    google_aid_md5: str | None = None
    ios_ifa: str | None = None
    """Also read from the parameter `idfa`."""
    ios_ifa_sha1: str | None = None
    ios_ifa_md5: str | None = None
    oaid: str | None = None
    oaid_sha1: str | None = None
    oaid_md5: str | None = None
    windows_aid: str | None = None
    windows_aid_sha1: str | None = None
    windows_aid_md5: str | None = None
    afpub_id: str | None = None
    site_id: str | None = None
    creative_id: str | None = None
    js_redirect: bool = True
    custom: Mapping[str, str] = field(default_factory=dict)
    """All other parameters."""


@dataclass(frozen=True, slots=True)
class Click(Engagement):
    """A click on an ad, reported by a server."""


@dataclass(frozen=True, slots=True)
class Impression(Engagement):
    """A view of an ad, reported by a server."""


_KINDS: dict[str, type[Click] | type[Impression]] = {"click": Click, "impression": Impression}
# A placeholder for the tracking id when only the rest is checked.
_ANY_ID = "0"


def _check_engagement(given: object) -> None:
    check_type("engagement", Click | Impression, "a Click or an Impression", given)


def build_url(tracking_id: int | str, engagement: Click | Impression, *, host: str | None = None) -> str:
    """Return the URL that reports a click or an impression. `host` replaces the platform's host.

    >>> build_url(1019409635088005254, Click("192.0.2.1", "Mozilla/5.0 (iPad)", 1453895044, click_id="1"))
    'https://redirect.appmetrica.yandex.com/serve/1019409635088005254?click_id=1&device_ip=192.0.2.1&\
device_ua=Mozilla%2F5.0%20%28iPad%29&click_timestamp=1453895044&noredirect=1'

    Raises:
        PayloadError: the platform would not count it.
    """
    check_type("tracking_id", int | str, "a number or string", tracking_id)
    _check_engagement(engagement)
    check_type("host", str | None, "a string", host)
    url = _write(str(tracking_id), engagement, host)
    errors = [
        found
        for found in validate(url, hosts={host: _kind(engagement)} if host else None)
        if found.severity is Severity.ERROR
    ]
    if errors:
        raise PayloadError(errors)
    return url


def parse_url(url: str, *, hosts: Mapping[str, str] | None = None) -> Click | Impression:
    """Return the click or impression in a tracking URL, or the values that an ordinary link passes on.

    `hosts` maps additional hosts to "click" or "impression".

    >>> url = "https://impression.appmetrica.yandex.com/serve/1?device_ip=::1&device_ua=x&click_timestamp=1453895044"
    >>> parse_url(url) == Impression("::1", "x", 1453895044)
    True

    Raises:
        PayloadError: the platform would not count it. The exception lists all problems.
    """
    read = read_url(text_of("url", url), known_hosts() if hosts is None else hosts)
    errors = [found for found in check_url(read) if found.severity is Severity.ERROR]
    if errors:
        raise PayloadError(errors)
    values: dict[str, Any] = {row.attribute: None for row in parameters().values() if row.required}
    if is_ordinary(read):
        values["noredirect"] = False
    for name, argument in read.given().items():
        row = parameters()[name]
        values[row.attribute] = _converted(row, argument.value)
    custom = {argument.name: argument.value for argument in read.arguments if parameter(argument.name) is None}
    return _KINDS[read.kind](**values, custom=custom)


def tracking_id_of(url: str, *, hosts: Mapping[str, str] | None = None) -> str:
    """Return the tracking id of a URL; empty if it is not a tracking URL."""
    return read_url(text_of("url", url), known_hosts() if hosts is None else hosts).tracking_id


def validate(
    given: str | Click | Impression, *, arrival: datetime | None = None, hosts: Mapping[str, str] | None = None
) -> list[Diagnostic]:
    """Return the problems of a tracking URL, or of a click or impression to report; an empty list if it is valid.

    With `arrival`, times in the future or too long ago are also problems.

    >>> url = "https://redirect.appmetrica.yandex.com/serve/1?device_ip=x&device_ua=y&click_timestamp=1453895044000"
    >>> [found.message for found in validate(url)]
    ["'device_ip' is not an IPv4 or IPv6 address", "'click_timestamp' is not in seconds; it has 13 digits"]

    Raises:
        ValueError: `arrival` has no time zone.
    """
    check_type("given", str | Click | Impression, "a string, a Click or an Impression", given)
    check_type("arrival", datetime | None, "a datetime", arrival)
    if arrival is not None and arrival.utcoffset() is None:
        raise ValueError("arrival needs its time zone; write datetime.now(UTC)")
    url = given if isinstance(given, str) else _write(_ANY_ID, given, None)
    return check_url(read_url(url, known_hosts() if hosts is None else hosts), arrival)


def link_values(engagement: Click | Impression, *, dialect: str | Dialect | None = None) -> dict[str, object]:
    """Return the Link values of an Event that is attributed to the click or impression.

    Without `dialect`, return all of them; with one, only those that its templates can read. Advertising ids are not
    included, since their fields come from the SDK.

    >>> link_values(Click("192.0.2.1", "Mozilla/5.0 (iPad)", 1453895044, click_id="1"), dialect="appsflyer")
    {'click_id': '1'}
    """
    _check_engagement(engagement)
    values: dict[str, object] = dict(engagement.custom)
    for row in parameters().values():
        value = getattr(engagement, row.attribute)
        if value is not None:
            values.update(dict.fromkeys(row.link, value))
    chosen = dialect_of(table(TRACKING)["dialect"] if dialect is None else dialect)
    return {name: value for name, value in values.items() if chosen.open or chosen.source_of(name) is Source.LINK}


def landing_url(store_url: str, engagement: Click | Impression) -> str:
    """Return the URL of the store with the click id added to its `referrer`.

    >>> click = Click("192.0.2.1", "Mozilla/5.0 (iPad)", 1453895044, click_id="123456789")
    >>> landing_url("play.google.com/store/apps/details?id=com.x", click)
    'play.google.com/store/apps/details?id=com.x&referrer=appmetrica_click_id%3D123456789'

    Raises:
        PayloadError: there is neither a `click_id` nor an `external_click_id`.
    """
    store_url = text_of("store_url", store_url)
    _check_engagement(engagement)
    rules = table(TRACKING)["landing"]
    click_id = next(filter(None, (getattr(engagement, name) for name in rules["ids"])), None)
    if click_id is None:
        message = f"no click id for the {rules['parameter']}"
        hint = f"give {' or '.join(rules['ids'])}"
        raise PayloadError([faults.NO_CLICK_ID.on(store_url, Span(0, len(store_url)), message, hint)])
    # The store decodes the referrer once, and the app parses the result as a query.
    pair = _encode(f"{rules['name']}={_encode(click_id)}")
    head, hash_mark, fragment = store_url.partition("#")
    address, _, query = head.partition("?")
    opening = f"{rules['parameter']}="
    pairs = [piece for piece in query.split("&") if piece]
    place = next((index for index, piece in enumerate(pairs) if piece.startswith(opening)), len(pairs))
    before = "".join(pairs[place : place + 1]).removeprefix(opening).split("%26")
    kept = [inner for inner in before if inner and not unquote(inner).startswith(f"{rules['name']}=")]
    pairs[place : place + 1] = [opening + "%26".join([*kept, pair])]
    return f"{address}?{'&'.join(pairs)}{hash_mark}{fragment}"


def _write(tracking_id: str, engagement: Click | Impression, host: str | None) -> str:
    path = table(TRACKING)["path"]["before_id"] + _encode(tracking_id)
    pairs = []
    is_reported = any(getattr(engagement, row.attribute) is not None for row in parameters().values() if row.required)
    for row in parameters().values():
        value = getattr(engagement, row.attribute) if is_reported or not row.s2s else None
        if value is not None and (row.always or value != row.default):
            text = str(int(value)) if isinstance(value, bool) else str(value)
            pairs.append(f"{row.name}={_encode(text)}")
    pairs += [f"{_encode(name)}={_encode(value)}" for name, value in engagement.custom.items()]
    return f"https://{host or table(TRACKING)['hosts'][_kind(engagement)][0]}{path}?{'&'.join(pairs)}"


def _kind(engagement: Click | Impression) -> str:
    return next(kind for kind, found in _KINDS.items() if isinstance(engagement, found))


def _encode(text: str) -> str:
    try:
        return percent_encode(text)
    except UnicodeEncodeError:
        span = Span(0, len(text))
        raise PayloadError([faults.BAD_ENCODING.on(text, span, "half a surrogate pair, which is not text")]) from None


def _converted(row: TrackingParameter, value: str) -> object:
    match row.type:
        case "time":
            return int(value)
        case "flag":
            return value != "0"
        case _:
            return value or None
