"""Fixing: it ends, it stays, and it leaves alone what is in order."""

import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from macroengine import Event, Fix, LimitError, Policy, check, compile_template, dialect, fix, parse
from macroengine.diagnostics import Diagnostic, Finding, Severity, Span
from macroengine.rules import RULES, Rule, _finders  # a test puts a rule of its own in their place
from macroengine.rules.fixing import _apply, apart  # rules whose fixes touch are rare
from tests.support.floors import reached, reaching

NAMES = [spec.name for spec in dialect("appsflyer").macros.values()]
LEGACY = [name for spec in dialect("appsflyer").macros.values() for name in spec.legacy]

# What damage is made of, so that the pieces meet in every order.
PIECES = """
    &amp; &; ¤cy= × &#38; &curren;cy= &lt;v= <v= >m_id= "a= &quot; <b> </b> /> \\ \\/ \\u0026 % %zz %20 – “ （ é
    (clickid) (clickid clickid) {clickid} {click_id %28clickid%29 %7Bclick_id%7D ( ) { } () (sha1-idfa) (sha1-ip)
    (click_id) (clickd) [x] __X__ %%X%% %clickid% ${ #a# $$click(clickid) CLICK_ID YOURMACRO - _ sha1-
    & ? = # / : https:// http: ip id= n.example
    “ ” « ` ' [a](https:// ** - GET URL: curl 1. HTTP/1.1 =3D <a href=" "> </a> {"a": , . app.appsflyer.com/
"""
BLANKS = [" ", "\n", "\t", "\r\n", "\u200b", "\u202e", "\u00a0", "\x00", "\ud83d", "(advertising id)"]
pieces = st.sampled_from([*PIECES.split(), *BLANKS])
damaged = st.lists(pieces, max_size=12).map("".join)
dialects = st.sampled_from(["appsflyer", "appmetrica"])


@reaching(applied=30, remaining=50)
@given(damaged, dialects, st.booleans())
@example("&a&amp;mp;b", "appsflyer", False)
@example("https://n.example/?a=%(clickid)", "appsflyer", True)
@example("%%X%%{click_id", "appmetrica", True)
@example("%clickid%{click_id", "appmetrica", True)
def test_nothing_fixable_is_left_and_fixing_again_changes_nothing(source, name, unsafe):
    fixed = fix(source, dialect=name, unsafe=unsafe)
    assert [finding for finding in fixed.remaining if finding.fix and (unsafe or finding.fix.safe)] == []
    assert list(fixed.remaining) == check(fixed.source, dialect=name)
    again = fix(fixed.source, dialect=name, unsafe=unsafe)
    assert (again.source, again.applied) == (fixed.source, ())
    reached(*(name for name in ("applied", "remaining") if getattr(fixed, name)))


@reaching(finding=60, fix=30)
@given(damaged, dialects)
def test_findings_and_fixes_stand_in_the_template(source, name):
    found = check(source, dialect=name)
    reached(*["finding"] * bool(found), *["fix"] * any(finding.fix for finding in found))
    for finding in found:
        assert 0 <= finding.span.start <= finding.span.stop <= len(source)
        assert finding.span.start < finding.span.stop or not source
        if finding.fix is not None:
            span = finding.fix.span
            assert 0 <= span.start <= span.stop <= len(source)
            assert source[span.start : span.stop] != finding.fix.replacement
            # Rules that can fix nothing are not asked before all is fixed.
            assert RULES[finding.code].fix in (("safe",) if finding.fix.safe else ("safe", "unsafe"))


@reaching(untouched=5)
@given(damaged, dialects)
def test_a_template_without_findings_is_left_as_it_is(source, name):
    fixed = fix(source, dialect=name, unsafe=True)
    if not fixed.applied:
        assert fixed.source == source
        reached("untouched")


