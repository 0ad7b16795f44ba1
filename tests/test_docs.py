"""What the documents name is there: the pages and headings that they link to, the files and tests that they cite."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
# A path from the root in backquotes, with the name of a test or without.
CITED = re.compile(r"`((?:airlock_cli|demo|docs|infra|lambdas|tests)/[\w./-]*)(?:::(\w+))?`")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def _prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def _anchors(page: Path) -> set[str]:
    """What GitHub makes of a page's headings: small letters, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@EACH
def test_each_link_leads_somewhere(page: Path) -> None:
    """The file is there, and if the link names a heading, the file has it."""
    for file, anchor in LINK.findall(_prose(page)):
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), file
        assert not anchor or anchor in _anchors(target), f"{file}#{anchor}"


@EACH
def test_each_file_and_test_that_is_cited_exists(page: Path) -> None:
    """Also the test's name, which is how a claim of docs/security.md can be looked up."""
    for file, test in CITED.findall(_prose(page)):
        assert (ROOT / file).exists(), file
        assert not test or f"\ndef {test}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{test}"


def test_the_threats_name_their_tests() -> None:
    """The threat model cites tests by name, so that the check above is about something."""
    cited = CITED.findall(_prose(ROOT / "docs" / "security.md"))
    assert sum(bool(test) for _, test in cited) >= 20
