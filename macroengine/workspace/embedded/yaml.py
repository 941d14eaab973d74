"""Scalars of a YAML document, except keys: plain, quoted and block scalars."""

import re
from collections.abc import Iterator

from macroengine.workspace.embedded.languages import Language, notation
from macroengine.workspace.embedded.literal import Literal, Part
from macroengine.workspace.embedded.reuse import Mark

_SPACES = re.compile(r"[ \t]+")
_BREAK = re.compile(r"\r?\n")
_COMMENT = re.compile(r"#[^\n]*")
# A directive, or a marker that begins or ends a document.
_MARK = re.compile(r"%[^\n]*|(?:---|\.\.\.)(?=[ \t\r\n]|\Z)")
_INDICATOR = re.compile(r"[-?:](?=[ \t\r\n]|\Z)")
_PROPERTY = re.compile(r"[&*!][^ \t\r\n,\[\]{}]*")
_HEADER = re.compile(r"([|>])[-+0-9]{0,2}[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")
_QUOTED = {
    '"': ("yaml-double", re.compile(r'(?:[^"\\]++|\\[\s\S])*+')),
    "'": ("yaml-single", re.compile(r"(?:[^']++|'')*+")),
}
_PLAIN = re.compile(r"(?:[^ \t\r\n:#]++|:(?=[^ \t\r\n])|(?<=[^ \t\r\n])#|[ \t]++(?=[^ \t\r\n#]))++")
_PLAIN_IN_FLOW = re.compile(
    r"(?:[^ \t\r\n:#,\[\]{}]++|:(?=[^ \t\r\n,\[\]{}])|(?<=[^ \t\r\n])#|[ \t\r\n]++(?=[^ \t\r\n#,\[\]{}:]))++"
)
_IS_KEY = re.compile(r"[ \t]*:(?=[ \t\r\n]|\Z)")
_IS_KEY_IN_FLOW = re.compile(r"[ \t\r\n]*:")
_NEXT_LINE = re.compile(r"[ \t]*(?:\r?\n[ \t]*)*\r?\n([ ]*)(?![-?](?:[ \t\r\n]|\Z)|[# \t\r\n]|---|\.\.\.)")
_BLOCK_LINE = re.compile(r"([ ]*)([^\n]*)(?:\n|\Z)")


# There are no marks in more nested collections than this.
_MAX_DEPTH = 50


def literals(text: str, language: Language) -> Iterator[Literal]:
    """Yield the scalars of a text."""
    return (step for step in steps(text, language, Mark()) if isinstance(step, Literal))


def steps(text: str, language: Language, begin: Mark) -> Iterator[Literal | Mark]:  # noqa: ARG001 - as of every reader
    """Yield the scalars of a text from a mark on, and the marks between them."""
    return _Scanner(text, begin).steps()


