"""The fuzz targets without a fuzzer: what they start with, what once broke them, and what they are to notice."""

import sys
import tempfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macroengine import (
    CompiledTemplate,
    Dialect,
    PostbackSet,
    RenderError,
    TemplateError,
    check,
    compile_template,
    dialect,
    fix,
    parse,
)
from macroengine.encodings import percent
from macroengine.intake.appmetrica import build_url
from macroengine.intake.appsflyer import S2SEvent
from macroengine.language.nodes import Macro
from macroengine.language.parser import parse_parts
from tests.fuzz import running
from tests.fuzz.__main__ import main
from tests.fuzz.inputs import Input
from tests.fuzz.targets import CASES, TARGETS, catalogue, encoder, grammars, intake, rendering, templates, work
from tests.support.floors import reached, reaching

ROOT = Path(__file__).parents[2]
STORED = sorted(path for path in CASES.glob("*/*") if path.is_file())


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_the_promise_is_kept_on_what_fuzzing_starts_with(name):
    seeds = list(TARGETS[name].seeds())
    assert len(seeds) > 100
    for seed in seeds[:: 8 if name == "work" else 1]:
        TARGETS[name].run(Input(seed))


@pytest.mark.parametrize("path", [pytest.param(path, id=f"{path.parent.name}-{path.name}") for path in STORED])
def test_what_once_broke_a_promise_keeps_it(path):
    TARGETS[path.parent.name].run(Input(path.read_bytes()))


@reaching(text=50, filled=10)
@given(st.binary(max_size=60), st.sampled_from(["appsflyer", "appmetrica"]))
def test_any_bytes_are_an_input(data, name):
    made = Input(data)
    text = made.text()
    assert isinstance(text, str)
    own = dialect(name)
    policy, options = made.policy(own), made.options(own)
    event = made.event(list(own.macros.values()), policy)
    compile_template("?a=b", dialect=own, policy=policy, **options).admits(event)
    reached(*["text"] * bool(text), *["filled"] * any([event.link, event.sdk, event.platform]))


# What the targets are there to notice


def fails(name):
    """Say whether some seed breaks the promise; an AssertionError, or what must not be raised."""
    for seed in TARGETS[name].seeds():
        try:
            TARGETS[name].run(Input(seed))
        except Exception:  # noqa: BLE001 - any exception is recorded
            return True
    return False


def cut(source, *arguments):
    return parse(source[:-1], *arguments)


def picky(source, *arguments, **options):
    if "#" in source:
        raise KeyError(source)
    return parse(source, *arguments)


def deaf(source, syntax):
    """Find macros, but not their arguments and alternatives."""
    parts = parse_parts(source, syntax)
    pairs = [replace(pair, value=tuple(map(as_name, pair.value))) for pair in parts.get("query", ())]
    return {**parts, "query": tuple(pairs)} if pairs else parts


def as_name(piece):
    return replace(piece, argument=None, alternatives=()) if isinstance(piece, Macro) else piece


def blind(source, *arguments, **options):
    return [] if isinstance(source, str) else check(source, *arguments, **options)


def loud(source, *arguments, **options):
    return [replace(finding, message=finding.message + "\x1b[2J") for finding in check(source, *arguments, **options)]


def shifted(source, *arguments, **options):
    found = check(source, *arguments, **options)
    return [replace(one, span=replace(one.span, stop=one.span.stop + 1)) for one in found]


def half_fixed(source, **options):
    fixed = fix(source, **options)
    return replace(fixed, source=source)


def forgetful(source, **options):
    fixed = fix(source, **options)
    return replace(fixed, remaining=fixed.remaining[1:])


def lenient(source, **options):
    return compile_template(source, **{**options, "unknown": "keep"})


def hasty(source, **options):
    try:
        return compile_template(source, **options)
    except TemplateError as error:
        raise type(error)(source, error.diagnostics[:1]) from None


def flat(source, **options):
    return compile_template(source, **{**options, "nested": False})


def careless(source, **options):
    return compile_template(source, **{**options, "missing": "empty"})


def indiscreet(source, **options):
    return compile_template(source, **{**options, "policy": replace(options["policy"], sources={"Link", "SDK", "AF"})})


class Shortened(CompiledTemplate):
    def __reduce__(self):
        return compile_template, ("https://n.example/",)


