"""What is promised of one template: each function raises where the library breaks its word."""

import ast
import pickle
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from macroengine import (
    Diagnostic,
    Dialect,
    LimitError,
    Limits,
    Severity,
    TemplateError,
    check,
    compile_template,
    fix,
    parse,
)
from macroengine.diagnostics import columns
from macroengine.engine import _compile
from tests.fuzz.inputs import Input

FAMILIES = (None, "ME0", "ME1", "ME2", "ME21", "ME3")
_WIDTH = 78  # columns, of the lines that show a template
IGNORED = ((), ("ME0",), ("ME1",), ("ME2",), ("ME3",), ("ME",))
# The rules whose findings an option permits, with the values of the option that do.
_OVERRULED = {
    "ME036": ("unknown", ["keep", "empty"]),
    "ME040": ("unknown", ["keep"]),
    "ME101": ("unknown", ["keep", "empty"]),
    "ME202": ("allow_host_macros", [True]),
}


def fuzz_parse(made: Input) -> None:
    """Every text has a tree: its leaves rebuild the text, and its macros are what a pattern finds."""
    source, dialect = made.text(), made.dialect()
    macros = [macro for macro in _pattern(dialect).findall(source) if macro]
    limits = Limits()
    try:
        template = parse(source, dialect)
    except LimitError:
        assert len(source) > limits.template or len(macros) > limits.macros
        return
    assert len(source) <= limits.template
    assert len(macros) <= limits.macros
    end = 0
    for leaf, _ in template.leaves():
        assert leaf.span.start == end < leaf.span.stop
        end = leaf.span.stop
        assert leaf.text == source[leaf.span.start : end]
    assert end == len(source)
    assert [macro.text for macro in template.macros()] == macros


@cache
def _pattern(dialect: Dialect) -> re.Pattern[str]:
    """Return a pattern whose first group is a macro; what another syntax reads around it, it takes whole."""
    outer = "|".join(form.bare_pattern for form in dialect.syntax.outer)
    return re.compile(f"{outer}|({dialect.syntax.macro})")


def fuzz_check(made: Input) -> None:
    """Findings and fixes stand in the template, are shown whole, and are the same family by family."""
    source, dialect = made.text(), made.dialect()
    family, policy = made.choose(FAMILIES), made.policy(dialect)
    try:
        findings = check(source, dialect=dialect, policy=policy)
    except LimitError:
        return
    assert findings == sorted(findings, key=lambda finding: finding.span)
    for finding in findings:
        assert 0 <= finding.span.start <= finding.span.stop <= len(source)
        if finding.fix is not None:
            span = finding.fix.span
            assert 0 <= span.start <= span.stop <= len(source)
            assert source[span.start : span.stop] != finding.fix.replacement
    # Showing takes longer than finding, and one finding of a rule is shown like the others.
    for finding in {finding.code: finding for finding in findings}.values():
        message, text, carets, *_ = lines = str(finding).split("\n")
        assert all(map(str.isprintable, lines))
        assert message.endswith(finding.message)
        assert 0 < columns(carets) <= columns(text) + 1 <= _WIDTH + 1
    if family is not None:
        alone = check(parse(source, dialect), dialect=dialect, policy=policy, select=family)
        assert alone == [finding for finding in findings if finding.code.startswith(family)]


def fuzz_fix(made: Input) -> None:
    """Nothing is left to fix, what remains is what `check` finds, and what was in order is as it was."""
    source, dialect = made.text(), made.dialect()
    unsafe, policy = made.flag(), made.policy(dialect)
    try:
        fixed = fix(source, dialect=dialect, policy=policy, unsafe=unsafe)
    except LimitError:
        return
    assert bool(fixed.applied) == (fixed.source != source)
    assert list(fixed.remaining) == check(fixed.source, dialect=dialect, policy=policy)
    assert not [finding for finding in fixed.remaining if finding.fix and (unsafe or finding.fix.safe)]


def fuzz_compile(made: Input) -> None:
    """A template is refused for just the errors that `check` finds, or pickles as what it is."""
    source, dialect = made.text(), made.dialect()
    ignore = made.choose(IGNORED)
    given = {"dialect": dialect, "policy": made.policy(dialect), "ignore": ignore, **made.options(dialect)}
    _compile.cache_clear()
    try:
        template = compile_template(source, **given)
    except LimitError:
        return
    except TemplateError as error:
        assert list(error.diagnostics) == _errors(source, given)
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again)) == (type(error), str(error))
        return
    assert not _errors(source, given)
    assert list(template.diagnostics) == check(source, dialect=dialect, policy=given["policy"], ignore=ignore)
    again = pickle.loads(pickle.dumps(template))
    assert (again, hash(again), again.plan) == (template, hash(template), template.plan)
    assert (again.python_source, again.fields) == (template.python_source, template.fields)
    # The texts of the template stand in comments, and stay there.
    assert {type(statement) for statement in ast.parse(template.python_source).body} == {ast.FunctionDef}


def _errors(source: str, given: Mapping[str, Any]) -> list[Diagnostic]:
    permitted = {code for code, (option, permitting) in _OVERRULED.items() if given[option] in permitting}
    # Of a text that is permitted as a whole, what is in it is found.
    ignored = [*given["ignore"], *(permitted & {"ME036"})]
    found = check(source, dialect=given["dialect"], policy=given["policy"], ignore=ignored)
    return [one for one in found if one.severity is Severity.ERROR and one.code not in permitted]
