"""What the watcher costs: `make bench`.

Numbers to read, never a reason to fail: only an error gives an exit status other than 0.
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from airlock.handlers.observability import logger
from tests.bench.calls import calls_to_the_first_write, repeated
from tests.bench.growth import growth
from tests.bench.proof import proof_times
from tests.bench.start import START_AIM, start_times
from tests.reconcile.account import KINDS

CALLS_AIM = 12


def main() -> None:
    """Measure, and print four tables."""
    console = Console(width=110)
    logger.setLevel("ERROR")  # the watcher's own lines would stand between the tables
    _show_start(console)
    _show_calls(console)
    _show_growth(console)
    _show_proofs(console)


def _show_start(console: Console) -> None:
    times = start_times()
    table = Table(title="Cold start, in this run's own measure", title_justify="left")
    for heading in ("what", "median ms", "fastest ms", "ratio"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for one in times.values():
        table.add_row(one.what, f"{one.median:.0f}", f"{one.fastest:.0f}", f"{one.ratio:.2f}")
    console.print(table)
    console.print(f"aim: at most {START_AIM}; {_verdict(met=times['watcher'].ratio <= START_AIM)}\n")


def _show_calls(console: Console) -> None:
    table = Table(title="AWS calls from the first signal to the first policy write", title_justify="left")
    for heading in ("policy", "calls", "repeated", "in order"):
        table.add_column(heading, justify="right" if heading in ("calls", "repeated") else "left")
    met = True
    for kind in KINDS:
        calls = calls_to_the_first_write(kind)
        again = repeated(calls)
        met = met and len(calls) <= CALLS_AIM and not again
        table.add_row(kind, str(len(calls)), ", ".join(again) or "none", ", ".join(name for name, _ in calls))
    console.print(table)
    console.print(f"aim: at most {CALLS_AIM}, none repeated with the same parameters; {_verdict(met=met)}\n")


def _show_growth(console: Console) -> None:
    table = Table(title="One policy with more and more grants in it", title_justify="left")
    for heading in ("grants", "render ms", "to one grant", "characters", "to one grant"):
        table.add_column(heading, justify="right")
    rows = growth()
    for row in rows:
        time_ratio, size_ratio = row.milliseconds / rows[0].milliseconds, row.characters / rows[0].characters
        table.add_row(
            str(row.grants), f"{row.milliseconds:.2f}", f"{time_ratio:.1f}", f"{row.characters:,}", f"{size_ratio:.1f}"
        )
    console.print(table)
    console.print(
        "IAM's limits: a user's inline policies 2,048, a group's 5,120, a managed policy 6,144, a role's 10,240"
    )


def _show_proofs(console: Console) -> None:
    table = Table(title="Proofs that the sample policies open exactly what they should", title_justify="left")
    for heading in ("policy", "rewritings", "proven", "median ms", "slowest ms", "all, seconds"):
        table.add_column(heading, justify="left" if heading == "policy" else "right")
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


def _verdict(*, met: bool) -> str:
    return "met" if met else "not met"


if __name__ == "__main__":
    main()
