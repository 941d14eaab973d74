"""From a string to a Template, in a dialect and within limits."""

from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.diagnostics import Span
from macroengine.errors import LimitError
from macroengine.language.nodes import Template
from macroengine.language.parser import parse_parts
from macroengine.limits import Limits


def parse(source: str, dialect: str | Dialect = DEFAULT_DIALECT, *, limits: Limits | None = None) -> Template:
    """Return the syntax tree of `source`. Every string within the limits has one.

    >>> [(macro.name, macro.function) for macro in parse("https://n.example/pb?c=(clickid)&i=(sha1-idfa)").macros()]
    [('clickid', None), ('idfa', 'sha1')]

    Raises:
        LimitError: `source` is too long, or has too many macros.
    """
    chosen = dialect_of(dialect)
    bounds = limits or Limits()
    if len(source) > bounds.template:
        over = Span(bounds.template, len(source))
        raise LimitError.at(source, over, f"template has {len(source):,} characters; at most {bounds.template:,} fit")
    template = Template(source, chosen.name, **parse_parts(source, chosen.syntax))
    if sum(map(source.count, chosen.syntax.openers)) > bounds.macros:
        _check_macro_count(template, bounds.macros)
    return template


def _check_macro_count(template: Template, most: int) -> None:
    macros = list(template.macros())
    if len(macros) > most:
        message = f"template has {len(macros):,} macros; at most {most:,} fit"
        raise LimitError.at(template.source, macros[most].span, message)
