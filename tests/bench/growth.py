"""How the work grows with the number of grants in one policy, and with the number of its statements.

As in plan.py, only the time on the processor counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import process_time

from airlock.policy.check import check
from airlock.policy.document import parse_document, size_of, statements_of
from airlock.policy.place import PolicyKind
from airlock.policy.render import render
from airlock_cli.plan.planning import plan
from tests.bench.plan import narrowed
from tests.policy.proof.samples import text_of
from tests.policy.strategies import NOW

GROWTH_AIM = 1.3
GRANTS = (1, 2, 3, 5, 10, 15, 20)
STATEMENTS = (1, 2, 3, 4, 6, 8, 10)
ROUNDS = 25


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement.

    Attributes:
        units: how many grants, or statements.
        milliseconds: the fastest time; what else the machine does only ever adds to it.
        characters: of the text that comes out, white space not counted.
    """

    units: int
    milliseconds: float
    characters: int

    @property
    def each(self) -> float:
        """Milliseconds for one of the units."""
        return self.milliseconds / self.units


def by_grants(then: Callable[[str, str, int], object] = lambda *_: None) -> list[Row]:
    """Render AWS's example with 1 to 20 grants, each with its own VPC and end time: the costliest kind.

    Args:
        then: what else is done with the baseline, the text and the number of grants.
    """
    baseline = text_of("aws-example")

    def work(grants: int) -> str:
        text = render(baseline, [narrowed(number) for number in range(grants)], NOW)
        then(baseline, text, grants)
        return text

    return _measured(GRANTS, work)


def by_grants_checked() -> list[Row]:
    """The same, and look at each text with the second pair of eyes, as the watcher does before it writes."""

    def look(baseline: str, text: str, grants: int) -> object:
        open_here = [narrowed(number) for number in range(grants)]
        return check(parse_document(baseline), parse_document(text), open_here, NOW)

    return by_grants(look)


def by_statements() -> list[Row]:
    """Plan one opening of a role's policy that holds AWS's example statement 1 to 10 times: as often as it fits."""
    (statement,) = statements_of(parse_document(text_of("aws-example")))
    texts = {
        many: json.dumps({"Version": "2012-10-17", "Statement": [statement | {"Sid": f"Net{n}"} for n in range(many)]})
        for many in STATEMENTS
    }

    def work(statements: int) -> str:
        return plan(texts[statements], narrowed(0), PolicyKind.ROLE_INLINE, NOW).after

    return _measured(STATEMENTS, work)


def steepness(rows: Sequence[Row]) -> float:
    """The time for each of the most units, to that for each of a middling number: 1 where growth is linear."""
    return rows[-1].each / rows[len(rows) // 2].each


def _measured(units: Sequence[int], work: Callable[[int], str]) -> list[Row]:
    """Time each number of units in turn, several times, so that whatever else the machine does falls on all alike."""
    times: dict[int, list[float]] = {many: [] for many in units}
    texts: dict[int, str] = {}
    for _ in range(ROUNDS):
        for many in units:
            began = process_time()
            texts[many] = work(many)
            times[many].append((process_time() - began) * 1000)
    return [Row(many, min(times[many]), size_of(texts[many])) for many in units]
