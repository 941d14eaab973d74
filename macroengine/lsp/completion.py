"""Completions in a template: macros, and parameters for them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from macroengine.catalogue import Dialect, MacroSpec, dialect, dialect_names
from macroengine.catalogue.folding import fold
from macroengine.errors import TemplateError
from macroengine.kinds import Postback
from macroengine.language.syntax import syntaxes
from macroengine.lsp.documents import Document, within
from macroengine.policy import Policy
from macroengine.template import parse
from macroengine.workspace.facts import availability
from macroengine.workspace.located import Located
from macroengine.workspace.permitted import permitted

# The name of a macro that is being typed cannot contain these characters.
_NAME_SO_FAR = re.compile(r"[^\s/?&=;#%(){}\[\]<>\"']*")
_BEGINS_PAIR = re.compile(r"[?&]\Z")
_BEGINS_VALUE = re.compile(r"[?&]([^=&?\s]*)=\Z")


def trigger_characters() -> list[str]:
    """Return the characters after which an editor requests completions: ends of openers, and those of a query."""
    openers = {opener[-1] for syntax in syntaxes().values() for opener in syntax.openers}
    return sorted(openers | set("?&="))


def completions(document: Document, position: types.Position) -> list[types.CompletionItem]:
    """Return the completions at a position."""
    offset = document.offset(position)
    located = document.template_at(offset)
    at = None if located is None else within(located, offset)
    if located is None or at is None:
        return []
    checked = document.check(located)
    dialect = checked.settings.dialect_of(located.template)
    policy = checked.settings.policy
    names = permitted(dialect, policy, checked.settings.wanted, sure=checked.is_postback_said)
    return list(_Offered(document, located, dialect, policy, names).at(at))


def offered(document: Document, data: Any) -> tuple[MacroSpec, Dialect] | None:
    """Return the macro of a completion item with this data, and its dialect; None if there is none."""
    match data:
        case [_, str(name), str(macro)]:
            custom = (document.settings.dialect, *document.settings.dialects.values())
            known = {one.name: one for one in custom if isinstance(one, Dialect)}
            found = known.get(name) or (dialect(name) if name in dialect_names() else None)
            if found is not None and macro in found.macros:
                return found.macros[macro], found
    return None


@dataclass(frozen=True, slots=True)
class _Offered:
    """The completions that a dialect and a policy offer in a template."""

    document: Document
    located: Located
    dialect: Dialect
    policy: Policy
    permitted: frozenset[str]
    """The names of the macros that may be offered."""

    def at(self, offset: int) -> Iterator[types.CompletionItem]:
        """Yield the completions at an offset of the template."""
        before, after = self.located.template[:offset], self.located.template[offset:]
        begun = self._begun(before)
        if begun is not None:
            closer, so_far = begun
            rest = _rest(after, closer)
            for name, spec in self._names():
                yield self._item(spec, name, f"{name}{closer}", (offset - len(so_far), offset + rest))
        elif _BEGINS_PAIR.search(before):
            for name, spec in self._names(functions=False):
                text = f"{name}={self.dialect.syntax.write(name)}"
                yield self._item(spec, text, text, (offset, offset))
        elif (value := _BEGINS_VALUE.search(before)) and (not after or after[0] in "&#"):
            for name, spec in self._names():
                text = self.dialect.syntax.write(name)
                yield self._item(spec, text, text, (offset, offset), near=value[1])

    def _begun(self, before: str) -> tuple[str, str] | None:
        """Return the closer of the macro that is begun at the end of a text, and its name so far; None without one."""
        try:
            ended = max((macro.span.stop for macro in parse(before, self.dialect).macros()), default=0)
        except TemplateError:  # it is too large to check
            return None
        tail = before[ended:]
        for form in sorted(self.dialect.syntax.forms, key=lambda form: -len(form.opener)):
            place = tail.rfind(form.opener)
            so_far = tail[place + len(form.opener) :]
            if place >= 0 and _NAME_SO_FAR.fullmatch(so_far):
                return form.closer, so_far
        return None

    def _names(self, *, functions: bool = True) -> Iterator[tuple[str, MacroSpec]]:
        """Yield the macros that the policy permits, with each of their names and documented functions."""
        for spec in self.dialect.macros.values():
            if spec.name not in self.permitted:
                continue
            yield spec.name, spec
            if functions:
                yield from ((name, spec) for name in spec.spellings)
                yield from ((name, spec) for name in self._with_functions(spec))

    def _with_functions(self, spec: MacroSpec) -> Iterable[str]:
        opener, closer = self.dialect.syntax.delimiters
        for function, names in spec.functions:
            for name in names:
                written = self.dialect.syntax.write(name, function)
                yield written.removeprefix(opener).removesuffix(closer)

    def _item(
        self, spec: MacroSpec, label: str, text: str, place: tuple[int, int], near: str = ""
    ) -> types.CompletionItem:
        start, stop = self.located.extent(*place) if place[0] < place[1] else (self.located.offsets()[place[0]],) * 2
        is_near = bool(near) and fold(near) in (fold(spec.name), fold(spec.field))
        is_filled = self.policy.postback in spec.available
        only = "" if spec.available == frozenset(Postback) else f"; {availability(spec)}"
        return types.CompletionItem(
            label,
            kind=types.CompletionItemKind.Variable,
            detail=f"{self.dialect.labels[spec.source]}, {spec.type}{only}",
            sort_text=f"{0 if is_near else 1 if is_filled else 2}{label.casefold()}",
            preselect=is_near or None,
            text_edit=types.TextEdit(self.document.range(start, stop), text),
            data=[self.document.uri, self.dialect.name, spec.name],
        )


def _rest(after: str, closer: str) -> int:
    """Return how much of a text continues the name before it, including the closer if it is there."""
    found = _NAME_SO_FAR.match(after)
    end = found.end() if found else 0
    if after.startswith(closer, end):
        return end + len(closer)
    return 0
