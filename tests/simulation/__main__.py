"""A simulated day of installs: `make simulate`, or `python -m tests.simulation --installs 100 --principals 20`.

It fails if a policy isn't back to the byte, if a hole outlasts its time, or if a sweep costs more with more closed
grants; docs/testing.md tells the rest.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

from rich.console import Console

from tests.simulation.cost import costs
from tests.simulation.day import Plan, a_day
from tests.simulation.figures import figures
from tests.simulation.picture import draw
from tests.simulation.table import show

PICTURE = Path(".artifacts") / "simulation.png"


def main() -> int:
    """Simulate, print and draw."""
    plan = _plan()
    console = Console(width=120)
    began = monotonic()
    with ExitStack() as stack:
        with console.status("an hour takes some seconds") as status:
            day = stack.enter_context(a_day(plan, lambda hours: status.update(f"{hours} of {plan.hours:g} hours")))
            numbers = figures(day, costs(day))
        show(console, day, numbers)
        draw(day, PICTURE)
    console.print(f"It took {(monotonic() - began) / 60:.1f} minutes; the picture is {PICTURE}")
    return 1 if numbers.failures() else 0


def _plan() -> Plan:
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description="Simulate a day of installs.")
    parser.add_argument("--installs", type=_some, default=usual.installs)
    parser.add_argument("--principals", type=_some, default=usual.principals)
    parser.add_argument("--seed", type=int, default=usual.seed, help="the same seed gives the same day")
    parser.add_argument("--hours", type=float, default=usual.hours, help="in how many hours the installs begin")
    parser.add_argument("--lost-answers", type=float, default=usual.lost_answers, help="share of IAM calls, as 0.002")
    return Plan(**vars(parser.parse_args()))


def _some(told: str) -> int:
    number = int(told)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is too few")
    return number


if __name__ == "__main__":
    sys.exit(main())
