"""100,000 different templates: compiled from source, loaded from a pickle, and the memory each one takes."""

import gc
import pickle
import random
import tracemalloc
from collections.abc import Iterator
from statistics import median
from time import process_time

from benchmarks.report import Row, Table, Target
from benchmarks.workloads import W3
from macroengine import compile_template, parse

_NUMBER = 100_000
_MACROS = 10
_KIB = 1024


def run() -> Iterator[Table]:
    draw = random.Random(0)
    macros = [macro.text for macro in parse(W3.template).macros()]
    sources = [
        f"https://n{number}.example/postback?"
        + "&".join(f"p{place}={macro}" for place, macro in enumerate(draw.sample(macros, _MACROS)))
        for number in range(_NUMBER)
    ]
    begun = process_time()
    templates = [compile_template(source, policy=W3.policy) for source in sources]
    from_source = (process_time() - begun) / _NUMBER
    together = pickle.dumps(templates)
    apart = [pickle.dumps(template) for template in templates]
    del templates, sources
    unpickled = _unpickle(lambda: pickle.loads(together))
    separately = _unpickle(lambda: [pickle.loads(one) for one in apart])
    rows = (
        Row("from source", from_source, from_source),
        Row("unpickled from one list", min(unpickled), median(unpickled)),
        Row("unpickled one by one", min(separately), median(separately)),
    )
    yield Table(
        f"load: {_NUMBER:,} templates, {_MACROS} macros each, time a template",
        "us",
        rows,
        (
            Target("P8", "unpickled from one list: us", rows[1].best * 1e6, 15),
            Target("P8", "unpickled one by one: us", rows[2].best * 1e6, 15),
        ),
        "from source",
    )
    yield _memory(together, apart)


def _unpickle(load) -> list[float]:
    taken = []
    gc.disable()  # a service would also freeze or disable it while loading so many objects
    for _ in range(3):
        begun = process_time()
        loaded = load()
        taken.append((process_time() - begun) / _NUMBER)
        del loaded
    gc.enable()
    return taken


def _memory(together: bytes, apart: list[bytes]) -> Table:
    tracemalloc.start()
    loaded = pickle.loads(together)
    listed = tracemalloc.get_traced_memory()[0] / _NUMBER
    del loaded
    before = tracemalloc.get_traced_memory()[0]
    loaded = [pickle.loads(one) for one in apart]
    single = (tracemalloc.get_traced_memory()[0] - before) / _NUMBER
    sample = loaded[:2_000]
    before = tracemalloc.get_traced_memory()[0]
    for template in sample:
        template.render(W3.event)
    rendered = single + (tracemalloc.get_traced_memory()[0] - before) / len(sample)
    tracemalloc.stop()
    pickled = len(together) / _NUMBER
    rows = (
        Row("pickled, in one list", pickled, pickled),
        Row("unpickled from one list", listed, listed),
        Row("unpickled one by one", single, single),
        Row("compiled, after the first render", rendered, rendered, "of 2,000, what they share included"),
    )
    targets = (
        Target("P8", "unpickled from one list: KiB", listed / _KIB, 2),
        Target("P8", "unpickled one by one: KiB", single / _KIB, 2),
    )
    return Table(f"load: {_NUMBER:,} templates, memory of each", "bytes", rows, targets)
