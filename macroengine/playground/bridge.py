"""The functions that the page calls. They take and return plain JSON, independently of the transport.

`answer` is the only entry point. In the browser, a worker calls it under Pyodide; `macroengine playground` calls it for
each HTTP request. Nothing here reads files or opens connections.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from macroengine.catalogue import DEFAULT_DIALECT
from macroengine.detection.detect import detect as detect_dialects
from macroengine.detection.profiles import profiles
from macroengine.diagnostics import Diagnostic, Fix, Severity
from macroengine.engine import compile_template
from macroengine.engine import match as match_url
from macroengine.errors import CatalogueError, RenderError, TemplateError
from macroengine.event import Event
from macroengine.kinds import Postback
from macroengine.limits import Limits
from macroengine.playground import facts
from macroengine.playground.completion import complete as complete_macro
from macroengine.playground.places import Places
from macroengine.playground.secrets import masked, secrets_in
from macroengine.playground.settings import Arguments, RequestError, argument, own_dialect, read_settings
from macroengine.rules import check as check_template
from macroengine.rules.fixing import fix as fix_template
from macroengine.translation.translate import translate as translate_template
from macroengine.workspace.preview import Parameter, example_event
from macroengine.workspace.preview import preview as preview_template

Json = dict[str, Any]

# Nobody reads a longer list, and drawing it takes longer than the check.
_MAX_FINDINGS = 100


def answer(request: str) -> str:
    """Return the reply to a request. Requests are JSON `{"call", "arguments"}`, replies `{"result"}` or `{"error"}`.

    >>> answer('{"call": "detect", "arguments": {"template": "https://n.example/pb"}}')
    '{"result": {"dialects": []}}'
    """
    try:
        reply: Json = {"result": _result(request)}
    except TemplateError as error:
        reply = _error("template", error.diagnostics[0].message, _findings(error.diagnostics, error.source))
    except CatalogueError as error:
        reply = _error("dialect", str(error))
    except RenderError as error:
        reply = _error("event", str(error))
    except (RecursionError, MemoryError):
        reply = _error("limit", "this takes more memory than there is; make the template or the event smaller")
    except (TypeError, ValueError) as error:  # an invalid argument
        reply = _error("request", str(error))
    return json.dumps(reply)


def _result(request: str) -> Json:
    data = json.loads(request)
    call = CALLS.get(str(data.get("call"))) if isinstance(data, dict) else None
    arguments = data.get("arguments", {}) if call is not None else None
    if call is None or not isinstance(arguments, dict):
        raise RequestError(f"a request is an object with 'call', one of {', '.join(CALLS)}, and 'arguments'")
    return call(arguments)


def _error(kind: str, message: str, findings: Json | None = None) -> Json:
    return {"error": {"kind": kind, "message": message, **(findings or {})}}


def about(_: Arguments) -> Json:
    """Return what the page offers: the dialects and the kinds of postback."""
    return {
        "version": _version(),
        "dialects": [
            {"name": one.name, "title": one.title, "form": one.syntax.forms[0].text}
            for one in sorted(profiles(), key=lambda one: one.title.lower())
        ],
        "default": DEFAULT_DIALECT,
        "postbacks": list(Postback),
        "max_template": Limits().template,
    }


@cache
def _version() -> str:
    return version("macroengine")


def check(arguments: Arguments) -> Json:
    """Return the problems of a template, and its macros."""
    settings = read_settings(arguments)
    found = check_template(settings.template, dialect=settings.dialect, policy=settings.policy)
    fixes = [finding.fix for finding in found if finding.fix is not None]
    return {
        "dialect": settings.dialect.name,
        "title": settings.dialect.title,
        "postback": settings.policy.postback,
        **_findings(found, settings.template),
        "counts": {severity: sum(one.severity is severity for one in found) for severity in Severity},
        "fixes": {"safe": sum(fix.safe for fix in fixes), "unsafe": sum(not fix.safe for fix in fixes)},
        "macros": facts.macros_of(settings),
    }


def fix(arguments: Arguments) -> Json:
    """Return the fixed template. With `unsafe`, fixes that may not be intended are applied, too."""
    settings = read_settings(arguments)
    unsafe = argument(arguments, "unsafe", bool, default=False)
    fixed = fix_template(settings.template, dialect=settings.dialect, policy=settings.policy, unsafe=unsafe)
    applied = [{"code": one.code, "name": one.name, "message": one.message} for one in fixed.applied]
    return {"template": fixed.source, "applied": applied[:_MAX_FINDINGS], "remaining": len(fixed.remaining)}


def detect(arguments: Arguments) -> Json:
    """Return the dialects in which the template may be written, most likely first."""
    titles = {profile.name: profile.title for profile in profiles()}
    return {
        "dialects": [
            {
                "name": one.dialect,
                "title": titles[one.dialect],
                "confidence": one.confidence,
                "evidence": list(one.evidence),
            }
            for one in detect_dialects(argument(arguments, "template", str))
        ]
    }


def translate(arguments: Arguments) -> Json:
    """Return the template in the dialect `to`, and what is lost."""
    settings = read_settings(arguments)
    policy = settings.policy if settings.is_policy_given else None
    to = argument(arguments, "to", str)
    found = translate_template(settings.template, dialect=settings.dialect, to=to, policy=policy)
    lost = _findings(found.losses, settings.template)
    return {"dialect": settings.dialect.name, "to": to, "template": found.source, "exact": found.exact, **lost}


def preview(arguments: Arguments) -> Json:
    """Return what a partner receives for the event `values`, by source and field, or without it for an example."""
    settings = read_settings(arguments)
    missing = argument(arguments, "missing", str, "empty")
    compiled = compile_template(settings.template, dialect=settings.dialect, policy=settings.policy)
    example = example_event(compiled)
    values = argument(arguments, "values", dict, {})
    event = Event(**_of_sources(values), postback=settings.policy.postback) if "values" in arguments else example
    shown = preview_template(
        settings.template,
        dialect=settings.dialect,
        policy=settings.policy,
        event=event,
        missing=missing,  # type: ignore[arg-type] # which is checked there
    )
    return {
        "urls": {
            "attributed": shown.attributed,
            "not_attributed": shown.not_attributed,
            "without_consent": shown.without_consent,
            "without_values": shown.without_values,
        },
        "withheld": list(shown.withheld),
        "needs_consent": list(shown.needs_consent),
        "dropped": list(shown.dropped),
        "parameters": _parameters(shown.parameters),
        "fields": facts.fields_of(example, settings.dialect),
    }


def _of_sources(values: Json) -> Json:
    for source, fields in values.items():
        if source not in facts.SOURCES or not isinstance(fields, dict):
            raise RequestError(f"'values' has an object for each of {', '.join(facts.SOURCES)}")
    return values


def _parameters(parameters: Iterable[Parameter]) -> list[Json]:
    return [{"name": one.name, "value": one.value, "macros": list(one.macros)} for one in parameters]


def match(arguments: Arguments) -> Json:
    """Return the values in a URL that was sent for the template."""
    settings = read_settings(arguments)
    url = argument(arguments, "url", str)
    found = match_url(settings.template, url, dialect=settings.dialect)
    places = Places(url)
    readings = [
        {
            "macro": one.macro,
            "fields": list(one.fields),
            "function": one.function,
            "text": one.text,
            "parameter": one.parameter,
            "state": one.state,
            "place": None if one.span is None else places.span(one.span),
        }
        for one in found.readings
    ]
    return {"readings": readings, **_findings(found.diagnostics, url)}


def complete(arguments: Arguments) -> Json:
    """Return the completions at `place`. With `asked`, return them even if no macro begins there."""
    settings = read_settings(arguments)
    places = Places(settings.template)
    index = places.index(argument(arguments, "place", int))
    found = complete_macro(settings, index, is_asked=argument(arguments, "asked", bool, default=False))
    if found is None:
        return {"options": []}
    options = [
        {
            "text": one.text,
            "source": settings.dialect.labels[one.spec.source],
            "function": one.function,
            "description": one.spec.description,
            "example": one.spec.example,
        }
        for one in found.options
    ]
    return {**places.span(found.span), "options": options}


def secrets(arguments: Arguments) -> Json:
    """Return the secrets that a link with the template would expose, and the template without them."""
    settings = read_settings(arguments)
    places = Places(settings.template)
    found = secrets_in(settings.template, settings.dialect)
    return {
        "secrets": [{"kind": one.kind, **places.span(one.span)} for one in found],
        "masked": masked(settings.template, settings.dialect),
    }


def rule(arguments: Arguments) -> Json:
    """Return the page of the diagnostic with a `code`."""
    code = argument(arguments, "code", str)
    page = facts.page_of(code)
    if page is None:
        raise RequestError(f"unknown code {code!r}")
    return page


def dialect(arguments: Arguments) -> Json:
    """Return the name of the dialect in a file that the page has read."""
    read = own_dialect(argument(arguments, "dialect_file", str))
    return {"name": read.name, "title": read.title, "form": read.syntax.forms[0].text, "macros": len(read.macros)}


def _findings(found: Sequence[Diagnostic], source: str) -> Json:
    places = Places(source)
    shown = [
        {
            "code": one.code,
            "name": one.name,
            "severity": one.severity,
            "message": one.message,
            "hint": one.hint,
            **places.span(one.span),
            "fix": None if one.fix is None else _fix(one.fix, places),
        }
        for one in found[:_MAX_FINDINGS]
    ]
    return {"findings": shown, "more": len(found) - len(shown)}


def _fix(fix_: Fix, places: Places) -> Json:
    return {"text": fix_.replacement, "safe": fix_.safe, **places.span(fix_.span)}


CALLS: dict[str, Callable[[Arguments], Json]] = {
    function.__name__: function
    for function in (about, check, fix, detect, translate, preview, match, complete, secrets, rule, dialect)
}
