"""What a simulated day comes to, in numbers, and which of them have to be what they are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import mean, median, quantiles

from moto.dynamodb.models import dynamodb_backends
from moto.logs.models import logs_backends

from airlock.adapters.iam import IamPolicies
from airlock.adapters.ledger import DynamoLedger
from airlock.grants.approval import Form
from airlock.grants.grant import Grant
from airlock.policy.place import PolicyKind
from tests.simulation.cost import Cost
from tests.simulation.day import LEDGER, Day
from tests.simulation.functions import Function
from tests.simulation.line import HOME
from tests.simulation.nodes import Node
from tests.simulation.population import ACCOUNT

ALL = "all"


@dataclass(frozen=True, slots=True)
class Served:
    """What came of the first tries of one sort of principals.

    Attributes:
        character: which sort, or all.
        installs: how many.
        first: how many got their file at once.
        enforced: how many would have, if IAM took 15 s to enforce what it holds.
        rescued: how many got it after a reboot.
    """

    character: str
    installs: int
    first: int
    enforced: int
    rescued: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Numbers, by their middle and their ends."""

    middle: float
    most: float
    nearly_most: float
    average: float

    @classmethod
    def of(cls, numbers: list[float]) -> Spread:
        """Of some numbers; all zero where there are none."""
        if not numbers:
            return cls(0, 0, 0, 0)
        nearly = quantiles(numbers, n=20, method="inclusive")[-1] if len(numbers) > 1 else numbers[0]
        return cls(median(numbers), max(numbers), nearly, mean(numbers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A day's numbers.

    Attributes:
        policies: how many there are.
        baselines_back: of how many IAM holds the first text, to the byte.
        versions_left: managed policies' versions that the airlock made and left behind.
        records_left: baselines that the ledger still holds.
        unfinished: grants that haven't ended.
        served: what came of the fetches.
        never_served: of those that didn't get their file, why their grants ended.
        doubtful: fetches whose outcome couldn't be told.
        strays: requests for another object that were let through, lifts left out.
        endings: grants by how they ended.
        wider: grants that were opened wider than asked.
        writes: policy writes that IAM took.
        unaudited: texts that IAM has held without an audit line.
        calls: AWS calls of the watcher for each install, and of each sweep.
        holes: how many; and their lengths in seconds.
        past: holes that were open past their not-after time.
        closing: seconds from the end of a node to the end of its hole.
        ledger: the ledger's items by kind: how many, and bytes.
        scans: how many scans were made of it.
        costs: sweeps beside more and more closed grants.
    """

    policies: int
    baselines_back: int
    versions_left: int
    records_left: int
    unfinished: int
    served: list[Served]
    never_served: Counter[str]
    doubtful: int
    strays: int
    endings: Counter[str]
    wider: Counter[str]
    writes: int
    unaudited: int
    watcher_calls: float
    sweep_calls: Spread
    sweep_items: Spread
    holes: int
    hole_seconds: Spread
    past: int
    closing: Spread
    ledger: dict[str, tuple[int, int]]
    scans: int
    costs: list[Cost]

    def failures(self) -> list[str]:
        """What isn't as it must be, in words; nothing if all is well."""
        return [words for words, fine in self._rules() if not fine]

    def _rules(self) -> Iterator[tuple[str, bool]]:
        yield "some policies aren't back to their first text", self.baselines_back == self.policies
        yield "versions of managed policies were left behind", self.versions_left == 0
        yield "the ledger still holds baselines", self.records_left == 0
        yield "some grants haven't ended", self.unfinished == 0
        yield "some holes were open past their not-after time", self.past == 0
        yield "another object was let through without a lift", self.strays == 0
        yield "the outcome of some fetches can't be told", self.doubtful == 0
        yield "IAM has held a text that no audit line tells of", self.unaudited == 0
        yield "the ledger was scanned", self.scans == 0
        sweeps = {(cost.open_grants, cost.calls, cost.items_read) for cost in self.costs}
        yield "a sweep costs more with more closed grants", len(sweeps) == 1


def figures(day: Day, costs: list[Cost]) -> Figures:
    """Take a day's numbers."""
    grants = day.grants()
    held = IamPolicies(day.aside.iam)
    texts = day.population.texts
    nodes = list(day.nodes.by_instance.values())
    managed = [place.holder for place in texts if place.kind is PolicyKind.MANAGED]
    versions = [len(day.aside.iam.list_policy_versions(PolicyArn=arn)["Versions"]) for arn in managed]
    ledger = DynamoLedger(day.aside.dynamodb, LEDGER, "aside", day.timeline)
    scopes = {place.holder for place in texts} | {member.arn for member in day.population.members}
    sweeps = day.sweeper.runs
    return Figures(
        policies=len(texts),
        baselines_back=sum((now := held.read(place)) is not None and now.text == text for place, text in texts.items()),
        versions_left=sum(versions) - len(versions),
        records_left=sum(len(ledger.look(scope).policies) for scope in scopes),
        unfinished=len(ledger.unfinished()),
        served=_served(nodes),
        never_served=Counter(_ending(grants.get(node.cluster.grant)) for node in nodes if node.served is None),
        doubtful=sum(node.doubtful for node in nodes),
        strays=sum(node.strays for node in nodes if not _was_lifted(node, grants)),
        endings=Counter(_ending(grants.get(cluster.grant)) for cluster in day.clusters),
        wider=Counter(
            str(grant.progress.form)
            for grant in grants.values()
            if grant.progress.opened_at and grant.progress.form is not Form.SCOPED
        ),
        writes=day.mirror.writes,
        unaudited=len(day.mirror.seen - _audited()),
        watcher_calls=sum(sum(run.tally.calls.values()) for run in day.watcher.runs) / len(day.clusters),
        sweep_calls=Spread.of([float(sum(run.tally.calls.values())) for run in sweeps]),
        sweep_items=Spread.of([float(run.tally.items_read) for run in sweeps]),
        holes=len(day.holes.all),
        hole_seconds=Spread.of(
            [(hole.closed - hole.opened).total_seconds() for hole in day.holes.all if hole.closed is not None]
        ),
        past=len(day.holes.past) + sum(hole.closed is None for hole in day.holes.all),
        closing=Spread.of(list(_closing(day))),
        ledger=_ledger(),
        scans=sum(_made(function, "Scan") for function in (day.watcher, day.sweeper)),
        costs=costs,
    )


def _served(nodes: list[Node]) -> list[Served]:
    """A row for each sort of principals, and one for all."""
    rows = []
    for character in (*dict.fromkeys(node.cluster.member.character for node in nodes), ALL):
        those = [node for node in nodes if character in (ALL, node.cluster.member.character)]
        first = sum(node.served is not None and node.served == node.asked[0] for node in those)
        rows.append(
            Served(
                character=character,
                installs=len(those),
                first=first,
                enforced=sum(node.by_then and node.served == node.asked[0] for node in those),
                rescued=sum(node.served is not None for node in those) - first,
            )
        )
    return rows


def _ending(grant: Grant | None) -> str:
    if grant is None:
        return "never heard of"
    state, reason = str(grant.progress.state), grant.progress.reason
    return f"{state}: {reason}" if reason and reason not in state else state


def _was_lifted(node: Node, grants: dict[str, Grant]) -> bool:
    """Whether the principal has had a deny lifted in the day, which lets everything through."""
    return any(
        grant.progress.form is Form.LIFTED and grant.facts.principal == node.cluster.member.arn
        for grant in grants.values()
    )


def _closing(day: Day) -> Iterator[float]:
    """From the call that ends a node to the end of its hole, where that call is what closed it."""
    for hole in day.holes.all:
        node = day.nodes.by_instance[hole.cluster.install.bootstrap]
        if node.served is None or hole.closed is None:
            continue
        ends = next((at for at, _ in hole.cluster.ending(node.served)), None)
        if ends is not None and hole.opened < ends <= hole.closed:
            yield (hole.closed - ends).total_seconds()


def _audited() -> set[str]:
    stream = logs_backends[ACCOUNT][HOME].groups["audit"].streams["simulation"]
    lines = [json.loads(event.message) for event in stream.events]
    return {line["after_sha256"] for line in lines if line["kind"] == "policy-write"}


def _ledger() -> dict[str, tuple[int, int]]:
    """The items of the ledger by the first part of their keys."""
    items: dict[str, tuple[int, int]] = {}
    for item in dynamodb_backends[ACCOUNT][HOME].tables[LEDGER].all_items():
        kind = item.hash_key.value.partition("#")[0]
        many, size = items.get(kind, (0, 0))
        items[kind] = many + 1, size + item.size()
    return dict(sorted(items.items()))


def _made(function: Function, call: str) -> int:
    return sum(run.tally.calls[call] for run in function.runs)
