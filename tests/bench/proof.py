"""How long it takes to prove a sample policy's rewritings, and how much there is to it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from time import perf_counter

from tests.policy.proof.patterns import kinds
from tests.policy.proof.prove import disproof
from tests.policy.proof.samples import CASES, NAMES, sample
from tests.policy.proof.space import Reading


@dataclass(frozen=True, slots=True)
class ProofTime:
    """One sample policy's proofs: every case, in both readings of a resource.

    Attributes:
        policy: the sample's name.
        rewritings: how many were tried.
        proven: how many of them open exactly what they should.
        median: milliseconds for one.
        slowest: milliseconds for the one that took longest.
        seconds: for all of them.
    """

    policy: str
    rewritings: int
    proven: int
    median: float
    slowest: float
    seconds: float


def proof_times() -> list[ProofTime]:
    """Prove each sample policy in each case, from nothing: what strings there can be is worked out again each time."""
    rows = []
    for name in NAMES:
        times, proven = [], 0
        for case in CASES:
            for reading in Reading:
                rewriting = sample(name, case)
                kinds.cache_clear()
                began = perf_counter()
                proven += disproof(rewriting, reading) is None
                times.append((perf_counter() - began) * 1000)
        rows.append(ProofTime(name, len(times), proven, median(times), max(times), sum(times) / 1000))
    return rows
