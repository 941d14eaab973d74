from collections.abc import Callable, Iterable, Mapping
from typing import final

from macroengine.encodings.percent import Convert, Key
from macroengine.event import Event
from macroengine.kinds import Postback

@final
class Program:
    def __new__(
        cls,
        event_type: type[Event],
        postback: Postback,
        limit: int,
        values: tuple[tuple[tuple[object, ...], ...], ...],
        attributed: tuple[object, ...],
        unattributed: tuple[object, ...] | None,
        otherwise: Callable[[Event], str],
        /,
    ) -> Program: ...
    def __call__(self, event: Event, /) -> str: ...
    def render_many(self, events: Iterable[Event], /) -> list[str]: ...

@final
class FanOut:
    def __new__(
        cls,
        event_type: type[Event],
        values: tuple[tuple[tuple[object, ...], ...], ...],
        postbacks: tuple[tuple[tuple[object, ...], int] | None, ...],
        /,
    ) -> FanOut: ...
    def render(self, event: Event, /) -> list[str | None] | None: ...

def percent_encode(value: str, /) -> str: ...
def component_encode(value: str, /) -> str: ...
def form_encode(value: str, /) -> str: ...
def encode_value(value: object, convert: Convert, /) -> str | None: ...
def encode_field(sources: tuple[Mapping[str, object], ...], key: Key, /) -> str | None: ...
