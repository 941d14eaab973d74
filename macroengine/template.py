"""Parsed templates, and the function that parses one."""

from collections.abc import Iterator
from dataclasses import dataclass

from macroengine.arguments import check_type, text_of
from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.diagnostics import Span
from macroengine.errors import LimitError
from macroengine.language.nodes import Delimiter, Leaf, Macro, Pair, Part, Pieces
from macroengine.language.parser import parse_parts
from macroengine.limits import Limits


@dataclass(frozen=True, slots=True, repr=False)
class Template:
    """A parsed template. Joining the text of its leaves gives `source`.

    A delimiter is None if its part is missing. `slashes` is the text between scheme and authority; `hash` is the `#`
    that opens the fragment.
    """

    source: str
    """The text that was parsed."""
    dialect: Dialect
    """The dialect whose syntax was used."""
    scheme: Pieces = ()
    slashes: Delimiter | None = None
    authority: Pieces = ()
    path: Pieces = ()
    query: tuple[Pair, ...] = ()
    hash: Delimiter | None = None
    fragment: Pieces = ()

    def __repr__(self) -> str:
        return f"<Template {self.source!r}, dialect {getattr(self.dialect, 'name', self.dialect)}>"

    def leaves(self) -> Iterator[tuple[Leaf, Part]]:
        """Yield each leaf with its part, in source order, without gaps or overlaps."""
        for delimiter, pieces, part in self._parts():
            if delimiter is not None:
                yield delimiter, part
            for piece in pieces:
                yield piece, part

    def _parts(self) -> Iterator[tuple[Delimiter | None, Pieces, Part]]:
        yield None, self.scheme, Part.SCHEME
        yield self.slashes, self.authority, Part.AUTHORITY
        yield None, self.path, Part.PATH
        for pair in self.query:
            yield pair.opening, pair.name, Part.NAME
            yield pair.equals, pair.value, Part.VALUE
        yield self.hash, self.fragment, Part.FRAGMENT

    def macros(self) -> Iterator[Macro]:
        """Yield the macros in source order, including repeats."""
        for leaf, _ in self.leaves():
            if isinstance(leaf, Macro):
                yield leaf


# Made once: it takes a fortieth of the time to check a template.
_LIMITS = Limits()


def parse(source: str, dialect: str | Dialect = DEFAULT_DIALECT, *, limits: Limits | None = None) -> Template:
    """Return the syntax tree of `source`. Every string within the limits has one.

    >>> [(macro.name, macro.function) for macro in parse("https://n.example/pb?c=(clickid)&i=(sha1-idfa)").macros()]
    [('clickid', None), ('idfa', 'sha1')]

    Raises:
        LimitError: `source` is too long, or has too many macros.
    """
    source = text_of("source", source)
    check_type("limits", Limits | None, "a Limits", limits)
    chosen = dialect_of(dialect)
    bounds = _LIMITS if limits is None else limits
    if len(source) > bounds.template:
        over = Span(bounds.template, len(source))
        raise LimitError.at(source, over, f"template has {len(source):,} characters; at most {bounds.template:,} fit")
    template = Template(source, chosen, **parse_parts(source, chosen.syntax))
    if sum(map(source.count, chosen.syntax.openers)) > bounds.macros:
        _check_macro_count(template, bounds.macros)
    return template


def _check_macro_count(template: Template, most: int) -> None:
    macros = list(template.macros())
    if len(macros) > most:
        message = f"template has {len(macros):,} macros; at most {most:,} fit"
        raise LimitError.at(template.source, macros[most].span, message)
