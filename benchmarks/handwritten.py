"""Hand-written functions for one template: f-strings."""

from collections.abc import Callable
from hashlib import sha1
from typing import Any, NoReturn
from urllib.parse import quote

from benchmarks.workloads import Workload
from macroengine import SuppressedError
from macroengine.encodings.encoder import encode_field, encode_value
from macroengine.encodings.hashing import hash_identifier
from macroengine.kinds import HashCase


def floor(workload: Workload) -> Callable[[Any], str]:
    """Return an f-string that encodes nothing, and sends nothing for None: the cost of joining the text."""
    return _from_row(
        workload,
        "{{'' if (v := get('{field}')) is None else v}}",
        "{{'' if (v := get('{field}')) is None else sha1(v.encode()).hexdigest()}}",
    )


def with_quote(workload: Workload) -> Callable[[Any], str]:
    """Return the obvious solution: the f-string with `urllib.parse.quote`."""
    return _from_row(
        workload,
        "{{'' if (v := get('{field}')) is None else quote(str(v), safe='')}}",
        "{{'' if (v := get('{field}')) is None else quote(sha1(v.encode()).hexdigest(), safe='')}}",
    )


def same_rules(workload: Workload) -> Callable[[Any], str]:
    """Return the f-string with macroengine's encoder and rules, including the check whether the event may be sent."""
    sources = sorted({piece.source for piece in workload.placeholders})
    reads = "".join(f"    {source} = event.{source}.get\n" for source in sources)
    url = workload.written(
        "{{encode({source}('{field}'), convert)}}",
        "{{'' if (v := {source}('{field}')) is None else hash('sha1', HashCase.{case}, True, v) or ''}}",
    )
    return _of_event(workload, reads, url, encode=encode_value, convert=_no_text)


def same_calls(workload: Workload) -> Callable[[Any], str]:
    """Return the f-string that macroengine would generate for a single template, with its texts as constants."""
    keys = {
        f"K_{piece.source}_{piece.field}": (_SOURCES.index(piece.source), piece.field, _no_text)
        for piece in workload.placeholders
    }
    url = workload.written(
        "{{encode_field(sources, K_{source}_{field})}}",
        "{{'' if (v := event.{source}.get('{field}')) is None else hash('sha1', HashCase.{case}, True, v) or ''}}",
    )
    reads = "    sources = event.link, event.sdk, event.platform\n"
    return _of_event(workload, reads, url, encode_field=encode_field, **keys)


_SOURCES = ("link", "sdk", "platform")


def _of_event(workload: Workload, reads: str, url: str, **names: object) -> Callable[[Any], str]:
    return _define(
        "def render(event):\n"
        "    if event.postback is not postback or not event.attributed:\n"
        "        raise SuppressedError\n"
        f'{reads}    return f"{url}"\n',
        SuppressedError=SuppressedError,
        postback=workload.event.postback,
        hash=hash_identifier,
        HashCase=HashCase,
        **names,
    )


def _from_row(workload: Workload, macro: str, hashed: str) -> Callable[[Any], str]:
    url = workload.written(macro, hashed)
    return _define(f'def render(row):\n    get = row.get\n    return f"{url}"\n', quote=quote, sha1=sha1)


def _no_text(value: object) -> NoReturn:
    raise TypeError(value)


def _define(source: str, **names: object) -> Callable[[Any], str]:
    exec(source, names)
    render: Callable[[Any], str] = names["render"]  # type: ignore[assignment]
    return render
