"""What becomes code and what does not, and what the functions promise."""

import ast
import linecache
import pickle
import re
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macroengine import Default, Event, Limits, Missing, Policy, Postback, RenderError, compile_template
from macroengine.plan.segments import Absent, RenderPlan, Text, values_of
from macroengine.rendering import cells as of_cells
from macroengine.rendering import compiler
from macroengine.rendering.cells import shared_cells
from macroengine.rendering.compiler import compile_python, plan_source
from macroengine.rendering.maker import maker
from macroengine.rendering.shapes import FORMS, Entry, function_source
from tests.support.floors import reached, reaching
from tests.support.trying import with_each

EVERYBODY = Policy(send_all=True)


def test_templates_of_one_shape_share_their_code():
    one, same, other = (
        compile_python(compile_template(source).plan)
        for source in (
            "https://a.example/?x=(clickid)&y=(country_code)",
            "https://b.example/?z=(ip)&w=(C)",
            "https://c.example/?z=(ip)&w=(sha1-idfa)",
        )
    )
    assert one.__code__ is same.__code__
    assert one.__code__ is not other.__code__


pieces = st.sampled_from([*"ab\"'{}\\\n;é)(", "(clickid)", "(sha1-idfa)"])


@pytest.mark.slow
@reaching(awkward=50)
@given(st.lists(pieces, max_size=20).map("".join))
@settings(max_examples=300)
def test_no_text_of_a_template_becomes_code(text):
    template = compile_template(f"https://n.example/?SECRET=(clickid)&{text}", unknown="keep", ignore=("ME",))
    code = compile_python(template.plan).__code__
    assert not any("SECRET" in str(constant) for constant in code.co_consts + code.co_names + code.co_varnames)
    reached(*["awkward"] * bool(set(text) & set("\"'{}\\\n")))
    link = {"click_id": "{SECRET}"}
    assert template.render(Event(link)).startswith("https://n.example/?SECRET=%7BSECRET%7D&")


@pytest.mark.slow
def test_the_shapes_that_are_kept_are_bounded():
    for number in range(600):
        compile_python(compile_template("?" + "&".join(["a=(clickid)"] * (number % 300)) + "&d" * (number % 2)).plan)
    assert all(kept.cache_info().currsize <= kept.cache_info().maxsize for kept in maker.caches)


def test_the_first_render_compiles():
    template = compile_template("https://first.example/?c=(clickid)")
    assert "render" not in vars(template)
    template.render(Event())
    assert "render" in vars(template)
    assert "render" not in vars(pickle.loads(pickle.dumps(template)))


def test_threads_may_compile_the_same_template():
    template = compile_template("https://threads.example/?c=(clickid)&" + "&".join("d=(sha1-idfa)" for _ in range(17)))
    with ThreadPoolExecutor(8) as pool:
        urls = set(pool.map(template.render, [Event({"click_id": "1"})] * 100))
    assert len(urls) == 1


def test_a_traceback_shows_the_generated_line():
    class Broken(dict):
        def get(self, key):
            raise ZeroDivisionError(key)

    linecache.clearcache()
    with pytest.raises(RenderError, match=r"^cannot read the event: ZeroDivisionError$") as caught:
        compile_template("https://n.example/?c=(sha1-idfa)").render(Event(sdk=Broken()))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    shown = "".join(traceback.format_exception(caught.value))
    assert 'url = f"{c0}{c3(sources[c1].get(c2))}"' in shown


class Full(dict):
    """A mapping for which there is no memory left."""

    def get(self, _):
        raise MemoryError


def test_that_the_memory_is_full_is_no_fault_of_the_event():
    with pytest.raises(MemoryError):
        compile_template("https://n.example/?c=(ip)").render(Event(sdk=Full()))


@pytest.mark.parametrize("entry", Entry)
@with_each("form", FORMS)
def test_every_form_is_python_that_takes_its_cells(entry, form):
    # A form that lets its parameter go stands in a parameter only.
    anywhere = () if FORMS[form].present or FORMS[form].hashed else (form,)
    source = function_source(("text", *anywhere, (("text",), (form, "text"), (form,))), entry)
    (make,) = ast.parse(source).body
    cells = [argument.arg for argument in make.args.args if argument.arg[1:].isdigit()]
    assert cells == [f"c{number}" for number in range(len(cells))]
    used = {node.id for node in ast.walk(make) if isinstance(node, ast.Name)}
    assert set(cells) <= used


