"""Which macros may be filled for which postback."""

from collections.abc import Iterable
from dataclasses import dataclass

from macroengine.arguments import check_flag, check_type, member, names_in
from macroengine.catalogue import MacroSpec
from macroengine.event import Event
from macroengine.kinds import Postback, PostbackWord, Source, SourceWord
from macroengine.representation import brief


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Policy:
    """Which events a network is told about, and which values it may get.

    >>> Policy("in-app", send_all=True, deny=["idfa"])
    Policy(postback='in-app', send_all=True, deny={'idfa'})
    """

    postback: Postback
    """The kind of postback the template is for."""
    send_all: bool
    """Whether to send it also for events that are not attributed to the network."""
    sources: frozenset[Source]
    """The sources that values may come from."""
    deny: frozenset[str]
    """Values that are not sent in any form: names of fields, and of macros of any dialect, in any spelling."""
    consent: bool
    """Whether to withhold identifiers and their hashes for users who do not share them."""
    context: str | None
    """Where the template is used: one of the dialect's `contexts`. None: not stated, and not checked."""

    # Written by hand, since it accepts more types than the attributes have.
    def __init__(
        self,
        postback: Postback | PostbackWord = Postback.INSTALL,
        send_all: bool = False,
        sources: Iterable[Source | SourceWord] = frozenset(Source),
        deny: Iterable[str] = frozenset(),
        consent: bool = False,
        *,
        context: str | None = None,
    ) -> None:
        check_flag("send_all", send_all)
        check_flag("consent", consent)
        check_type("context", str | None, "a string", context)
        given = {
            "postback": member("postback", Postback, postback),
            "send_all": send_all,
            "sources": frozenset(member("source", Source, source) for source in names_in("sources", sources, "source")),
            "deny": names_in("deny", deny),
            "consent": consent,
            "context": context,
        }
        for name, value in given.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return brief(self, Policy())

    def admits(self, event: Event) -> bool:
        """Say whether a postback is sent for `event`."""
        check_type("event", Event, "an Event", event)
        return event.postback is self.postback and (event.attributed or self.send_all)

    def withholds(self, spec: MacroSpec) -> bool:
        """Say whether the macro stays empty for events that are not attributed to the network."""
        check_type("spec", MacroSpec, "a MacroSpec", spec)
        return not spec.send_all