class _Scanner:
    """Reads a document from left to right."""

    def __init__(self, text: str, begin: Mark) -> None:
        floor, flow = begin.state or (-1, ())
        self._text = text
        self._at = begin.at
        self._line = begin.at  # the start of the line
        self._is_first = True  # whether nothing in this line was read yet
        self._floor = floor  # content of the last node is indented more than this
        self._flow = [*flow]  # per collection in brackets, the floor of its line; -2 if it begins one
        self._unclosed: set[str] = set()

    def steps(self) -> Iterator[Literal | Mark]:
        """Yield all scalars, and a mark of each line that begins between them."""
        while self._at < len(self._text):
            if self._is_first and self._at == self._line and not self._unclosed and len(self._flow) <= _MAX_DEPTH:
                yield Mark(self._at, (self._floor, tuple(self._flow)))
            if self._is_between() or self._is_structure():
                continue
            found = self._scalar()
            if found is not None:
                yield Literal(self._text, (found,))

    def _is_between(self) -> bool:
        """Read white space, a line break, a comment, a directive or a document marker, if there is one."""
        text, at = self._text, self._at
        if found := _SPACES.match(text, at):
            self._at = found.end()
        elif found := _BREAK.match(text, at):
            self._at = self._line = found.end()
            self._is_first = True
        elif found := _COMMENT.match(text, at) or (_MARK.match(text, at) if at == self._line else None):
            self._at = found.end()
            self._floor = -1
        else:
            return False
        return True

    def _is_structure(self) -> bool:
        """Read an indicator of a collection, an anchor, an alias or a tag, if there is one."""
        text, at = self._text, self._at
        char = text[at]
        if self._is_first:
            self._begin_line(char)
        if found := _PROPERTY.match(text, at):
            self._at = found.end()
            return True
        if _INDICATOR.match(text, at):
            self._floor = self._floor if char == ":" else at - self._line
        elif char in "[{":
            self._flow.append(-2 if at - self._line == self._floor + 1 else self._floor)
        elif self._flow and char in "]}":
            self._flow.pop()
        elif not self._flow or char not in ":,":
            return False
        self._at += 1
        return True

    def _scalar(self) -> Part | None:
        """Read a scalar, and return it if it is not a key."""
        char = self._text[self._at]
        header = None if self._flow else _HEADER.match(self._text, self._at)
        if header is not None:
            return self._block(header)
        return self._quoted(char) if char in _QUOTED else self._plain()

    def _begin_line(self, char: str) -> None:
        """Note where the first text of a line begins. Text with too little indent closes collections in brackets."""
        self._is_first = False
        column = self._at - self._line
        if self._flow and column <= self._flow[0] and char not in "]}":
            self._flow.clear()
        if not self._flow:
            self._floor = column - 1

    def _quoted(self, quote: str) -> Part | None:
        name, pattern = _QUOTED[quote]
        begin = self._at
        found = None if quote in self._unclosed else pattern.match(self._text, begin + 1)
        if found is None or not self._text.startswith(quote, found.end()):
            self._unclosed.add(quote)
            self._at += 1
            return None
        self._at = found.end() + 1
        self._line = self._text.rfind("\n", 0, self._at) + 1
        if self._ends_key(begin):
            return None
        return Part(begin + 1, found.end(), notation(name), quote, pattern)

    def _plain(self) -> Part | None:
        pattern = _PLAIN_IN_FLOW if self._flow else _PLAIN
        begin = self._at
        found = pattern.match(self._text, begin)
        if found is None:
            self._at += 1
            return None
        self._at = found.end()
        if self._ends_key(begin):
            return None
        if not self._flow:
            self._go_on()
        written = self._text[begin : self._at]
        self._line = max(self._line, self._text.rfind("\n", 0, self._at) + 1)
        of = notation("yaml-flow" if self._flow else "yaml-plain")
        return Part(begin, begin + len(written.rstrip(" \t\r\n")), of, "", re.compile(of.valid))

    def _go_on(self) -> None:
        """Read the continuation lines of a plain scalar."""
        while (following := _NEXT_LINE.match(self._text, self._at)) and len(following[1]) > self._floor:
            found = _PLAIN.match(self._text, following.end())
            if found is None or _IS_KEY.match(self._text, found.end()):
                return
            self._at = found.end()

    def _ends_key(self, begin: int) -> bool:
        """Say whether the scalar that was read is a key."""
        if not (_IS_KEY_IN_FLOW if self._flow else _IS_KEY).match(self._text, self._at):
            return False
        if not self._flow:
            self._floor = max(begin - self._line, 0)
        return True

    def _block(self, header: re.Match[str]) -> Part | None:
        """Read a block scalar: the lines that are indented more than its parent, and blank lines."""
        begin = self._at = header.end()
        end = begin
        while self._at < len(self._text) and (line := _BLOCK_LINE.match(self._text, self._at)):
            if line[2].strip(" \t\r"):
                if len(line[1]) <= self._floor:
                    break
                end = line.end(2)
            self._at = line.end()
        self._line = self._at
        self._is_first = True
        return (
            Part(begin, end, notation("yaml-folded" if header[1] == ">" else "yaml-literal")) if end > begin else None
        )
