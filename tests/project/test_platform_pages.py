"""The pages about families of platforms: their tables are what the catalogues say, and no dialect is left out."""

from collections import Counter
from pathlib import Path

import pytest

from macroengine import dialect, dialect_names
from macroengine.catalogue.aliases import platforms
from tests.support.platform_pages import dialects_of, regenerated

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted((DOCS / "platforms").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_the_catalogues_say(page, golden):
    golden(page, regenerated(page.read_text(encoding="utf-8")))


def test_every_dialect_is_on_one_page():
    counts = Counter(name for page in PAGES for name in dialects_of(page.read_text(encoding="utf-8")))
    assert counts == dict.fromkeys(dialect_names(), 1)


def test_every_platform_of_which_only_names_are_known_is_on_a_page():
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    known = {dialect(name).title for name in dialect_names()}
    assert [name for name in platforms() if name not in known and f"{name} (" not in text] == []


@pytest.mark.parametrize("page", [DOCS.parent / "README.md", DOCS / "index.md"], ids=lambda page: page.name)
def test_the_first_pages_say_how_many_platforms_there_are(page):
    assert f"AppsFlyer, AppMetrica and {len(dialect_names()) - 2} other platforms" in page.read_text(encoding="utf-8")


def test_every_page_is_linked():
    page = (DOCS / "dialects.md").read_text(encoding="utf-8")
    assert [path.name for path in PAGES if f"(platforms/{path.name})" not in page] == []
