"""Hypothesis strategies for templates as they arrive: through mail programs, web pages and spreadsheets."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape, unescape
from types import MappingProxyType
from urllib.parse import quote

from hypothesis import strategies as st

from macroengine.catalogue import DEFAULT_DIALECT, Dialect
from macroengine.testing.unsound import unsound_templates

_LINE = 76  # characters, the length at which mail programs break lines
_PRINTABLE = "ab0-._~%+&=?#"
# Names that begin like an entity, &curren; for one, and text that word processors replace.
_TAILS = ("&currency=1", "&region=1&copy=2", "&a=--b", "&section=...", "")


@dataclass(frozen=True, slots=True)
class Damaged:
    """A template as it arrived, and as it was meant."""

    source: str
    """The template as it arrived."""
    meant: str
    """The template as it was meant."""
    damage: str
    """What was done to it; a key of DAMAGES."""


def _wrapped(template: str) -> str:
    return "\r\n".join(template[start : start + _LINE] for start in range(0, len(template), _LINE)) + "\r\n"


def _autocorrected(template: str) -> str:
    return template.replace("(c)", "\u00a9").replace("(C)", "\u00a9").replace("--", "\u2013").replace("...", "\u2026")


def _quoted_cell(template: str) -> str:
    return '"' + template.replace('"', '""') + '"\t'


def _encoded_delimiters(template: str) -> str:
    return re.sub(r"[(){}]", lambda delimiter: quote(delimiter[0]), template)


def _markdown(template: str) -> str:
    return re.sub(r"([_*&])", r"\\\1", template)


def _json_in_html(template: str) -> str:
    return json.dumps(template).strip('"').replace("&", r"\u0026")


DAMAGES: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "e-mail: wrapped": _wrapped,
        "e-mail: invisible": lambda template: re.sub(r"([/&])", "\\1\u200b", template),
        "html: escaped": escape,
        "html: escaped twice": lambda template: escape(escape(template)),
        "html: unescaped": unescape,  # read as HTML, which it never was
        "html: non-breaking": lambda template: template.replace("&", "\u00a0&"),
        "html: encoded delimiters": _encoded_delimiters,
        "json: escaped": _json_in_html,
        "markdown: escaped": _markdown,
        "spreadsheet: quoted": _quoted_cell,
        "spreadsheet: autocorrected": _autocorrected,
    }
)
"""What is done to templates on their way, by name."""


@st.composite
def damaged_templates(draw: st.DrawFn, dialect: str | Dialect = DEFAULT_DIALECT) -> Damaged:
    """Draw templates damaged as e-mail, HTML and spreadsheets damage them, with the undamaged ones.

    Among their parameters are some whose names HTML takes for entities.
    """
    meant = draw(unsound_templates(dialect, alphabet=_PRINTABLE, unknown=False)) + draw(st.sampled_from(_TAILS))
    damaged = {name: damage(meant) for name, damage in DAMAGES.items()}
    # Not everything is damaged by everything, but a line by its end is.
    name = draw(st.sampled_from([name for name, source in damaged.items() if source != meant]))
    return Damaged(damaged[name], meant, name)
