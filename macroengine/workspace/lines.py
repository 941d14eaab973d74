"""Templates in plain text: one per line."""

from collections.abc import Callable, Iterator

from macroengine.caching import late_pattern
from macroengine.workspace.record import Record, Said
from macroengine.workspace.text import BOM

# On the line before a template, or after the template.
_IGNORE = late_pattern(r"#\s*macroengine:\s*ignore\s+(?P<rules>[\w-]+(?:[\s,]+[\w-]+)*)\s*$")
_TRAILING = late_pattern(r"\s+" + _IGNORE.pattern)


def text_records(lines: Iterator[tuple[int, str]]) -> Iterator[Record]:
    """Yield a record for each line. Blank lines and lines that begin with # have no template.

    A comment `# macroengine: ignore CODE` applies to the next template; after a template, it applies to that one.
    """
    ignored: list[str] = []
    for number, raw in lines:
        body, ending = split_ending(raw)
        mark = BOM if number == 1 and body.startswith(BOM) else ""
        template = body.removeprefix(mark)
        if not template.strip() or template.startswith("#"):
            comment = _IGNORE.match(template)
            ignored += [comment["rules"]] if comment else []
            yield Record(raw, number)
            continue
        after = _TRAILING.search(template)
        if after is not None:
            ignored.append(after["rules"])
            template, ending = template[: after.start()], after.group() + ending
        said = Said(ignore=" ".join(ignored))
        ignored.clear()
        yield Record(raw, number, template, _wrapped(mark, ending), in_line=True, said=said)


def split_ending(raw: str) -> tuple[str, str]:
    """Return a line without its line break, and the line break."""
    body = raw.removesuffix("\n").removesuffix("\r") if raw.endswith("\n") else raw
    return body, raw[len(body) :]


def _wrapped(before: str, after: str) -> Callable[[str], str]:
    return lambda template: f"{before}{template}{after}"
