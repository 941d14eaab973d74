"""Messages for the problems that `resolve` finds, and for findings about a whole text.

Suggestions are computed here, only when a message is needed.
"""

from collections.abc import Callable, Iterator
from typing import cast

from macroengine.caching import short_cache
from macroengine.catalogue import Dialect, MacroSpec
from macroengine.catalogue.aliases import named_by_others
from macroengine.catalogue.commands import macros_command
from macroengine.catalogue.consent import consent_fields
from macroengine.diagnostics import Finding, Fix, Span
from macroengine.kinds import HASHES, Function, Postback, Source
from macroengine.plan.resolve import Problem, Resolution, Resolved
from macroengine.rules.checked import Checked
from macroengine.suggest import question


def findings(checked: Checked, problem: Problem) -> Iterator[Finding]:
    """Yield the findings about macros that have a problem, in source order."""
    macros = checked.by_problem.get(problem)
    if macros is None:
        return iter(())
    word = _WORDS[problem]
    return filter(None, [word(macro, checked.resolution) for macro in macros])


def about_whole(checked: Checked, rule: str) -> Iterator[Finding]:
    """Yield the finding of a rule about the text as a whole, if any."""
    whole = checked.whole
    if whole is not None and whole.rule == rule:
        everything = Span(0, len(checked.source))
        fix = None if whole.inner is None else Fix(whole.inner, everything, safe=whole.safe)
        yield Finding(whole.span, whole.message, whole.hint, fix)


def _unknown(macro: Resolved, resolution: Resolution) -> Finding:
    dialect, node = resolution.dialect, macro.node
    near, hint, is_certain = _near(node.name, dialect, node.function)
    if not near:
        hint = f"{macros_command(dialect)} lists all of {dialect.title}"
    fix = Fix(dialect.syntax.write(near[0], node.function), node.span, safe=False) if near and is_certain else None
    return Finding(node.span, f"unknown macro {node.name!r}{question(near)}", hint, fix)


def _unlisted(macro: Resolved, resolution: Resolution) -> Finding:
    dialect, node = resolution.dialect, macro.node
    name = dialect.syntax.write(node.name, node.function)
    message = f"{name} is not in the catalogue of {dialect.title}, which is incomplete"
    hint = f"check the name with {dialect.title}"
    if dialect.find(node.name) is not None:  # the platform may have this hash
        return Finding(node.span, message, _undocumented_hash(macro, resolution).hint or hint)
    found = _unknown(macro, resolution)
    _, separator, suggestion = found.message.partition("; ")
    return found._replace(message=f"{message}; {suggestion}") if separator else Finding(node.span, message, hint)


def _parameter(macro: Resolved, resolution: Resolution) -> Finding | None:
    near, hint, is_certain = _near(macro.node.name, resolution.dialect)
    names = near[:1] if is_certain else near
    message = f"{macro.node.text} is read as a parameter of the tracking link{question(names)}"
    return Finding(macro.node.span, message, hint) if near else None


# Partners make the same mistakes, and templates share the parameters of a tracking link.
@short_cache(maxsize=1024)
def _near(name: str, dialect: Dialect, function: str | None = None) -> tuple[list[str], str | None, bool]:
    """Return likely names for an unknown one, a hint if other platforms have it, and whether the first is certain.

    With a function, only macros that have it are likely. Names from other platforms come before similar names. If
    platforms use a name for different values, or two macros have equally similar names, none is preferred.
    """
    elsewhere = named_by_others(name, dialect)
    calls = [f"{name} is {platform}'s name for {dialect.syntax.write(spec.name)}" for spec, platform in elsewhere[:3]]
    # Names from other platforms are equally good.
    found = [(spec.name, spec, 0) for spec, _ in elsewhere] or dialect.similar(name)
    if function is not None:
        found = [(names[0], spec, letters) for _, spec, letters in found if (names := spec.names_with(function))]
    is_certain = len({spec.name for _, spec, letters in found if letters == found[0][2]}) == 1
    return list(dict.fromkeys(near for near, _, _ in found))[:3], "; ".join(calls) or None, is_certain


def _renamed(what: str) -> Callable[[Resolved, Resolution], Finding]:
    def renamed(macro: Resolved, resolution: Resolution) -> Finding:
        node, spec, syntax = macro.node, _row(macro), resolution.dialect.syntax
        right = syntax.write(spec.names_with(node.function)[0] if node.function else spec.name, node.function)
        return Finding(node.span, f"{what} {node.text}; write {right}", None, Fix(right, node.span, safe=True))

    return renamed


def _undocumented_hash(macro: Resolved, resolution: Resolution) -> Finding:
    node, dialect = macro.node, resolution.dialect
    spec = (dialect.find(node.name) or [None])[0]
    function = cast("str", node.function)
    is_hash = function in HASHES
    own = [] if spec is None else [(name, other) for other, names in spec.functions for name in names[:1]]
    hashes = [(name, other) for name, other in own if other in HASHES] if is_hash else own
    others = [(name, function) for spec in dialect.macros.values() for name in spec.names_with(function)]
    documented = [dialect.syntax.write(name, other) for name, other in hashes or others]
    hint = f"documented: {', '.join(documented)}" if documented else None
    name = node.name if spec is None else spec.name
    what = (
        "hash"
        if is_hash and not hashes
        else f"{function} hash"
        if is_hash
        else f"{_FORMS.get(function, function)} form"
    )
    message = f"no {what} of {name!r} is documented"
    # Somebody who asks for a hash does not want to send the identifier itself.
    if spec is None or (is_hash and spec.personal):
        return Finding(node.span, message, hint)
    plain = dialect.syntax.write(name)
    return Finding(node.span, f"{message}; write {plain}", hint, Fix(plain, node.span, safe=False))


