"""Uses of the public API that only have to type-check: mypy reads this file, nobody runs it."""

from typing import assert_type

from macroengine import (
    CompiledTemplate,
    Diagnostic,
    Dialect,
    Event,
    Fix,
    Missing,
    Policy,
    Postback,
    PostbackSet,
    Source,
    Template,
    TemplateError,
    check,
    compile_template,
    dialect,
    parse,
    render,
)


def uses() -> None:
    assert_type(parse("?a=(ip)", "appsflyer"), Template)
    assert_type(parse("?a=(ip)", dialect("appsflyer")), Template)
    assert_type(check(parse("?a=(ip)")), list[Diagnostic])
    assert_type(check("?a=(ip)", select=["ME1"], ignore={"ME102"})[0].fix, Fix | None)
    assert_type(dialect("appsflyer"), Dialect)

    policy = Policy(postback=Postback.IN_APP, send_all=True, sources=frozenset({Source.SDK}), deny=frozenset({"idfa"}))
    template = compile_template("?a=(ip)", policy=policy, missing={"ip": Missing.DROP, "*": "none"}, booleans="1/0")
    assert_type(template, CompiledTemplate)
    assert_type(template(Event(sdk={"ip": "1"})), str)
    assert_type(template.admits(Event()), bool)
    assert_type(render("?a=(ip)", Event(), missing=Missing.EMPTY), str)
    assert_type(PostbackSet([template]).render(Event()), list[str | None])

    compile_template("?a=(ip)", booleans="yes/no")  # type: ignore[arg-type]
    compile_template("?a=(ip)", unknown="drop")  # type: ignore[arg-type]
    template.source = "?b=(ip)"  # type: ignore[misc]

    try:
        compile_template("(nope)")
    except TemplateError as error:
        assert_type(error.source, str)
        assert_type(error.diagnostics, tuple[Diagnostic, ...])
