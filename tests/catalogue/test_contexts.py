"""Where a template is used, in the words of a dialect: `Policy(context=...)` and `--context`."""

import pickle

import pytest

from macroengine import Dialect, Event, Policy, PolicyError, check, compile_template, dialect, dialect_names, render

WITH_CONTEXTS = [name for name in dialect_names() if dialect(name).contexts]
ERROR_CODE = "https://n.example/pixel?code=[ERRORCODE]"


def codes(template, platform, context):
    return [found.code for found in check(template, dialect=platform, policy=Policy(context=context))]


@pytest.mark.parametrize("platform", WITH_CONTEXTS)
def test_a_macro_is_filled_in_its_contexts_and_in_no_others(platform):
    own = dialect(platform)
    for spec in own.macros.values():
        template = f"https://n.example/pb?a={own.syntax.write(spec.name)}"
        for context in own.contexts:
            found = check(template, dialect=own, policy=Policy(context=context), select="ME310")
            assert (found == []) == (not spec.contexts or context in spec.contexts), (spec.name, context)


def test_the_message_says_where_it_is_filled():
    [found] = check(ERROR_CODE, dialect="vast", policy=Policy(context="click"))
    assert (found.code, found.severity) == ("ME310", "error")
    assert (found.message, found.hint) == (
        "[ERRORCODE] is never filled in the context 'click'",
        "use it in a context of: error",
    )
    assert check(ERROR_CODE, dialect="vast", policy=Policy(context="error")) == []
    assert check(ERROR_CODE, dialect="vast") == []


def test_a_template_for_another_context_does_not_compile():
    with pytest.raises(PolicyError, match="never filled in the context 'click'"):
        compile_template(ERROR_CODE, dialect="vast", policy=Policy(context="click"))
    event = Event(sdk={"errorcode": "900"})
    compiled = compile_template(ERROR_CODE, dialect="vast", policy=Policy(context="error"))
    assert compiled.render(event) == "https://n.example/pixel?code=900"
    assert pickle.loads(pickle.dumps(compiled)).policy.context == "error"
    overruled = render(ERROR_CODE, event, dialect="vast", policy=Policy(context="click"), ignore="ME310")
    assert overruled == "https://n.example/pixel?code=900"


@pytest.mark.parametrize(
    ("platform", "context", "message"),
    [
        ("vast", "clik", r"unknown context 'clik'; did you mean 'click'\? \(known: tracking, click, error"),
        ("vast", "", r"unknown context '' \(known: tracking"),
        ("appsflyer", "burl", r"unknown context 'burl' \(AppsFlyer has no contexts\)"),
    ],
)
def test_a_context_that_the_dialect_does_not_have_is_refused(platform, context, message):
    for function in (check, compile_template):
        with pytest.raises(ValueError, match=message):
            function("https://n.example/pb", dialect=platform, policy=Policy(context=context))


def test_a_context_is_a_word():
    with pytest.raises(TypeError, match="context must be a string"):
        Policy(context=["click"])
    assert Policy().context is None


def test_a_dialect_of_your_own_has_its_own_contexts(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text("""
name = "own"
syntax = "brace"
[contexts]
win  = "the auction is won"
lose = "it is lost"
[macros]
id    = { field = "id", source = "Platform" }
price = { field = "price", source = "Platform", contexts = ["win"] }
""")
    own = Dialect.from_toml(path)
    assert codes("https://n.example/pb?a={id}&p={price}", own, "win") == []
    assert codes("https://n.example/pb?a={id}&p={price}", own, "lose") == ["ME310"]


def test_the_commands_take_a_context(run, tmp_path):
    vast = ("--dialect", "vast", "--context")
    assert run("check", *vast, "error", ERROR_CODE).status == 0
    assert "ME310" in run("check", *vast, "click", ERROR_CODE).out
    refused = run("check", *vast, "clik", ERROR_CODE)
    assert (refused.status, "did you mean 'click'?" in refused.err) == (2, True)
    unsaid = run("check", "--dialect", "auto", "--context", "click", ERROR_CODE)
    assert (unsaid.status, "say which dialect it is" in unsaid.err) == (2, True)
    assert "ME310" in run("preview", *vast, "click", ERROR_CODE).err
    rendered = run("render", *vast, "error", ERROR_CODE, "--event", "-", stdin=b'{"sdk": {"errorcode": "900"}}')
    assert rendered.out == "https://n.example/pixel?code=900\n"
    assert run("render", *vast, "click", ERROR_CODE, "--event", "-", stdin=b"{}").status == 1
    assert run("render", *vast, "clik", ERROR_CODE, "--event", "-", stdin=b"{}").status == 2


def test_macros_are_listed_by_context(run):
    listed = [line.split("\t")[0] for line in run("macros", "--dialect", "vast", "--context", "error").out.splitlines()]
    assert {"ERRORCODE", "TIMESTAMP", "ADPLAYHEAD"} < set(listed)
    assert {"REASON", "CLICKPOS", "ADCATEGORIES"}.isdisjoint(listed)
    assert run("macros", "--dialect", "vast", "--context", "x").status == 2


def test_the_configuration_has_a_context(run, tmp_path):
    settings = tmp_path / "macroengine.toml"
    settings.write_text('dialect = "vast"\ncontext = "click"\n')
    assert "ME310" in run("check", ERROR_CODE).out
    assert run("check", "--context", "error", ERROR_CODE).status == 0
    settings.write_text('dialect = "vast"\ncontext = 1\n')
    assert "'context' must be a string" in run("check", ERROR_CODE).err
