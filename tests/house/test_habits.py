"""What the repository says of itself: its version, the changelog, the map of the house, the list of targets."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from airlock.adapters.schema import SCHEMA as LEDGER_SCHEMA
from airlock.messages.about import SCHEMA
from airlock.reconcile.happening import AUDIT_SCHEMA
from airlock_cli.main import app

ROOT = Path(__file__).parents[2]
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RELEASE = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d|unreleased)$")
RULE = re.compile(r"^([a-z-]+):", re.MULTILINE)


def _releases() -> list[tuple[str, str]]:
    headings = [line for line in CHANGELOG.splitlines() if line.startswith("## ")]
    found = [RELEASE.match(line) for line in headings]
    assert all(found), headings
    return [(one[1], one[2]) for one in found if one]


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.split("."))


def test_the_version_is_the_same_everywhere() -> None:
    """pyproject.toml, the changelog's newest heading, the installed package and `airlock --version` agree."""
    told = CliRunner().invoke(app, ["--version"])
    assert (told.exit_code, told.output) == (0, f"airlock {VERSION}\n")
    assert version("bootstrap-airlock") == VERSION
    assert _releases()[0][0] == VERSION


def test_the_changelog_keeps_its_form() -> None:
    """The newest version comes first, only that one may be unreleased, and sections are those of Keep a Changelog."""
    releases = _releases()
    assert all(_numbers(newer) > _numbers(older) for (newer, _), (older, _) in pairwise(releases))
    assert "unreleased" not in {date for _, date in releases[1:]}
    sections = set(re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE))
    assert sections <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_map_of_the_house_leads_to_rooms() -> None:
    """Each path that CONTRIBUTING names is in the repository, and the map has each top folder of code and tests."""
    named = {word for word in re.findall(r"`([\w./-]+)`", CONTRIBUTING) if "/" in word or "." in word}
    paths = {word for word in named if not re.fullmatch(r"[\d.]+|vX\.Y\.Z", word)}
    missing = {path for path in paths if not (ROOT / path).exists()} - {".venv/"}
    assert missing == set()
    rooms = [*(ROOT / "lambdas" / "airlock").iterdir(), *(ROOT / "tests").iterdir()]
    folders = {str(room.relative_to(ROOT)) for room in rooms if room.is_dir() and any(room.glob("*.py"))}
    assert {folder for folder in folders if f"`{folder}/" not in CONTRIBUTING} == set()


def test_contributing_names_targets_that_there_are() -> None:
    """Each `make` in CONTRIBUTING and the README has its target."""
    text = CONTRIBUTING + (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^make ([a-z-]+)|`make ([a-z -]+)`", text, re.MULTILINE)
    asked = {word for line in lines for part in line for word in part.split()}
    assert asked <= set(RULE.findall((ROOT / "Makefile").read_text(encoding="utf-8")))


def test_make_help_lists_every_target() -> None:
    """`make help` has one line for each target, with words."""
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = re.findall(r"^  make ([a-z-]+) +\S", done.stdout, re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert listed == RULE.findall(makefile)
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony
    assert sorted(phony[1].split()) == sorted(listed)


def test_decisions_are_numbered_one_after_the_other() -> None:
    """Each record has its number once, in its name and its title, and says context, choice and cost."""
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    for number, record in enumerate(records, start=1):
        text = record.read_text(encoding="utf-8")
        assert record.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number}. ")
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert [one for one in headings if one in {"Context", "Choice"}] == ["Context", "Choice"], record.name


@pytest.mark.parametrize(
    ("number", "file", "name"),
    [
        (SCHEMA, "lambdas/airlock/messages/about.py", "SCHEMA"),
        (LEDGER_SCHEMA, "lambdas/airlock/adapters/schema.py", "SCHEMA"),
        (AUDIT_SCHEMA, "lambdas/airlock/reconcile/happening.py", "AUDIT_SCHEMA"),
    ],
)
def test_schemas_stand_where_contributing_says(number: int, file: str, name: str) -> None:
    """The numbers that a release may raise are in the files that CONTRIBUTING names."""
    assert f"| `{file}` |" in CONTRIBUTING
    assert re.search(rf"^{name} = {number}$", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
