"""The commands that the documents tell people to type: where they stand, and what the reader is told that they need.

What counts as one: each line of a `console` block, and words in backquotes that begin with a program's name and go on.
Where a command needs what this machine hasn't got, the page says so to the reader with the words "needs an AWS account"
(or another of `NEEDS`): in the command's own line, in the last line above its block, or in a line that begins with
it, further up in its section or in one that this is part of.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (
    *sorted(ROOT.glob("README*.md")),
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
NEEDS: Final = {
    "an AWS account": re.compile("needs an AWS account|AWS アカウントが必要", re.IGNORECASE),
    "a package index": re.compile("needs a package index|パッケージインデックスが必要", re.IGNORECASE),
    "Debian's packages": re.compile("needs Debian's packages", re.IGNORECASE),
}
BLOCKS: Final = frozenset({"console", "bash", "sh", "shell"})
"""Blocks of commands."""
OTHER_BLOCKS: Final = frozenset({"text", "json", "jsonc", "yaml", "toml", "python", "sql", "diff", "mermaid", "html"})
"""Blocks of something else. One that says nothing could be either."""
_PROGRAMS: Final = "airlock|make|aws|npx|npm|node|python3?|pip|cdk|git|docker|curl|apt-get|sudo|cfn-lint|cfn-guard"
_INLINE: Final = re.compile(rf"`((?:\.venv/bin/)?(?:{_PROGRAMS}) [^`]+)`")
_FENCE: Final = re.compile(r"^ *```(\w*)")
_VARIABLE: Final = re.compile(r"(\w+)=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a document.

    Attributes:
        page: the document.
        line: the number of its last line.
        text: as it is to be typed, on one line.
        needs: what the reader is told that it needs, keys of `NEEDS`.
    """

    page: Path
    line: int
    text: str
    needs: frozenset[str]

    def __str__(self) -> str:
        """Where it is, and what."""
        return f"{self.page.relative_to(ROOT)}:{self.line}: {self.text}"

    @property
    def words(self) -> list[str]:
        """Its words as a shell takes them, the program by its bare name, without a variable that gets its output."""
        kept = _VARIABLE.fullmatch(self.text)
        text = kept[2].removeprefix("$(").removesuffix(")") if kept and kept[2].startswith("$(") else self.text
        words = shlex.split(text, comments=True)
        return [words[0].removeprefix(".venv/bin/"), *words[1:]]


def documented() -> list[Command]:
    """All commands of all documents, in the order in which they stand."""
    return [command for page in PAGES for command in commands_of(page, page.read_text(encoding="utf-8"))]


def commands_of(page: Path, text: str) -> Iterator[Command]:
    """Read a document.

    Raises:
        ValueError: a block doesn't say what it holds.
    """
    begun = ""
    for line in _lines(page, text):
        if line.block in BLOCKS:
            begun += line.text.strip()
            if begun.endswith("\\"):
                begun = begun.removesuffix("\\")
                continue
            if begun:
                yield Command(page, line.number, begun, line.told | told_in(begun.partition("# ")[2]))
            begun = ""
        elif not line.block:
            for found in _INLINE.findall(line.text):
                yield Command(page, line.number, found, line.told | told_in(line.text))


@dataclass(frozen=True, slots=True)
class _Line:
    """A line, the kind of its block or nothing, and what stands above it that says what is needed."""

    number: int
    text: str
    block: str
    told: frozenset[str]


def _lines(page: Path, text: str) -> Iterator[_Line]:
    block, above = "", frozenset[str]()
    sections: list[tuple[int, frozenset[str]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if fence := _FENCE.match(line):
            if not block and fence[1] not in BLOCKS | OTHER_BLOCKS:
                raise ValueError(f"{page.name}:{number}: write ```console or ```text, so that it says what it holds")
            block = "" if block else fence[1]
            continue
        around = frozenset[str]().union(*(said for _, said in sections))
        yield _Line(number, line, block, around | above if block else around)
        if block or not line.strip():
            continue
        above = told_in(line)
        if heading := re.match(r"(#+) ", line):
            sections = [one for one in sections if one[0] < len(heading[1])] + [(len(heading[1]), frozenset())]
        elif sections and re.match("Needs|AWS アカウントが", line):
            sections[-1] = (sections[-1][0], sections[-1][1] | above)


def told_in(line: str) -> frozenset[str]:
    """What a line says that is needed."""
    return frozenset(name for name, words in NEEDS.items() if words.search(line))
