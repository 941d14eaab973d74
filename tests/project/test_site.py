"""The documentation site: it is built without a warning, and no public name is missing from its reference."""

import enum
import inspect
import re
import subprocess
import sys
from html import unescape
from importlib import import_module
from pathlib import Path

import pytest

import macroengine

ROOT = Path(macroengine.__file__).parents[1]
# The modules whose `__all__`, or else whose names without an underscore, are public.
MODULES = [
    "macroengine",
    "macroengine.backends.clickhouse",
    "macroengine.backends.duckdb",
    "macroengine.backends.spark",
    "macroengine.delivery",
    "macroengine.intake",
    "macroengine.intake.appmetrica",
    "macroengine.intake.appsflyer",
    "macroengine.testing",
    "macroengine.transport",
]
REFERENCE = "\n".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs" / "reference").glob("*.md")))


def names_of(module):
    """Return the public names of a module."""
    loaded = import_module(module)
    if hasattr(loaded, "__all__"):
        return list(loaded.__all__)
    own = [name for name, one in vars(loaded).items() if getattr(one, "__module__", None) == module]
    return [name for name in own if not name.startswith("_")]


PUBLIC = [(module, name) for module in MODULES for name in names_of(module)]


def members_of(thing):
    """Return what a class is documented with: its public methods, properties, attributes and members."""
    if not inspect.isclass(thing) or issubclass(thing, BaseException):
        return []
    if issubclass(thing, enum.Enum):
        return [member.name for member in thing]
    own = {name for name in vars(thing) if not name.startswith("_")}
    annotated = {name for name in inspect.get_annotations(thing) if not name.startswith("_")}
    return sorted(own | annotated)


@pytest.mark.parametrize("module", MODULES)
def test_the_reference_has_a_module(module):
    assert len(names_of(module)) > 0
    assert module == "macroengine" or f"`{module}`" in REFERENCE


def test_the_reference_has_the_options_of_compile_template():
    documented = inspect.getdoc(macroengine.compile_template)
    for option in inspect.signature(macroengine.compile_template).parameters:
        assert f"\n    {option}: " in documented, option


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site with warnings as errors, and return its folder."""
    pytest.importorskip("sphinx", reason="needs pip install --group docs")
    pytest.importorskip("furo", reason="needs pip install --group docs")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", ROOT / "docs", folder],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def inventory(site):
    """Return the names that the site documents."""
    from sphinx.util.inventory import InventoryFile  # noqa: PLC0415 - may not be installed

    loaded = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
    return {name for kind, names in loaded.data.items() if kind.startswith("py:") for name in names}


@pytest.mark.slow
def test_no_public_name_is_missing_from_the_site(inventory):
    assert [f"{module}.{name}" for module, name in PUBLIC if f"{module}.{name}" not in inventory] == []


@pytest.mark.slow
def test_no_member_of_a_public_class_is_missing_from_the_site(inventory):
    missing = []
    for module, name in PUBLIC:
        thing = getattr(import_module(module), name)
        missing += [one for member in members_of(thing) if (one := f"{module}.{name}.{member}") not in inventory]
    assert missing == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "Missing.KEEP",
        "PostbackSet.outcomes",
        "CompiledTemplate.diagnostics",
        "TemplateError.diagnostics",
        "PayloadError.diagnostics",
        "RenderError.macro",
        "__version__",
    ],
)
def test_what_readers_look_for_is_there(inventory, name):
    assert f"macroengine.{name}" in inventory


@pytest.mark.slow
def test_every_link_leads_to_something(site):
    pages = {page: page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    ids = {page: set(re.findall(r'\bid="([^"]+)"', text)) for page, text in pages.items()}
    lost = set()
    for page, text in pages.items():
        for link in re.findall(r'<a [^>]*\bhref="([^":]+)"', text):
            path, _, anchor = unescape(link).partition("#")
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (anchor and anchor not in ids.get(target, ())):
                lost.add(f"{page.relative_to(site)}: {link}")
    assert sorted(lost) == []


@pytest.mark.slow
def test_code_is_shown_without_its_marks(site):
    texts = {
        page.relative_to(site): re.sub(r"<script.*?</script>|<[^>]+>", "", page.read_text(encoding="utf-8"))
        for page in (site / "platforms").glob("*.html")
    }
    assert [(str(page), line) for page, text in texts.items() for line in text.splitlines() if "`" in line] == []
