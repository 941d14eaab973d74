"""Configure the documentation site: `python -m sphinx -W docs build/site`. The pages can also be read without it."""

import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import macroengine
from macroengine.catalogue import DEFAULT_DIALECT

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent

project = "macroengine"
author = "the macroengine authors"
version = release = macroengine.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
exclude_patterns = ["**/README.md"]

myst_heading_anchors = 4
# Docstrings put code between single backticks, as in Markdown.
default_role = "code"

autodoc_member_order = "bysource"
autodoc_default_options = {"undoc-members": True}
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
add_module_names = False

html_theme = "furo"
html_title = f"macroengine {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False

# Files outside of docs/ that are pages of the site. The files in docs/project/ only link to them.
_PAGES = {
    "SECURITY.md": "project/security",
    "CHANGELOG.md": "project/changelog",
    "CODE_OF_CONDUCT.md": "project/conduct",
    "CONTRIBUTING.md": "project/contributing",
    "grammar/README.md": "project/language",
}
_LINK = re.compile(r"(?<!!)\[(?P<words>[^\]]+)\]\((?P<path>[\w./-]+)(?P<anchor>#[\w-]+)?\)")


def _read_page(docname: str, source: list[str]) -> None:
    """Read a page from its file, and point its links to pages of the site. Links to other files become plain text."""
    file = next((file for file, page in _PAGES.items() if page == docname), None)
    if file is not None:
        source[0] = (ROOT / file).read_text(encoding="utf-8")
    folder = (ROOT / (file or f"docs/{docname}.md")).parent
    here = (DOCS / docname).parent

    def link(match: re.Match[str]) -> str:
        target = Path(os.path.normpath(folder / match["path"])).relative_to(ROOT).as_posix()
        page = DOCS / f"{_PAGES[target]}.md" if target in _PAGES else ROOT / target
        if not page.is_relative_to(DOCS):
            return f"{match['words']} (`{target}`)"
        return f"[{match['words']}]({Path(os.path.relpath(page, here)).as_posix()}{match['anchor'] or ''})"

    # Code may look like a link.
    parts = re.split(r"(^```.*?^```$|`[^`\n]+`)", source[0], flags=re.DOTALL | re.MULTILINE)
    # Remove the blank line that ends the output of an example for doctest.
    shown = (part.replace("\n\n```", "\n```") if part.startswith("`") else _LINK.sub(link, part) for part in parts)
    source[0] = "".join(shown)


def _read_docstring(app: Any, what: str, *parts: Any) -> None:
    """Turn the sections of a docstring into markup. Docstrings of attributes have none, so a colon is just a colon."""
    from sphinx.ext.napoleon import Config, GoogleDocstring  # noqa: PLC0415 - test collection does not need Sphinx

    name, thing, options, lines = parts
    if "".join(lines).startswith("Alias for field number"):  # the default docstring of a named tuple's field
        lines.clear()
    if what not in ("attribute", "data", "property"):
        lines[:] = GoogleDocstring(lines, Config(), app, what, name, thing, options).lines()


# The names of default values in the code, and the values.
_DEFAULTS = {"_NOTHING": "{}", "_NO_KEYS": "{}", "<factory>": "{}", "DEFAULT_DIALECT": repr(DEFAULT_DIALECT)}


def _read_signature(*parts: Any) -> tuple[str, str | None] | None:
    """Omit the signature of a class that only functions create, and show the values of defaults."""
    signature, returned = parts[5:]
    if signature is None:
        return None
    if signature.startswith("(*_"):
        return "", None
    for called, default in _DEFAULTS.items():
        signature = signature.replace(called, default)
    return signature, returned


def _add_targets(_: Any, doctree: Any) -> None:
    """Let a name be linked to in its own module and in the package, too: pages of source code link to either."""
    from sphinx import addnodes  # noqa: PLC0415 - as above

    for signature in doctree.findall(addnodes.desc_signature):
        name, module = signature.get("fullname"), signature.get("module")
        thing = getattr(sys.modules.get(module), name.partition(".")[0], None) if module and name else None
        for home in (getattr(thing, "__module__", None), "macroengine"):
            if home and f"{home}.{name}" not in doctree.ids and f"{home}.{name}" not in signature["ids"]:
                signature["ids"].append(f"{home}.{name}")


def setup(app: Any) -> None:
    """Register the template syntaxes as languages of code blocks, and connect the functions above."""
    from pygments.lexers.special import TextLexer  # noqa: PLC0415 - as above

    for syntax in tomllib.loads((ROOT / "grammar" / "syntaxes.toml").read_text(encoding="utf-8")):
        app.add_lexer(syntax, TextLexer)
    app.connect("source-read", lambda _, docname, source: _read_page(docname, source))
    app.connect("doctree-read", _add_targets)
    app.connect("autodoc-process-docstring", _read_docstring)
    app.connect("autodoc-process-signature", _read_signature)
