"""Samples: realistic, reproducible, and for every dialect."""

import json
import shlex
import subprocess
import sys
from contextlib import suppress
from itertools import islice

import pytest

from macroengine import Event, Policy, TemplateError, compile_template, dialect, dialect_names, render
from macroengine.sampling import samples
from macroengine.testing.writing import repertoire
from tests.support.trying import with_each

TEMPLATE = "https://n.example/pb?c=(clickid)&country=(country_code)&t=(install_unix_ts)&ua=(user-agent)"


@pytest.mark.parametrize("awkward", [False, True])
@with_each("name", dialect_names())
def test_every_macro_of_every_dialect_has_samples(name, awkward):
    for written in repertoire(dialect(name), Policy("in-app")).everything:
        template = compile_template(f"https://n.example/?a={written.text}", dialect=name, policy=Policy("in-app"))
        urls = [template.render(event) for event in islice(samples(template, 1, awkward=awkward), 3)]
        assert awkward or all(url != template.render(Event(postback="in-app")) for url in urls)


@pytest.mark.slow
@with_each("name", dialect_names())
def test_events_are_read_again_from_json_and_flat(name):
    own = dialect(name)
    members = [f"{spec.family}any" for spec in own.macros.values() if spec.family]
    written = [*own.names(), *members, *["a_parameter"] * own.open]
    for policy in (Policy("in-app"), Policy("in-app", consent=True)):
        for macro in written:
            with suppress(TemplateError):
                check_read_again(compile_template(f"?a={own.syntax.write(macro)}", dialect=own, policy=policy))


def check_read_again(template):
    event = next(samples(template, 1))
    parts = {source: dict(getattr(event, source)) for source in ("link", "sdk", "platform")}
    assert Event.from_json({"postback": "in-app", **parts}, template.dialect) == event
    flat = {"postback": "in-app", **parts["platform"], **parts["sdk"], **parts["link"]}
    assert template.render(Event.from_flat(flat, template.dialect)) == template.render(event)
    assert template.fields
    for field in template.fields:
        assert sum(len(getattr(Event.from_flat({field: "1"}, template.dialect), source)) for source in parts) == 1


def test_a_seed_draws_the_same_again(run):
    first = run("sample", TEMPLATE, "-n", "50", "--seed", "7")
    assert first.status == 0
    assert len(set(first.out.splitlines())) == 50
    assert run("sample", TEMPLATE, "-n", "50", "--seed", "7").out == first.out
    assert run("sample", TEMPLATE, "-n", "50", "--seed", "8").out != first.out
    assert run("sample", TEMPLATE, "-n", "10", "--seed", "7").out == "".join(first.out.splitlines(keepends=True)[:10])


def test_json_has_the_event_that_gives_the_url(run):
    out = run("sample", TEMPLATE, "-n", "20", "--format", "jsonl", "--awkward").out
    for line in out.splitlines():
        sample = json.loads(line)
        assert render(TEMPLATE, Event.from_json(sample["event"], "appsflyer")) == sample["url"]


def test_a_command_has_the_url_in_quotes(run):
    urls = run("sample", TEMPLATE, "--awkward").out.splitlines()
    commands = run("sample", TEMPLATE, "--awkward", "--format", "curl").out.splitlines()
    assert [shlex.split(command) for command in commands] == [["curl", "-sS", url] for url in urls]


def test_users_share_their_identifiers_where_that_is_asked(run):
    out = run("sample", "https://n.example/pb?i=(idfa)", "--consent", "-n", "5").out
    assert "https://n.example/pb?i=\n" not in out


def test_an_unknown_macro_may_be_kept(run):
    out = run("sample", "https://n.example/pb?c=(clickid)&x=(nope)", "--unknown", "keep", "-n", "1").out
    assert out.endswith("&x=(nope)\n")


def test_wrong_usage(run):
    assert run("sample").status == 2
    assert run("sample", "https://n.example/pb?c=(nope)").status == 1
    assert run("sample", TEMPLATE, "-n", "-1").status == 2
    assert run("sample", TEMPLATE, "-n", "0").out == ""


def test_nothing_of_it_needs_hypothesis():
    code = "import sys; sys.modules['hypothesis'] = None; from macroengine.cli import main; sys.exit(main())"
    subprocess.run([sys.executable, "-c", code, "sample", TEMPLATE], check=True, capture_output=True)