def unpicklable(source, **options):
    given = compile_template(source, **options)
    shortened = object.__new__(Shortened)
    vars(shortened).update(vars(given))
    return shortened


class AllOrNothing(PostbackSet):
    def outcomes(self, event):
        found = super().outcomes(event)
        errors = [one for one in found if isinstance(one, RenderError)]
        return [errors[0] for _ in found] if errors else found


class Swapped(PostbackSet):
    def render(self, event):
        return super().render(event)[::-1]


class Frank:
    """A dialect that does not say what it reads."""

    @staticmethod
    def _from_text(text, _):
        return Dialect._from_text(text, "")


class Lossy:
    """A dialect that loses what it has read."""

    @staticmethod
    def _from_text(text, where):
        read = Dialect._from_text(text, where)
        vars(read)["_spelled"] = dict(list(read._spelled.items())[2:])
        return read


def slow(source):
    return [0 for first in source[::16] for second in source[::4]]


def encoding_like(**functions):
    return [percent, SimpleNamespace(**{**vars(percent), **functions})]


def dropping_surrogates(value, /):
    return percent.percent_encode(value.encode(errors="ignore").decode() if isinstance(value, str) else value)


def in_lower_case(value, convert, /):
    encoded = percent.encode_value(value, convert)
    return encoded.lower() if isinstance(encoded, str) and "%" in encoded else encoded


def idless(tracking_id, engagement):
    return build_url(tracking_id, replace(engagement, oaid=None))


class Undotted(S2SEvent):
    def to_json(self):
        return super().to_json().replace(".", "")


BROKEN = [
    pytest.param("parse", templates, "parse", cut, id="parse-loses-a-character"),
    pytest.param("parse", templates, "parse", picky, id="parse-refuses-a-template"),
    pytest.param("grammars", grammars, "parse_parts", deaf, id="grammars-disagree-on-an-argument"),
    pytest.param("check", templates, "check", blind, id="check-finds-what-it-did-not-find-before"),
    pytest.param("check", templates, "check", loud, id="check-prints-what-moves-the-cursor"),
    pytest.param("check", templates, "check", shifted, id="check-finds-outside-of-the-template"),
    pytest.param("fix", templates, "fix", half_fixed, id="fix-says-that-it-did-what-it-did-not"),
    pytest.param("fix", templates, "fix", forgetful, id="fix-forgets-what-remains"),
    pytest.param("compile", templates, "compile_template", lenient, id="compile-takes-a-bad-template"),
    pytest.param("compile", templates, "compile_template", hasty, id="compile-reports-the-first-error-only"),
    pytest.param("compile", templates, "compile_template", unpicklable, id="compile-pickles-another-template"),
    pytest.param("render", rendering, "compile_template", flat, id="render-encodes-once-only"),
    pytest.param("render", rendering, "compile_template", careless, id="render-ignores-what-is-missing"),
    pytest.param("render", rendering, "compile_template", indiscreet, id="render-tells-what-the-policy-forbids"),
    pytest.param("render", rendering, "compile_template", unpicklable, id="render-pickles-another-template"),
    pytest.param("postbacks", rendering, "PostbackSet", AllOrNothing, id="postbacks-share-an-error"),
    pytest.param("postbacks", rendering, "PostbackSet", Swapped, id="postbacks-come-in-another-order"),
    pytest.param("work", work, "parse", slow, id="parse-is-quadratic"),
    pytest.param("catalogue", catalogue, "Dialect", Frank, id="catalogue-errors-name-no-file"),
    pytest.param("catalogue", catalogue, "Dialect", Lossy, id="catalogue-loses-a-macro"),
    pytest.param(
        "encoder", encoder, "ENCODERS", encoding_like(percent_encode=dropping_surrogates), id="encoder-drops-surrogates"
    ),
    pytest.param("encoder", encoder, "ENCODERS", encoding_like(encode_value=in_lower_case), id="encoder-in-lower-case"),
    pytest.param("body", intake.appsflyer, "S2SEvent", Undotted, id="body-is-written-otherwise"),
    pytest.param("body", intake.appsflyer, "validate", lambda *_, **__: [], id="body-is-always-right"),
    pytest.param("tracking", intake.appmetrica, "build_url", idless, id="tracking-is-written-otherwise"),
    pytest.param("tracking", intake.appmetrica, "validate", lambda *_, **__: [], id="tracking-is-always-right"),
]


