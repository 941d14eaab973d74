"""Find the templates in a text of a given language."""

from collections.abc import Callable, Iterator

from macroengine.catalogue import Dialect
from macroengine.workspace.embedded import markdown, markup, php, python, strings, yaml
from macroengine.workspace.embedded.candidates import templates_in
from macroengine.workspace.embedded.embedded import Embedded
from macroengine.workspace.embedded.languages import Language
from macroengine.workspace.embedded.languages import language as language_named
from macroengine.workspace.embedded.literal import Literal

READERS: dict[str, Callable[[str, Language], Iterator[Literal]]] = {
    "markdown": markdown.literals,
    "markup": markup.literals,
    "php": php.literals,
    "python": python.literals,
    "strings": strings.literals,
    "yaml": yaml.literals,
}
_MARK = "\ufeff"


def find_templates(text: str, language: str, dialect: Dialect | None = None) -> list[Embedded]:
    r"""Return the templates in a text, in order and without overlaps.

    Texts that are probably not templates are omitted. With a `dialect`, any of its macros in a query is enough. Every
    text is accepted, even with syntax errors.

    >>> found = find_templates('URL = "https:\\/\\/n.example\\/pb?c=(click-id)"', "json")[0]
    >>> found.template, found.start
    ('https://n.example/pb?c=(click-id)', 7)
    >>> found.write("https://n.example/pb?c=(clickid)")
    [Edit(start=34, end=42, replacement='clickid')]

    Raises:
        KeyError: `language` is not a name that `language_of` returns.
    """
    of = language_named(language)
    if text.startswith(_MARK):  # replaced by a space, which every language ignores
        text = "\f" + text[1:] if of.reader == "python" else " " + text[1:]
    found = [template for literal in READERS[of.reader](text, of) for template in _in_literal(literal, dialect)]
    return sorted(found, key=lambda template: template.start)


def _in_literal(literal: Literal, dialect: Dialect | None) -> Iterator[Embedded]:
    if not literal.may_have_url:
        return
    for start, end in templates_in(literal.text, dialect, prose=literal.prose):
        template = literal.text[start:end]
        is_broken = literal.shown and "\n" in template
        yield Embedded(
            template,
            literal.position(start),
            literal.end_of(end),
            "several lines of a document" if is_broken else literal.skipped,
            literal=literal,
            offset=start,
        )
