"""Completions for macros in a template."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from macroengine.catalogue import Dialect, MacroSpec
from macroengine.diagnostics import Span
from macroengine.language.forms import Form
from macroengine.playground.settings import Settings
from macroengine.workspace.permitted import permitted

# Text that may be between the opener and the cursor: the beginning of a name.
_BEGUN = re.compile(r"[\w.:|-]*")


class Option(NamedTuple):
    """A macro to choose."""

    text: str
    spec: MacroSpec
    function: str | None


class Completion(NamedTuple):
    """The range that a macro would replace, and the macros."""

    span: Span
    options: tuple[Option, ...]


def complete(settings: Settings, index: int, *, is_asked: bool) -> Completion | None:
    """Return the completions at a code point: macros that the platform fills and the policy permits.

    None if no macro begins there, unless completions were requested explicitly (`is_asked`).
    """
    template, dialect = settings.template, settings.dialect
    begun = _begun(template, index, dialect)
    if begun is None and not is_asked:
        return None
    form, start = begun or (dialect.syntax.forms[0], index)
    stop = index + len(form.closer) if begun and template.startswith(form.closer, index) else index
    return Completion(Span(start, stop), tuple(_options(settings, form)))


def _begun(template: str, index: int, dialect: Dialect) -> tuple[Form, int] | None:
    """Return the form and the start of a macro that is being typed before a place. The longest opener wins."""
    found: list[tuple[int, int, Form]] = []
    for form in dialect.syntax.forms:
        start = template.rfind(form.opener, 0, index)
        after = start + len(form.opener)
        if start >= 0 and _BEGUN.fullmatch(template, after, index) and form.closer not in template[after:index]:
            found.append((after, len(form.opener), form))
    if not found:
        return None
    after, length, form = max(found, key=lambda one: one[:2])
    return form, after - length


def _options(settings: Settings, form: Form) -> Iterator[Option]:
    dialect = settings.dialect
    allowed = permitted(dialect, settings.policy)
    for spec in dialect.macros.values():
        if spec.name not in allowed or spec.family is not None:
            continue
        yield from (Option(form.write(name), spec, None) for name in (spec.name, *spec.spellings))
        for function, names in spec.functions:
            written = (dialect.syntax.write(name, function) for name in names if dialect.syntax.writes(function))
            yield from (Option(text, spec, function) for text in written)
