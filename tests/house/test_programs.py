"""The programs behind the make targets, each run in a process of its own, at a small size where they have one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MADE = {
    "docs/configuration.md": [sys.executable, "-m", "pages", "configuration"],
    "docs/costs.md": [sys.executable, "-m", "pages", "costs"],
    "docs/licences.md": [sys.executable, "-m", "supply", "licences"],
    "docs/picture.svg": [sys.executable, "-m", "pages", "picture"],
}
"""What is made from something else, and the program that makes it."""
PART = re.compile(r"(<!-- made by .*? -->).*?(<!-- end: .*? -->)", re.DOTALL)
"""A made part of a page that is written by hand otherwise."""


def _run(command: list[str], folder: Path) -> str:
    """Run a program; what it prints. Its output belongs in the folder."""
    path = os.pathsep.join(map(str, (ROOT, ROOT / "lambdas")))
    env = {**os.environ, "PYTHONPATH": path, "COLUMNS": "200", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_crash_tries_the_scenarios_that_are_asked_for(tmp_path: Path) -> None:
    """`make crash`: each death of one scenario, none of which leaves anything wrong."""
    told = _run([sys.executable, "-m", "tests.crash", "managed, narrow, one grant", "--no-double"], tmp_path)
    assert re.search(r"^[1-9]\d+ crash points in 1 runs, 0 failures", told, re.MULTILINE)


def test_mutants_don_t_survive(tmp_path: Path) -> None:
    """`make mutants`: one way of breaking the airlock, which its tests notice."""
    told = _run([sys.executable, "-m", "tests.crash.mutants", "lease: shorter"], tmp_path)
    assert "1 mutants, 0 tests that don't tell them from the whole airlock" in told


def test_a_day_is_simulated(tmp_path: Path) -> None:
    """`make simulate`: a short day holds what must hold, and is drawn."""
    day = ["--installs", "3", "--principals", "3", "--hours", "1"]
    told = _run([sys.executable, "-m", "tests.simulation", *day], tmp_path)
    assert "All that must hold does." in told
    assert (tmp_path / ".artifacts" / "simulation.png").stat().st_size > 10_000


@pytest.mark.e2e  # half a minute
def test_the_bench_prints_its_tables(tmp_path: Path) -> None:
    """`make bench`: the tables that are quickly made; the aim of calls, which don't vary from run to run, is met."""
    told = _run([sys.executable, "-m", "tests.bench", "start", "calls"], tmp_path)
    assert told.count("aim: ") == 2
    assert "aim: at most 12, none repeated with the same parameters; met" in told


@pytest.mark.parametrize("made", MADE)
def test_pages_are_made_where_they_are_missing(made: str, tmp_path: Path) -> None:
    """`make costs` and others: in a copy of the tree without it, each writes what the repository has."""
    for part in ("docs", "pages", "supply", "infra", "lambdas", "requirements"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / name)
    page = tmp_path / made
    text, parts = PART.subn(r"\1\2", page.read_text(encoding="utf-8"))
    if parts:
        page.write_text(text, encoding="utf-8")
    else:
        page.unlink()
    # The copy comes first, for -m puts the present folder before all others.
    _run(MADE[made], tmp_path)
    assert page.read_bytes() == (ROOT / made).read_bytes()


@pytest.mark.parametrize("program", ["pages", "supply"])
@pytest.mark.parametrize("words", [[], ["nonsense"], ["licences", "sbom"]], ids=["none", "unknown", "two"])
def test_words_that_a_program_doesn_t_know(program: str, words: list[str], tmp_path: Path) -> None:
    """Status 2, what there is to choose from, and nothing written."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "lambdas")))}
    command = [sys.executable, "-m", program, *words]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"usage: python -m {program} [-h] {{" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