@pytest.mark.parametrize(("name", "module", "function", "broken"), BROKEN)
def test_a_target_notices_a_broken_promise(monkeypatch, name, module, function, broken):
    monkeypatch.setattr(module, function, broken)
    assert fails(name)


def test_every_target_was_seen_to_notice():
    assert {case.values[0] for case in BROKEN} == set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_the_files_that_a_promise_is_about_exist(name):
    assert [file for file in TARGETS[name].about if not (ROOT / "macroengine" / f"{file}.py").is_file()] == []


# The command


@pytest.fixture
def call(monkeypatch, capfd):
    """Run the command in this process."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["tests.fuzz", *map(str, arguments)])
        try:
            status = main()
        except SystemExit as exit_:
            status = exit_.code
        return status, *capfd.readouterr()

    return run


def test_without_a_target_all_are_listed(call):
    status, out, _ = call()
    assert status == 0
    for name, target in TARGETS.items():
        assert f"\n  {name:10} {target.promise}\n" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["chek"], "unknown target 'chek'; did you mean 'check'? (known: parse, ", id="target"),
        pytest.param(["check", "--runs=1"], "unknown option '--runs=1'; those of libFuzzer", id="option"),
        pytest.param(
            ["check", "no-such-folder", "--replay"], "no-such-folder: there is no such file or folder", id="file"
        ),
    ],
)
def test_bad_usage(call, arguments, message):
    status, _, err = call(*arguments)
    assert status == 2
    assert message in err


def test_without_atheris_the_extra_is_named(call, monkeypatch):
    monkeypatch.setattr(running, "find_spec", lambda _: None)
    status, _, err = call("check")
    assert status == 2
    assert "pip install --editable '.[test]' --group fuzz" in err


def test_a_file_that_breaks_a_promise_is_shown(call, monkeypatch, tmp_path):
    monkeypatch.setattr(templates, "parse", picky)
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(b"a")
    bad.write_bytes(b"#\xff0")
    status, out, err = call("parse", good, bad)
    assert (status, out) == (1, "parse: 1 of 2 inputs break the promise\n")
    assert rf"{bad}: b'#\xff0'" in err
    assert "KeyError: '#'" in err
    assert call("parse", good)[0] == 0


def test_a_folder_is_tried_behind_what_fuzzing_starts_with(call, tmp_path):
    (tmp_path / "kept").write_bytes(b"a")
    count = len(list(TARGETS["encoder"].seeds()))
    assert call("encoder", "--replay")[:2] == (0, f"encoder: 0 of {count} inputs break the promise\n")
    assert call("encoder", "--replay", tmp_path)[:2] == (0, f"encoder: 0 of {count + 1} inputs break the promise\n")


@pytest.mark.slow
def test_coverage_of_a_replay(call):
    status, out, _ = call("encoder", "--coverage")
    assert status == 0
    assert "macroengine/encodings/percent.py" in out
    assert "macroengine/rules" not in out


atheris = pytest.mark.skipif(find_spec("atheris") is None, reason="fuzzing needs the extra `fuzz`")


@atheris
def test_a_run_that_finds_nothing_leaves_nothing_behind(call, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    status, _, err = call("encoder", "-runs=300", "-seed=1", "-verbosity=0", "-print_final_stats=1")
    assert (status, list(tmp_path.iterdir())) == (0, [])
    assert "stat::number_of_executed_units: 300\n" in err


def test_a_finding_is_printed_and_can_be_tried_again(call, tmp_path, monkeypatch):
    def libfuzzer(*arguments, **environment):
        [prefix] = [given for given in arguments if given.startswith("-artifact_prefix=")]
        Path(prefix.partition("=")[2] + "crash-1").write_bytes(b"a\xff0")
        return 77

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(running, "find_spec", lambda _: True)
    monkeypatch.setattr(running, "_python", libfuzzer)
    status, _, err = call("encoder")
    [found] = tmp_path.glob("*/*")
    assert status == 1
    assert r"crash-1: b'a\xff0'" in err
    assert f"python -m tests.fuzz encoder {found}" in err
    assert f"mv {found} tests/fuzz/cases/encoder/" in err
    assert call("encoder", found)[0] == 0
