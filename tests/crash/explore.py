"""All deaths of a scenario, or some of them, and what they led to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from time import perf_counter
from unittest.mock import patch

from airlock.handlers.observability import logger
from tests.crash.afterlife import Afterlife, Scene, Witness, live_on
from tests.crash.deaths import Deaths, Pick
from tests.crash.scenarios import SCENARIOS, WINDOW_MINUTES, Doing, Scenario, Where, stage
from tests.crash.verdict import problems
from tests.reconcile.account import Account, an_account

TWICE = (7, 5)
"""A sample of double deaths: each seventh first one, and after each of those each fifth second one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of a scenario.

    Attributes:
        scenario: the scenario.
        offered: how many single deaths there are to try.
        tried: how many deaths were tried, double ones included.
        failures: all that went wrong.
        seconds: how long it took.
    """

    scenario: Scenario
    offered: int
    tried: int
    failures: tuple[str, ...]
    seconds: float


def every(step: int, offset: int = 0) -> Pick:
    """Pick each so-manieth death."""
    return lambda number: number % step == offset % step


def explore(scenario: Scenario, pick: Pick, again: Pick | None = None) -> Finding:
    """Let a scenario's process die at each picked call, and judge what is left.

    Args:
        scenario: the scenario.
        pick: which deaths are tried.
        again: after each of those, which deaths of the first sweeps are tried too; None for none.
    """
    _warm_up()
    began = perf_counter()
    with _an_account() as account:
        ready = stage(account, scenario)
        witness = Witness(account, ready)
        deaths = Deaths(account, wrote=witness.wrote)
        scene = Scene(account, ready, witness, deaths)
        with deaths.at_hand():
            deaths.dying(ready.act, pick, lambda death: live_on(scene, Afterlife((death,)), again))
    failures: list[str] = []
    for report in deaths.reports:
        failures += problems(ready, report) if isinstance(report, Afterlife) else [str(report)]
    return Finding(scenario, deaths.offered, len(deaths.reports), tuple(failures), perf_counter() - began)


@cache
def _warm_up() -> None:
    """Live through one install, so that no child has to import, compile and look up what all of them need."""
    with _an_account() as account:
        stage(account, Scenario(Where.MANAGED, Doing.WIDEN)).act()
        for seconds in (60, WINDOW_MINUTES * 60):
            account.sweep(seconds)


@contextmanager
def _an_account() -> Iterator[Account]:
    # Spare moto the seconds that it takes to load Amazon's images.
    with patch.dict(os.environ, MOTO_EC2_LOAD_DEFAULT_AMIS="false"), an_account() as account:
        yield account


def all_of(scenario: Scenario) -> Finding:
    """Try every single death of a scenario."""
    return explore(scenario, every(1))


def twice_in(scenario: Scenario) -> Finding:
    """Try a sample of a scenario's double deaths; of each scenario another one, so that all are met somewhere."""
    first, second = (every(step, SCENARIOS.index(scenario)) for step in TWICE)
    return explore(scenario, first, second)


def quiet() -> None:
    """Let the handlers log nothing."""
    logger.setLevel("ERROR")
