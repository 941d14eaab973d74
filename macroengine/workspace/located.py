"""The templates of a text in an editor: the place of each character, and edits that rewrite them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile

from macroengine.workspace.columns import Layout
from macroengine.workspace.embedded import Edit, Memory
from macroengine.workspace.embedded.source import EmbeddedPlaces, records
from macroengine.workspace.inputs import InputError, NoColumnError, input_name, suffix
from macroengine.workspace.json_lines import json_records
from macroengine.workspace.record import Record
from macroengine.workspace.sources import JSON_LINES, TEXTS, records_of, searched_language
from macroengine.workspace.text import BOM

# Both JSON and CSV write this unchanged.
_MARK = "!~"
_IN_JSON = re.compile(r"\\u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\.|.", re.DOTALL)
_IN_TABLE = re.compile('""|.', re.DOTALL)
# How many templates of a text are examined to decide whether it is a list of templates.
_SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Trouble:
    """A reason why a part of a text cannot be read. Lines are counted from 1."""

    line: int
    message: str


@dataclass(slots=True)  # not frozen: each edit creates all of them again, and frozen ones take longer
class Located:
    """A template in a text. Offsets refer to the text, in code points."""

    template: str
    record: Record
    start: int
    """Where the text of its record begins. A record is a line, or a row of a table."""
    _known: Sequence[int] | None = None

    @property
    def stop(self) -> int:
        """Where the text of its record ends."""
        return self.start + len(self.record.raw)

    def offsets(self) -> Sequence[int]:
        """Return where each character of the template is, and where the template ends."""
        places = self.record.places
        if isinstance(places, EmbeddedPlaces):
            return [places.embedded.position(offset) for offset in range(len(self.template) + 1)]
        if not self.record.in_line:
            if self._known is None:
                self._known = _offsets(self.record, self.template, self.start)
            return self._known
        begin = self._begin()
        return range(begin, begin + len(self.template) + 1)

    def extent(self, first: int, last: int) -> tuple[int, int]:
        """Return where a part of the template begins and ends."""
        if self.record.in_line:
            begin = self._begin()
            return begin + first, begin + last
        places = self.record.places
        if isinstance(places, EmbeddedPlaces):
            return places.embedded.extent(first, last)
        offsets = self.offsets()
        return offsets[first], offsets[last]

    def rewritten(self, template: str) -> list[Edit]:
        """Return the edits that replace the template in the text; none if it cannot be replaced."""
        return _difference(self.record.raw, self.record.with_template(template), self.start)

    def _begin(self) -> int:
        has_mark = self.record.line == 1 and self.record.raw.startswith(BOM)
        return self.start + len(BOM) if has_mark else self.start


def templates_in(
    text: str, name: str, layout: Layout, memory: Memory | None = None
) -> tuple[list[Located], list[Trouble]]:
    """Return the templates of a text in order, as `check` finds them in a file with that name, and what cannot be read.

    If the name fits a list of templates but the text is something else, both lists are empty.
    """
    language = searched_language(name)
    if language is not None:
        return list(_located(records(text, language, layout.embedded, memory))), []
    if suffix(name) not in TEXTS:
        return [], []
    troubles: list[Trouble] = []
    located = list(_located(_records(text, name, layout, troubles)))
    likely = [_is_likely(one.template) for one in located[:_SAMPLE]]
    return (located, troubles) if 2 * sum(likely) >= len(likely) > 0 else ([], [])


def _located(found: Iterable[Record]) -> Iterator[Located]:
    start = 0
    for record in found:
        if record.template is not None:
            yield Located(record.template, record, start)
        elif record.noted is not None:
            yield Located(record.noted.source, record, start)
        start += len(record.raw)


def _is_likely(template: str) -> bool:
    return "://" in template or ("?" in template and "=" in template)


def _records(text: str, name: str, layout: Layout, troubles: list[Trouble]) -> Iterator[Record]:
    """Yield the records of a text, and append to `troubles` what cannot be read."""
    if suffix(name) in JSON_LINES:
        for number, line in _numbered(text):
            yield from _of_json(number, line, name, layout, troubles)
        return
    next_line = 1
    try:
        for record in records_of(_numbered(text), name, layout):
            next_line = record.line + record.raw.count("\n")
            if record.broken is not None:
                troubles.append(Trouble(record.line, _without_place(record.broken, name)))
            yield record
    except NoColumnError:  # a table without templates
        return
    except InputError as error:
        troubles.append(Trouble(next_line, _without_place(error, name)))


def _of_json(number: int, line: str, name: str, layout: Layout, troubles: list[Trouble]) -> Iterator[Record]:
    """Yield the record of one line, whatever is wrong with other lines."""
    try:
        [record] = json_records(iter([(number, line)]), input_name(name), layout)
    except NoColumnError:
        record = Record(line, number)
    if record.broken is not None:
        troubles.append(Trouble(number, _without_place(record.broken, name)))
    yield record


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    *lines, last = text.split("\n")
    for number, line in enumerate(lines, 1):
        yield number, f"{line}\n"
    if last:
        yield len(lines) + 1, last


def _without_place(error: InputError, name: str) -> str:
    """Return an error message without its place, since an editor marks the place."""
    return re.sub(rf"^{re.escape(input_name(name))}:(?:\d+:)*(?: line [\d,]+:)? *", "", str(error))


def _offsets(record: Record, template: str, start: int) -> Sequence[int]:
    """Return where the characters of a template are in a table cell or a JSON string."""
    first, last = _extent(record)
    pattern = _IN_JSON if record.cell is None else _IN_TABLE
    begin = start + first
    if last - first == len(template):
        return range(begin, begin + len(template) + 1)
    written = pattern.findall(record.raw, first, last)
    if len(written) != len(template):  # the places are unknown: use the whole template
        return [begin] * len(template) + [start + last]
    return list(accumulate(map(len, written), initial=begin))


def _extent(record: Record) -> tuple[int, int]:
    """Return where a template is in the text of its record, by comparing it with another template there."""
    mark = _MARK
    while mark in record.raw:
        mark += _MARK
    changed = record.with_template(mark)
    first = changed.index(mark)
    rest = len(changed) - first - len(mark)
    last = len(record.raw) - rest
    is_kept = first <= last and record.raw[:first] + mark + record.raw[last:] == changed
    return (first, last) if is_kept else (0, len(record.raw.rstrip("\r\n")))


def _difference(old: str, new: str, start: int) -> list[Edit]:
    """Return the shortest edit that turns one text into another; none if they are equal."""
    if old == new:
        return []
    first = _alike(old, new)
    same = _alike(old[first:][::-1], new[first:][::-1])
    return [Edit(start + first, start + len(old) - same, new[first : len(new) - same])]


def _alike(one: str, other: str) -> int:
    """Return the length of the common prefix of two texts."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
