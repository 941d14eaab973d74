"""The text for a hover over a place in a template: the macro there, and the findings."""

from collections.abc import Iterator, Mapping

from lsprotocol import types

from macroengine.catalogue import Dialect, MacroSpec
from macroengine.diagnostics import Diagnostic, Span
from macroengine.errors import TemplateError
from macroengine.lsp.documents import Checked, Document, within
from macroengine.lsp.markup import Block, Code, Facts, Heading, Prose
from macroengine.plan.resolve import Resolved, resolve
from macroengine.rules import RULES
from macroengine.rules.pages import sections
from macroengine.workspace.assumed import parsed
from macroengine.workspace.facts import facts, is_inferred
from macroengine.workspace.located import Located

# Shown separately.
_APART = ("macro", "description", "note", "references")
_PROSE = ("What it does", "Why it matters")


def hover(document: Document, position: types.Position) -> tuple[list[Block], types.Range] | None:
    """Return the text about a position, and the range that it is about; None if there is nothing to show."""
    offset = document.offset(position)
    located = document.template_at(offset)
    at = None if located is None else within(located, offset)
    if located is None or at is None:
        return None
    checked = document.check(located)
    found = [diagnostic for diagnostic in checked.found if _touches(diagnostic.span, at)]
    macro = _macro_at(located, checked, at)
    if macro is None and not found:
        return None
    span = found[0].span if macro is None else macro.node.span
    blocks = [] if macro is None else list(_about_macro(macro, checked.settings.dialect_of(located.template)))
    for diagnostic in found:
        blocks += about_finding(diagnostic)
    return blocks, document.range(*located.extent(span.start, span.stop))


def _touches(span: Span, at: int) -> bool:
    return span.start <= at < span.stop or span.start == at == span.stop


def _macro_at(located: Located, checked: Checked, at: int) -> Resolved | None:
    dialect = checked.settings.dialect_of(located.template)
    try:
        macros = resolve(parsed(located.template, dialect), dialect, checked.settings.policy).macros
    except TemplateError:  # it is too large to check
        return None
    return next((macro for macro in macros if _touches(macro.node.span, at)), None)


def _about_macro(macro: Resolved, dialect: Dialect) -> Iterator[Block]:
    if macro.spec is not None:
        yield from about_macro(macro.spec, dialect)


def about_macro(spec: MacroSpec, dialect: Dialect) -> Iterator[Block]:
    """Yield the catalogue's facts about a macro."""
    said = {key: value for key, value in facts(spec, dialect).items() if value}
    yield Heading(f"{said['macro']} of {dialect.title}")
    if spec.description:
        yield Prose(spec.description)
    yield Facts(tuple(_facts(said, spec, dialect)))
    if spec.note:
        yield Prose(spec.note)


def _facts(said: Mapping[str, str], spec: MacroSpec, dialect: Dialect) -> Iterator[tuple[str, str]]:
    for key, value in said.items():
        if key not in _APART:
            yield key, f"{value} (inferred)" if is_inferred(key.replace(" ", "_"), spec, dialect) else value
    for reference in spec.references:
        yield "documented", dialect.references.get(reference, reference)


def about_finding(diagnostic: Diagnostic) -> Iterator[Block]:
    """Yield a finding, and the page of its rule."""
    yield Heading(f"{diagnostic.severity} {diagnostic.code} {diagnostic.name}")
    hint = "" if diagnostic.hint is None else f"\nhint: {diagnostic.hint}"
    yield Code(f"{diagnostic.message}{hint}")
    for heading, body in sections(diagnostic.code).items() if diagnostic.code in RULES else ():
        if heading in _PROSE:
            yield Prose(f"{heading}: {' '.join(body.split())}")
        elif heading:
            yield Prose(f"{heading}:")
            yield Code(body)