def test_the_source_to_read_has_a_heading_and_its_cells():
    plan = RenderPlan(Postback.INSTALL, (Text("a"), Absent("ip"), Text("b")), (Text("c"),), 100)
    attributed = function_source(("text", "absent", "text"), Entry.ATTRIBUTED)
    unattributed = function_source(("text",), Entry.UNATTRIBUTED)
    assert plan_source(plan) == (
        f"# attributed\n# c0 = 'a'\n# c1 = _Absence(macro='ip')\n# c2 = 'b'\n\n{attributed}\n\n"
        f"# not attributed\n# c0 = 'c'\n\n{unattributed}"
    )


@pytest.mark.parametrize(
    ("speedups", "cells", "written"),
    [
        pytest.param(True, r"c1 = \(0, 'click_id', Conversion\(.+\)\)", "{encode_field(sources, c1)}", id="in-c"),
        pytest.param(
            False,
            r"c1 = 0\n# c2 = 'click_id'\n# c3 = Conversion\(.+\)",
            "{v1 if type(v1 := sources[c1].get(c2)) is str and needs_encoding(v1) is None else encode_unsafe(v1, c3)}",
            id="in-python-where-a-call-costs-more",
        ),
    ],
)
def test_a_value_that_is_only_encoded_takes_the_shortest_way(monkeypatch, speedups, cells, written):
    monkeypatch.setattr(of_cells, "SPEEDUPS", speedups)
    monkeypatch.setattr(compiler, "value_cells", compiler.value_cells.__wrapped__)  # nothing that was kept
    source = plan_source(compile_template("?a=(clickid)").plan)
    assert re.search(f"\n# {cells}\n\n", source)
    assert written in source


@pytest.mark.parametrize(
    ("source", "missing", "written"),
    [
        ("?a=(clickid)", Default("x"), "encode_value(v1, c3) if (v1 := sources[c1].get(c2)) is not None else c4"),
        ("?a=(clickid)", Missing.RAISE, "encode_value(v1, c3) if (v1 := sources[c1].get(c2)) is not None else c3(v1)"),
        ("?a=(sha1-idfa)", "empty", "c3(sources[c1].get(c2))"),
        ("?a=(clickid)", Missing.DROP, "encode_value(v3, c5)"),
        ("?a=[(clickid)]", Missing.DROP, "c5(v3)"),
        ("?a=(sha1-idfa)", Missing.DROP, "v3"),
    ],
)
def test_other_values_take_the_shortest_way(source, missing, written):
    assert f"{{{written}}}" in compile_template(source, missing=missing).python_source


@pytest.mark.parametrize(
    ("missing", "form"),
    [
        ("empty", "shared"),
        (Default("x"), "shared-default"),
        (Missing.RAISE, "shared-required"),
        (Missing.DROP, "shared-dropping"),
    ],
)
def test_shared_values_take_the_shortest_way(missing, form):
    (value,) = values_of(compile_template("?a=(clickid)", missing=missing).plan.attributed)
    assert shared_cells({value: 7}, value)[0] == form


def test_what_may_not_be_read_has_no_code():
    template = compile_template("?c=(clickid)&d=(ip)", policy=EVERYBODY, missing={"clickid": Default("none")})
    attributed, unattributed = plan_source(template.plan).split("# not attributed")
    assert "click_id" in attributed
    assert "click_id" not in unattributed
    assert "c=none" in unattributed


@pytest.mark.parametrize("text", ["", "é", "€", "\ud800"])
def test_the_limit_counts_bytes(text):
    source = f"https://n.example/{text}?c=(clickid)"
    room = 100 - len(source.encode(errors="surrogatepass")) + len("(clickid)")
    template = compile_template(source, limits=Limits(url=100), ignore=("ME",))
    url = template.render(Event({"click_id": "x" * room}))
    assert len(url.encode(errors="surrogatepass")) == 100
    with pytest.raises(RenderError, match="more than 100 bytes, the limit"):
        template.render(Event({"click_id": "x" * (room + 1)}))


def test_the_limit_holds_for_events_that_are_not_attributed():
    template = compile_template("?ip=(ip)", policy=EVERYBODY, limits=Limits(url=10))
    with pytest.raises(RenderError, match="bytes"):
        template.render(Event(sdk={"ip": "1" * 10}, attributed=False))


def test_a_pickle_of_many_holds_their_settings_once():
    templates = [
        compile_template(f"https://n{number}.example/?c=(clickid)", missing=Missing.DROP) for number in range(9)
    ]
    pickled = pickle.dumps(templates)
    assert pickled.count(b"Limits") == 1
    copies = pickle.loads(pickled)
    assert copies == templates
    assert len({id(copy.options) for copy in copies}) == 1
    assert [copy.render(Event()) for copy in copies] == [template.render(Event()) for template in templates]
    assert pickle.dumps(copies) == pickle.dumps(pickle.loads(pickle.dumps(copies)))
