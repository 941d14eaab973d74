"""Compare a postback with the expected one, parameter by parameter."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Unpack
from urllib.parse import quote, unquote, unquote_plus

from macroengine.arguments import check_type
from macroengine.catalogue import DEFAULT_DIALECT, dialect_of
from macroengine.catalogue.folding import fold
from macroengine.compiled_template import CompiledTemplate
from macroengine.engine import CompileOptions
from macroengine.errors import RenderError
from macroengine.event import Event
from macroengine.kinds import Source
from macroengine.language.nodes import Pieces
from macroengine.limits import Limits
from macroengine.policy import Policy
from macroengine.template import Template, parse
from macroengine.testing import reference


def assert_postback(
    url: str | None,
    template: str | CompiledTemplate,
    event: Event,
    **options: Unpack[CompileOptions],
) -> None:
    """Assert that `url` is the postback of `template` for `event`; None means that none was sent.

    `options` are those of `render`, including `dialect` and `policy`. A compiled template has its own.

    >>> event = Event(link={"click_id": "a b"})
    >>> assert_postback("https://n.example/pb?c=a%20b", "https://n.example/pb?c=(clickid)", event)
    >>> assert_postback("https://n.example/pb?c=a%2520b", "https://n.example/pb?c=(clickid)", event)
    Traceback (most recent call last):
      ...
    AssertionError: not what the template says
      parameter 'c' is encoded twice: found 'a%2520b', expected 'a%20b'
    found:    https://n.example/pb?c=a%2520b
    expected: https://n.example/pb?c=a%20b

    Raises:
        TemplateError: the template cannot be rendered: it has unknown macros, or macros that decide who receives the
            data.
        TypeError: options are given with a compiled template.
    """
    check_type("url", str | None, "a string or None", url)
    case = _case(template, event, options)
    try:
        expected = case.render()
    except RenderError as error:
        if url is not None:
            raise AssertionError(f"nothing should have been sent: {error}\nfound:    {url}") from None
        return
    if url != expected:
        lines = ["no postback was sent"] if url is None else ["not what the template says", *_faults(url, case)]
        raise AssertionError("\n".join([*lines, f"found:    {url}", f"expected: {expected}"]))


@dataclass(frozen=True, slots=True)
class _Case:
    """Everything that a rendering depends on."""

    source: str
    event: Event
    options: Mapping[str, Any]

    def render(self) -> str:
        return reference.render(self.source, self.event, **self.options)


def _case(template: str | CompiledTemplate, event: Event, options: Mapping[str, Any]) -> _Case:
    check_type("template", str | CompiledTemplate, "a string or a compiled template", template)
    check_type("event", Event, "an Event", event)
    if isinstance(template, str):
        return _Case(template, event, {"dialect": DEFAULT_DIALECT, "policy": Policy(), "limits": Limits(), **options})
    if options:
        raise TypeError(f"a compiled template has its own options; omit {', '.join(options)}")
    given, dialect = template.options, template.dialect
    # List each macro by its own name, since an option given under a field or another platform's name also applies to
    # it.
    exceptions = dict(given.missing_for)
    missing = {name: exceptions.get(fold(name), given.missing) for name in dialect.macros}
    return _Case(
        template.source,
        event,
        {
            "dialect": dialect,
            "policy": template.policy,
            "missing": {"*": given.missing, **exceptions, **missing},
            "unknown": given.unknown,
            "nested": given.nested,
            "allow_host_macros": given.allow_host_macros,
            "booleans": given.booleans,
            "hash_case": given.hash_case,
            "ignore": template.ignore,
            "limits": given.limits,
        },
    )


# Differences


def _faults(url: str, case: _Case) -> list[str]:
    """Return a line for each part that differs."""
    found, expected = _parts(url, case), _parts(case.render(), case)
    differing = [part for part in {**expected, **found} if found.get(part) != expected.get(part)]
    lines = [f"  {part} {_fault(part, found, expected, url, case)}" for part in differing]
    return lines or ["  the parts are in another order, or parted by other delimiters"]


def _parts(url: str, case: _Case) -> dict[str, str]:
    """Return the text of each part of a URL. It is read like a template; parameters may repeat."""
    read = parse(url, case.options["dialect"], limits=Limits(template=max(len(url), 1), macros=max(len(url), 1)))
    around = {"scheme": read.scheme, "host": read.authority, "path": read.path, "fragment": read.fragment}
    parts = {part: _text(pieces) for part, pieces in around.items() if pieces}
    seen = Counter[str]()
    for pair in read.query:
        name = _text(pair.name)
        seen[name] += 1
        parts[f"parameter {name!r}" + (f" ({seen[name]})" if seen[name] > 1 else "")] = _text(pair.value)
    return parts


def _template(case: _Case) -> Template:
    return parse(case.source, case.options["dialect"], limits=case.options["limits"])


def _text(pieces: Pieces) -> str:
    return "".join(piece.text for piece in pieces)


def _fault(part: str, found: Mapping[str, str], expected: Mapping[str, str], url: str, case: _Case) -> str:
    if part not in found:
        return f"is missing: expected {expected[part]!r}"
    wrong, right = found[part], expected.get(part)
    cause = _literal(wrong, right, case) or _leak(part, wrong, case) or _forgery(part, wrong, case)
    if right is None:
        return f"is unexpected{cause and f', and {cause}'}: found {wrong!r}"
    cause = cause or _encoding(wrong, right, url) or "differs"
    return f"{cause}: found {wrong!r}, expected {right!r}"


def _literal(wrong: str, right: str | None, case: _Case) -> str:
    """Return the message for a macro that was not replaced, encoded or not; empty if there is none."""
    for macro in _template(case).macros():
        for text in (macro.text, quote(macro.text)):
            if text in wrong and text not in (right or ""):
                return f"has the macro {macro.text} left literal"
    return ""


def _leak(part: str, wrong: str, case: _Case) -> str:
    """Return the message for a value that would be right if the policy withheld nothing."""
    policy = Policy(case.options["policy"].postback)
    told = _Case(case.source, replace(case.event, attributed=True), {**case.options, "policy": policy})
    return "has a value that is withheld" if _would_be(wrong, part, told) else ""


def _forgery(part: str, wrong: str, case: _Case) -> str:
    """Return the message for a value that would be right if it came from the macro's own source."""
    for macro, own, other, event in _forged(case):
        if _would_be(wrong, part, replace(case, event=event)):
            labels = dialect_of(case.options["dialect"]).labels
            return f"has the value of {macro} from {labels[other]}, not from {labels[own]}"
    return ""


