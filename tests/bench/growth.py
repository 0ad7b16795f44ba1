"""How rendering grows with the number of grants in one policy."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from time import perf_counter

from airlock.install.names import Era
from airlock.policy.document import size_of
from airlock.policy.render import render
from tests.policy.strategies import NOW, SAMPLES, exemption

GRANTS = (1, 2, 3, 5, 10, 15, 20)
ROUNDS = 15


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement.

    Attributes:
        grants: how many are open.
        milliseconds: the median time to render.
        characters: of the text, white space not counted.
    """

    grants: int
    milliseconds: float
    characters: int


def growth() -> list[Row]:
    """Render AWS's own example policy with 1 to 20 grants, each with its own VPC and end time: the costliest kind."""
    baseline = (SAMPLES / "aws-example.json").read_text()
    rows = []
    for grants in GRANTS:
        open_here = [
            exemption(f"lab-{number:05}", era=Era.CAPA, vpc=f"vpc-{number:017}", minutes=60 + number)
            for number in range(grants)
        ]
        times = []
        for _ in range(ROUNDS):
            began = perf_counter()
            text = render(baseline, open_here, NOW)
            times.append((perf_counter() - began) * 1000)
        rows.append(Row(grants, median(times), size_of(text)))
    return rows
