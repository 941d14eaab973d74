"""The generated parts of the pages about platforms: the content of the catalogues, and how well it is documented."""

import re
from collections import Counter

from macroengine import Dialect, dialect
from macroengine.catalogue.aliases import platforms

_GENERATED = re.compile(r"(<!-- dialects: (.*?)(?:; names: (.*?))? -->\n).*?(<!-- end -->)", re.DOTALL)
_HEAD = ("dialect", "list", "macros", "written", "encoding", "missing value", "unknown name")


def regenerated(page: str) -> str:
    """Return a page with its generated parts updated."""

    def part(match: re.Match[str]) -> str:
        names = [name.strip() for name in (match[3] or "").split(",") if name.strip()]
        return match[1] + generated(match[2].split(), names) + match[4]

    return _GENERATED.sub(part, page)


def dialects_of(page: str) -> list[str]:
    """Return the dialects that a page is about."""
    return [name for match in _GENERATED.finditer(page) for name in match[2].split()]


def generated(names: list[str], others: list[str]) -> str:
    """Return the table of some dialects, the facts about each, and the platforms of which only names are known."""
    rows = [_HEAD, ("---",) * len(_HEAD), *map(_row, names)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    parts = [table, *map(_section, names)]
    if others:
        counts = [f"{name} ({len(platforms()[name])} names)" for name in others]
        text = f"The macros of {', '.join(counts)} are known for suggestions only, without a dialect."
        parts.append(f"## Names only\n\n{text}")
    return "\n" + "\n\n".join(parts) + "\n\n"


def _row(name: str) -> tuple[str, ...]:
    own = dialect(name)
    described = sum("description" not in spec.inferred and bool(spec.description) for spec in own.macros.values())
    macros = str(len(own.macros)) if described == len(own.macros) else f"{len(own.macros)}, {described} described"
    first = next(iter(own.macros))
    written = [own.syntax.write(first)]
    written += [
        own.syntax.write(spec.names_with(function)[0], function)
        for function, _ in own.syntax.functions
        for spec in [next(spec for spec in own.macros.values() if spec.names_with(function))]
    ]
    return (
        f"`{name}`",
        "incomplete" if own.partial else "whole",
        macros,
        " ".join(map(_code, written)),
        _stated(own.encoding, "encoding" in own.inferred),
        _missing(own),
        "a parameter" if own.open else "a warning" if own.partial else "an error",
    )


def _missing(own: Dialect) -> str:
    if own.drops_missing:
        return "no parameter"
    if own.missing is None:
        return "not documented"
    return _code(own.missing) if own.missing else "empty"


def _section(name: str) -> str:
    own = dialect(name)
    title, _, head = _comment(own.text).partition("\n\n")
    facts = [_sentences(head)] if head else []
    if own.contexts:
        facts.append("Contexts: " + ", ".join(f"`{context}`" for context in own.contexts) + ".")
    inferred = Counter(key for spec in own.macros.values() for key in spec.inferred)
    if inferred:
        counts = ", ".join(
            f"{key} ({'all' if count == len(own.macros) else count})" for key, count in sorted(inferred.items())
        )
        facts.append(f"Inferred, by the number of macros: {counts}.")
    sources = "\n".join(f"- {_escaped(text)}" for text in own.references.values())
    summary = _escaped(title.rstrip(".")).partition(": ")[2] or own.title
    return "\n\n".join([f"## {own.title}", summary[0].upper() + summary[1:] + ".", *facts, f"Sources:\n\n{sources}"])


def _comment(text: str) -> str:
    """Return the comment at the head of a file, with its paragraphs."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    title, *paragraphs = "\n".join(lines).split("\n\n")
    # Explanations of the file's keys are not facts about the platform.
    about = [paragraph for paragraph in paragraphs if not paragraph.startswith("A row without a key")]
    return "\n\n".join(part.replace("\n", " ") for part in (title, *([" ".join(about)] if about else [])))


def _sentences(text: str) -> str:
    return "\n".join(re.split(r"(?<=[a-z0-9)}%\]]\.) (?=[A-Z{`_])", _escaped(text)))


def _escaped(text: str) -> str:
    """Return a text escaped for Markdown. Text that looks like a macro becomes code."""
    pieces = re.split(
        r"(`[^`]*`|<[^>]+>|\$\{\S+?\}|\{\{\S+?\}\}|\{[^}]+\}|%%\S+?%%|##\S+?##|(?:#\w+#)+|\bhttps?://\S+)", text
    )
    return "".join(_piece(piece) for piece in pieces)


def _piece(piece: str) -> str:
    if piece.startswith("http") or piece[:1] == "`":
        return piece
    if piece[:1] in "<${%#" and len(piece) > 2:
        return _code(piece)
    return re.sub(r"[_*\[\]|<>]", r"\\\g<0>", piece)


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _stated(word: str, is_inferred: bool) -> str:
    return f"{word}, inferred" if is_inferred else word
