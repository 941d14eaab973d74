"""Uses of the public API that only have to type-check: mypy reads this file, nobody runs it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import assert_type

from hypothesis.strategies import SearchStrategy

from macroengine import (
    CompiledRequest,
    CompiledTemplate,
    Default,
    Detected,
    Diagnostic,
    Dialect,
    Event,
    Fix,
    HashCase,
    Limits,
    Match,
    Missing,
    Observation,
    PayloadDiagnostic,
    PayloadError,
    Policy,
    Postback,
    PostbackSet,
    PreparedRequest,
    Preview,
    Reading,
    ReceivedPair,
    RenderError,
    Request,
    RequestTemplate,
    Signature,
    Source,
    Template,
    TemplateError,
    Translation,
    check,
    check_request,
    compile_request,
    compile_template,
    detect,
    dialect,
    match,
    parse,
    parse_request,
    preview,
    redact,
    render,
    translate,
)
from macroengine import __version__ as installed
from macroengine.delivery import RetrySchedule, next_try
from macroengine.intake import appmetrica, appsflyer
from macroengine.testing import (
    Drawn,
    DrawnPost,
    assert_postback,
    check_receiver,
    check_sender,
    events,
    postbacks,
    posts,
    reference,
    templates,
)


def uses() -> None:
    assert_type(installed, str)
    assert_type(parse("?a=(ip)", "appsflyer"), Template)
    assert_type(parse("?a=(ip)", dialect("appsflyer")), Template)
    assert_type(check(parse("?a=(ip)")), list[Diagnostic])
    assert_type(check("?a=(ip)", select=["ME1"], ignore={"ME102"})[0].fix, Fix | None)
    assert_type(dialect("appsflyer"), Dialect)

    policy = Policy(
        postback=Postback.IN_APP, send_all=True, sources=frozenset({Source.SDK}), deny=frozenset({"idfa"}), consent=True
    )
    policy = Policy(postback=Postback.IN_APP, send_all=True, sources=frozenset({Source.SDK}), deny=frozenset({"idfa"}))
    assert_type(Policy(context="burl").context, str | None)
    template = compile_template(
        "?a=(ip)", policy=policy, missing={"ip": Missing.DROP, "city": "keep", "*": Default("none")}, booleans="1/0"
    )
    assert_type(template, CompiledTemplate)
    assert_type(template(Event(sdk={"ip": "1"})), str)
    assert_type(template.admits(Event()), bool)
    assert_type(parse("?a=(ip)").dialect, Dialect)
    assert_type(check(parse("?a=(ip)", dialect("appsflyer")), policy=policy), list[Diagnostic])

    try:
        compile_template("(nope)")
    except TemplateError as error:
        assert_type(error.source, str)
        assert_type(error.diagnostics, tuple[Diagnostic, ...])


def translates() -> None:
    assert_type(detect("?a=(ip)"), list[Detected])
    assert_type(detect("?a=(ip)")[0].confidence, float)
    assert_type(detect("?a=(ip)")[0].evidence, tuple[str, ...])
    translation = translate("?a=(ip)", dialect="appsflyer", to=dialect("adjust"), policy=Policy("in-app"))
    assert_type(translation, Translation)
    assert_type(translation.losses, list[Diagnostic])
    assert_type(translation.exact, bool)
    assert_type(translation.source, str)

    translate("?a=(ip)", dialect="appsflyer")  # type: ignore[call-arg]
    translate("?a=(ip)", "appsflyer", "adjust")  # type: ignore[call-arg]
    translation.exact = True  # type: ignore[misc]


def previews() -> None:
    shown = preview("?a=(ip)", policy=Policy(send_all=True), values={"ip": "1"}, missing="drop", event=Event())
    assert_type(shown, Preview)
    assert_type(shown.not_attributed, str | None)
    assert_type(shown.parameters[0].macros, tuple[str, ...])


def chooses_by_words() -> None:
    policy = Policy("in-app")
    assert_type(policy.postback, Postback)
    assert_type(Policy(deny={"idfa"}).deny, frozenset[str])
    assert_type(Policy(deny=["idfa"], sources={"SDK", "Platform"}).sources, frozenset[Source])
    assert_type(Policy(sources=(Source.LINK, "SDK")).sources, frozenset[Source])
    assert_type(replace(policy, send_all=True), Policy)
    event = Event(link={"click_id": "1"}, postback="in-app", attributed=False)
    assert_type(event.postback, Postback)
    assert_type(event.link, Mapping[str, object])
    assert_type(replace(event, attributed=True), Event)

    Policy("in_app")  # type: ignore[arg-type]
    Policy(sources={"sdk"})  # type: ignore[arg-type]
    Policy(sources="SDK")  # type: ignore[arg-type]
    Policy(send_all="false")  # type: ignore[arg-type]
    Policy(denies={"idfa"})  # type: ignore[call-arg]
    Event(postback="inapp")  # type: ignore[arg-type]
    Event(link=None)  # type: ignore[arg-type]
    Event(attributed="false")  # type: ignore[arg-type]
    policy.send_all = True  # type: ignore[misc]
    event.attributed = True  # type: ignore[misc]


def renders() -> None:
    event = Event()
    assert_type(render("?a=(ip)", event, missing=Missing.EMPTY), str)
    assert_type(render("?a=(ip)", event, missing="drop", hash_case="lower", policy=Policy("in-app")), str)
    assert_type(render("?a=(ip)", event, missing=Default("0"), hash_case=HashCase.UPPER, limits=Limits(url=99)), str)
    assert_type(render("?a=(ip)", event, missing={"ip": "raise"}, dialect=dialect("appsflyer"), ignore="ME1"), str)
    assert_postback("?a=", "?a=(ip)", event, missing="empty")
    assert_postback(None, compile_template("?a=(ip)"), event)
    assert_type(postbacks("appsflyer", policy=Policy(), nested=True), SearchStrategy[Drawn])
    assert_type(posts("appsflyer", body="json", missing=True), SearchStrategy[DrawnPost])
    assert_type(events(template="?a=(ip)"), SearchStrategy[Event])
    assert_type(events(template=Request("POST", "?a=(ip)")), SearchStrategy[Event])
    assert_type(templates("adjust", policy=Policy()), SearchStrategy[str])
    check_sender(lambda template, _: template, policy=Policy(), missing="drop")
    check_receiver(lambda *_: [], lambda: {"a": ""}, "?a=(ip)", repeated="first")
    check_receiver(lambda *_: [], lambda: {"a": 1}, Request("POST", "?a=(ip)"))
    reference.render("?a=(ip)", event, missing="drop", hash_case="lower", ignore=["ME1"], limits=Limits(url=99))

    compile_template("?a=(ip)", booleans="yes/no")  # type: ignore[arg-type]
    compile_template("?a=(ip)", unknown="drop")  # type: ignore[arg-type]
    compile_template("?a=(ip)", missing="none")  # type: ignore[arg-type]
    compile_template("?a=(ip)", missing={"*": "none"})  # type: ignore[dict-item]
    compile_template("?a=(ip)", missing=None)  # type: ignore[arg-type]
    compile_template("?a=(ip)", hash_case="Lower")  # type: ignore[arg-type]
    compile_template("?a=(ip)").source = "?b=(ip)"  # type: ignore[misc]
    render("?a=(ip)", event, mising="drop")  # type: ignore[call-arg]
    render("?a=(ip)", event, missing="dorp")  # type: ignore[arg-type]
    render("?a=(ip)", event, nested="no")  # type: ignore[arg-type]
    render("?a=(ip)", {"ip": "1"})  # type: ignore[arg-type]
    assert_postback("?a=", "?a=(ip)", event, mising="drop")  # type: ignore[call-arg]
    Default(5)  # type: ignore[arg-type]


def reads_back() -> None:
    template = compile_template("?a=(ip)")
    assert_type(match("?a=(ip)", "?a=1"), Match)
    assert_type(match(parse("?a=(ip)"), "?a=1", event=Event()), Match)
    assert_type(match("?a={ip}", "?a=1", dialect="appmetrica").values, dict[str, str])
    found = template.match("?a=1", event=Event())
    assert_type(found.hashes, dict[str, str])
    assert_type(found.pairs, tuple[ReceivedPair, ...])
    assert_type(found.readings, tuple[Reading, ...])
    assert_type(found.diagnostics, tuple[Diagnostic, ...])
    assert_type(found.candidates, Mapping[str, tuple[str, ...]])

    match(template, b"?a=1")  # type: ignore[arg-type]
    match("?a=(ip)", "?a=1", event={})  # type: ignore[arg-type]
    found.values = {}  # type: ignore[misc]


def sends_to_many() -> None:
    template, event = compile_template("?a=(ip)"), Event()
    listed, named = PostbackSet([template]), PostbackSet({"a": template})
    assert_type(listed.render(event), list[str | None])
    assert_type(listed.outcomes(event), list[str | RenderError | None])
    assert_type(named.render(event), dict[str, str | None])
    assert_type(named.outcomes(event), dict[str, str | RenderError | None])
    assert_type(named.templates, tuple[CompiledTemplate | CompiledRequest, ...])

    request = compile_request(Request("POST", "https://n.example/", {}, "{}", "application/json"), policy=Policy())
    assert_type(request, CompiledRequest)
    assert_type(request.render(event, key=b"key"), PreparedRequest)
    assert_type(request.render(event).body, bytes)
    both = PostbackSet({"a": template, "b": request})
    assert_type(both.render(event, keys={"b": b"key"}), dict[str, str | PreparedRequest | None])
    assert_type(PostbackSet([template, request]).outcomes(event), list[str | PreparedRequest | RenderError | None])
    signed = Request("GET", "https://n.example/", signature=Signature("X-Signature", over="url", format="base64"))
    assert_type(check_request(signed, select=["ME6"]), list[Diagnostic])
    assert_type(parse_request(signed, "appmetrica"), RequestTemplate)

    seen: list[Observation] = []
    assert_type(listed.outcomes(event, hook=seen.append), list[str | RenderError | None])
    assert_type(redact("https://n.example/?a=1", request), str)
    assert_type(redact("https://n.example/?a=1", "https://n.example/?a={ip}", dialect="appmetrica"), str)

    PostbackSet(["https://n.example/"])  # type: ignore[list-item]
    PostbackSet({"a": "https://n.example/"})  # type: ignore[dict-item]


def is_annotated(listed: PostbackSet) -> None:
    assert_type(listed.render(Event()), list[str | None])


def takes_in(schedule: RetrySchedule) -> None:
    click = appmetrica.parse_url("")
    assert_type(click, appmetrica.Click | appmetrica.Impression)
    assert_type(appmetrica.build_url(1, click), str)
    assert_type(appmetrica.validate(click), list[Diagnostic])
    assert_type(Event(link=appmetrica.link_values(click)), Event)

    now = datetime.now(UTC)
    s2s = appsflyer.S2SEvent.from_json(b"", app_id="id1")
    assert_type(s2s.event_time, str | datetime | None)
    assert_type(appsflyer.validate(s2s), list[PayloadDiagnostic])
    assert_type(appsflyer.to_event(s2s, install=None, arrival=now), Event)
    assert_type(appsflyer.stamp("", now), appsflyer.Stamp)
    assert_type(next_try(schedule, 1, first=now, now=now), datetime | None)

    appsflyer.S2SEvent("id", "name", event_time=0)  # type: ignore[arg-type]
    appmetrica.build_url(1, s2s)  # type: ignore[arg-type]
    s2s.idfa = ""  # type: ignore[misc]

    try:
        appsflyer.S2SEvent.from_json("")
    except PayloadError as error:
        assert_type(error.diagnostics, tuple[Diagnostic | PayloadDiagnostic, ...])
