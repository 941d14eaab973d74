"""Match URLs against a template or a plan, and compare them with the expected values for an event."""

from collections.abc import Callable
from dataclasses import replace
from unicodedata import normalize

from macroengine.caching import sized_cache
from macroengine.catalogue import Dialect, MacroSpec
from macroengine.catalogue.folding import fold
from macroengine.diagnostics import Span
from macroengine.errors import RenderError
from macroengine.event import Event
from macroengine.kinds import Postback, Source
from macroengine.limits import Limits
from macroengine.matching.decoding import is_list, layers, unquote
from macroengine.matching.faults import (
    AMBIGUOUS,
    DIFFERENT_VALUE,
    DOUBLE_ENCODED,
    EMPTY_IDENTIFIER,
    LITERAL_MACRO,
    MISSING_PARAMETER,
    NOT_A_URL,
    NOT_ENCODED,
    NOT_SENT,
    OTHER_TEMPLATE,
    TOO_LONG,
    WRONG_CASE,
    WRONG_VALUE,
    Fault,
)
from macroengine.matching.matcher import Matcher, matcher_of
from macroengine.matching.reading import PATH
from macroengine.matching.result import Match, Reading, in_order
from macroengine.matching.sorting import sorted_out
from macroengine.plan.options import Options
from macroengine.plan.planner import plan
from macroengine.plan.resolve import Problem, Resolution, Resolved, resolve
from macroengine.plan.segments import HASHES, Missing, Read, RenderPlan, Segment, Step, Value, values_of
from macroengine.policy import Policy
from macroengine.rendering.compiler import compile_plan
from macroengine.rendering.consent import refusal
from macroengine.rendering.steps import text_steps
from macroengine.rendering.values import UnsendableError, elements, value_text
from macroengine.template import parse

Rendered = Callable[[Event], str]

# The number of plans to cache, by the length of the template.
_KEPT = {512: 256, 4_096: 32, 65_536: 4}


def match_plan(plan: RenderPlan, dialect: Dialect, url: str, event: Event | None, render: Rendered) -> Match:
    """Match a URL against a plan; with an event, also against the URL that `render` returns for it."""
    matcher = matcher_of(plan, dialect)
    found = matcher.match(url)
    return found if event is None else _Comparison(matcher, url, found, event, plan).with_event(render)


def match_source(source: str, dialect: Dialect, url: str, event: Event | None) -> Match:
    """Match a URL against a template, which may have errors."""
    if event is None:
        return matcher_of_source(source, dialect).match(url)
    matcher, sent = matcher_of_source(source, dialect), _event_plan(source, dialect, event.postback)
    return _Comparison(matcher, url, matcher.match(url), event, sent).with_event(compile_plan(sent))


def matcher_of_source(source: str, dialect: Dialect) -> Matcher:
    """Return a matcher for many URLs of a template."""
    return matcher_of(readable_plan(source, dialect), dialect)


@sized_cache(_KEPT)
def readable_plan(source: str, dialect: Dialect) -> RenderPlan:
    """Return the plan for reading a template with unknown macros. The values of those are skipped."""
    resolution = _resolved(source, dialect, Policy())
    unknown = [macro.node.name for macro in resolution.macros if macro.spec is None]
    named = tuple(map(_named, resolution.macros))
    exceptions = tuple((fold(name), Missing.RAISE) for name in sorted({*unknown}))
    return plan(resolution._replace(macros=named), _options(source, missing_for=exceptions))


@sized_cache(_KEPT)
def plan_with_gaps(source: str, dialect: Dialect, policy: Policy, options: Options) -> RenderPlan:
    """Return the plan of a template with an incomplete catalogue; values only the platform knows may be anything."""
    resolution = resolve(parse(source, dialect, limits=options.limits), dialect, policy)
    texts = {fold(macro.node.text) for macro in resolution.macros if Problem.UNLISTED in macro.problems}
    gaps = tuple((text, Missing.RAISE) for text in sorted(texts))
    return plan(resolution, replace(options, missing_for=(*options.missing_for, *gaps)))


@sized_cache(_KEPT)
def _event_plan(source: str, dialect: Dialect, postback: Postback) -> RenderPlan:
    policy = Policy(postback, send_all=True)
    return plan(_resolved(source, dialect, policy), replace(_options(source), unknown="empty"))


