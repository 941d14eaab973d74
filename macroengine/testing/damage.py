"""Hypothesis strategies for templates that were damaged by mail programs, web pages and spreadsheets."""

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
# Names that begin like an entity, such as &curren;, and text that word processors replace.
_TAILS = ("&currency=1", "&region=1&copy=2", "&a=--b", "&section=...", "")


@dataclass(frozen=True, slots=True)
class Damaged:
    """A damaged template, and the intended one."""

    source: str
    """The template as it arrived."""
    meant: str
    """The template that was intended."""
    damage: str
    """The kind of damage: a key of DAMAGES."""


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
        "html: unescaped": unescape,  # read as HTML although it is not
        "html: non-breaking": lambda template: template.replace("&", "\u00a0&"),
        "html: encoded delimiters": _encoded_delimiters,
        "json: escaped": _json_in_html,
        "markdown: escaped": _markdown,
        "spreadsheet: quoted": _quoted_cell,
        "spreadsheet: autocorrected": _autocorrected,
    }
)
"""The ways in which templates are damaged, by name."""


@st.composite
def damaged_templates(draw: st.DrawFn, dialect: str | Dialect = DEFAULT_DIALECT) -> Damaged:
    """Draw templates damaged the way e-mail, HTML and spreadsheets do, with the undamaged ones.

    Some of their parameters have names that HTML reads as entities.
    """
    meant = draw(unsound_templates(dialect, alphabet=_PRINTABLE, unknown=False)) + draw(st.sampled_from(_TAILS))
    damaged = {name: damage(meant) for name, damage in DAMAGES.items()}
    # Some kinds change only some templates, but breaking a line changes all of them.
    name = draw(st.sampled_from([name for name, source in damaged.items() if source != meant]))
    return Damaged(damaged[name], meant, name)
