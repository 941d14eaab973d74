"""Which macros may be filled for which postback."""

from dataclasses import dataclass

from macroengine.catalogue import MacroSpec
from macroengine.event import Event
from macroengine.kinds import Postback, Source


@dataclass(frozen=True, slots=True)
class Policy:
    """What a network is told.

    >>> Policy(postback="in-app", send_all=True, deny={"idfa"}).deny
    frozenset({'idfa'})
    """

    postback: Postback = Postback.INSTALL
    """The kind of postback that the template is for."""
    send_all: bool = False
    """Whether it is also sent for events that are not attributed to the network."""
    sources: frozenset[Source] = frozenset(Source)
    """Where values may come from."""
    deny: frozenset[str] = frozenset()
    """Macros, by any of their names, and fields whose values are not sent in any form."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "postback", Postback(self.postback))
        object.__setattr__(self, "sources", frozenset(map(Source, self.sources)))
        object.__setattr__(self, "deny", frozenset(self.deny))

    def admits(self, event: Event) -> bool:
        """Say whether a postback is sent for `event` at all."""
        return event.postback is self.postback and (event.attributed or self.send_all)

    def withholds(self, spec: MacroSpec) -> bool:
        """Say whether the macro stays empty for events that are not attributed to the network."""
        return not spec.send_all
