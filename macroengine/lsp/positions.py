"""Convert between offsets in code points and the lines and characters that editors use."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

_BREAK = re.compile(r"\r\n|\r|\n")

UTF_8, UTF_16, UTF_32 = "utf-8", "utf-16", "utf-32"


class Lines:
    r"""The places of the lines in a text. A line ends with `\n`, `\r\n` or `\r`, as the protocol says.

    >>> lines = Lines("a\r\n\U0001f600b", UTF_16)
    >>> lines.position(4), lines.offset(1, 2)
    ((1, 2), 4)
    """

    def __init__(self, text: str, encoding: str = UTF_16) -> None:
        self._text = text
        self._encoding = encoding
        self._starts = _starts(text)
        self._last = (0, 0)  # an offset, and the character in its line

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line of an offset, and the character in it, in units of the encoding."""
        line = bisect_right(self._starts, offset) - 1
        # Findings come in order, and in a long line, counting from its beginning each time takes long.
        begin, before = self._last if self._starts[line] <= self._last[0] <= offset else (self._starts[line], 0)
        character = before + _units(self._text[begin:offset], self._encoding)
        self._last = offset, character
        return line, character

    def range(self, start: int, stop: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the positions of two offsets, which are usually on the same line."""
        line, character = self.position(start)
        if stop < (self._starts[line + 1] if line + 1 < len(self._starts) else len(self._text) + 1):
            return (line, character), (line, character + _units(self._text[start:stop], self._encoding))
        return (line, character), self.position(stop)

    def offset(self, line: int, character: int) -> int:
        """Return the offset of a place. A place beyond the end of a line or of the text is moved to that end."""
        if line < 0:
            return 0
        if line >= len(self._starts):
            return len(self._text)
        start = self._starts[line]
        stop = self._starts[line + 1] if line + 1 < len(self._starts) else len(self._text)
        content = self._text[start:stop].rstrip("\r\n")
        return start + _index(content, max(character, 0), self._encoding)


def _starts(text: str) -> Sequence[int]:
    """Return where each line starts."""
    if text.count("\r") != text.count("\r\n"):
        return [0, *(found.end() for found in _BREAK.finditer(text))]
    lengths = [len(line) + 1 for line in text.split("\n")]
    return list(accumulate(lengths[:-1], initial=0))


def _units(text: str, encoding: str) -> int:
    """Return the length of a text in units of an encoding."""
    if encoding == UTF_32 or text.isascii():
        return len(text)
    if encoding == UTF_8:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _index(text: str, units: int, encoding: str) -> int:
    """Return how many whole characters fit into this many units."""
    if encoding == UTF_32 or text.isascii():
        return min(units, len(text))
    low, high = 0, len(text)  # not one by one, which takes long in a long line
    while low < high:
        middle = (low + high + 1) // 2
        taken = _units(text[low:middle], encoding)
        if taken <= units:
            low, units = middle, units - taken
        else:
            high = middle - 1
    return low
