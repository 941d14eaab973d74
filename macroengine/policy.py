"""Which macros may be filled for which postback."""

from collections.abc import Iterable
from dataclasses import dataclass

from macroengine.arguments import check_flag, check_type, member, names_in
from macroengine.catalogue import MacroSpec
from macroengine.event import Event
from macroengine.kinds import Postback, PostbackWord, Source, SourceWord


@dataclass(frozen=True, slots=True, init=False)
class Policy:
    """What a network is told.

    >>> Policy(postback="in-app", send_all=True, deny={"idfa"}).deny
    frozenset({'idfa'})
    """

    postback: Postback
    """The kind of postback that the template is for."""
    send_all: bool
    """Whether it is also sent for events that are not attributed to the network."""
    sources: frozenset[Source]
    """Where values may come from."""
    deny: frozenset[str]
    """Names of values that are not sent in any form: fields, and macros of any dialect, in any spelling."""
    consent: bool
    """Whether identifiers, and hashes of them, are withheld for events whose users do not share them."""

    # Written out, since it takes more types than the attributes have.
    def __init__(
        self,
        postback: Postback | PostbackWord = Postback.INSTALL,
        send_all: bool = False,
        sources: Iterable[Source | SourceWord] = frozenset(Source),
        deny: Iterable[str] = frozenset(),
        consent: bool = False,
    ) -> None:
        check_flag("send_all", send_all)
        check_flag("consent", consent)
        given = {
            "postback": member("postback", Postback, postback),
            "send_all": send_all,
            "sources": frozenset(member("source", Source, source) for source in names_in("sources", sources, "source")),
            "deny": names_in("deny", deny),
            "consent": consent,
        }
        for name, value in given.items():
            object.__setattr__(self, name, value)

    def admits(self, event: Event) -> bool:
        """Say whether a postback is sent for `event` at all."""
        check_type("event", Event, "an Event", event)
        return event.postback is self.postback and (event.attributed or self.send_all)

    def withholds(self, spec: MacroSpec) -> bool:
        """Say whether the macro stays empty for events that are not attributed to the network."""
        return not spec.send_all
