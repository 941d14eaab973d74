"""Work and memory stay in proportion, whatever a template holds. Nothing is timed here: calls and bytes are counted."""

import functools
import gc
import inspect
import sys
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import quote, unquote

import pytest

from benchmarks.limits import SHAPES, functions, template
from macroengine import (
    Event,
    Limits,
    MacroEngineError,
    PostbackSet,
    Request,
    check,
    compile_request,
    compile_template,
)
from macroengine.engine import _compile  # its caches are counted and emptied
from macroengine.language.syntax import Syntax
from macroengine.rendering.maker import maker  # its caches are counted and emptied
from macroengine.rendering.shapes import Entry


def calls(function: Callable[[str], object], source: str) -> int:
    """Return how many functions and generators are entered while `function` works on `source`."""
    count = 0

    def counted(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        function(source)
    except MacroEngineError:
        pass
    finally:
        sys.setprofile(before)
    return count


# The others are parts of these.
@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in functions() if name not in ("parse", "check", "compile")])
@pytest.mark.parametrize("shape", SHAPES)
def test_four_times_the_template_is_four_times_the_work(name, shape):
    function = functions()[name]
    function(template(shape, 100))  # fills what is kept for good
    short, long = calls(function, template(shape, 2_000)), calls(function, template(shape, 8_000))
    assert long <= 4.4 * short


def growth(work: Callable[[int], object], count: int) -> float:
    """Return the bytes that stay behind for each number when `work` is done for as many numbers again.

    What the interpreter keeps for itself goes up and down; a leak is in the best of three rounds too.
    """
    sizes = []
    tracemalloc.start()
    try:
        for number in range(4 * count):
            work(number)
            if number % count == count - 1:
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    return min(after - before for before, after in pairwise(sizes)) / count


@pytest.mark.slow
def test_distinct_templates_leave_nothing_behind_once_the_cache_is_full():
    def work(number: int) -> None:
        compile_template(f"https://n.example/{number:09}?c=(clickid)&(ip)={number:09}").render(Event())

    assert growth(work, 1_200) < 30
    kept = _compile.caches[0].cache_info()
    assert kept.currsize == kept.maxsize == 1_024


@pytest.mark.slow
def test_shapes_compiled_again_and_again_leave_nothing_behind():
    def work(number: int) -> None:
        # The same shapes in each round: their code takes more or less memory. The cache holds half of them.
        digits = f"{number % 1_000:013b}"
        maker(tuple("text" if digit == "1" else "plain" for digit in digits), Entry.ATTRIBUTED)

    for number in range(4_096):  # all names of files that there are
        work(number)
    assert growth(work, 1_000) < 10
    kept = maker.caches[0].cache_info()
    assert kept.currsize == kept.maxsize == 512


def test_long_templates_and_shapes_are_kept_in_smaller_numbers():
    """Of 1,024 templates of 16,000 characters, the cache would hold 800 MiB."""
    for cached in (_compile, maker):
        sizes = [kept.cache_info().maxsize for kept in cached.caches]
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[-1] <= 16
    _compile.cache_clear()
    for number in range(20):
        compile_template(f"https://n.example/{number}{'a' * 16_000}")
    assert [kept.cache_info().currsize for kept in _compile.caches] == [0, 0, 16]
    again = f"https://n.example/{19}{'a' * 16_000}"
    assert compile_template(again) is compile_template(again)


@pytest.mark.slow
def test_nothing_is_kept_of_long_names_of_macros():
    """A template may have a name of 16,000 characters, and there are caches of names for each dialect."""

    def work(number: int) -> None:
        check(f"https://n.example/?a={{{number:09}a{'b' * 4_000}}}", dialect="appmetrica")

    assert growth(work, 40) < 2_000


def test_every_cache_has_a_bound():
    """What is kept for good must depend on nothing, or on a file of the library."""
    by_file = {"macroengine.catalogue._read", "macroengine.rules.tables._table"}
    gc.unfreeze()  # what was collected with the tests is looked through, too
    kept = {
        f"{cached.__module__}.{cached.__qualname__}"
        for cached in gc.get_objects()
        if isinstance(cached, functools._lru_cache_wrapper)
        and (cached.__module__ or "").startswith("macroengine.")
        and not cached.__module__.startswith("macroengine.testing.")
        and cached.cache_parameters()["maxsize"] is None
        and not all(given.annotation is Syntax for given in inspect.signature(cached).parameters.values())
    }
    assert kept <= by_file
    assert "macroengine.catalogue._read" in kept  # the caches are found at all


@pytest.mark.parametrize("most", [2**31, 2**63 - 1, 2**63, 10**30])
def test_a_limit_may_be_larger_than_any_memory(most):
    template = compile_template(
        "https://n.example/pb?c=(clickid)", limits=Limits(template=most, url=most, nesting=most)
    )
    event = Event(link={"click_id": "é"})
    assert template.render(event) == "https://n.example/pb?c=%C3%A9"
    assert PostbackSet([template]).render(event) == ["https://n.example/pb?c=%C3%A9"]
    request = compile_request(
        Request("POST", "https://n.example/pb", {"X-A": "(clickid)"}, "(clickid)", "text/plain"),
        limits=Limits(body=most, header=most, depth=most),
    )
    assert request.render(Event(link={"click_id": "1"})).body == b"1"


@pytest.mark.parametrize("depth", [63, 64, 65, 66, 90])
def test_parameters_are_dropped_from_as_many_urls_inside_one_another_as_are_allowed(depth):
    source = "https://n.example/pb?c=(clickid)"
    for _ in range(depth):
        source = f"https://n.example/pb?i=(idfa)&u={quote(source, safe='()')}"
    options = {"missing": "drop", "limits": Limits(template=10**6, url=10**6, nesting=depth)}
    template = compile_template(source, **options)
    event = Event(link={"click_id": "a"})
    url = template.render(event)
    assert PostbackSet([template]).render(event) == [url]
    for _ in range(depth):
        url = unquote(url.removeprefix("https://n.example/pb?u="))
    assert url == "https://n.example/pb?c=a"
