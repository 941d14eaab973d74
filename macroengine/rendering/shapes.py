"""Generate the source of a function from the shape of a plan.

A shape contains only the kind of each segment, in order. Texts, fields and conversions are passed as closure cells
`c0`, `c1`, ..., in the order in which the segments take them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Shape = tuple[Any, ...]
"""Keys of FORMS. A query is a shape of shapes."""


@dataclass(frozen=True, slots=True)
class Form:
    """How one kind of segment is written. `{0}`, `{1}` and so on are its cells; `{v}` is a variable of its own."""

    cells: int
    sent: str
    """The expression that is sent."""
    present: str = ""
    """In a parameter that may be dropped: the condition for sending it."""
    hashed: str = ""
    """A second condition, tested once all values are known to be present: there is something to hash."""


_PRESENT = "({v} := sources[{0}].get({1})) is not None"
_IS_SAFE = "type({v} := sources[{0}].get({1})) is str and needs_encoding({v}) is None"

FORMS = {
    "text": Form(1, "{0}"),
    "absent": Form(1, "{0}()"),
    # A query inside a parameter; its own parameters may be dropped.
    "query": Form(1, "{0}(sources)"),
    # Encoded. If missing: an empty string, a text, or an error. In Python, skip the call if nothing needs encoding.
    "plain": Form(1, "encode_field(sources, {0})"),
    "gated": Form(3, f"{{v}} if {_IS_SAFE} else encode_unsafe({{v}}, {{2}})"),
    "default": Form(4, f"encode_value({{v}}, {{2}}) if {_PRESENT} else {{3}}"),
    "required": Form(3, f"encode_value({{v}}, {{2}}) if {_PRESENT} else {{2}}({{v}})"),
    # Hashed, in a nested URL, or a label of the host.
    "converted": Form(3, "{2}(sources[{0}].get({1}))"),
    # Its parameter is dropped if the value is missing; with a hash, also if there is nothing to hash.
    "dropping": Form(3, "encode_value({v}, {2})", _PRESENT),
    "nested-dropping": Form(3, "{2}({v})", _PRESENT),
    "hashed-dropping": Form(3, "{v}", _PRESENT, "({v} := {2}({v})) is not None"),
    # In one of several places.
    "choice": Form(1, "{0}(sources)"),
    "choice-dropping": Form(2, "{1}(sources)", "{0}(sources)"),
    "hashed-choice-dropping": Form(2, "{v}", "{0}(sources)", "({v} := {1}(sources)) is not None"),
    # Already encoded, for several templates.
    "shared": Form(1, "values[{0}]"),
    "shared-query": Form(1, "{0}(values)"),
    "shared-default": Form(2, "{v} if ({v} := values[{0}]) is not None else {1}"),
    "shared-required": Form(2, "{v} if ({v} := values[{0}]) is not None else {1}({v})"),
    "shared-dropping": Form(1, "{v}", "({v} := values[{0}]) is not None"),
}


class Entry(StrEnum):
    """The argument of a function, and what it checks before rendering."""

    ATTRIBUTED = "event.attributed and event.postback is postback"
    UNATTRIBUTED = "event.postback is postback"
    SHARED = ""
    """No check: it takes already encoded values."""
    INNER = "inner"
    """No check: it takes the sources of an event that the calling function has checked, and which measures the URL."""
    INNER_SHARED = "inner shared"
    """The same of already encoded values."""


_OF_EVENT = """\
def make(limit, measured, postback, otherwise{cells}):
    def render(event):
        try:
            if {test}:
                sources = event.link, event.sdk, event.platform
                {body}
                return url{or_error}
            return otherwise(event)
        except Exception as error:
            raise fault(event, error)
    return render
"""
_OR_ERROR = " if len(url) <= limit else measured(url)"
_OF_VALUES = """\
def make(limit, measured{cells}):
    def render({given}):
        {body}
        return url{or_error}
    return render
