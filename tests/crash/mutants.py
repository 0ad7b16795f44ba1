"""Breaks what keeps holes shut, one thing at a time, in a copy of the tree, and sees tests fail: `make mutants`."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

ROOT = Path(__file__).parents[2]
COPIED = ("airlock_cli", "demo", "infra", "lambdas", "tests", "pyproject.toml")
LEASES = "tests/adapters/test_leases.py::test_a"
WRITERS = "tests/adapters/test_two_writers.py::test"
FAULTS = "tests/reconcile/test_faults.py::test_after_a_crash_the_sweep_brings_all_in_order"
EDITS = "tests/reconcile/test_edits.py::test_an_edit"
DEATHS = "tests/crash/test_user_inline.py::test_any_death_is_made_good_by_the_sweeps"
PYTEST_SECONDS = 280


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a file.

    Attributes:
        file: below the airlock's package.
        old: what stands there, once.
        new: what stands there instead.
    """

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A broken airlock.

    Attributes:
        name: what is broken.
        edits: how.
        tests: pytest's names of tests that must fail for it; the first is the quickest.
    """

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


_RECONCILIATION = "reconcile/reconciliation.py"
_LATER = (
    Edit("policy/clauses.py", "from datetime import datetime\n", "from datetime import datetime, timedelta\n"),
    Edit(
        "policy/clauses.py",
        '"aws:CurrentTime", (iso(moment),)',
        '"aws:CurrentTime", (iso(moment + timedelta(hours=1)),)',
    ),
)

MUTANTS = (
    Mutant(
        "write-ahead: IAM is written before the ledger",
        (
            Edit(
                _RECONCILIATION,
                "        self._write_ahead(run)\n        try:\n            self._writer.write_all(run, places)\n",
                "        try:\n            self._writer.write_all(run, places)\n            self._write_ahead(run)\n",
            ),
        ),
        (f"{FAULTS}[open-stage3]", f"{DEATHS}[open]"),
    ),
    Mutant(
        "lease: it is taken from whoever has it",
        (
            Edit(
                "adapters/leases.py",
                "attribute_not_exists(lease_owner) OR lease_until < :now",
                "attribute_not_exists(lease_owner) OR lease_until < :now OR lease_until >= :now",
            ),
        ),
        (
            f"{LEASES}_second_owner_waits_and_then_gives_up",
            f"{WRITERS}_two_processes_never_hold_a_policy_at_once",
            f"{WRITERS}_a_killed_writers_policy_is_left_alone_until_its_lease_ends",
        ),
    ),
    Mutant(
        "lease: whoever lost it may still keep things",
        (
            Edit(
                "adapters/leases.py",
                "lease_owner = :me AND lease_until >= :now",
                "lease_owner = :me OR lease_until >= :now",
            ),
        ),
        ("tests/adapters/test_leases.py::test_a_lease_that_ran_out_can_be_taken_and_the_old_owner_cant_keep_anything",),
    ),
    Mutant(
        "lease: shorter than a function may run",
        (Edit("settings.py", "LEASE_SECONDS = 90", "LEASE_SECONDS = 30"),),
        (f"{LEASES}_lease_outlives_its_function",),
    ),
    Mutant(
        "drift: an edit isn't noticed",
        (
            Edit(
                "reconcile/noticing.py",
                "        _merge(run, record, held)\n        return True\n",
                "        return False\n",
            ),
        ),
        (
            f"{EDITS}_while_open_is_kept[sweep-user-inline]",
            "tests/reconcile/test_versions.py::test_an_edit_by_a_new_version_is_kept_and_ours_go",
        ),
    ),
    Mutant(
        "drift: an edit takes our statements into the baseline",
        (Edit("reconcile/noticing.py", "baseline=merged.text", "baseline=held.text"),),
        (
            f"{EDITS}_while_open_is_kept[sweep-user-inline]",
            f"{EDITS}_made_while_a_narrowing_was_cut_off_is_merged_into_what_was_written",
        ),
    ),
    Mutant(
        "not-after: an hour later in the policy than promised",
        _LATER,
        (
            "tests/policy/test_check.py::test_an_opening_of_every_action_is_right",
            "tests/reconcile/test_checking.py::test_the_right_text_passes_on_every_sample",
        ),
    ),
    Mutant(
        "not-after: the same, and the check before a write is off",
        (
            *_LATER,
            Edit("reconcile/checking.py", "return None if finding is None else (", "return None if True else ("),
        ),
        (
            "tests/reconcile/test_life.py::test_the_first_signal_opens_both_eras_objects_from_anywhere",
            f"{DEATHS}[open]",
        ),
    ),
)


class MutantError(RuntimeError):
    """The code isn't as an edit expects it, so that the mutant has to be brought up to date."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the tree.

    Attributes:
        folder: where it is.
    """

    folder: Path

    @contextmanager
    def broken(self, mutant: Mutant) -> Iterator[None]:
        """Break the copy for as long as the context lasts."""
        package = self.folder / "lambdas" / "airlock"
        before = {edit.file: (package / edit.file).read_text() for edit in mutant.edits}
        try:
            for edit in mutant.edits:
                text = (package / edit.file).read_text()
                if text.count(edit.old) != 1:
                    raise MutantError(f"{mutant.name}: {edit.file} holds {text.count(edit.old)} times {edit.old!r}")
                (package / edit.file).write_text(text.replace(edit.old, edit.new))
            yield
        finally:
            for file, text in before.items():
                (package / file).write_text(text)

    def failing(self, tests: Sequence[str]) -> dict[str, bool]:
        """Run tests in the copy; which of them fail.

        Raises:
            MutantError: they couldn't be run.
        """
        path = os.pathsep.join(map(str, (self.folder, self.folder / "lambdas")))
        command = [sys.executable, "-m", "pytest", "-q", "-rfE", "--tb=no", "-p", "no:cacheprovider", *tests]
        # No bytecode: its age is told in seconds, within which an edit may come and go.
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        ran = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PYTEST_SECONDS,
            check=False,
        )
        if ran.returncode not in (0, 1):
            raise MutantError(f"pytest ended with {ran.returncode}:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
        bad = [line.split(" ", 1)[1] for line in ran.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        return {test: any(line.startswith(test) for line in bad) for test in tests}


@contextmanager
def a_copy() -> Iterator[Copy]:
    """Copy what the tests need; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="airlock-mutants-") as name:
        folder = Path(name)
        for part in COPIED:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / part, folder / part)
        yield Copy(folder)


