"""Print changes to files as a unified diff without context."""

from collections.abc import Iterable, Iterator

from macroengine.workspace.record import Record


def whole_lines(rewritten: Iterable[tuple[Record, str]]) -> Iterator[tuple[Record, str, str]]:
    """Yield the changed lines, before and after. A line may contain several records."""
    first: Record | None = None
    before = after = ""
    for record, text in rewritten:
        first = first or record
        before, after = before + record.raw, after + text
        if before.endswith("\n"):
            if before != after:
                yield first, before, after
            first, before, after = None, "", ""
    if first is not None and before != after:
        yield first, before, after


def hunk(record: Record, old: list[str], new_start: int, new: list[str]) -> str:
    """Return one change of a unified diff, without context."""
    cell = "" if record.sheet is None else f" {record.place}"
    lines = [f"@@ -{record.line},{len(old)} +{new_start},{len(new)} @@{cell}\n"]
    lines += [_diff_line("-", text) for text in old]
    lines += [_diff_line("+", text) for text in new]
    return "".join(lines)


def _diff_line(sign: str, text: str) -> str:
    return sign + text if text.endswith("\n") else f"{sign}{text}\n\\ No newline at end of file\n"
