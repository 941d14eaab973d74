"""Values of events that no macro reads, under a name like the one that a macro does read.

In a dialect that is not open, reading the event refuses such a name. In an open one it may be a parameter of the link
that only other templates send.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from macroengine.cli import output
from macroengine.compiled_request import CompiledRequest
from macroengine.compiled_template import CompiledTemplate
from macroengine.event import Event
from macroengine.suggest import did_you_mean


@dataclass(slots=True)
class Unread:
    """What was said of the events of a call, each name once."""

    said: set[str] = field(default_factory=set)

    def note(self, event: Event, template: CompiledTemplate | CompiledRequest) -> None:
        """Print what the template does not read of an event, where it lacks a value of a similar name."""
        if template.dialect.open:
            output.print_notes(self._notes(event, template))

    def _notes(self, event: Event, template: CompiledTemplate | CompiledRequest) -> Iterator[str]:
        read = template.fields
        for name in event.link:
            if name in self.said or name in read or name in template.dialect.fields:
                continue
            sources = (event.link, event.sdk, event.platform)
            missing = (one for one in read if all(values.get(one) is None for values in sources))
            near = did_you_mean(name, missing)
            if near:
                self.said.add(name)
                yield f"no macro reads the value {name!r} of the event{near}"