"""


def function_source(shape: Shape, entry: Entry) -> str:
    """Return the source of `make`, which takes the cells and returns the function.

    >>> print(function_source(("text", "shared"), Entry.SHARED))
    def make(limit, measured, c0, c1):
        def render(values):
            url = f"{c0}{values[c1]}"
            return url if len(url) <= limit else measured(url)
        return render
    <BLANKLINE>
    """
    return _Writer().source(shape, entry)


# The number of segments to render before the length of the URL is checked.
_AT_ONCE = 48


class _Writer:
    """Writes one function, and counts the cells."""

    def __init__(self) -> None:
        self._taken = 0
        self._lines: list[str] = []

    def source(self, shape: Shape, entry: Entry) -> str:
        url = ""
        for index, kind in enumerate(shape, 1):
            if index % _AT_ONCE == 0:
                self._lines += [f'before = f"{url}"', "if len(before) > limit: measured(before)"]
                url = "{before}"
            if isinstance(kind, tuple):
                # Render the text before the query first, so that the first of two errors is reported.
                self._lines.append(f'before = f"{url}"')
                url = "{before}" + self._query(kind)
            else:
                url += self._sent(kind)
        lines = [*self._lines, f'url = f"{url}"']
        given = {Entry.SHARED: "values", Entry.INNER: "sources", Entry.INNER_SHARED: "values"}.get(entry)
        around, margin = (_OF_EVENT, 16) if given is None else (_OF_VALUES, 8)
        body = ("\n" + " " * margin).join(lines)
        cells = "".join(f", c{index}" for index in range(self._taken))
        # A value after an inner query may be a fault, and is reported rather than the length.
        or_error = "" if entry in (Entry.INNER, Entry.INNER_SHARED) else _OR_ERROR
        return around.format(cells=cells, test=entry.value, body=body, given=given, or_error=or_error)

    def _cell(self) -> str:
        self._taken += 1
        return f"c{self._taken - 1}"

    def _written(self, kind: str) -> tuple[str, str, str]:
        """Return the `sent`, `present` and `hashed` expressions of a kind, with its cells filled in."""
        form = FORMS[kind]
        variable = f"v{self._taken}"
        cells = [self._cell() for _ in range(form.cells)]
        sent, present, hashed = (text.format(*cells, v=variable) for text in (form.sent, form.present, form.hashed))
        return sent, present, hashed

    def _sent(self, kind: str) -> str:
        sent, _, _ = self._written(kind)
        return f"{{{sent}}}"

    def _query(self, parameters: tuple[Shape, ...]) -> str:
        opening, separator = self._cell(), self._cell()
        self._lines.append("parameters = []")
        for index, parameter in enumerate(parameters, 1):
            if index % _AT_ONCE == 0:
                self._lines.append("if sum(map(len, parameters)) > limit: measured(''.join(parameters))")
            self._parameter(parameter)
        return f"{{{opening} + {separator}.join(parameters) if parameters else ''}}"

    def _parameter(self, kinds: Shape) -> None:
        """Append the statement that collects one parameter, unless a value that it needs is missing.

        Whether to drop it is decided first, so that another value in it cannot make the event fail.
        """
        written = [self._written(kind) for kind in kinds]
        tests = [present for _, present, _ in written] + [hashed for _, _, hashed in written]
        test = " and ".join(filter(None, tests))
        sent = [f"{{{sent}}}" for sent, _, _ in written]
        condition = f"if {test}: " if test else ""
        if len(sent) < _AT_ONCE:
            self._lines.append(f'{condition}parameters.append(f"{"".join(sent)}")')
            return
        self._lines += [condition or "if True:", "    text = ''"]
        for start in range(0, len(sent), _AT_ONCE):
            some = "".join(sent[start : start + _AT_ONCE])
            self._lines += [f'    text = f"{{text}}{some}"', "    if len(text) > limit: measured(text)"]
        self._lines.append("    parameters.append(text)")