sound = st.lists(
    st.tuples(
        st.text("abcXYZ019-._~%", min_size=1, max_size=6).filter(lambda name: "%" not in name),
        st.sampled_from(["", "=", "=1", "=a%20b", "=(Linux;x)", *(f"=({name})" for name in NAMES + LEGACY)]),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda pair: pair[0],
).map(lambda pairs: "https://n.example/pb?" + "&".join(name + value for name, value in pairs) + "&last=1")
fields = sorted(dialect("appsflyer").fields)
texts = st.text("aZ0 &=/(){}é", max_size=5)
values = st.builds(
    lambda text, others: dict.fromkeys(fields, text) | others, texts, st.dictionaries(st.sampled_from(fields), texts)
)


@reaching(filled=20, fixed=5)
@given(sound, values)
def test_fixing_never_changes_what_an_undamaged_template_renders(source, flat):
    policy = Policy("in-app")
    event = Event.from_flat({**flat, "postback": "in-app"}, "appsflyer")
    options = {"policy": policy, "ignore": ["ME3"]}
    fixed = fix(source, policy=policy)
    assert {finding.code for finding in fixed.applied} <= {"ME103"}
    url = compile_template(source, **options).render(event)
    assert compile_template(fixed.source, **options).render(event) == url
    is_filled = url != compile_template(source, **options).render(Event(postback="in-app"))
    reached(*["filled"] * is_filled, *["fixed"] * bool(fixed.applied))


def test_what_was_applied_and_what_remains_is_told():
    fixed = fix("http://n.example/pb?id=(click-id)&&x=(clickd)")
    assert fixed.source == "http://n.example/pb?id=(clickid)&x=(clickd)"
    assert [finding.code for finding in fixed.applied] == ["ME102", "ME212"]
    assert [finding.code for finding in fixed.remaining] == ["ME205", "ME101"]
    assert pickle.loads(pickle.dumps(fixed)) == fixed


def test_only_selected_rules_are_applied():
    source = "https://n.example/pb?&id=(click-id)"
    assert fix(source, select=["ME1"]).source == "https://n.example/pb?&id=(clickid)"
    assert fix(source, ignore=["ME1"]).source == "https://n.example/pb?id=(click-id)"


def test_fixes_that_touch_are_applied_one_after_the_other():
    a, b, c = (finding(Span(*span)) for span in [(0, 3), (2, 4), (3, 5)])
    assert apart([a, b, c]) == [a, c]
    first, second = finding(Span(1, 1)), finding(Span(1, 1))
    assert apart([first, second]) == [first]
    assert _apply([Fix("x", Span(0, 1), safe=True), Fix("", Span(2, 3), safe=True)], "abcd") == "xbd"


@pytest.fixture
def rule(monkeypatch):
    """Return a function that makes ME001 a rule that replaces the template by what `edit` makes of it."""

    def replace(edit):
        def find(checked):
            everything = Span(0, len(checked.source))
            yield Finding(everything, "x", None, Fix(edit(checked.source), everything, True))

        monkeypatch.setitem(RULES, "ME001", Rule(Severity.ERROR, find, "safe"))
        _finders.cache_clear()

    yield replace
    _finders.cache_clear()


def test_rules_that_undo_each_other_change_nothing(rule):
    rule({"a": "b", "b": "a"}.get)
    fixed = fix("a", select=["ME001"])
    assert (fixed.source, fixed.applied) == ("a", ())
    assert list(fixed.remaining) == check("a", select=["ME001"])


def test_what_was_fixed_before_rules_undid_each_other_is_kept(rule):
    rule({"x": "a", "a": "b", "b": "c", "c": "a"}.get)
    fixed = fix("x", select=["ME001"])
    assert (fixed.source, [finding.source for finding in fixed.applied]) == ("a", ["x"])
    assert list(fixed.remaining) == check("a", select=["ME001"])


def test_a_fix_that_changes_nothing_is_not_counted(rule):
    rule(str)
    fixed = fix("abc", select=["ME001"])
    assert (fixed.source, fixed.applied) == ("abc", ())
    assert list(fixed.remaining) == check("abc", select=["ME001"])


def test_what_remains_after_the_last_round_stands_in_the_template(rule):
    rule(lambda source: source[1:] if len(source) > 1 else source)
    fixed = fix("a" * 150, select=["ME001"])
    assert (fixed.source, len(fixed.applied)) == ("a" * 50, 100)
    assert [(finding.span, finding.source) for finding in fixed.remaining] == [(Span(0, 50), "a" * 50)]
    assert list(fixed.remaining) == check(fixed.source, select=["ME001"])


@pytest.mark.parametrize("source", [parse("https://n.example/pb"), b"https://n.example/pb", None, ["a"]])
def test_only_a_string_is_fixed(source):
    with pytest.raises(TypeError, match=f"source must be a string, not {type(source).__name__}"):
        fix(source)


def test_damage_upon_damage_takes_its_rounds():
    source = "https://n.example/pb?a=" + "<" * 60 + "b>" * 60
    fixed = fix(source, unsafe=True, select=["ME224"])
    assert (fixed.source, len(fixed.applied)) == ("https://n.example/pb?a=", 60)


def test_a_template_that_is_too_large_is_refused():
    with pytest.raises(LimitError):
        fix("x" * 20_000)
    with pytest.raises(LimitError):
        fix("https://n.example/pb?a=x" + " y" * 8_000)


def test_a_parsed_template_of_another_dialect_is_checked_as_it_was_parsed():
    assert [found.code for found in check(parse("https://n.example/pb?id={clickid}", "appmetrica"))] == ["ME104"]


def finding(span, replacement=""):
    fix_ = Fix(replacement, span, safe=True)
    return Diagnostic("ME001", "x", Severity.ERROR, "", span, "abcdef", None, fix_)


def test_what_has_no_fix_is_not_chosen():
    found = check("https://n.example/pb?id=(clickid)&e=(event_name)", policy=Policy("install"))
    assert [finding.fix for finding in found] == [None]
    assert apart(found) == []
