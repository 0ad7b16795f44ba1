"""One simulated day: functions, events, nodes and people, put together and run to the end."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import seed as seed_all

from airlock.adapters.answers import DynamoAnswers
from airlock.adapters.clients import Clients, make_clients
from airlock.adapters.ledger import DynamoLedger
from airlock.grants.grant import Grant
from airlock.handlers.sweeper import sweep_with
from airlock.handlers.watcher import act_on
from airlock.records import Simulation
from airlock.wiring import wire
from airlock_cli.replay.isolation import apart_from_the_caller, handlers_log_to
from airlock_cli.replay.world import make_ledger_table
from tests.events import Event
from tests.simulation.approvers import EVENT_SOURCE, Approvers
from tests.simulation.faults import Faults, Storm
from tests.simulation.functions import RETRIES, Environment, Function
from tests.simulation.holes import Holes
from tests.simulation.installs import FETCH_AFTER, Cluster, installs
from tests.simulation.line import HOME, Line, a_session, retries_in_virtual_time
from tests.simulation.mirror import Mirror
from tests.simulation.nodes import Ec2, Nodes
from tests.simulation.population import ACCOUNT, a_population
from tests.simulation.quick_moto import quick_moto
from tests.simulation.timeline import Timeline

START = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
LEDGER = "ledger"
_STORMS = (0.14, 0.39, 0.60, 0.86)
"""When in the day IAM throttles most calls; the second and the third are in a rush."""
_AT_MOST = timedelta(hours=16)
"""How long after the last install began the sweeps end whatever is left: the longest window, and more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated.

    Attributes:
        installs: how many.
        principals: of how many.
        seed: of all dice.
        hours: in how long.
        lost_answers: the share of IAM calls that are carried out and not answered.
    """

    installs: int = 1000
    principals: int = 200
    seed: int = 0
    hours: float = 24.0
    lost_answers: float = 0.002


class Day:
    """A day: it is put together, runs to its end, and leaves the account as it is then.

    Attributes:
        plan: what is simulated.
        population: who installs, and their policies.
        clusters: the installs.
        timeline: the time.
        faults: what goes wrong.
        mirror: the policies' texts.
        nodes: the bootstrap nodes.
        holes: what is open when.
        approvers: who is asked.
        watcher: the function that events start.
        sweeper: the function that each minute starts.
        aside: clients that nobody counts.
        open_grants: how many haven't ended, at each sweep.
    """

    def __init__(self, plan: Plan, each_hour: Callable[[int], None]) -> None:
        self._each_hour = each_hour
        length = timedelta(hours=plan.hours)
        self.plan = plan
        self.timeline = Timeline(START)
        storms = [Storm(START + length * share) for share in _STORMS]
        self.faults = Faults(plan.seed, storms, plan.lost_answers)
        self.population = a_population(plan.principals, plan.seed)
        self.clusters = installs(self.population.members, plan.installs, START, plan.hours, plan.seed)
        self.mirror = Mirror(self.population.texts, START)
        self.nodes = Nodes(self.timeline, self.mirror, self._goes_on)
        self.aside = make_clients(a_session())
        self._ledger = DynamoLedger(self.aside.dynamodb, LEDGER, "aside", self.timeline)
        answers = DynamoAnswers(self.aside.dynamodb, LEDGER)
        self.approvers = Approvers(self.timeline, answers, plan.seed, self._tell)
        self.holes = Holes(self.timeline, self.nodes, lambda grant_id: self.grants([grant_id]).get(grant_id))
        self.mirror.changed = self.holes.changed
        self.watcher = Function("watcher", self.timeline, self.environment, RETRIES, self.approvers.look)
        self.sweeper = Function("sweeper", self.timeline, self.environment, done=self.approvers.look)
        self.open_grants: list[tuple[datetime, int]] = []
        self._last = max(START + length, *(cluster.launched + FETCH_AFTER for cluster in self.clusters))
        _make_resources(self.aside)
        self.population.settle(self.aside.iam)
        self.population.approve_ahead(answers, START)

    def run(self) -> None:
        """Simulate it."""
        for cluster in self.clusters:
            self.holes.watch(cluster)
            self.nodes.launch(cluster)
            for at, event in cluster.signals():
                self._tell(at, event)
        self.timeline.at(START, self._each_minute)
        self.timeline.run()

    def grants(self, ids: Iterable[str] | None = None) -> dict[str, Grant]:
        """Grants by ID, as the ledger has them; those of all installs unless told otherwise."""
        wanted = [cluster.grant for cluster in self.clusters] if ids is None else ids
        return {grant.id: grant for grant in self._ledger.grants(wanted)}

    def environment(self, owner: str, table: str = LEDGER, faults: Faults | None = None) -> Environment:
        """The airlock's parts, wired as the template would have them, and their way to AWS."""
        line = Line(self.timeline, faults or self.faults, self.mirror)
        settings = {
            "AIRLOCK_ACCOUNT": ACCOUNT,
            "AIRLOCK_TABLE": table,
            "AIRLOCK_AUDIT_LOG_GROUP": "audit",
            "AIRLOCK_AUDIT_LOG_STREAM": "simulation",
            "AIRLOCK_NOTICES_TOPIC": f"arn:aws:sns:{HOME}:{ACCOUNT}:notices",
            "AIRLOCK_APPROVALS_TOPIC": f"arn:aws:sns:{HOME}:{ACCOUNT}:approvals",
            "AIRLOCK_EVENT_SOURCE": EVENT_SOURCE,
            "AIRLOCK_PRINCIPALS": self.population.settings(),
        }
        machines, simulator = Ec2(self.nodes, line), _NoSimulator(line)
        parts = wire(settings, line.clients, self.timeline, owner, machines=machines, simulator=simulator)
        return Environment(parts, line)

    def _tell(self, at: datetime, event: Event) -> None:
        """Let an event of that moment come to the watcher: once, twice or never, and later."""
        for arrival in self.faults.deliveries(at):
            self.watcher.invoke(arrival, partial(act_on, event))

    def _goes_on(self, cluster: Cluster, served: datetime) -> None:
        """Let an install end whose node has its file."""
        ending = list(cluster.ending(served))
        for at, event in ending:
            self._tell(at, event)
        if ending:
            self.nodes.end(cluster, min(at for at, _ in ending))

    def _each_minute(self) -> None:
        """Sweep, until the day is over and nothing is left."""
        now, last = self.timeline.now(), self._last
        unfinished = len(self._ledger.unfinished())
        if now.minute == 0:
            self._each_hour((now - START) // timedelta(hours=1))
        self.open_grants.append((now, unfinished))
        if now <= last or (unfinished and now <= last + _AT_MOST):
            self.sweeper.invoke(now, sweep_with)
            self.timeline.after(60, self._each_minute)


@contextmanager
def a_day(plan: Plan, each_hour: Callable[[int], None] = lambda _: None) -> Iterator[Day]:
    """Simulate a day; the account stays as it is until the context is left.

    Args:
        plan: what is simulated.
        each_hour: is told how many of its hours are over.
    """
    seed_all(plan.seed)  # botocore's jitter
    with apart_from_the_caller(ACCOUNT, "aws"), handlers_log_to(None), quick_moto(), _lazy_collector():
        day = Day(plan, each_hour)
        with retries_in_virtual_time(day.timeline):
            day.run()
        yield day


class _NoSimulator:
    """The port :class:`airlock.ports.Simulator`: moto has no policy simulator, but the call counts."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def ask(self, *_: object) -> Simulation:
        """Say that there is no answer."""
        self._line.other("SimulatePrincipalPolicy")
        return Simulation({}, None, "a simulated day has no simulator")


def _make_resources(aside: Clients) -> None:
    make_ledger_table(aside.dynamodb, LEDGER)
    aside.logs.create_log_group(logGroupName="audit")
    aside.logs.create_log_stream(logGroupName="audit", logStreamName="simulation")
    aside.sns.create_topic(Name="notices")
    aside.sns.create_topic(Name="approvals")


@contextmanager
def _lazy_collector() -> Iterator[None]:
    """Let Python look for garbage less often; it takes a tenth of the time otherwise."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
