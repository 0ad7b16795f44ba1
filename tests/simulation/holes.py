"""Through which policies a node's fetch would get at each moment: holes, and how long each was open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from airlock.grants.approval import Form
from airlock.grants.grant import Grant, State
from airlock.policy.place import PolicyPlace
from airlock.policy.truth import Truth
from tests.simulation.installs import Cluster
from tests.simulation.nodes import Nodes
from tests.simulation.timeline import Timeline

_SECOND = timedelta(seconds=1)
_LATE = timedelta(minutes=15)
"""How much later than an install's start, and its window, its grant's time may be over at the latest."""


@dataclass(slots=True)
class Hole:
    """One time that the node's read of its file was let through, from where it would come.

    Attributes:
        cluster: the install.
        opened: since when.
        closed: until when; None while it is open.
    """

    cluster: Cluster
    opened: datetime
    closed: datetime | None = None


class Holes:
    """Every hole.

    Attributes:
        all: in the order in which they were opened.
        past: IDs of grants whose hole was open after their not-after time.
    """

    def __init__(self, timeline: Timeline, nodes: Nodes, grant: Callable[[str], Grant | None]) -> None:
        self._timeline = timeline
        self._nodes = nodes
        self._grant = grant
        self._watched: dict[PolicyPlace, list[Cluster]] = defaultdict(list)
        self._open: dict[str, Hole] = {}
        self._ends: dict[str, datetime] = {}
        self.all: list[Hole] = []
        self.past: set[str] = set()

    def watch(self, cluster: Cluster) -> None:
        """Look at an install's policies whenever one changes."""
        for place in cluster.member.places:
            self._watched[place].append(cluster)

    def changed(self, place: PolicyPlace) -> None:
        """Look at who is under a policy that has changed."""
        now = self._timeline.now()
        for cluster in self._watched[place]:
            if cluster.start <= now <= cluster.start + cluster.member.window + _LATE or cluster.grant in self._ends:
                self._look(cluster)

    def _look(self, cluster: Cluster) -> None:
        now, name = self._timeline.now(), cluster.grant
        is_open = self._nodes.lets_through(cluster, cluster.read(now)) is not Truth.FALSE
        end = self._ends.get(name)
        if is_open and end is not None and now > end:
            if not self._is_under_a_lift(cluster):
                self.past.add(name)
            # What is open by another's lift isn't this one's hole.
            is_open = False
        if is_open and name not in self._open:
            self._open[name] = hole = Hole(cluster, now)
            self.all.append(hole)
            self._watch_the_end(cluster)
        elif not is_open and name in self._open:
            self._open.pop(name).closed = now

    def _watch_the_end(self, cluster: Cluster) -> None:
        grant = self._grant(cluster.grant)
        if grant is not None and cluster.grant not in self._ends:
            self._ends[cluster.grant] = end = grant.facts.not_after
            # The policy itself says until when; up to that second it is open.
            self._timeline.at(end + _SECOND, lambda: self._look(cluster))

    def _is_under_a_lift(self, cluster: Cluster) -> bool:
        others = {
            one.grant
            for one in self._watched[cluster.member.places[0]]
            if one.member == cluster.member and one.grant != cluster.grant
        }
        for grant in filter(None, map(self._grant, others)):
            live = grant.progress.state in (State.OPEN, State.CLOSING) or grant.facts.not_after >= self._timeline.now()
            if live and grant.progress.form is Form.LIFTED:
                return True
        return False
