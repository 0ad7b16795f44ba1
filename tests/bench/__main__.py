"""What the watcher costs: `make bench`.

Numbers to read, never a reason to fail: only an error gives an exit status other than 0. Arguments name some of the
tables, such as ``calls sizes``; without any, all are shown.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from airlock.handlers.observability import logger
from tests.bench.calls import calls_to_the_first_write, repeated
from tests.bench.growth import GROWTH_AIM, Row, by_grants, by_grants_checked, by_statements, steepness
from tests.bench.plan import AIMED_AT, PLAN_AIM, plan_times
from tests.bench.proof import proof_times
from tests.bench.sizes import RUNGS, sizes
from tests.bench.start import START_AIM, start_times
from tests.reconcile.account import KINDS

CALLS_AIM = 12
WORDS = ("what", "policy", "asked", "in order")
"""Headings of columns that hold words, not numbers."""


def main() -> None:
    """Measure, and print a table for each thing."""
    console = Console(width=110)
    logger.setLevel("ERROR")  # the watcher's own lines would stand between the tables
    shows = {
        "start": _show_start,
        "calls": _show_calls,
        "plans": _show_plans,
        "growth": _show_growth,
        "sizes": _show_sizes,
        "proofs": _show_proofs,
    }
    asked = sys.argv[1:] or list(shows)
    if unknown := [one for one in asked if one not in shows]:
        sys.exit(f"There is no table {', '.join(unknown)}; name some of {', '.join(shows)}, or none for all.")
    for one in asked:
        shows[one](console)


def _show_start(console: Console) -> None:
    times = start_times()
    table = _table("Cold start, in this run's own measure", "what", "median ms", "fastest ms", "ratio")
    for one in times.values():
        table.add_row(one.what, f"{one.median:.0f}", f"{one.fastest:.0f}", f"{one.ratio:.2f}")
    console.print(table)
    console.print(f"aim: at most {START_AIM}; {_verdict(met=times['watcher'].ratio <= START_AIM)}\n")


def _show_calls(console: Console) -> None:
    table = _table(
        "AWS calls from the first signal to the first policy write", "policy", "calls", "repeated", "in order"
    )
    met = True
    for kind in KINDS:
        calls = calls_to_the_first_write(kind)
        again = repeated(calls)
        met = met and len(calls) <= CALLS_AIM and not again
        table.add_row(kind, str(len(calls)), ", ".join(again) or "none", ", ".join(name for name, _ in calls))
    console.print(table)
    console.print(f"aim: at most {CALLS_AIM}, none repeated with the same parameters; {_verdict(met=met)}\n")


def _show_plans(console: Console) -> None:
    table = _table("Planning what opening a sample policy comes to", "policy", "asked", "median ms", "fastest ms")
    times = plan_times()
    for one in times:
        table.add_row(one.policy, one.asked, f"{one.median:.2f}", f"{one.fastest:.2f}")
    console.print(table)
    slowest = max(one.median for one in times if one.policy == AIMED_AT)
    verdict = _verdict(met=slowest <= PLAN_AIM)
    console.print(f"aim: a median of at most {PLAN_AIM:.0f} ms for {AIMED_AT}; it is {slowest:.2f} ms: {verdict}\n")


def _show_growth(console: Console) -> None:
    _show_rows(console, "Rendering AWS's example with more and more grants in it", "grants", by_grants())
    _show_rows(console, "The same, and the check before it is written", "grants", by_grants_checked())
    _show_rows(console, "Planning one opening of more and more statements", "statements", by_statements())


def _show_rows(console: Console, title: str, units: str, rows: Sequence[Row]) -> None:
    table = _table(title, units, "ms", "to one", "ms each", "to one", "characters", "to one")
    first = rows[0]
    for row in rows:
        table.add_row(
            str(row.units),
            f"{row.milliseconds:.2f}",
            f"{row.milliseconds / first.milliseconds:.1f}",
            f"{row.each:.3f}",
            f"{row.each / first.each:.2f}",
            f"{row.characters:,}",
            f"{row.characters / first.characters:.1f}",
        )
    console.print(table)
    ratio, most, middling = steepness(rows), rows[-1].units, rows[len(rows) // 2].units
    verdict = _verdict(met=ratio <= GROWTH_AIM)
    console.print(
        f"aim: linear, so that each of {most} takes at most {GROWTH_AIM} times what each of {middling} does; it is"
        f" {ratio:.2f}: {verdict}\n"
    )


def _show_sizes(console: Console) -> None:
    table = _table(
        "Characters of a policy once opened for a narrowed grant, to those before", "policy", "before", *RUNGS
    )
    for one in sizes():
        ratios = ["no form" if ratio is None else f"{ratio:.2f}" for ratio in one.ratios]
        table.add_row(one.policy, f"{one.characters:,}", *ratios)
    console.print(table)
    console.print(
        "IAM's limits: a user's inline policies 2,048, a group's 5,120, a managed policy 6,144, a role's 10,240\n"
    )


def _show_proofs(console: Console) -> None:
    title = "Proofs that the sample policies open exactly what they should"
    table = _table(title, "policy", "rewritings", "proven", "median ms", "slowest ms", "all, seconds")
    for row in proof_times():
        table.add_row(
            row.policy,
            str(row.rewritings),
            str(row.proven),
            f"{row.median:.0f}",
            f"{row.slowest:.0f}",
            f"{row.seconds:.1f}",
        )
    console.print(table)


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in WORDS else "right")
    return table


def _verdict(*, met: bool) -> str:
    return "met" if met else "not met"


if __name__ == "__main__":
    main()
