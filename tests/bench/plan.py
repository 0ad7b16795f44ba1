"""How long it takes to plan the opening of a policy: the diagnosis, the rewriting and the check, without any AWS.

It waits for nothing, so the time that it has the processor for is measured: what else runs there doesn't count.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from time import process_time

from airlock.install.names import Era
from airlock.policy.exemption import Exemption
from airlock.policy.place import PolicyKind
from airlock_cli.plan.planning import plan
from tests.policy.proof.samples import NAMES, text_of
from tests.policy.strategies import NOW, exemption

PLAN_AIM = 2.0
AIMED_AT = "aws-example"
ROUNDS = 101


@dataclass(frozen=True, slots=True)
class PlanTime:
    """How long the plan of one sample policy took.

    Attributes:
        policy: the sample's name.
        asked: what is to be opened, in words.
        median: milliseconds.
        fastest: milliseconds.
    """

    policy: str
    asked: str
    median: float
    fastest: float


def plan_times() -> list[PlanTime]:
    """Plan each sample, each time for an install that wasn't seen before, so that nothing of it is remembered."""
    return [_timed(name, asked) for name in NAMES for asked in ASKED]


def _timed(name: str, asked: str) -> PlanTime:
    text = text_of(name)
    times = []
    for number in range(ROUNDS + 1):
        wanted = ASKED[asked](number)
        began = process_time()
        plan(text, wanted, PolicyKind.ROLE_INLINE, NOW)
        if number:  # the first round only warms up
            times.append((process_time() - began) * 1000)
    return PlanTime(name, asked, median(times), min(times))


def first_signal(number: int) -> Exemption:
    """What a first signal asks for: the objects of both eras, and nothing known of network and region."""
    return exemption(f"lab-{number:05}", region=None, minutes=60 + number)


def narrowed(number: int) -> Exemption:
    """What a grant comes to: the object, the region and the VPC are known."""
    return exemption(f"lab-{number:05}", era=Era.CAPA, vpc=f"vpc-{number:017}", minutes=60 + number)


ASKED = {"first signal": first_signal, "narrowed": narrowed}
