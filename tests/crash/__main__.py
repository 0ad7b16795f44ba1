"""Every death of every scenario, and a sample of double ones: `make crash`."""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from time import perf_counter

from rich.console import Console
from rich.table import Table

from tests.crash.explore import Finding, all_of, quiet, twice_in
from tests.crash.scenarios import SCENARIOS, Doing, Where

TWICE = (Doing.OPEN, Doing.OPEN_TWO, Doing.NARROW, Doing.END, Doing.APPROVED)
SHOWN = 5


def main() -> int:
    """Try them all, and print a line for each and a table; 1 if anything went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("only", nargs="?", default="", help="scenarios whose name holds this")
    parser.add_argument("--no-double", action="store_true", help="leave double deaths out")
    told = parser.parse_args()
    chosen = [one for one in SCENARIOS if told.only in str(one)]
    twice = [] if told.no_double else [one for one in chosen if one.doing in TWICE]
    began = perf_counter()
    console = Console(width=130)
    found: list[Finding] = []
    processes = ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), quiet)
    with processes as pool:
        work = {pool.submit(all_of, one): str(one) for one in chosen}
        work |= {pool.submit(twice_in, one): f"{one}, twice" for one in twice}
        for done in as_completed(work):
            found.append(done.result())
            _tell(console, work[done], found[-1])
    console.print(_table(found))
    tried = sum(one.tried for one in found)
    wrong = sum(len(one.failures) for one in found)
    console.print(f"{tried} crash points in {len(work)} runs, {wrong} failures, {perf_counter() - began:.0f} seconds")
    return 1 if wrong else 0


def _tell(console: Console, name: str, finding: Finding) -> None:
    console.print(f"{name:66} {finding.tried:4} tried, {len(finding.failures)} failures, {finding.seconds:.0f} s")
    for failure in finding.failures[:SHOWN]:
        console.print(f"  {failure}", markup=False, soft_wrap=True)


def _table(found: Iterable[Finding]) -> Table:
    tried: dict[tuple[Doing, Where], int] = defaultdict(int)
    wrong: dict[tuple[Doing, Where], int] = defaultdict(int)
    for one in found:
        tried[one.scenario.doing, one.scenario.where] += one.tried
        wrong[one.scenario.doing, one.scenario.where] += len(one.failures)
    table = Table(title="Crash points tried (failures)", title_justify="left")
    table.add_column("what the process was at")
    for where in Where:
        table.add_column(where, justify="right")
    for doing in Doing:
        cells = [f"{tried[doing, where]} ({wrong[doing, where]})" for where in Where]
        table.add_row(doing, *cells)
    return table


if __name__ == "__main__":
    sys.exit(main())