def _forged(case: _Case) -> Iterator[tuple[str, Source, Source, Event]]:
    """Yield the event with the value of each macro in turn replaced by the one in another source under its field."""
    event, dialect = case.event, dialect_of(case.options["dialect"])
    held = {Source.LINK: event.link, Source.SDK: event.sdk, Source.PLATFORM: event.platform}
    for macro in _template(case).macros():
        found = dialect.find(macro.name)
        if found is None:
            continue
        spec, _ = found
        for other in Source:
            if other is not spec.source and spec.field in held[other]:
                forged = {**held, spec.source: {**held[spec.source], spec.field: held[other][spec.field]}}
                link, sdk, platform = (forged[source] for source in (Source.LINK, Source.SDK, Source.PLATFORM))
                yield macro.text, spec.source, other, replace(event, link=link, sdk=sdk, platform=platform)


def _would_be(text: str, part: str, case: _Case) -> bool:
    """Say whether the part would have this text in another case."""
    try:
        return _parts(case.render(), case).get(part) == text
    except RenderError:
        return False


def _encoding(wrong: str, right: str, url: str) -> str:
    """Return the message for the right value in another encoding."""
    plain = unquote(right)
    # An unencoded value may have been split at its delimiters.
    if plain != right and plain.startswith(wrong) and plain in url:
        return "is not encoded"
    (wrongly, found), (rightly, wanted) = _decoded(wrong), _decoded(right)
    if wrongly == rightly:
        return "is encoded twice" if found > wanted else "is not encoded" if found < wanted else "is encoded otherwise"
    return "is encoded as a form, with + for a space" if unquote_plus(wrong) == plain else ""


def _decoded(text: str) -> tuple[str, int]:
    """Return the text with all encoding removed, and how many times it was encoded."""
    times = 0
    while (inner := unquote(text)) != text:
        text, times = inner, times + 1
    return text, times
