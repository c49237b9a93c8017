import re

import pytest

from .figures import figures
from .shop import LANGUAGES, policies

PAGES = ("returns", "delivery", "invoices", "warranty", "privacy", "membership")


def length(key: str) -> int:
    """Characters of a Chinese page, words of an English one."""
    page = policies()[key]
    return len("".join(page.split())) if ".zh." in key else len(page.split())


def test_there_are_six_pages_in_both_languages() -> None:
    assert set(policies()) == {f"{page}.{language}.md" for page in PAGES for language in LANGUAGES}


@pytest.mark.parametrize("key", sorted(policies()))
def test_a_page_is_a_page(key: str) -> None:
    page = policies()[key]
    assert 400 <= length(key) <= 900
    assert len(re.findall(r"^# .+", page, re.MULTILINE)) == 1
    assert len(re.findall(r"^## .+", page, re.MULTILINE)) >= 4
    assert re.search(r"^\|---\|", page, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_tell_the_same_figures_section_by_section(page: str) -> None:
    chinese, english = (policies()[f"{page}.{language}.md"].split("\n## ") for language in LANGUAGES)
    assert len(chinese) == len(english)
    for ours, theirs in zip(chinese, english, strict=True):
        assert figures(ours) == figures(theirs), f"{ours.splitlines()[0]} / {theirs.splitlines()[0]}"
