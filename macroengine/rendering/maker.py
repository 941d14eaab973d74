"""Make functions from generated source. The only module that calls `exec`."""

from collections.abc import Callable
from itertools import cycle
from typing import Any

from macroengine.arguments import wrong_type
from macroengine.caching import sized_cache
from macroengine.encodings.encoder import ENCODERS
from macroengine.errors import RenderError
from macroengine.event import Event
from macroengine.rendering.shapes import Entry, Shape, function_source


def fault(event: object, error: Exception) -> Exception:
    """Return the exception for the caller when rendering an event raised `error`.

    The mappings of an event belong to the caller, and may raise anything.
    """
    if isinstance(error, RenderError | MemoryError):
        return error
    found: Exception
    if not isinstance(event, Event):
        found = wrong_type("event", "an Event", event)
    else:
        found = RenderError(f"cannot read the event: {type(error).__name__}")
    found.__cause__ = error
    return found


class _Loader:
    """Shows the generated source in tracebacks. It is only put into `linecache` when a traceback is printed."""

    def __init__(self, source: str) -> None:
        self._source = source

    def get_source(self, name: str) -> str:  # noqa: ARG002 - required by linecache
        return self._source


# CPython keeps every file name that it has compiled code under, so reuse a fixed number of names. `cycle` runs no
# Python code, so threads may share it.
_names = cycle(map("macroengine-shape-{}".format, range(4096)))


@sized_cache({64: 512, 256: 64, 2_048: 16})
def maker(shape: Shape, entry: Entry) -> Callable[..., Any]:
    """Return the function that makes a rendering function of this shape from its limit and cells."""
    source = function_source(shape, entry)
    name = next(_names)
    namespace: dict[str, Any] = {"__name__": name, "__loader__": _Loader(source), "fault": fault, **ENCODERS}
    exec(compile(source, name, "exec"), namespace)  # noqa: S102 - the source depends only on the shape
    make: Callable[..., Any] = namespace["make"]
    return make
