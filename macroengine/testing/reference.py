"""The reference renderer defines what a template means, in the plainest possible Python.

It shares only the parser, the catalogue and the policy with the engine, so that the two can be checked against each
other. It parses the template again for every event, and is meant for tests, including yours.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal as OneOf

from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.catalogue.foreign import foreign_texts, inside_foreign
from macroengine.diagnostics import Diagnostic, Severity
from macroengine.errors import RenderError, SuppressedError, TemplateError
from macroengine.event import Event
from macroengine.kinds import HashCase, HashCaseWord
from macroengine.language.nodes import Literal, Macro, Part, Pieces
from macroengine.limits import Limits
from macroengine.plan.segments import Default, Missing
from macroengine.policy import Policy
from macroengine.template import Template, parse
from macroengine.testing.reference_rows import AnyMissing, Rendering, function_in, row_of, when_missing
from macroengine.testing.reference_url import url_text


def render(
    source: str,
    event: Event,
    *,
    dialect: str | Dialect = DEFAULT_DIALECT,
    policy: Policy = Policy(),  # noqa: B008 - immutable
    missing: AnyMissing | Mapping[str, AnyMissing] = Missing.EMPTY,
    unknown: OneOf["error", "keep", "empty"] = "error",
    nested: bool = True,
    allow_host_macros: bool = False,
    booleans: OneOf["true/false", "1/0"] = "true/false",
    hash_case: HashCase | HashCaseWord | None = None,
    ignore: Iterable[str] = (),
    limits: Limits = Limits(),  # noqa: B008 - immutable
) -> str:
    """Return the URL for one event, as `macroengine.render` should.

    It only knows three kinds of errors in a template: unknown macros, undocumented hashes, and macros before the path.
    `check` finds the others, including where in the host a macro may be with `allow_host_macros`. `ignore` can permit
    the first two, and macros in the host.

    >>> render("https://n.example/pb?c=(clickid)", Event(link={"click_id": "a b"}))
    'https://n.example/pb?c=a%20b'

    Raises:
        TemplateError: a macro is unknown, or would decide who receives the data, or the template is too large.
        ValueError: a default text would change the path.
        SuppressedError: the postback is not sent for this event.
        RenderError: a value cannot be written as text, or the URL is too long. MissingValueError: a required value is
            missing.
    """
    chosen = dialect_of(dialect)
    template = _own(parse(source, dialect, limits=limits), chosen)
    case = None if hash_case is None else HashCase(hash_case)
    is_app = _is_app(template)
    rendering = Rendering(event, chosen, policy, missing, unknown, nested, booleans, case, is_app)
    ignored = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    _refuse(template, rendering, ignored, allow_host_macros)
    # A postback is for one kind of event. Events attributed to others are only sent with send-all.
    if event.postback is not policy.postback:
        raise SuppressedError(f"the template is for {policy.postback} postbacks, the event is for {event.postback}")
    if not (event.attributed or policy.send_all):
        raise SuppressedError("the event is not attributed to the network, and the policy is not send-all")
    url = url_text(template, rendering)
    if len(url.encode(errors="surrogatepass")) > limits.url:
        raise RenderError(f"the URL is longer than {limits.url:,} bytes")
    return url


def _own(template: Template, dialect: Dialect) -> Template:
    """Return the template with macros that are part of another platform's macro turned into literals."""
    is_part = inside_foreign(template.source, foreign_texts(template.source, dialect.syntax))
    if is_part is None:
        return template

    def read(pieces: Pieces) -> Pieces:
        return tuple(Literal(piece.text, piece.start) if is_part(piece.span) else piece for piece in pieces)

    return replace(
        template,
        scheme=read(template.scheme),
        authority=read(template.authority),
        path=read(template.path),
        query=tuple(pair._replace(name=read(pair.name), value=read(pair.value)) for pair in template.query),
        fragment=read(template.fragment),
    )


def _is_app(template: Template) -> bool:
    # In URLs of these schemes the server part is not for an app to interpret.
    scheme = "".join(piece.text for piece in template.scheme).lower()
    known = ("http", "https", "ws", "wss", "ftp", "file", "intent")
    return re.fullmatch("[a-z][a-z0-9+.-]*", scheme) is not None and scheme not in known


def _refuse(template: Template, rendering: Rendering, ignored: tuple[str, ...], allow_host_macros: bool) -> None:
    in_host = allow_host_macros or _is_ignored("ME202", ignored)
    for leaf, part in template.leaves():
        if not isinstance(leaf, Macro):
            continue
        spec = row_of(leaf, rendering)
        if part is Part.SCHEME or (part is Part.AUTHORITY and not rendering.is_app and (spec is None or not in_host)):
            _raise("ME201", "macro-in-origin", f"macro {leaf.name!r} decides who gets the data", leaf, template)
        if spec is None:
            _refuse_unknown(leaf, template, rendering, ignored)
        elif part is Part.PATH and when_missing(spec, rendering) in (Default("."), Default("..")):
            raise ValueError(f"{leaf.text}: a default text leads to another path")


def _refuse_unknown(macro: Macro, template: Template, rendering: Rendering, ignored: tuple[str, ...]) -> None:
    if macro.function is not None and function_in(macro.name, rendering.dialect) is not None:
        if not _is_ignored("ME106", ignored):
            _raise("ME106", "hash-of-hash", f"{macro.text} has a function of a function", macro, template)
    elif rendering.dialect.partial:
        return  # its catalogue is known to be incomplete
    elif rendering.dialect.find(macro.name) is not None:
        if not _is_ignored("ME105", ignored):
            _raise("ME105", "undocumented-hash", f"no hash of {macro.name!r} is documented", macro, template)
    elif rendering.unknown == "error" and not _is_ignored("ME101", ignored):
        _raise("ME101", "unknown-macro", f"unknown macro {macro.name!r}", macro, template)


def _is_ignored(code: str, ignored: tuple[str, ...]) -> bool:
    return code.startswith(ignored)


def _raise(code: str, name: str, message: str, macro: Macro, template: Template) -> None:
    raise TemplateError(template.source, [Diagnostic(code, name, Severity.ERROR, message, macro.span, template.source)])
