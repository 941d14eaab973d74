"""Which partner is told about which events: the templates of all partners, compiled once."""

import logging
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from opentelemetry import metrics

from attribution_service.addresses import Network
from attribution_service.checking import ConfigError, check_keys
from attribution_service.places import Place
from attribution_service.templates import Outgoing, read_outgoing, request_of
from macroengine import Event, Observation, Policy, Postback, PostbackSet, PreparedRequest, RenderError
from macroengine.delivery import RetrySchedule

log = logging.getLogger(__name__)
# Counting does nothing unless the operator installs and configures an OpenTelemetry SDK.
POSTBACKS = metrics.get_meter("attribution_service").create_counter(
    "postbacks", description="what became of the postbacks of each event"
)


@dataclass(frozen=True, slots=True)
class Partner:
    name: str
    tracking_id: str
    templates: tuple[Outgoing, ...]


class App:
    """An app: its key, and the partners that are told about its installs and events."""

    def __init__(self, row: Mapping[str, Any], where: Place) -> None:
        check_keys(row, where, {"key": str}, {"partners": dict})
        self.key: str = row["key"]
        self.partners = [_partner(name, partner, where) for name, partner in row.get("partners", {}).items()]
        owners = (*(partner.name for partner in self.partners), None)
        self._told = {owner: _Told.split(self.partners, owner) for owner in owners}

    def postbacks(
        self, event: Event, owner: str | None, may_know: Callable[[str], bool]
    ) -> list[tuple[str, PreparedRequest]]:
        """Return pairs of partner and request. `owner` is the partner that the event is attributed to."""
        # The owner of an install may have been removed from the configuration.
        mine, others = self._told.get(owner, self._told[None])
        requests = [*mine.requests(event), *others.requests(replace(event, attributed=False))]
        return [(name, request) for name, request in requests if may_know(name)]


class Config:
    """The content of `partners.toml`."""

    def __init__(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8")
            data = tomllib.loads(text)
        except (OSError, ValueError, RecursionError) as error:
            raise ConfigError(f"{path}: cannot be read: {error}") from None
        file = Place.of(path, text)
        check_keys(data, file, {"retry": dict, "apps": dict}, {"allow_networks": list})
        networks = data.get("allow_networks", [])
        self.allowed = [_network(network, f"{file.at('allow_networks')}: key 'allow_networks'") for network in networks]
        self.schedule = _schedule(data["retry"], file.inside("retry", "retry"))
        self.apps: dict[str, App] = {}
        self.trackers: dict[str, tuple[str, str]] = {}
        """App and partner by tracking id."""
        for app_id, row in data["apps"].items():
            where = file.inside(f"app {app_id!r}", "apps", app_id)
            self.apps[app_id] = App(row, where)
            for partner in self.apps[app_id].partners:
                if partner.tracking_id in self.trackers:
                    here = _place_of(partner.name, where).at("tracking_id")
                    raise ConfigError(f"{here}: 'tracking_id' is that of another partner")
                self.trackers[partner.tracking_id] = (app_id, partner.name)

    @property
    def partner_names(self) -> set[str]:
        return {partner for _, partner in self.trackers.values()}


@dataclass(frozen=True, slots=True)
class _Told:
    """The templates of some partners, each with the partner's name."""

    names: tuple[str, ...]
    postbacks: PostbackSet
    keys: Mapping[int, bytes] = field(repr=False)
    """The keys of requests that are signed, by index."""

    @classmethod
    def split(cls, partners: list[Partner], owner: str | None) -> "tuple[_Told, _Told]":
        """Return the templates of the event's owner, and those of all others."""
        return (
            cls.of([partner for partner in partners if partner.name == owner]),
            cls.of([partner for partner in partners if partner.name != owner]),
        )

    @classmethod
    def of(cls, partners: list[Partner]) -> "_Told":
        names = tuple(partner.name for partner in partners for _ in partner.templates)
        templates = [one for partner in partners for one in partner.templates]
        keys = {place: one.key for place, one in enumerate(templates) if one.key is not None}
        return cls(names, PostbackSet([one.template for one in templates]), keys)

    def requests(self, event: Event) -> Iterator[tuple[str, PreparedRequest]]:
        """Yield pairs of partner and request. If rendering fails for one partner, the others still get theirs."""
        outcomes = self.postbacks.outcomes(event, keys=self.keys, hook=self._count)
        for name, outcome in zip(self.names, outcomes, strict=True):
            if isinstance(outcome, RenderError):
                log.warning("no postback to %s: the value of macro %r cannot be sent", name, outcome.macro)
            elif outcome is not None:
                yield name, request_of(outcome)

    def _count(self, seen: Observation) -> None:
        partner = self.names[seen.partner] if isinstance(seen.partner, int) else seen.partner
        labels = {"partner": partner, "result": seen.result.value, "reason": seen.reason, "macro": seen.macro}
        POSTBACKS.add(1, {name: label for name, label in labels.items() if label is not None})


def _place_of(partner: str, app: Place) -> Place:
    return app.inside(f"partner {partner!r}", "partners", partner)


def _partner(name: str, row: Any, app: Place) -> Partner:
    where = _place_of(name, app)
    kinds: dict[str, type] = {kind.value: object for kind in Postback}
    check_keys(row, where, {"tracking_id": str, "dialect": str, "send_all": bool, "consent": bool}, kinds)
    templates = []
    for kind in Postback:
        if kind in row:
            policy = Policy(kind, send_all=row["send_all"], consent=row["consent"])
            templates.append(read_outgoing(row[kind], row["dialect"], policy, where, kind.value))
    return Partner(name, row["tracking_id"], tuple(templates))


def _network(text: Any, where: str) -> Network:
    try:
        return ip_network(text if isinstance(text, str) else "")
    except ValueError:
        raise ConfigError(f"{where}: {text!r} is not a network such as '10.0.0.0/8'") from None


def _schedule(row: Any, where: Place) -> RetrySchedule:
    may: dict[str, type] = {"refusals": list, "retried": list, "max_retries": int}
    names = [one.name for one in fields(RetrySchedule) if one.name not in may]
    check_keys(row, where, dict.fromkeys(names, float), may)
    for name in names:
        if not 0 <= row[name] < 1e9:
            raise ConfigError(f"{where.at(name)}: key {name!r} must be 0 or more, not {row[name]}")
    return RetrySchedule(**row)
