"""Facts from the catalogue and the rules, for hovers, tables, forms and pages."""

from typing import Any

from macroengine.catalogue import Dialect, MacroSpec
from macroengine.event import Event
from macroengine.kinds import Postback, Source
from macroengine.matching.faults import FAULTS
from macroengine.plan.resolve import Resolved, resolve
from macroengine.plan.steps import times_encoded
from macroengine.playground.places import Places
from macroengine.playground.settings import Settings
from macroengine.rules import RULES
from macroengine.rules.pages import sections
from macroengine.template import parse
from macroengine.translation.losses import Kind

SOURCES = {"link": Source.LINK, "sdk": Source.SDK, "platform": Source.PLATFORM}

Json = dict[str, Any]


def macros_of(settings: Settings) -> list[Json]:
    """Return the facts about each macro of a template, in source order."""
    places = Places(settings.template)
    found = resolve(parse(settings.template, settings.dialect), settings.dialect, settings.policy)
    return [{**places.span(macro.node.span), **_macro(macro, settings.dialect)} for macro in found.macros]


def _macro(macro: Resolved, dialect: Dialect) -> Json:
    spec = macro.spec
    if spec is None:
        return {"text": macro.node.text, "field": None}
    return {
        "text": macro.node.text,
        "field": spec.field,
        "source": dialect.labels[spec.source],
        "description": spec.description,
        "example": spec.example,
        "send_all": spec.send_all,
        "available": _available(spec),
        "personal": spec.personal,
        "encoded": times_encoded(macro, dialect),
        "note": spec.note,
    }


def _available(spec: MacroSpec) -> list[str]:
    """Return the kinds of postback for which a macro is filled; empty if it is filled for all."""
    return [] if spec.available == frozenset(Postback) else [kind for kind in Postback if kind in spec.available]


def fields_of(event: Event, dialect: Dialect) -> list[Json]:
    """Return the fields of an example event, for a form."""
    specs = {(spec.source, spec.field): spec for spec in dialect.macros.values()}
    return [
        {
            "source": key,
            "field": field,
            "label": dialect.labels[source],
            "example": value,
            "description": spec.description if (spec := specs.get((source, field))) else "",
        }
        for key, source in SOURCES.items()
        for field, value in getattr(event, key).items()
    ]


def page_of(code: str) -> Json | None:
    """Return the page of a diagnostic; a rule's page has sections. None if the code is unknown."""
    if code in RULES:
        one = RULES[code]
        summary, *others = sections(code).items()
        page = [{"heading": heading, "text": text} for heading, text in others]
        return _page(code, one.name, one.severity, summary[1], page)
    meanings = {fault.code: (fault.name, fault.severity, fault.meaning) for fault in FAULTS.values()}
    meanings |= {kind.code: (kind.label, kind.severity, kind.meaning) for kind in Kind}
    if code not in meanings:
        return None
    name, severity, meaning = meanings[code]
    return _page(code, name, severity, f"{meaning[0].upper()}{meaning[1:]}.", [])


def _page(code: str, name: str, severity: str, summary: str, page: list[Json]) -> Json:
    return {"code": code, "name": name, "severity": severity, "summary": summary, "sections": page}