def _options(source: str, **options: object) -> Options:
    # Templates of any size can be read. The limit of the URL is always the same.
    limits = Limits(template=max(len(source), 1), macros=max(len(source), 1), nesting=len(source) + 1)
    return Options(limits=limits, allow_host_macros=True, **options)  # type: ignore[arg-type] # of missing_for alone


def _resolved(source: str, dialect: Dialect, policy: Policy) -> Resolution:
    template = parse(source, dialect, limits=_options(source).limits)
    resolution = resolve(template, dialect, policy)
    return resolution._replace(macros=tuple(map(_without_argument, resolution.macros)))


def _without_argument(macro: Resolved) -> Resolved:
    # No event has a value for an argument, but a received value is read like any other.
    return macro if macro.node.argument is None else macro._replace(node=macro.node._replace(argument=None))


def _named(macro: Resolved) -> Resolved:
    """Return a macro with a place but no value in the plan, if the dialect does not have it."""
    if macro.spec is not None:
        return macro
    name = macro.node.name
    return macro._replace(spec=MacroSpec(name, name, Source.PLATFORM), forbidden=True)


class _Comparison:
    """The values read from a URL, compared with those that should have been sent for an event."""

    def __init__(self, matcher: Matcher, url: str, found: Match, event: Event, plan: RenderPlan) -> None:
        self._matcher, self._url, self._match, self._event = matcher, url, found, event
        self._sent = {value.macro for value in values_of(_sent(plan, event))}
        self._found = [*found.findings()]
        self._readings = [*found.readings]

    def with_event(self, render: Rendered) -> Match:
        """Return the match, including the differences."""
        if any(one.code in _UNREAD and name in ("", PATH) for name, one in self._found):
            return self._match
        try:
            url = render(self._event)
        except RenderError as error:
            self._report(NOT_SENT, Span(0, len(self._url)), f"not sent: for this event, {error}", "")
            return self._result()
        expected = self._matcher.match(url)
        readings = zip(self._match.readings, expected.readings, self._matcher.values, strict=True)
        for index, (reading, due, value) in enumerate(readings):
            if reading.is_sure and due.is_sure and value is not None:
                self._readings[index] = self._compared(reading, due, value)
                self._compare_written(reading, _written(self._url, reading), _written(url, due), value)
        return self._result()

    def _compare_written(self, reading: Reading, written: str | None, due: str | None, value: Value) -> None:
        """Accept how a value is written if the event agrees; report a list that is written with other elements."""
        if written == due:
            # The replacement of a withheld value is correct.
            faults = () if reading.macro in self._sent else (EMPTY_IDENTIFIER, LITERAL_MACRO)
            self._forget(reading, WRONG_CASE, *faults)
        elif is_list(value) and reading.span is not None and _unquoted(written) == _unquoted(due):
            more = (written or "").count(",") - (due or "").count(",")
            if more:
                where = "between elements is encoded" if more < 0 else "in an element is not encoded"
                fault = DOUBLE_ENCODED if more < 0 else NOT_ENCODED
                words = fault.name if more < 0 else "not encoded"
                message = f"{words}: a comma {where} in the list {reading.macro!r}"
                self._report(fault, reading.span, message, reading.parameter, f"it should be {(due or '')[:_SHOWN]!r}")

    def _result(self) -> Match:
        diagnostics, parameters = in_order(self._found)
        readings = tuple(self._readings)
        found = sorted_out(readings, self._matcher.values)
        return replace(
            self._match,
            values=found.values,
            hashes=found.hashes,
            diagnostics=diagnostics,
            candidates=found.candidates,
            readings=readings,
            parameters=parameters,
        )

    def _report(self, fault: Fault, span: Span, message: str, parameter: str, hint: str | None = None) -> None:
        self._found.append((parameter, fault.on(self._url, span, message, hint)))

    def _compared(self, reading: Reading, due: Reading, value: Value) -> Reading:
        """Report how a reading differs from the expected one, and return it with the field that the event has it in."""
        if reading.text == due.text:
            return reading if reading.text is None else self._confirmed(reading, value)
        if reading.span is None:
            self._compare_absent(reading)
        elif due.text is None or reading.text is None:
            what = "was sent, and is missing in the event" if due.text is None else "was not sent; the event has it"
            if reading.text is not None and reading.macro not in self._sent:
                what = "was sent, though it is withheld for this event"
            message = f"different value: {reading.macro!r} {what}"
            self._report(DIFFERENT_VALUE, reading.span, message, reading.parameter)
        elif not self._is_explained(reading, due.text):
            message = f"different value: {reading.macro!r} is another one in the event"
            hint = f"the event has {due.text[:_SHOWN]!r}"
            self._report(DIFFERENT_VALUE, reading.span, message, reading.parameter, hint)
        return reading

    def _confirmed(self, reading: Reading, value: Value) -> Reading:
        """Remove doubts about a value that the event confirms."""
        self._forget(reading, DOUBLE_ENCODED, AMBIGUOUS, WRONG_VALUE)
        sent = (read.field for read in value.reads if _text_of(self._event, value, read) == reading.text)
        return reading._replace(fields=(next(sent, value.reads[0].field),))

    def _forget(self, reading: Reading, *faults: Fault) -> None:
        codes = [fault.code for fault in faults]
        self._found = [(name, one) for name, one in self._found if one.code not in codes or one.span != reading.span]

    def _compare_absent(self, reading: Reading) -> None:
        reported = {name for name, one in self._found if one.code in (MISSING_PARAMETER.code, OTHER_TEMPLATE.code)}
        if reading.parameter not in reported:
            end = Span(len(self._url), len(self._url))
            message = f"missing parameter {reading.parameter!r}: the event has a value for {reading.macro!r}"
            self._report(MISSING_PARAMETER, end, message, reading.parameter)

    def _is_explained(self, reading: Reading, due: str) -> bool:
        """Say whether a difference is explained by a problem that was reported, or is reported now."""
        text, span = reading.text or "", reading.span
        assert span is not None  # noqa: S101 - it was read
        codes = {one.code for _, one in self._found if one.span == span}
        if text.lower() == due.lower():
            if WRONG_CASE.code not in codes:
                message = f"wrong case: {reading.macro!r} has other letters in upper case than in the event"
                self._report(WRONG_CASE, span, message, reading.parameter, f"the event has {due[:_SHOWN]!r}")
            return True
        if due in layers(text):
            if DOUBLE_ENCODED.code not in codes:
                message = f"double-encoded: {reading.macro!r} is still encoded after decoding"
                self._report(DOUBLE_ENCODED, span, message, reading.parameter, f"the event has {due[:_SHOWN]!r}")
            return True
        if normalize("NFC", text) == due and WRONG_VALUE.code in codes:
            return True
        return text.replace("+", " ") == due and NOT_ENCODED.code in codes