def _hash_of_hash(macro: Resolved, resolution: Resolution) -> Finding:
    node, syntax = macro.node, resolution.dialect.syntax
    once = syntax.write(node.name)
    reading = syntax.read(once)
    outer, inner = cast("str", node.function), cast("str", reading and reading.function)
    fix = Fix(once, node.span, safe=False)
    if outer in HASHES and inner in HASHES:
        return Finding(node.span, f"{node.text} is the hash of a hash", "hash the identifier once", fix)
    return Finding(node.span, f"{node.text} is {_form(outer)} of {_form(inner)}", "use one function", fix)


def _form(function: str) -> str:
    """Return what to call the value of a function."""
    return f"the {function} hash" if function in HASHES else f"the {_FORMS.get(function, function)} form"


_FORMS = {str(Function.NONE): "unencoded"}


def _origin(where: str, hint: str) -> Callable[[Resolved, Resolution], Finding]:
    def origin(macro: Resolved, _: Resolution) -> Finding:
        message = f"{macro.node.text} is in {where}, where its value decides who receives the data"
        return Finding(macro.node.span, message, hint)

    return origin


def _app_server(macro: Resolved, _: Resolution) -> Finding:
    message = f"{macro.node.text} follows the :// of an app's own scheme: the app decides what it is"
    return Finding(macro.node.span, message, "check it with the app: a browser reads it as a server")


def _unavailable(macro: Resolved, resolution: Resolution) -> Finding:
    available = [kind for kind in Postback if kind in _row(macro).available]
    message = f"{macro.node.text} is never filled for {resolution.policy.postback} postbacks"
    instead = f"; check the template for {available[0]} postbacks" if available else ""
    return Finding(macro.node.span, message, f"it is filled for: {', '.join(available) or 'none'}{instead}")


def _out_of_context(macro: Resolved, resolution: Resolution) -> Finding:
    message = f"{macro.node.text} is never filled in the context {resolution.policy.context!r}"
    return Finding(macro.node.span, message, f"use it in a context of: {', '.join(_row(macro).contexts)}")


def _withheld(macro: Resolved, _: Resolution) -> Finding:
    message = f"{macro.node.text} is filled only for events attributed to you"
    return Finding(macro.node.span, message, "for other events it is missing")


def _source(macro: Resolved, resolution: Resolution) -> Finding:
    allowed = (
        ", ".join(resolution.dialect.labels[source] for source in Source if source in resolution.policy.sources)
        or "none"
    )
    message = (
        f"{macro.node.text} comes from {resolution.dialect.labels[_row(macro).source]}, which the policy does not allow"
    )
    return Finding(macro.node.span, message, f"allowed sources: {allowed}")


def _denied(macro: Resolved, _: Resolution) -> Finding:
    return Finding(macro.node.span, f"{macro.node.text} is denied by the policy")


def _needs_consent(macro: Resolved, resolution: Resolution) -> Finding:
    node, dialect = macro.node, resolution.dialect
    is_choice = node.start in resolution.others
    written = dialect.syntax.write(node.name, node.function) if is_choice else node.text
    fields = dict.fromkeys(found.field for found in consent_fields(dialect))
    message = f"{written} is withheld if the user does not share identifiers"
    return Finding(node.span, message, f"events say so in the fields {', '.join(fields)}")


def _row(macro: Resolved) -> MacroSpec:
    """Return the catalogue row of a macro that has one of these problems."""
    return cast("MacroSpec", macro.spec)


_WORDS: dict[Problem, Callable[[Resolved, Resolution], Finding | None]] = {
    Problem.UNKNOWN: _unknown,
    Problem.UNLISTED: _unlisted,
    Problem.UNDOCUMENTED_SPELLING: _renamed("undocumented spelling"),
    Problem.LEGACY: _renamed("legacy name"),
    Problem.PARAMETER: _parameter,
    Problem.UNDOCUMENTED_HASH: _undocumented_hash,
    Problem.HASH_OF_HASH: _hash_of_hash,
    Problem.DECIDES_ORIGIN: _origin(
        "the scheme, user info, host or port", "write the server name in full, and send the value in the query"
    ),
    Problem.HOST_LABEL: _origin(
        "the host", "to permit a label of the host, render with allow_host_macros (--allow-host-macros of the command)"
    ),
    Problem.APP_SERVER: _app_server,
    Problem.UNAVAILABLE: _unavailable,
    Problem.OUT_OF_CONTEXT: _out_of_context,
    Problem.WITHHELD: _withheld,
    Problem.NEEDS_CONSENT: _needs_consent,
    Problem.SOURCE_NOT_ALLOWED: _source,
    Problem.DENIED: _denied,
}


def with_article(title: str) -> str:
    """Return a platform's title with "a" or "an" before it."""
    return f"{'an' if title[:1].lower() in 'aeio' else 'a'} {title}"
