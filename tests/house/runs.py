"""What the tests run: the programs that they start, and what the Makefile's targets come to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from tests.house.commands import ROOT

_RULE: Final = re.compile(r"^([a-z-]+):([^#\n]*)(?:##.*)?\n((?:\t.*\n(?:.*\\\n)*)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Target:
    """A target of the Makefile.

    Attributes:
        needs: the targets that are made before it.
        recipe: its lines.
    """

    needs: tuple[str, ...]
    recipe: tuple[str, ...]


@cache
def targets() -> dict[str, Target]:
    """All of them; what makes `.venv` is `setup`'s recipe."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(READY)", "setup").replace("$(BIN)/", "")
    text = re.sub(r"^setup: setup.*\n", "", text, flags=re.MULTILINE)
    return {
        name: Target(tuple(needs.split()), tuple(line.strip() for line in recipe.splitlines()))
        for name, needs, recipe in _RULE.findall(text)
    }


@cache
def started() -> frozenset[tuple[str, ...]]:
    """The words of each program that a test starts, such as `("python", "-m", "supply", "sbom")`.

    They are read from the lists in the tests' code that begin with Python's own path, up to the first word that isn't
    written out there.
    """
    files = (ROOT / "tests").rglob("test_*.py")
    return frozenset(words for file in files for words in _started_in(file.read_text(encoding="utf-8")))


def _started_in(code: str) -> Iterator[tuple[str, ...]]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, (ast.List, ast.Tuple, ast.Call)):
            words = node.args if isinstance(node, ast.Call) else node.elts
            spelt = [ast.unparse(word) for word in words]
            if "sys.executable" in spelt:
                yield ("python", *_constants(words[spelt.index("sys.executable") + 1 :]))


def _constants(words: list[ast.expr]) -> Iterator[str]:
    for word in words:
        # `*(arguments or ["app.py"])`: what is started where nothing else is asked for.
        if isinstance(word, ast.Starred) and isinstance(word.value, ast.BoolOp):
            last = word.value.values[-1]
            yield from _constants(last.elts if isinstance(last, ast.List) else [])
        elif isinstance(word, ast.Constant) and isinstance(word.value, str):
            yield word.value
        else:
            return
