"""A check of senders finds the mistakes that senders make, and nothing in a right one."""

import re
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

import pytest
from hypothesis.errors import InvalidArgument

from macroengine import Policy, RenderError, compile_template, parse, render
from macroengine.encodings.hashing import hash_identifier
from macroengine.kinds import ValueType
from macroengine.plan.segments import HASHES, Step, Text
from macroengine.rendering.json import json_string, json_value
from macroengine.rendering.values import value_text
from macroengine.testing import check_sender

POLICY = Policy(send_all=True)
MISTAKES = [
    "quote_plus",
    "urlencode",
    "double encoding",
    "unencoded nested URL",
    "None as text",
    "hash of empty",
    "wrong source",
    "withheld value",
    "macro in value expanded",
    "f-string of float",
]


def right(template, event):
    try:
        return render(template, event, policy=POLICY)
    except RenderError:
        return None


class Sender:
    """A sender that does what the plan of a template says, but for one mistake."""

    def __init__(self, mistake=None):
        self.mistake = mistake
        self.calls = 0
        self.first_failure = None

    def __call__(self, template, event):
        self.calls += 1
        plan = compile_template(template, policy=POLICY).plan
        expected = right(template, event)
        if expected is None:
            return None
        is_told = event.attributed or self.mistake == "withheld value"
        segments = plan.attributed if is_told else plan.renderings[1]
        sent = [part.text if isinstance(part, Text) else self.sent(part, event, plan) for part in segments]
        url = "".join(sent)
        if self.mistake == "urlencode" and "?" in url:
            url, hash_, fragment = url.partition("#")
            start, _, query = url.partition("?")
            url = f"{start}?{urlencode(parse_qsl(query, keep_blank_values=True))}{hash_}{fragment}"
        if url != expected and self.first_failure is None:
            self.first_failure = self.calls
        return url

    def found(self, read, event):
        sources = {"Link": event.link, "SDK": event.sdk, "Platform": event.platform}
        if self.mistake == "wrong source":
            return next((held[read.field] for held in sources.values() if held.get(read.field) is not None), None)
        return sources[read.source].get(read.field)

    def sent(self, value, event, plan):
        read = value.reads[0]
        raw = self.found(read, event)
        if raw is None:
            if self.mistake == "None as text":
                return "None"
            is_hashed = self.mistake == "hash of empty" and value.hash
            return "da39a3ee5e6b4b0d3255bfef95601890afd80709" if is_hashed else instead(value)
        if self.mistake == "f-string of float" and isinstance(raw, float):
            text = f"{raw}"
        else:
            text = value_text(raw, value.type, value.booleans)
        if self.mistake == "macro in value expanded":
            text = self.expanded(text, event, plan)
        return self.encoded(text, value, raw)

    def expanded(self, text, event, plan):
        for other in plan.attributed:
            if not isinstance(other, Text) and text == f"({other.macro})":
                return str(self.found(other.reads[0], event))
        return text

    def encoded(self, text, value, raw):
        encode = {"quote_plus": quote_plus, "double encoding": twice}.get(self.mistake, quote)
        before = None
        for step in value.steps:
            if step in HASHES:
                text = hash_identifier(step.value, value.reads[0].case, value.type is ValueType.UUID, text)
                if text is None:
                    return instead(value)
            elif step is Step.JSON_STRING:
                text = json_string(text)
            elif step is Step.JSON_VALUE:
                # What a hash is of may be a number; the hash is not.
                text = f'"{json_string(text)}"' if value.hash else json_value(raw, text, value.type)
            elif step is Step.PERCENT and not (self.mistake == "unencoded nested URL" and before is Step.PERCENT):
                text = encode(text, safe="")
            before = step
        return text


def instead(value):
    return value.missing if isinstance(value.missing, str) else ""


def twice(text, safe):
    return quote(quote(text, safe=safe), safe=safe)


@pytest.mark.slow
@pytest.mark.parametrize("sender", [right, Sender()], ids=["library", "by the plan"])
def test_a_right_sender_passes(sender):
    check_sender(sender, policy=POLICY, examples=300)


@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_and_made_small(mistake):
    sender = Sender(mistake)
    with pytest.raises(AssertionError, match="not what the template says") as caught:
        check_sender(sender, policy=POLICY)
    drawn = re.search(r"drawn=Drawn\('(.*?)', Event\((.*)\), '", "\n".join([str(caught.value), *notes(caught.value)]))
    template, event = drawn.groups()
    macros = [*parse(template).macros()]
    assert sender.first_failure <= 500
    # One macro, and the one that is taken for its value.
    assert len(macros) == 1 + (mistake == "macro in value expanded"), drawn[0]
    assert len(event) < 80, drawn[0]


def notes(error):
    return getattr(error, "__notes__", [])


def test_a_dialect_and_what_is_missing_may_be_chosen():
    policy = Policy("in-app")

    def sender(template, event):
        try:
            return render(template, event, dialect="adjust", policy=policy, missing="drop")
        except RenderError:
            return None

    check_sender(sender, dialect="adjust", policy=policy, missing="drop", examples=100)
    with pytest.raises(AssertionError, match="not what the template says"):
        check_sender(sender, dialect="adjust", policy=policy)


def test_what_cannot_be_sent_is_an_error():
    with pytest.raises(InvalidArgument, match="the policy permits no macro"):
        check_sender(right, policy=Policy(sources=[]))
    with pytest.raises(TypeError, match="sender must be a function, not NoneType"):
        check_sender(None)
    with pytest.raises(TypeError, match="policy must be a Policy"):
        check_sender(right, policy="install")
