"""What is promised of templates and an event: the engine against the reference, and a set against its templates."""

import pickle
from collections.abc import Callable, Iterable
from contextlib import suppress

from macroengine import (
    RULES,
    Dialect,
    Event,
    LimitError,
    MacroEngineError,
    MacroSpec,
    PostbackSet,
    SuppressedError,
    TemplateError,
    UnsupportedError,
    compile_template,
    parse,
)
from macroengine.rendering.compiler import compile_python
from macroengine.testing import reference
from tests.fuzz.inputs import Input

# Of what can be wrong with a template, the reference knows macros that are unknown, hashed as no document says, or in
# the host. It leaves to `check` what else decides who gets the data.
_JUDGED = frozenset({"ME101", "ME105", "ME106", "ME202"})
_UNJUDGED = frozenset(RULES) - _JUDGED - {"ME201"}
_SET_ASIDE = (SuppressedError, None)


def fuzz_render(made: Input) -> None:
    """The URL or the error is what the reference says, also from a pickled template."""
    source, dialect = made.text(), made.dialect()
    policy = made.policy(dialect)
    given = {"dialect": dialect, "policy": policy, **made.options(dialect)}
    event = made.event(_specs([source], dialect), policy)
    try:
        template = compile_template(source, ignore=_UNJUDGED, **given)
    except (LimitError, UnsupportedError):  # the reference has no limits, and reads no arguments
        return
    except TemplateError as error:
        if not _JUDGED.isdisjoint(found.code for found in error.diagnostics):
            assert _outcome(lambda: reference.render(source, event, **given)) == (TemplateError, None)
        return
    expected = _outcome(lambda: reference.render(source, event, **given))
    assert _outcome(lambda: template.render(event)) == expected
    assert _outcome(lambda: pickle.loads(pickle.dumps(template)).render(event)) == expected
    if not policy.consent:  # the function in Python is that of users who share their identifiers
        assert _told_whole(compile_python(template.plan), event) == _told_whole(template.render, event)
    assert template.admits(event) == (expected != _SET_ASIDE)
    if isinstance(expected, str) and _may_stand_in_a_url(source):
        assert _may_stand_in_a_url(expected)


def fuzz_postbacks(made: Input) -> None:
    """A set gives for each of its templates the URL or the error that it gives alone."""
    dialect = made.dialect()
    sources = [made.text() for _ in range(made.choose([2, 3, 4, 5]))]
    first, other = made.policy(dialect), made.policy(dialect)
    templates = []
    for source in sources:
        given = {"dialect": dialect, "policy": made.choose([first, first, other]), **made.options(dialect)}
        with suppress(TemplateError, UnsupportedError):  # no event has a value for the argument of a macro
            templates.append(compile_template(source, ignore=["ME"], **given))
    event = made.event(_specs(sources, dialect), first)
    together = PostbackSet(templates)
    alone = [_outcome(lambda template=template: template.render(event)) for template in templates]
    expected = [None if one == _SET_ASIDE else one for one in alone]
    assert [_told(one) for one in together.outcomes(event)] == expected
    errors = [one for one in expected if isinstance(one, tuple)]
    assert _outcome(lambda: together.render(event)) == (errors[0] if errors else expected)


def _specs(sources: Iterable[str], dialect: Dialect) -> list[MacroSpec]:
    """Return what the catalogue says of the macros of the templates, one of each."""
    specs = {}
    for source in sources:
        with suppress(LimitError):
            found = (dialect.find(macro.name) for macro in parse(source, dialect).macros())
            specs.update({spec.name: spec for spec, _ in filter(None, found)})
    return list(specs.values())


def _outcome(function: Callable[[], object]) -> object:
    """Return what is rendered, or in its place what kind of error there is, and for which macro."""
    try:
        return function()
    except MacroEngineError as error:
        return _told(error)


def _told_whole(render: Callable[[Event], str], event: Event) -> object:
    """Return what is rendered, or in its place all that the error says."""
    try:
        return render(event)
    except MacroEngineError as error:
        return _told(error), str(error)


def _told(outcome: object) -> object:
    return (type(outcome), getattr(outcome, "macro", None)) if isinstance(outcome, MacroEngineError) else outcome


def _may_stand_in_a_url(text: str) -> bool:
    return all("!" <= character <= "~" for character in text)
