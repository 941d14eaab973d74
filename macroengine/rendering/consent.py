"""Whether an event says that its user does not share identifiers."""

from collections.abc import Callable, Iterable

from macroengine.event import Event
from macroengine.kinds import ValueType
from macroengine.plan.segments import Signal
from macroengine.rendering.conversion import SOURCES
from macroengine.rendering.values import value_text

Refuses = Callable[[Event], bool]


def refusal(signals: Iterable[Signal]) -> Refuses:
    """Return a function that says whether an event has a signal that its user does not share identifiers.

    >>> from macroengine.kinds import Source
    >>> refuses = refusal([Signal(Source.SDK, "is_lat", ("false", "0"))])
    >>> [refuses(Event(sdk={"is_lat": value})) for value in (True, "1", "perhaps", False, 0, "", None)]
    [True, True, True, False, False, False, False]
    """
    heard = tuple((SOURCES.index(signal.source), signal.field, frozenset(("", *signal.shares))) for signal in signals)

    def refuses(event: Event) -> bool:
        try:
            sources = event.link, event.sdk, event.platform
            for source, field, words in heard:
                raw = sources[source].get(field)
                if raw is not None and (raw if type(raw) is str else _text(raw)) not in words:
                    return True
        except Exception:  # noqa: BLE001 - an unreadable value is not consent
            return True
        return False

    return refuses


def _text(raw: object) -> str:
    return value_text(raw, ValueType.TEXT, ("true", "false"))
