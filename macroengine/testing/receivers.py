"""A check of a receiver of postbacks: what it understands of those that it may be sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal as OneOf
from typing import get_args
from urllib.parse import unquote, unquote_plus

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from macroengine.arguments import check_type
from macroengine.catalogue import DEFAULT_DIALECT, Dialect
from macroengine.engine import CompiledTemplate
from macroengine.errors import RenderError
from macroengine.event import Event
from macroengine.kinds import Encoding
from macroengine.language.nodes import Literal, Macro
from macroengine.policy import Policy
from macroengine.template import parse
from macroengine.testing import reading
from macroengine.testing.applications import Application, Caller, calling

Repeated = OneOf["first", "last"]
_EARLIER, _OTHER_CASE = "earlier", "othercase"
_DELIMITERS = ";&=#?/ ,"
_EXTRAS = st.sampled_from([*[""] * 12, "earlier", "other case", *[""] * 6])


def check_receiver(
    application: Application,
    understood: Callable[[], Mapping[str, object]],
    template: str | CompiledTemplate,
    *,
    dialect: str | Dialect = DEFAULT_DIALECT,
    policy: Policy | None = None,
    repeated: Repeated = "last",
    examples: int = 500,
) -> None:
    """Send an ASGI or WSGI application postbacks of a template, and assert that it reads their parameters right.

    The requests are made in this process. After each, `understood` is to return what the application has read: the
    values by the names of the parameters, without those that it took for missing. `repeated` says which value counts
    where a parameter is sent twice.

    Raises:
        AssertionError: a parameter is misread; the message says which, and how, for a postback that is as short as
            could be found.
        InvalidArgument: the template has errors, or no parameter with a macro.
    """
    check_type("understood", Callable, "a function", understood)  # type: ignore[arg-type] # mypy: a special form
    if repeated not in get_args(Repeated):
        raise ValueError(f"repeated must be 'first' or 'last', not {repeated!r}")
    read = reading.reading_of(template, dialect, policy)
    names = _parameters(read.template)
    if not names:
        raise InvalidArgument(f"the template has no parameter with a macro: {read.template.source}")

    @settings(max_examples=examples, database=None, derandomize=True, deadline=None)
    @given(event=reading.events(read), extra=_EXTRAS)
    def every_postback_is_understood(get: Caller, event: Event, extra: str) -> None:
        try:
            url = read.template.render(event)
        except RenderError:
            return
        is_form = read.template.dialect.encoding is Encoding.FORM
        sent = _Sent(_with_extra(url, names[0], extra, repeated), names, is_form, repeated)
        status = get(sent.url)
        faults = [f"  the response has the status {status}"] if status >= 400 else sent.faults(understood())
        if faults:
            raise AssertionError("\n".join(["the receiver misreads a postback", *faults, f"sent: {sent.url}"]))

    with calling(application) as get:
        every_postback_is_understood(get)


def _parameters(template: CompiledTemplate) -> list[str]:
    """Return the names of the parameters with a macro in their value, and none in their name."""
    query = parse(template.source, template.dialect, limits=template.options.limits).query
    return [
        "".join(piece.text for piece in pair.name)
        for pair in query
        if any(isinstance(piece, Macro) for piece in pair.value)
        and all(isinstance(piece, Literal) for piece in pair.name)
    ]


def _with_extra(url: str, name: str, extra: str, repeated: Repeated) -> str:
    """Return the URL with one more parameter: one of its own with another value, or one in another case."""
    url, hash_, fragment = url.partition("#")
    start, _, query = url.partition("?")
    pairs = [query]
    if extra == "earlier":
        pairs.insert(0 if repeated == "last" else 1, f"{name}={_EARLIER}")
    elif extra and name.swapcase() != name:
        pairs.append(f"{name.swapcase()}={_OTHER_CASE}")
    return f"{start}?{'&'.join(pairs)}{hash_}{fragment}"


@dataclass(frozen=True, slots=True)
class _Sent:
    """A postback, and how it is to be read."""

    url: str
    names: list[str]
    is_form: bool
    repeated: Repeated

    def raw(self) -> dict[str, str]:
        """Return the parameters before they are decoded."""
        query = self.url.partition("#")[0].partition("?")[2]
        pairs = [pair.partition("=")[::2] for pair in query.split("&")]
        return dict(pairs if self.repeated == "last" else reversed(pairs))

    def faults(self, understood: Mapping[str, object]) -> list[str]:
        """Return a line for each parameter that is misread."""
        decode = unquote_plus if self.is_form else unquote
        lines = []
        sent = self.raw()
        for name in dict.fromkeys(self.names):
            raw = sent[name]
            found, expected = understood.get(name), decode(raw)
            if found != expected:
                lines.append(f"  parameter {name!r} {_mistake(found, expected, raw)}: {found!r}, not {expected!r}")
        return lines


def _mistake(found: object, expected: str, raw: str) -> str:
    """Return what was done wrongly."""
    if found is None:
        return "is taken for missing" if expected else "is empty and taken for missing"
    if not isinstance(found, str):
        return f"is read as {type(found).__name__}"
    known = {
        raw: "is not decoded",
        unquote(expected): "is decoded twice",
        expected.replace("+", " "): "has a space for a plus",
        unquote(raw, "latin-1"): "is read as Latin-1",
        unquote_plus(raw): "is decoded as a form",
        _EARLIER: "has the wrong one of two values",
        _OTHER_CASE: "has the value of a parameter in another case",
        expected.strip(): "has lost spaces",
        expected.lower(): "is in lower case",
        expected.upper(): "is in upper case",
    }
    if found in known:
        return known[found]
    if expected.startswith(found) and expected[len(found)] in _DELIMITERS:
        return f"is cut at {expected[len(found)]!r}"
    return "has lost characters" if set(found) <= set(expected) and len(found) < len(expected) else "is misread"
