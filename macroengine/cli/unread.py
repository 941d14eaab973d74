"""Values of events that no macro reads, under a name like the one that a macro does read.

Reading an event refuses a name that no macro can have. In an open dialect, or in one with a family of names, it may be
the name of a macro that only other templates have.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

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
        output.print_notes(self._notes(event, template))

    def _notes(self, event: Event, template: CompiledTemplate | CompiledRequest) -> Iterator[str]:
        read, listed = template.fields, template.dialect.fields
        sources = (event.link, event.sdk, event.platform)
        for name in chain(*sources):
            if name in self.said or name in read or name in listed:
                continue
            missing = (one for one in read if all(values.get(one) is None for values in sources))
            near = did_you_mean(name, missing)
            if near:
                self.said.add(name)
                yield f"no macro reads the value {name!r} of the event{near}"
