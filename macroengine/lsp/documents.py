"""Documents that are open in an editor, and the findings in their templates. Each template is checked only once."""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Container, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from lsprotocol import types

from macroengine.diagnostics import Diagnostic
from macroengine.lsp.positions import Lines
from macroengine.workspace.abridging import abridged
from macroengine.workspace.checking import findings, settings_of
from macroengine.workspace.columns import Layout
from macroengine.workspace.config import Settings
from macroengine.workspace.embedded import Edit, Memory
from macroengine.workspace.inputs import InputError
from macroengine.workspace.located import Located, Trouble, templates_in
from macroengine.workspace.record import Said

Item = TypeVar("Item")
# In seconds. After this much work, other messages are handled.
_SLICE = 0.01


class OutdatedError(Exception):
    """A document has changed while a request about it was being answered."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings in a template."""

    settings: Settings
    found: tuple[Diagnostic, ...]
    trouble: str | None = None
    """The problem of the table row around it."""
    is_postback_said: bool = True
    """Whether it is said what kind of postback the template is for, and not only assumed."""
    told: list[dict[str, Any]] = field(default_factory=list)
    """The findings in the protocol's form, without places, once they have been converted."""


@dataclass(slots=True)
class Document:
    """A text in an editor. `state` changes whenever anything known about it changes."""

    uri: str
    path: Path
    """Its path, or the path it would be saved to."""
    name: str
    text: str
    version: int
    encoding: str
    settings: Settings
    versioned: bool = True
    """Whether the client supports edits of a specific version of a document."""
    given: Container[str] = ()
    """The settings that override those in table rows."""
    state: int = 0
    _lines: Lines | None = None
    _read: tuple[list[Located], list[Trouble]] | None = None
    _memory: Memory = field(default_factory=Memory)
    _checked: dict[tuple[str, Said], Checked] = field(default_factory=dict)

    def change(self, changes: Iterable[types.TextDocumentContentChangeEvent], version: int) -> None:
        """Apply the changes of the editor, one by one."""
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                start, stop = self.span(change.range)
                self.text = self.text[:start] + change.text + self.text[max(start, stop) :]
            else:
                self.text = change.text
            self._lines = None
        self.version = version
        self._read = None
        self.state += 1

    def use(self, settings: Settings, given: Container[str]) -> bool:
        """Check with these settings from now on. Return whether they differ; if not, nothing is checked again."""
        if settings is self.settings and given is self.given:
            return False
        self.settings, self.given = settings, given
        self._read = None
        self._checked.clear()
        self.state += 1
        return True

    @property
    def lines(self) -> Lines:
        """The places of the lines."""
        if self._lines is None:
            self._lines = Lines(self.text, self.encoding)
        return self._lines

    def span(self, place: types.Range) -> tuple[int, int]:
        """Return the offsets of a range."""
        return self.offset(place.start), self.offset(place.end)

    def offset(self, place: types.Position) -> int:
        """Return the offset of a position."""
        return self.lines.offset(place.line, place.character)

    def range(self, start: int, stop: int) -> types.Range:
        """Return the range between two offsets."""
        first, last = self.lines.range(start, stop)
        return types.Range(types.Position(*first), types.Position(*last))

    @property
    def located(self) -> list[Located]:
        """The templates of the text in order, including those that cannot be checked."""
        return self._contents()[0]

    @property
    def templates(self) -> list[Located]:
        """The templates of the text that can be checked."""
        return [one for one in self.located if one.record.noted is None]

    @property
    def troubles(self) -> list[Trouble]:
        """The reasons why parts of the text cannot be read."""
        return self._contents()[1]

    def _contents(self) -> tuple[list[Located], list[Trouble]]:
        if self._read is None:
            self._read = templates_in(self.text, self.name, self.settings.layout(Layout()), self._memory)
        return self._read

    def template_at(self, offset: int) -> Located | None:
        """Return the template that contains an offset, or ends at it."""
        templates = self.templates
        index = bisect_right(templates, offset, key=lambda one: one.start) - 1
        return templates[index] if index >= 0 and offset <= templates[index].stop else None

    def templates_within(self, start: int, stop: int) -> list[Located]:
        """Return the templates that overlap a range."""
        return [one for one in self.located if one.start <= stop and start <= one.stop]

    def check(self, located: Located) -> Checked:
        """Return the findings in a template, which is checked only once."""
        key = located.template, located.record.said
        found = self._checked.get(key)
        if found is None:
            found = self._checked[key] = self._check(located)
        return found

    def _check(self, located: Located) -> Checked:
        if located.record.noted is not None:
            settings = self.settings._replace(ignore=(*self.settings.ignore, *located.record.ignored("")))
            return Checked(settings, tuple(findings(located.record.noted, settings)))
        try:
            settings, assumed, _ = settings_of(located.record, located.template, self.settings, "", self.given)
        except InputError as error:
            return Checked(self.settings, (), str(error).partition(": ")[2])
        try:
            found = tuple(abridged(findings(located.template, settings)))
        except InputError as error:  # what is denied is not known; nothing else that is asked may fail for it
            return Checked(settings._replace(deny=frozenset()), (), str(error), is_postback_said=assumed is None)
        return Checked(settings, found, is_postback_said=assumed is None)

    @property
    def has_safe_fixes(self) -> bool:
        """Whether a template that was already checked has a finding with a safe fix."""
        return any(one.fix is not None and one.fix.safe for checked in self._checked.values() for one in checked.found)

    async def check_all(self) -> list[tuple[Located, Checked]]:
        """Return the findings in each template, and forget those of templates that no longer exist.

        Raises:
            OutdatedError: the document was changed in the meantime.
        """
        found = [(located, self.check(located)) async for located in self.by_turns(self.located)]
        self._checked = {(located.template, located.record.said): checked for located, checked in found}
        return found

    async def by_turns(self, items: Iterable[Item]) -> AsyncIterator[Item]:
        """Yield items, and let other tasks run in between if it takes long.

        Raises:
            OutdatedError: the document was changed in the meantime.
        """
        state, began = self.state, monotonic()
        for item in items:
            yield item
            if monotonic() - began > _SLICE:
                await asyncio.sleep(0)
                if self.state != state:
                    raise OutdatedError
                began = monotonic()


def within(located: Located, offset: int) -> int | None:
    """Return the offset inside a template for an offset in the text; None if it is outside."""
    offsets = located.offsets()
    if not offsets[0] <= offset <= offsets[-1]:
        return None
    return bisect_right(offsets, offset) - 1


def text_edits(document: Document, edits: Iterable[Edit]) -> list[types.TextEdit]:
    """Return edits in the protocol's form."""
    return [types.TextEdit(document.range(edit.start, edit.end), edit.replacement) for edit in edits]
