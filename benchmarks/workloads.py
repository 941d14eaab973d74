"""The three postbacks that every contender renders."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1
from urllib.parse import quote

from macroengine import Event, Policy, Postback, dialect, parse
from macroengine.language.nodes import Delimiter, Literal

APPSFLYER = dialect("appsflyer")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A macro, with the facts that a contender needs."""

    field: str
    source: str
    hashed: bool
    case: str

    @property
    def name(self) -> str:
        """The name of the value for contenders that need it ready to send: hashed, if it is a hash."""
        return f"sha1_{self.field}" if self.hashed else self.field


@dataclass(frozen=True)
class Workload:
    """A template and an event."""

    name: str
    title: str
    template: str
    event: Event

    @property
    def policy(self) -> Policy:
        return Policy(self.event.postback)

    @cached_property
    def row(self) -> dict[str, object]:
        """The event as one flat dict, for contenders without sources. It is made beforehand and not timed."""
        return {**self.event.link, **self.event.sdk, **self.event.platform}

    @cached_property
    def pieces(self) -> list[str | Placeholder]:
        pieces: list[str | Placeholder] = []
        for leaf, _ in parse(self.template).leaves():
            if isinstance(leaf, Literal | Delimiter):
                pieces.append(leaf.text)
            else:
                spec, _ = APPSFLYER.find(leaf.name)
                pieces.append(Placeholder(spec.field, spec.source.lower(), leaf.function is not None, spec.case.name))
        return pieces

    @cached_property
    def placeholders(self) -> list[Placeholder]:
        return [piece for piece in self.pieces if isinstance(piece, Placeholder)]

    def written(self, macro: str, hashed: str | None = None) -> str:
        """Return the template for another engine. `macro` contains {name}, {field}, {source} and {case}."""
        parts = []
        for piece in self.pieces:
            if isinstance(piece, str):
                parts.append(piece)
            else:
                form = hashed if hashed is not None and piece.hashed else macro
                parts.append(form.format(name=piece.name, field=piece.field, source=piece.source, case=piece.case))
        return "".join(parts)

    def texts(self, row: Mapping[str, object]) -> dict[str, str]:
        """Return all values as text, for engines that compute nothing themselves."""
        return {piece.name: text_of(row.get(piece.field), hashed=piece.hashed) for piece in self.placeholders}

    @cached_property
    def expected(self) -> str:
        """The right URL, computed in the simplest way."""
        texts = self.texts(self.row)
        return "".join(p if isinstance(p, str) else quote(texts[p.name], safe="") for p in self.pieces)


def text_of(value: object, *, hashed: bool) -> str:
    if value is None:
        return ""
    # The identifiers are already in the case in which they are hashed, as senders are asked to provide them.
    return sha1(str(value).encode()).hexdigest() if hashed else str(value)


USER_AGENT = (
    "Mozilla/5.0 (Linux; Android 13; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/112.0.5615.136 Mobile Safari/537.36"
)
JSON = (
    '{"af_quantity":1,"af_revenue":"120.10","af_currency":"USD","af_content_id":"1107",'
    '"af_content_type":"default_type","af_order_id":"A-10293"}'
)
IDFA = "30255BCE-4CDA-4F62-91DC-475B1D7E60A2"
W1 = Workload(
    "W1",
    "4 macros, safe values",
    "https://n.example/pb?clickid=(clickid)&idfa=(idfa)&country=(country_code)&ip=(ip)",
    Event(
        link={"click_id": "8594845-77ab2c"},
        sdk={"idfa": IDFA, "ip": "38.166.144.142"},
        platform={"country_code": "DE"},
    ),
)
W2 = Workload(
    "W2",
    "10 macros; a User-Agent, 140 characters of JSON, a campaign in Cyrillic",
    "https://n.example/postback/v2?clickid=(clickid)&pub=(publisher_id)&campaign=(C)&idfa=(idfa)&ip=(ip)"
    "&ua=(user-agent)&country=(country_code)&event=(event_name)&time=(event_time)&json=(event_value)",
    Event(
        link={"click_id": "8594845-77ab2c", "publisher_id": "click123", "campaign": "Весенняя распродажа"},
        sdk={
            "idfa": IDFA,
            "ip": "38.166.144.142",
            "user_agent": USER_AGENT,
            "event_name": "af_purchase",
            "event_time": "2026-01-05 09:30:00",
            "event_value": JSON,
        },
        platform={"country_code": "DE"},
        postback=Postback.IN_APP,
    ),
)
W3 = Workload(
    "W3",
    "30 macros; those of W2 and more, 3 of them SHA-1, one value missing",
    "https://track.n.example/s2s/appsflyer?clickid=(clickid)&media=(pid)&pub=(publisher_id)&campaign=(C)"
    "&campaign_id=(af_c_id)&adset=(af_adset)&adset_id=(af_adset_id)&ad_id=(af_ad_id)&site=(af_siteid)&sub1=(af_sub1)"
    "&sub2=(af_sub2)&idfa_sha1=(sha1-idfa)&gaid_sha1=(sha1-advertising_id)&android_sha1=(sha1-android_id)"
    "&afid=(appsflyer_id)&platform=(platform)&lang=(language)&country=(country_code)&city=(city)&ip=(ip)"
    "&ua=(user-agent)&model=(device-model)&os=(os-version)&app=(app_id)&installed=(install_unix_ts)"
    "&event=(event_name)&time=(event_time)&revenue=(event_revenue)&currency=(event_revenue_currency)"
    "&json=(event_value)",
    Event(
        link={
            "click_id": "8594845-77ab2c",
            "media_source": "examplenet_int",
            "publisher_id": "click123",
            "campaign": "Весенняя распродажа",
            "af_c_id": "235584",
            "af_adset": "lookalike_1",
            "af_adset_id": "778201",
            "af_ad_id": "14930141",
            "af_siteid": "6304",
            "af_sub1": "sub1",
        },
        sdk={
            "idfa": IDFA,
            "advertising_id": "8e4dd44b-82ec-43d0-a5de-321f3c0b9a71",
            "android_id": "9aaeecc4455d21b7",
            "appsflyer_id": "1415211453000-6513894",
            "platform": "android",
            "language": "en-US",
            "ip": "2001:db8:85a3::8a2e:370:7334",
            "user_agent": USER_AGENT,
            "device_model": "Galaxy S6",
            "os_version": "14.5.1",
            "app_id": "com.example.game",
            "install_unix_ts": 1451923560,
            "event_name": "af_purchase",
            "event_time": "2026-01-05 09:30:00",
            "event_revenue": "120.10",
            "event_revenue_currency": "USD",
            "event_value": JSON,
        },
        platform={"country_code": "DE", "city": "Frankfurt am Main"},
        postback=Postback.IN_APP,
    ),
)
WORKLOADS = (W1, W2, W3)
