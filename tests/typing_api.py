"""Uses of the public API that only have to type-check: mypy reads this file, nobody runs it."""

from datetime import UTC, datetime
from typing import assert_type

from macroengine import (
    CompiledTemplate,
    Diagnostic,
    Dialect,
    Event,
    Fix,
    Missing,
    PayloadDiagnostic,
    PayloadError,
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
from macroengine.intake import (
    Click,
    Impression,
    RetrySchedule,
    S2SEvent,
    Stamp,
    appmetrica,
    appsflyer,
    build_url,
    link_values,
    next_try,
    parse_url,
    stamp,
    to_event,
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


def takes_in(schedule: RetrySchedule) -> None:
    click = parse_url("")
    assert_type(click, Click | Impression)
    assert_type(build_url(1, click), str)
    assert_type(appmetrica.validate(click), list[Diagnostic])
    assert_type(Event(link=link_values(click)), Event)

    now = datetime.now(UTC)
    s2s = S2SEvent.from_json(b"", app_id="id1")
    assert_type(s2s.event_time, str | datetime | None)
    assert_type(appsflyer.validate(s2s), list[PayloadDiagnostic])
    assert_type(to_event(s2s, install=None, arrival=now), Event)
    assert_type(stamp("", now), Stamp)
    assert_type(next_try(schedule, 1, first=now, now=now), datetime | None)

    S2SEvent("id", "name", event_time=0)  # type: ignore[arg-type]
    build_url(1, s2s)  # type: ignore[arg-type]
    s2s.idfa = ""  # type: ignore[misc]

    try:
        S2SEvent.from_json("")
    except PayloadError as error:
        assert_type(error.diagnostics, tuple[Diagnostic | PayloadDiagnostic, ...])
