"""The templates of `macroengine bulk --templates`, each with the settings that its row gives."""

from collections.abc import Container, Iterator
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from macroengine.cli.inputs import InputError, input_name, read_toml, suffix
from macroengine.kinds import Postback
from macroengine.workspace.checking import settings_of
from macroengine.workspace.columns import Layout
from macroengine.workspace.config import Settings
from macroengine.workspace.inputs import NoColumnError
from macroengine.workspace.record import Record, Said
from macroengine.workspace.sources import open_source
from macroengine.workspace.tables import Table
from macroengine.workspace.text import read_decoded

# Enough for some thousands of templates.
_MAX_BYTES = 16_777_216


class PartnerTemplate(NamedTuple):
    """A template of a file."""

    partner: str
    template: str
    place: str
    settings: Settings
    assumed: Postback | None
    """The kind of postback, if it was inferred from the macros."""


def read_templates(path: Path, settings: Settings, given: Container[str]) -> list[PartnerTemplate]:
    """Return the templates in a file. Its rows override `settings`, except for those named in `given`.

    Raises:
        InputError: the file or one of its rows cannot be used; the message has the place.
        OSError: the file cannot be read.
    """
    name = input_name(path)
    found: dict[str, PartnerTemplate] = {}
    try:
        for record in _records(path):
            if record.broken is not None:
                raise record.broken
            if record.template is None and not record.said.partner:
                continue
            one = _partner_template(record, name, settings, given)
            if one.partner in found:
                raise InputError(f"{one.place}: {one.partner!r} is repeated; give each partner one template")
            found[one.partner] = one
    except NoColumnError:
        raise InputError(
            f"{name}: needs the columns partner and template, by these names or by others that check recognises"
        ) from None
    if not found:
        raise InputError(f"{name}: has no templates")
    return list(found.values())


def _records(path: Path) -> Iterator[Record]:
    if path.suffix == ".toml":
        for partner, template in read_toml(path, _MAX_BYTES).items():
            text = template if isinstance(template, str) else None
            yield Record("", 0, text, said=Said(partner=partner))
    elif suffix(path) in (".xlsx", ".xlsm"):
        yield from open_source(str(path)).records()
    else:
        lines = enumerate(StringIO(read_decoded(path, _MAX_BYTES), newline="\n"), 1)
        yield from Table(lines, input_name(path), Layout()).records(".csv", strict=True)


def _partner_template(record: Record, name: str, settings: Settings, given: Container[str]) -> PartnerTemplate:
    place = f"{name}:{record.place}" if record.line else name
    partner, template = record.said.partner, record.template or ""
    if not partner.strip():
        raise InputError(f"{place}: a template has no partner")
    if not template.strip():
        raise InputError(f"{place}: the template of {partner!r} must be a text, and not blank")
    chosen, assumed, unknown = settings_of(record, template, settings, name, given)
    if unknown:
        raise InputError(
            f"{place}: {unknown!r} is not a known platform; correct it, or render all templates in one dialect with "
            "--dialect"
        )
    return PartnerTemplate(partner, template, place, chosen, assumed)