def _sent(plan: RenderPlan, event: Event) -> tuple[Segment, ...]:
    """Return the segments that are sent for an event."""
    unshared = plan.unshared
    sent = plan if unshared is None or not refusal(unshared.signals)(event) else unshared
    return sent.attributed if event.attributed else sent.unattributed or ()


def _unquoted(text: str | None) -> str:
    return unquote(text or "")


_SHOWN = 60
# If one of these is about the whole URL, nothing was read.
_UNREAD = frozenset([TOO_LONG.code, NOT_A_URL.code, OTHER_TEMPLATE.code])


def _written(url: str, reading: Reading) -> str | None:
    return None if reading.span is None else url[reading.span.start : reading.span.stop]


def _text_of(event: Event, value: Value, read: Read) -> str | None:
    """Return the text of one of the values that the event has; None if it has none."""
    sources = {Source.LINK: event.link, Source.SDK: event.sdk, Source.PLATFORM: event.platform}
    raw = sources[read.source].get(read.field)
    if raw is None:
        return None
    change = text_steps([step for step in value.steps if step in _CHANGING], value.type, read.case)
    try:
        texts = elements(raw, value.booleans) if is_list(value) else [value_text(raw, value.type, value.booleans)]
        made = [change(text) for text in texts]
    except (UnsendableError, UnicodeEncodeError):
        return None
    return ",".join(text or "" for text in made) if is_list(value) else made[0]


# Steps that change a value and cannot be undone.
_CHANGING = HASHES | {Step.UPPER, Step.LOWER, Step.NFC}
