"""Find the templates in a text of a given language."""

from collections.abc import Callable, Iterator

from macroengine.catalogue import Dialect
from macroengine.workspace.embedded import markdown, markup, php, python, strings, yaml
from macroengine.workspace.embedded.candidates import templates_in
from macroengine.workspace.embedded.embedded import Embedded
from macroengine.workspace.embedded.languages import Language
from macroengine.workspace.embedded.languages import language as language_named
from macroengine.workspace.embedded.literal import Literal
from macroengine.workspace.embedded.reuse import Mark, Memory

READERS: dict[str, Callable[[str, Language], Iterator[Literal]]] = {
    "markdown": markdown.literals,
    "markup": markup.literals,
    "php": php.literals,
    "python": python.literals,
    "strings": strings.literals,
    "yaml": yaml.literals,
}
# Those that can begin at a mark.
_RESUMABLE: dict[str, Callable[[str, Language, Mark], Iterator[Literal | Mark]]] = {
    "python": python.steps,
    "yaml": yaml.steps,
}
_BYTE_ORDER = "\ufeff"


def find_templates(
    text: str, language: str, dialect: Dialect | None = None, memory: Memory | None = None
) -> list[Embedded]:
    r"""Return the templates in a text, in order and without overlaps.

    Texts that are probably not templates are omitted. With a `dialect`, any of its macros in a query is enough. Every
    text is accepted, even with syntax errors. With the `memory` of an earlier text, only the changed part is read.

    >>> found = find_templates('URL = "https:\\/\\/n.example\\/pb?c=(click-id)"', "json")[0]
    >>> found.template, found.start
    ('https://n.example/pb?c=(click-id)', 7)
    >>> found.write("https://n.example/pb?c=(clickid)")
    [Edit(start=34, end=42, replacement='clickid')]

    Raises:
        KeyError: `language` is not a name that `language_of` returns.
    """
    of = language_named(language)
    if text.startswith(_BYTE_ORDER):  # replaced by a space, which every language ignores
        text = "\f" + text[1:] if of.reader == "python" else " " + text[1:]
    memory = Memory() if memory is None else memory
    memory.begin(language, dialect)

    def steps(mark: Mark) -> Iterator[list[Embedded] | Mark]:
        resumed = _RESUMABLE.get(of.reader)
        for step in READERS[of.reader](text, of) if resumed is None else resumed(text, of, mark):
            if isinstance(step, Mark):
                yield step
            elif step.may_have_url:
                yield memory.in_literal(step, lambda literal: [*_in_literal(literal, dialect)])

    return sorted(memory.read(text, steps), key=lambda template: template.start)


def _in_literal(literal: Literal, dialect: Dialect | None) -> Iterator[Embedded]:
    for start, end in templates_in(literal.text, dialect, prose=literal.prose):
        template = literal.text[start:end]
        is_broken = literal.shown and "\n" in template
        yield Embedded(
            template,
            literal.position(start),
            literal.end_of(end),
            "several lines of a document" if is_broken else literal.skipped,
            literal=literal,
            base=0,
            offset=start,
        )
