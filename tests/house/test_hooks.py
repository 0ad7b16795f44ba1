"""pre-commit's hooks, in a checkout of their own, without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / ".pre-commit-config.yaml"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with this one's hooks and settings, and its .venv beside."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in (CONFIG.name, "pyproject.toml"):
        shutil.copyfile(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(Path(sys.prefix))
    (folder / ".gitignore").write_text(".venv\n")
    _run(folder, "git", "init", "--quiet")
    _run(folder, sys.executable, "-m", "pre_commit", "install")
    _run(folder, "git", "add", ".")
    return folder


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # Nothing of the caller's git counts; where a proxy leads nowhere, a hook that wanted the network would fail.
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PRE_COMMIT"))}
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}
    author = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    env = {
        **kept,
        **nowhere,
        **author,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PRE_COMMIT_HOME": str(folder.parent / "cache"),
    }
    # mypy has a test's whole checkout to read otherwise; the hook itself is tried in the repository, by `make lint`.
    env["SKIP"] = "mypy"
    return subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_a_commit_is_linted(checkout: Path) -> None:
    """A file that ruff objects to isn't committed, and one that it doesn't is."""
    module = checkout / "module.py"
    module.write_text("import os\n")
    _run(checkout, "git", "add", "module.py")
    refused = _run(checkout, "git", "commit", "--message", "try")
    assert refused.returncode != 0
    assert "F401" in refused.stdout + refused.stderr

    module.write_text('"""Nothing."""\n')
    _run(checkout, "git", "add", "module.py")
    taken = _run(checkout, "git", "commit", "--message", "try")
    assert taken.returncode == 0, taken.stdout + taken.stderr


def test_a_push_waits_for_the_fast_tests(checkout: Path) -> None:
    """What is pushed had the fast tests pass: where they fail, nothing is pushed."""
    makefile = checkout / "Makefile"
    remote = checkout.parent / "remote.git"
    _run(checkout, "git", "init", "--quiet", "--bare", str(remote))
    makefile.write_text("test-fast:\n\t@echo the fast tests; exit 1\n")
    _run(checkout, "git", "commit", "--quiet", "--message", "begin")
    refused = _run(checkout, "git", "push", str(remote), "HEAD:main")
    assert refused.returncode != 0
    assert "the fast tests" in refused.stdout + refused.stderr

    makefile.write_text("test-fast:\n\t@echo the fast tests\n")
    taken = _run(checkout, "git", "push", str(remote), "HEAD:main")
    assert taken.returncode == 0, taken.stdout + taken.stderr


def test_hooks_run_what_is_in_the_venv() -> None:
    """No hook is downloaded: all are local, and run the project's own .venv or its Makefile."""
    repositories = yaml.safe_load(CONFIG.read_text())["repos"]
    assert {one["repo"] for one in repositories} == {"local"}
    hooks = [hook for one in repositories for hook in one["hooks"]]
    assert {hook["language"] for hook in hooks} == {"system"}
    assert {hook["entry"].split("/")[0].split()[0] for hook in hooks} == {".venv", "make"}
    assert {hook["id"] for hook in hooks} == {"ruff-check", "ruff-format", "mypy", "fast-tests"}
