"""The bootstrap nodes: whether each gets its file, what its console shows, and what a reboot changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from airlock.policy.evaluate import Request, denied
from airlock.policy.truth import Truth
from airlock.records import Instance
from tests import consoles
from tests.simulation.installs import FETCH_AFTER, Cluster
from tests.simulation.line import Line
from tests.simulation.mirror import Mirror
from tests.simulation.timeline import Timeline

_BOOT_AGAIN = timedelta(seconds=90)
_SHOWN_AFTER = timedelta(seconds=5)
"""How long EC2 may take to show what was launched."""
_SHOWN_UNTIL = timedelta(hours=1)
"""How long EC2 shows what was terminated (EC2 user guide, "Terminate instances")."""
ENFORCED_AFTER = timedelta(seconds=15)
"""How long IAM may take to enforce what it holds; the propagation that the airlock reckons with."""


@dataclass(slots=True)
class Node:
    """One bootstrap node.

    Attributes:
        cluster: its install.
        console: what its serial console shows.
        asked: when it asked for its file, each time.
        served: when it got it; None until then.
        by_then: whether it would have got it at its first try if IAM took some seconds to enforce what it holds.
        reboots: how often it was rebooted.
        strays: requests for another object that were let through.
        doubtful: tries whose outcome can't be told from the policies.
        ended: when it was terminated; None while it is there.
    """

    cluster: Cluster
    console: str = ""
    asked: list[datetime] = field(default_factory=list)
    served: datetime | None = None
    by_then: bool = False
    reboots: int = 0
    strays: int = 0
    doubtful: int = 0
    ended: datetime | None = None

    def is_shown(self, now: datetime) -> bool:
        """Whether EC2 tells of it: not at once, and not for ever."""
        return self.cluster.launched + _SHOWN_AFTER <= now and (self.ended is None or now < self.ended + _SHOWN_UNTIL)


class Nodes:
    """All nodes, as EC2 would tell of them.

    Attributes:
        by_instance: by instance ID.
    """

    def __init__(self, timeline: Timeline, mirror: Mirror, served: Callable[[Cluster, datetime], None]) -> None:
        self._timeline = timeline
        self._mirror = mirror
        self._served = served
        self.by_instance: dict[str, Node] = {}

    def launch(self, cluster: Cluster) -> None:
        """Plan a node's first try."""
        node = Node(cluster)
        self._timeline.at(cluster.launched, lambda: self.by_instance.update({cluster.install.bootstrap: node}))
        self._timeline.at(cluster.launched + FETCH_AFTER, lambda: self._ask(node))

    def reboot(self, instance_id: str) -> None:
        """Reboot a node; it asks again."""
        node = self.by_instance[instance_id]
        node.reboots += 1
        self._timeline.after(_BOOT_AGAIN.total_seconds(), lambda: self._ask(node))

    def end(self, cluster: Cluster, at: datetime) -> None:
        """Plan a node's end."""

        def end() -> None:
            self.by_instance[cluster.install.bootstrap].ended = at

        self._timeline.at(at, end)

    def shown(self, region: str) -> dict[str, Node]:
        """What EC2 tells of in a region at this moment, by instance ID."""
        now = self._timeline.now()
        return {
            instance_id: node
            for instance_id, node in self.by_instance.items()
            if node.cluster.install.region == region and node.is_shown(now)
        }

    def lets_through(self, cluster: Cluster, requests: list[Request], at: datetime | None = None) -> Truth:
        """Whether no policy of the installer's denies these requests, by the texts of now or of an earlier moment."""
        truth = Truth.TRUE
        for place in cluster.member.places:
            document = self._mirror.document(place, at)
            for request in requests:
                truth &= ~denied(document, request).truth
        return truth

    def _ask(self, node: Node) -> None:
        now, cluster = self._timeline.now(), node.cluster
        fetch = cluster.fetch(now)
        outcome = self.lets_through(cluster, fetch)
        if not node.asked:
            node.by_then = self.lets_through(cluster, fetch, now - ENFORCED_AFTER) is Truth.TRUE
        node.asked.append(now)
        node.doubtful += outcome is Truth.UNKNOWN
        node.strays += self.lets_through(cluster, cluster.control(now)) is not Truth.FALSE
        if outcome is Truth.TRUE:
            node.served = now
            node.console += consoles.fetched(cluster.install)
            self._served(cluster, now)
        else:
            node.console += consoles.refused(cluster.install)


class Ec2:
    """The port :class:`airlock.ports.Machines`, by one function's way to AWS."""

    def __init__(self, nodes: Nodes, line: Line) -> None:
        self._nodes = nodes
        self._line = line

    def instances(self, region: str, infra_ids: Sequence[str]) -> list[Instance]:
        """The bootstrap nodes of these installs; the day has no other instances."""
        self._line.other("DescribeInstances")
        return [
            Instance(
                instance_id=instance_id,
                infra_id=node.cluster.install.infra_id,
                is_bootstrap=True,
                launched=node.cluster.launched,
                ended=node.ended is not None,
            )
            for instance_id, node in self._nodes.shown(region).items()
            if node.cluster.install.infra_id in infra_ids
        ]

    def console(self, region: str, instance_id: str) -> str:
        """The console of an instance in its own region; empty for another region, or where there is none yet."""
        self._line.other("GetConsoleOutput")
        node = self._nodes.by_instance.get(instance_id)
        return node.console if node and node.cluster.install.region == region else ""

    def is_bootstrap_of(self, region: str, instance_id: str, infra_id: str) -> bool:
        """Whether it is this install's node."""
        self._line.other("DescribeInstances")
        node = self._nodes.shown(region).get(instance_id)
        return node is not None and node.ended is None and node.cluster.install.infra_id == infra_id

    def reboot(self, region: str, instance_id: str) -> None:
        """Reboot it."""
        del region
        self._line.other("RebootInstances")
        self._nodes.reboot(instance_id)
