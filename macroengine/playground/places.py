"""Convert places in a text to those of JavaScript, which counts UTF-16 units: an emoji counts as two."""

from bisect import bisect_left

from macroengine.diagnostics import Span

_WIDEST = "\uffff"


class Places:
    """The places of one text.

    >>> Places("😀(ip)").span(Span(1, 5)), Places("😀(ip)").index(2)
    ({'from': 2, 'to': 6}, 1)
    """

    def __init__(self, text: str) -> None:
        self._length = len(text)
        self._wide = [] if text.isascii() else [index for index, char in enumerate(text) if char > _WIDEST]

    def span(self, span: Span) -> dict[str, int]:
        """Return a span in UTF-16 units."""
        return {"from": self.place(span.start), "to": self.place(span.stop)}

    def place(self, index: int) -> int:
        """Return the UTF-16 position of the code point `index`."""
        return index + bisect_left(self._wide, index)

    def index(self, place: int) -> int:
        """Return the code point at a UTF-16 position or before it. Positions outside the text mean its nearest end."""
        low, high = 0, self._length
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.place(middle) <= place else (low, middle - 1)
        return low
