"""From a plan to a function. The only module that calls `exec`.

The source of a function depends on the shape of its plan alone: how many texts and values, of which kinds, from which
sources. Texts and keys come in as closure cells, so nothing of a template becomes code, and the next template of the
same shape costs one call.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any, NoReturn

from macroengine.conversion import Conversion
from macroengine.encoding import encode_value
from macroengine.errors import MissingValueError, RenderError, SuppressedError
from macroengine.event import Event
from macroengine.plan import Absent, Missing, Query, RenderPlan, Segment, Text, Value

Render = Callable[[Event], str]
Shape = tuple[Any, ...]

_MAKE_ADMITTED = """\
def make(encode, postback, refuse, unattributed, limit, measure{cells}):
    def render(event):
        if event.postback is not postback:
            refuse(event)
        if not event.attributed:
            return unattributed(event)
{body}
    return render
"""
_MAKE = """\
def make(encode, limit, measure{cells}):
    def render(event):
{body}
    return render
"""
_END = """\
        if len(url) > limit:
            measure(url)
        return url"""


def compile_plan(plan: RenderPlan) -> Render:
    """Return the function that renders an event.

    It raises RenderError where a value cannot be sent, MissingValueError where one must not be missing, and
    SuppressedError where the event is not for this template.
    """
    refuse = _refusal(plan)
    unattributed = refuse if plan.unattributed is None else _function(plan, plan.unattributed)
    return _function(plan, plan.attributed, plan.postback, refuse, unattributed)


def plan_source(plan: RenderPlan) -> str:
    """Return what `compile_plan` compiles, with the cells written out: Python to read, not to run."""
    renderings = {"attributed": (plan.attributed, True)}
    if plan.unattributed is not None:
        renderings["not attributed"] = (plan.unattributed, False)
    parts = []
    for title, (segments, admitted) in renderings.items():
        shape, cells = _shape(segments)
        values = "\n".join(f"# c{index} = {cell!r}" for index, cell in enumerate(cells))
        parts.append(f"# {title}\n{values}\n\n{_Writer().source(shape, admitted=admitted)}")
    return "\n\n".join(parts)


def _function(plan: RenderPlan, segments: Iterable[Segment], *admission: object) -> Render:
    shape, cells = _shape(segments)
    texts = (cell for cell in cells if isinstance(cell, str))
    # Of what is sent, only the template's own text can be longer in bytes than in characters.
    surplus = sum(len(text.encode(errors="surrogatepass")) - len(text) for text in texts)
    make = _maker(shape, admitted=bool(admission))
    return make(encode_value, *admission, plan.most_bytes - surplus, _measure(plan.most_bytes), *cells)


def _refusal(plan: RenderPlan) -> Callable[[Event], NoReturn]:
    def refuse(event: Event) -> NoReturn:
        if event.postback is not plan.postback:
            raise SuppressedError(f"template is for {plan.postback} postbacks, event is for {event.postback}")
        raise SuppressedError("event is not attributed to the network, and its policy is not send-all")

    return refuse


def _measure(most: int) -> Callable[[str], None]:
    def measure(url: str) -> None:
        size = len(url.encode(errors="surrogatepass"))
        if size > most:
            raise RenderError(f"rendered URL has {size:,} bytes; at most {most:,} are allowed")

    return measure


@dataclass(frozen=True, slots=True)
class _Absence:
    """The cell of a value that must not be read, and is called where it would be sent."""

    macro: str

    def __call__(self) -> NoReturn:
        raise MissingValueError(
            f"value of macro {self.macro!r} is withheld from this network for this event", self.macro
        )


def _shape(segments: Iterable[Segment]) -> tuple[Shape, list[object]]:
    """Return the kind of each segment, and the cells that all of them take, in order."""
    shape: list[Any] = []
    cells: list[object] = []
    for segment in segments:
        match segment:
            case Query(opening, parameters):
                cells.append(opening)
                inner = [_shape(parameter.atoms) for parameter in parameters]
                shape.append(tuple(kinds for kinds, _ in inner))
                cells += [cell for _, taken in inner for cell in taken]
            case Text(text):
                shape.append("text")
                cells.append(text)
            case Absent(macro):
                shape.append("absent")
                cells.append(_Absence(macro))
            case Value():  # pragma: no branch - there is no other kind of segment
                shape.append(f"{segment.source.lower()}:{_form(segment)}")
                cells += [segment.field, Conversion(segment)]
                if _form(segment) == _DEFAULT:
                    cells.append(segment.missing)
    return tuple(shape), cells


_PLAIN = "plain"  # encoded; nothing when missing
_DEFAULT = "default"  # encoded; a text when missing
_REQUIRED = "required"  # encoded; an error when missing
_CONVERTED = "converted"  # hashed, in a nested URL, in the path, or a label of the host
_DROPPING = "dropping"  # encoded; its parameter goes when it is missing
_NESTED_DROPPING = "nested-dropping"
_HASHED_DROPPING = "hashed-dropping"  # its parameter goes also when there is a value, but nothing to hash


def _form(value: Value) -> str:
    if value.missing is Missing.DROP:
        return _HASHED_DROPPING if value.sha1 is not None else _DROPPING if value.depth == 1 else _NESTED_DROPPING
    if value.sha1 is not None or value.depth != 1 or value.in_path:
        return _CONVERTED
    if value.missing is Missing.RAISE:
        return _REQUIRED
    return _DEFAULT if value.missing else _PLAIN


# How a parameter sends what it goes without, once it stays.
_SENT = {
    _DROPPING: "{{encode({name}, {convert})}}",
    _NESTED_DROPPING: "{{{convert}({name})}}",
    _HASHED_DROPPING: "{{{name}}}",
}


class _Loader:
    """Shows the generated source in tracebacks, and keeps nothing in `linecache` until one asks."""

    def __init__(self, source: str) -> None:
        self._source = source

    def get_source(self, name: str) -> str:  # noqa: ARG002 - the name is linecache's protocol
        return self._source


_numbers = count(1)


@lru_cache(maxsize=256)
def _maker(shape: Shape, *, admitted: bool) -> Callable[..., Render]:
    source = _Writer().source(shape, admitted=admitted)
    name = f"macroengine-shape-{next(_numbers)}"
    namespace: dict[str, Any] = {"__name__": name, "__loader__": _Loader(source)}
    exec(compile(source, name, "exec"), namespace)  # noqa: S102 - the source is made of a shape alone
    make: Callable[..., Render] = namespace["make"]
    return make


class _Writer:
    """Writes the source for one shape; takes the cells in the order in which `_shape` gives them."""

    def __init__(self) -> None:
        self._taken = 0
        self._lines: list[str] = []
        self._sources: dict[str, None] = {}

    def source(self, shape: Shape, *, admitted: bool) -> str:
        url = ""
        for kind in shape:
            if isinstance(kind, tuple):
                # What stands before the query is rendered before it: of two faults, the first one is reported.
                self._lines.append(f'before = f"{url}"')
                url = "{before}" + self._query(kind)
            else:
                url += self._atom(kind)
        getters = [f"{source} = event.{source}.get" for source in self._sources]
        body = "\n".join(f"        {line}" for line in [*getters, *self._lines, f'url = f"{url}"'])
        cells = "".join(f", c{index}" for index in range(self._taken))
        return (_MAKE_ADMITTED if admitted else _MAKE).format(cells=cells, body=f"{body}\n{_END}")

    def _cell(self) -> str:
        self._taken += 1
        return f"c{self._taken - 1}"

    def _atom(self, kind: str) -> str:
        """Return the part of an f-string that sends one atom."""
        if kind == "text":
            return f"{{{self._cell()}}}"
        if kind == "absent":
            return f"{{{self._cell()}()}}"
        form, read, convert = self._value(kind)
        if form == _PLAIN:
            return f"{{encode({read}, {convert})}}"
        if form == _CONVERTED:
            return f"{{{convert}({read})}}"
        otherwise = self._cell() if form == _DEFAULT else f"{convert}(v)"
        return f"{{encode(v, {convert}) if (v := {read}) is not None else {otherwise}}}"

    def _value(self, kind: str) -> tuple[str, str, str]:
        """Return the form of a value, the expression that reads it, and the cell that converts it."""
        source, _, form = kind.partition(":")
        self._sources[source] = None
        return form, f"{source}({self._cell()})", self._cell()

    def _query(self, parameters: tuple[Shape, ...]) -> str:
        opening = self._cell()
        self._lines.append("parameters = []")
        for parameter in parameters:
            self._parameter(parameter)
        return f"{{{opening} + '&'.join(parameters) if parameters else ''}}"

    def _parameter(self, kinds: Shape) -> None:
        """Append the statement that collects one parameter, unless a value that it needs is missing.

        Whether it goes is settled first, so that a value beside the missing one cannot make the event fail.
        """
        present, hashed, text = [], [], ""
        for kind in kinds:
            if not kind.endswith(_DROPPING):
                text += self._atom(kind)
                continue
            form, read, convert = self._value(kind)
            name = "v" + convert
            present.append(f"({name} := {read}) is not None")
            if form == _HASHED_DROPPING:
                hashed.append(f"({name} := {convert}({name})) is not None")
            text += _SENT[form].format(name=name, convert=convert)
        test = " and ".join(present + hashed)
        self._lines.append(f'{f"if {test}: " if test else ""}parameters.append(f"{text}")')
