"""Who is told of what: the templates of all partners, compiled once."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from macroengine import CompiledTemplate, Event, Policy, Postback, PostbackSet, compile_template
from macroengine.intake import RetrySchedule


@dataclass(frozen=True, slots=True)
class Partner:
    name: str
    tracking_id: str
    templates: tuple[CompiledTemplate, ...]


class App:
    """One app: its key, and the partners that are told of its installs and events."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.key: str = row["key"]
        self.partners = [_partner(name, partner) for name, partner in row.get("partners", {}).items()]
        owners = (*(partner.name for partner in self.partners), None)
        self._told = {owner: _Told.split(self.partners, owner) for owner in owners}

    def postbacks(self, event: Event, owner: str | None, may_know: Callable[[str], bool]) -> list[tuple[str, str]]:
        """Return pairs of partner and URL; `owner` is the partner that the event is attributed to."""
        mine, others = self._told[owner]
        urls = [*mine.urls(event), *others.urls(replace(event, attributed=False))]
        return [(name, url) for name, url in urls if may_know(name)]


class Config:
    """What `partners.toml` says."""

    def __init__(self, path: Path) -> None:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        self.schedule = RetrySchedule(**data["retry"])
        self.apps = {app_id: App(row) for app_id, row in data["apps"].items()}
        self.trackers = {
            partner.tracking_id: (app_id, partner.name) for app_id, app in self.apps.items() for partner in app.partners
        }
        """App and partner by tracking id."""


@dataclass(frozen=True, slots=True)
class _Told:
    """The templates of some partners, each with the partner's name."""

    names: tuple[str, ...]
    postbacks: PostbackSet

    @classmethod
    def split(cls, partners: list[Partner], owner: str | None) -> "tuple[_Told, _Told]":
        """Return the templates of the owner of an event, and those of all others."""
        return (
            cls.of([partner for partner in partners if partner.name == owner]),
            cls.of([partner for partner in partners if partner.name != owner]),
        )

    @classmethod
    def of(cls, partners: list[Partner]) -> "_Told":
        names = tuple(partner.name for partner in partners for _ in partner.templates)
        return cls(names, PostbackSet(template for partner in partners for template in partner.templates))

    def urls(self, event: Event) -> Iterator[tuple[str, str]]:
        for name, url in zip(self.names, self.postbacks.render(event), strict=True):
            if url is not None:
                yield name, url


def _partner(name: str, row: dict[str, Any]) -> Partner:
    templates = (
        compile_template(row[kind], dialect=row["dialect"], policy=Policy(kind, send_all=row["send_all"]))
        for kind in Postback
        if kind in row
    )
    return Partner(name, row["tracking_id"], tuple(templates))
