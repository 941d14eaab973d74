"""What a call leaves unchecked, and why."""

from collections import Counter
from dataclasses import dataclass, field

from macroengine.cli.reports import Tally

# How many rows of a file are named that cannot be read: it may be a file of something else.
_MAX_ROWS = 10
# How many unknown words in columns of platforms are named: such a column may be about something else.
_MAX_PLATFORMS = 10
_LONGEST_WORD = 60


@dataclass(slots=True)
class Unchecked:
    """Notes about what is left unchecked. If anything is, the exit status is 2."""

    notes: list[str]
    has_any: bool = False
    platforms: set[str] = field(default_factory=set)
    """The words for platforms in table rows that are not known."""
    rows: Counter[str] = field(default_factory=Counter)
    """The number of rows that cannot be read, by file."""

    def skip(self, error: Exception, tally: Tally) -> None:
        """Note a row that names something that does not exist."""
        self._add(f"{error} (skipped)", tally)

    def add_row(self, error: Exception, file: str, tally: Tally) -> None:
        """Note a row that cannot be read, if not too many of its file have been noted."""
        self.rows[file] += 1
        if self.rows[file] == 1:
            tally.incomplete += 1
        if self.rows[file] <= _MAX_ROWS:
            self._add(str(error), tally)

    def end_file(self, file: str, tally: Tally) -> None:
        """Note how many rows of a file were not named."""
        more = self.rows.pop(file, 0) - _MAX_ROWS
        if more > 0:
            self._add(f"{file}: {more:,} more row{'s' * (more > 1)} cannot be read", tally)

    def add_file(self, message: str, tally: Tally) -> None:
        """Note a file that cannot be read, or not to its end."""
        tally.incomplete += 1
        self._add(message, tally)

    def add_platform(self, word: str, place: str, title: str) -> None:
        """Note a platform that is not known, once, and the dialect that its templates are read as."""
        if word in self.platforms or len(self.platforms) == _MAX_PLATFORMS:
            return
        self.platforms.add(word)
        shown = word if len(word) <= _LONGEST_WORD else f"{word[:_LONGEST_WORD]}…"
        rest = "; further ones are not named" if len(self.platforms) == _MAX_PLATFORMS else ""
        self.notes.append(f"{place}: {shown!r} is not a known platform; its template is read as {title}'s{rest}")

    def _add(self, note: str, tally: Tally) -> None:
        self.has_any = True
        self.notes.append(note)
        tally.unchecked.append(note)
