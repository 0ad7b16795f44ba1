"""A day's numbers as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from tests.simulation.day import Day
from tests.simulation.figures import Figures
from tests.simulation.functions import Function

Row = tuple[str, str]


def show(console: Console, day: Day, numbers: Figures) -> None:
    """Print the tables, and what isn't as it must be."""
    plan = day.plan
    title = f"{plan.installs} installs over {plan.principals} principals in {plan.hours:g} hours, seed {plan.seed}"
    _two_columns(console, title, [*_weather(day, numbers), *_safety(numbers), *_costs(day, numbers)])
    _show_served(console, numbers)
    _two_columns(console, "How the grants ended", _counted(numbers.endings))
    if numbers.never_served:
        _two_columns(console, "Of those whose node never got its file", _counted(numbers.never_served))
    _show_sweeps(console, numbers)
    for words in numbers.failures():
        console.print(f"FAILED: {words}")
    if not numbers.failures():
        console.print("All that must hold does.")


def _weather(day: Day, numbers: Figures) -> Iterator[Row]:
    functions = (day.watcher, day.sweeper)
    yield "events lost; delivered twice", f"{day.faults.lost:,}; {day.faults.doubled:,}"
    yield "runs of the watcher; of the sweeper", "; ".join(f"{len(one.runs):,}" for one in functions)
    yield "execution environments", "; ".join(str(one.environments) for one in functions)
    throttled = sum(run.tally.throttled for one in functions for run in one.runs)
    yield "calls that IAM throttled, retries among them", f"{throttled:,}"
    if day.plan.lost_answers:
        unanswered = sum(run.tally.unanswered for one in functions for run in one.runs)
        yield "calls that IAM carried out without an answer", f"{unanswered:,}"
    for name, one in (("watcher", day.watcher), ("sweeper", day.sweeper)):
        yield f"failed runs of the {name}", _failed(one)
    yield "events in the dead-letter queue", str(day.watcher.dead_letters)
    yield "grants that people were asked about", str(len(day.approvers.asked))
    yield "grants opened wider than asked", ", ".join(map(" ".join, _counted(numbers.wider))) or "none"


def _safety(numbers: Figures) -> Iterator[Row]:
    share = numbers.baselines_back / numbers.policies
    yield "policies back to the byte", f"{numbers.baselines_back} of {numbers.policies} ({share:.0%})"
    yield "holes", f"{numbers.holes:,}"
    yield "holes open past their not-after time", str(numbers.past)
    hole, closing = numbers.hole_seconds, numbers.closing
    yield "length of a hole, median; longest", f"{hole.middle / 60:.1f} min; {hole.most / 60:.1f} min"
    yield (
        "from a node's end to its hole's, median; 95 %; longest",
        f"{closing.middle:.0f} s; {closing.nearly_most:.0f} s; {closing.most:.0f} s",
    )
    yield "another object let through, lifts left out", str(numbers.strays)
    yield "texts that IAM held without an audit line", str(numbers.unaudited)
    yield "grants that haven't ended; baselines still kept", f"{numbers.unfinished}; {numbers.records_left}"
    yield "policy versions left behind", str(numbers.versions_left)


def _costs(day: Day, numbers: Figures) -> Iterator[Row]:
    installs = len(day.clusters)
    yield "policy writes for each install", f"{numbers.writes / installs:.2f}"
    yield "the watcher's AWS calls for each install", f"{numbers.watcher_calls:.0f}"
    for what, spread in (("AWS calls", numbers.sweep_calls), ("items read", numbers.sweep_items)):
        shown = f"{spread.average:.0f}; {spread.middle:.0f}; {spread.nearly_most:.0f}; {spread.most:.0f}"
        yield f"{what} of a sweep, mean; median; 95 %; most", shown
    longest = max(run.seconds for run in day.sweeper.runs)
    yield "longest sweep", f"{longest:.0f} s"
    many, size = (sum(column) for column in zip(*numbers.ledger.values(), strict=True))
    kinds = ", ".join(f"{kind} {count:,}" for kind, (count, _) in numbers.ledger.items())
    yield "the ledger afterwards", f"{many:,} items, {size / 1024:,.0f} KB ({kinds})"
    yield "scans of the ledger", str(numbers.scans)


def _show_served(console: Console, numbers: Figures) -> None:
    table = _table(
        "Fetches, 20 s after RunInstances", "principals", "installs", "served", "*", "after a reboot", "never"
    )
    for row in numbers.served:
        never = row.installs - row.first - row.rescued
        table.add_row(
            row.character,
            str(row.installs),
            _share(row.first, row.installs),
            _share(row.enforced, row.installs),
            _share(row.rescued, row.installs),
            _share(never, row.installs),
        )
    console.print(table)
    console.print("* as many, if IAM took 15 seconds to enforce what it holds\n")


def _show_sweeps(console: Console, numbers: Figures) -> None:
    table = _table(
        "A sweep beside more and more closed grants", "closed", "items in the ledger", "open", "calls", "items read"
    )
    for cost in numbers.costs:
        table.add_row(*(f"{n:,}" for n in (cost.closed, cost.items, cost.open_grants, cost.calls, cost.items_read)))
    console.print(table)


def _two_columns(console: Console, title: str, rows: list[Row]) -> None:
    table = _table(title, "what", "how much")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    console.print()


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    return table


def _counted(numbers: Counter[str]) -> list[Row]:
    return [(name, str(many)) for name, many in numbers.most_common()]


def _failed(function: Function) -> str:
    failures = Counter(run.failure for run in function.runs if run.failure)
    return ", ".join(f"{many} {name}" for name, many in failures.most_common()) or "none"


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.1%})" if part else "0"