def main() -> int:
    """Run all tests that are named on the whole airlock, then each mutant's on the mutant; 1 if one survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.mutants", description=__doc__)
    parser.add_argument("only", nargs="?", default="", help="mutants whose name holds this")
    only = parser.parse_args().only
    mutants = [mutant for mutant in MUTANTS if only in mutant.name]
    console = Console(width=130)
    table = Table(title="Broken on purpose", title_justify="left")
    for heading in ("what is broken", "test", "on the whole airlock", "on the broken one"):
        table.add_column(heading, overflow="fold")
    named = sorted({test for mutant in mutants for test in mutant.tests})
    with ThreadPoolExecutor(os.cpu_count()) as pool, a_copy() as copy:
        whole = copy.failing(named)
        results = list(pool.map(_try, mutants))
    survived = 0
    for mutant, failing in zip(mutants, results, strict=True):
        for test in mutant.tests:
            survived += whole[test] or not failing[test]
            told = "fails" if failing[test] else "PASSES"
            table.add_row(mutant.name, escape(test), "FAILS" if whole[test] else "passes", told)
    console.print(table)
    console.print(f"{len(mutants)} mutants, {survived} tests that don't tell them from the whole airlock")
    return 1 if survived else 0


def _try(mutant: Mutant) -> dict[str, bool]:
    with a_copy() as copy, copy.broken(mutant):
        return copy.failing(mutant.tests)


if __name__ == "__main__":
    sys.exit(main())
