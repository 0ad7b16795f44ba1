"""README.ja.md says what README.md says: the same parts, blocks, links, commands and numbers, in the same order."""

from __future__ import annotations

import re
from itertools import zip_longest
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENGLISH = ROOT / "README.md"
JAPANESE = ROOT / "README.ja.md"
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)]+)\)")
LISTED = re.compile(r"[|!]|- |\d+\. ")
"""How a row, a picture, a point or a step begins."""
CODE = re.compile(r"`([^`\n]+)`")
HOW = f"{JAPANESE.name} isn't in step with {ENGLISH.name}: translate the change"


def _blocks(page: Path) -> list[str]:
    return FENCE.findall(page.read_text(encoding="utf-8"))


def _sections(page: Path) -> list[str]:
    """The page without its blocks, cut before each heading."""
    return re.split(r"^(?=#+ )", FENCE.sub("", page.read_text(encoding="utf-8")), flags=re.MULTILINE)[1:]


def _shape(section: str) -> tuple[str, list[str]]:
    """How deep the heading is, and what kind of line each line is."""
    lines = section.splitlines()
    return lines[0].split()[0], [found[0] for line in lines[1:] if (found := LISTED.match(line))]


def _differences(of: list[str], and_: list[str]) -> list[tuple[str | None, str | None]]:
    return [pair for pair in zip_longest(of, and_) if pair[0] != pair[1]]


def test_the_blocks_are_the_same() -> None:
    """What is typed and what is printed is in no language."""
    assert _differences(_blocks(ENGLISH), _blocks(JAPANESE)) == [], HOW


def test_the_parts_are_the_same() -> None:
    """Each heading has its like, with as many rows of tables, pictures and steps under it."""
    assert [_shape(one) for one in _sections(JAPANESE)] == [_shape(one) for one in _sections(ENGLISH)], HOW


def test_each_part_has_the_same_links_and_names() -> None:
    """What a part links to and what it names in backquotes is the same, in whatever order the sentence wants it."""
    for english, japanese in zip(_sections(ENGLISH), _sections(JAPANESE), strict=True):
        about = english.splitlines()[0]
        links = [sorted(LINK.findall(part)) for part in (english, japanese)]
        if about.startswith("# "):
            links = [[link for link in part if not link.startswith("README")] for part in links]
        assert links[0] == links[1], f"{about}: {HOW}"
        assert sorted(CODE.findall(english)) == sorted(CODE.findall(japanese)), f"{about}: {HOW}"


def test_each_leads_to_the_other() -> None:
    """Who reads one finds the other in the first lines."""
    assert f"]({JAPANESE.name})" in _sections(ENGLISH)[0]
    assert f"]({ENGLISH.name})" in _sections(JAPANESE)[0]


def test_it_is_japanese() -> None:
    """Every paragraph outside the blocks has Japanese in it, so that none was left to translate."""
    prose = FENCE.sub("", JAPANESE.read_text(encoding="utf-8"))
    kana = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
    lines = [line for line in prose.splitlines() if line and not re.fullmatch(r"[|\-]+", line)]
    allowed = {"# Bootstrap Airlock", f"[English]({ENGLISH.name})"}
    assert [line for line in lines if not kana.search(line) and line not in allowed] == []
