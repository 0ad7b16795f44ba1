"""The late rescue: a bootstrap node that was refused before its grant took effect is rebooted, once.

Events come late and approval takes minutes, while the node waits for ever after one 403 (RHCOS 4.11 and later). Its
serial console tells; a reboot makes Ignition run again. See docs/decisions/0009-late-rescue.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from airlock.errors import ThrottledError
from airlock.grants.grant import Grant, State
from airlock.grants.life import wants_open
from airlock.install.console import Verdict, read_console
from airlock.install.signal import Signal, SignalKind
from airlock.policy.exemption import Vpc, iso
from airlock.ports import Clock, Ledger, Machines
from airlock.reconcile.happening import Decision
from airlock.settings import CloseOn, Enrolled

SETTLE_AFTER_REBOOT = timedelta(minutes=5)
"""How long a rebooted node gets to boot and fetch before a refusal on its console counts as a new one."""
WAIT_SECONDS = 20.0
"""How long one sweep waits for IAM, for all grants together: its function has 60 seconds, and the next comes soon."""
THROTTLED_PAUSES = (1.0, 3.0, None)
"""Seconds before a reboot is asked for again that EC2 turned away for there being too many calls; None to give up."""
WAITS_COUNT_FOR = timedelta(seconds=50)
"""How long a wait counts against the same sweep; sweeps start a minute apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a look at a bootstrap node's console led to.

    Attributes:
        happened: for the audit trail.
        told_once: the name under which to remember, once that was told, that it was.
        learnt: facts, to be kept once that was told: a run that dies in between tells twice, not never.
        changes: whether the policies have to follow those facts.
    """

    happened: list[Decision] = field(default_factory=list)
    told_once: str | None = None
    learnt: list[Signal] = field(default_factory=list)
    changes: bool = False


@dataclass(frozen=True, slots=True)
class _Node:
    """The newest bootstrap instance of a grant's install, and where it is; empty until its console was found."""

    instance_id: str
    booted: datetime
    region: str = ""

    def is_proven(self, grant: Grant) -> bool:
        """Whether the principal's own launch of it was heard; else it is known by its tags, which others can forge."""
        return self.instance_id in dict(grant.facts.boots)


class Rescuer:
    """Reads consoles and reboots instances. It holds no lease: facts add up, and each reboot is claimed before it."""

    def __init__(self, *, ledger: Ledger, machines: Machines, clock: Clock, propagation: timedelta) -> None:
        self._ledger = ledger
        self._machines = machines
        self._clock = clock
        self._propagation = propagation
        self._waits: list[tuple[datetime, float]] = []

    def look(self, grant: Grant, enrolled: Enrolled) -> Looked:
        """Look at a grant's bootstrap node, and do what its console asks for.

        Args:
            grant: as the ledger has it. One that isn't open, or whose instance isn't known, is left alone.
            enrolled: its principal.

        Raises:
            Exception: what EC2 or the ledger raised, but for a failed reboot, which is a decision.
        """
        closes = enrolled.close_on is CloseOn.FETCHED
        is_open = grant.progress.state is State.OPEN and wants_open(grant, self._clock.now())
        if not is_open or not (enrolled.rescue or closes):
            return Looked()
        if grant.facts.newest is None:
            return Looked()
        node = _Node(*grant.facts.newest)
        if grant.facts.fetched is not None:
            # A run ended between the two facts, or the configuration has changed since.
            return Looked(learnt=[self._signal(grant, node, SignalKind.SERVED)], changes=True) if closes else Looked()
        verdict, node = self._read(grant, node)
        if verdict is Verdict.FETCHED:
            return self._fetched(grant, node, closes=closes)
        return self._refused(grant, node) if verdict is Verdict.REFUSED and enrolled.rescue else Looked()

    # What the console tells -------------------------------------------------------------------------------------

    def _read(self, grant: Grant, node: _Node) -> tuple[Verdict, _Node]:
        """Read an instance's console, in whichever of the install's regions it is."""
        for region in sorted(grant.facts.regions):
            text = self._machines.console(region, node.instance_id)
            if text:
                return read_console(text), replace(node, region=region)
        return Verdict.NOTHING, node

    def _fetched(self, grant: Grant, node: _Node, *, closes: bool) -> Looked:
        detail = f"{node.instance_id} has its Ignition file"
        if not node.is_proven(grant) and not closes:
            # It isn't kept that this install's node is served: the real one may yet be heard of, and want its rescue.
            return self._tell_once("fetched", grant, node, detail)
        kinds = [SignalKind.FETCH_SUCCEEDED, *([SignalKind.SERVED] if closes else [])]
        return Looked(
            happened=[self._decide("fetched", grant, detail)],
            learnt=[self._signal(grant, node, kind) for kind in kinds],
            changes=closes,
        )

    def _refused(self, grant: Grant, node: _Node) -> Looked:
        looked = self._after_a_refusal(grant, node)
        if node.instance_id not in grant.facts.refused:
            looked.learnt.insert(0, self._signal(grant, node, SignalKind.FETCH_REFUSED))
        return looked

    def _after_a_refusal(self, grant: Grant, node: _Node) -> Looked:
        rebooted = dict(grant.facts.rebooted).get(node.instance_id)
        if rebooted is not None:
            settled = self._clock.now() > rebooted + SETTLE_AFTER_REBOOT
            return self._not_helped(grant, node, "although it was rebooted") if settled else Looked()
        effective = grant.progress.effective_at or grant.progress.opened_at
        if effective is None:
            return Looked()
        if node.booted < effective + self._propagation:
            return self._rescue(grant, node, effective)
        network = grant.progress.exemption and grant.progress.exemption.network
        # Nothing is opened wider for a node that may be anybody's.
        if not isinstance(network, Vpc) or not node.is_proven(grant):
            return self._not_helped(grant, node, "although the policies were open before it started")
        vpc_id = network.vpc_id
        if vpc_id in grant.facts.shut_vpcs:
            # It was told before: that the policies can't be widened is told by the reconciler.
            return Looked()
        return Looked(learnt=[self._signal(grant, node, SignalKind.FETCH_REFUSED, vpc_id)], changes=True)

    # The one reboot ---------------------------------------------------------------------------------------------

    def _rescue(self, grant: Grant, node: _Node, effective: datetime) -> Looked:
        still = self._once_enforced(grant, node, effective + self._propagation)
        if still is None:
            return Looked()
        infra_id = grant.facts.infra_id
        if not self._machines.is_bootstrap_of(node.region, node.instance_id, infra_id):
            return self._failed(
                still, node, f"EC2 doesn't say that it runs and is tagged as the bootstrap node of {infra_id}"
            )
        if not self._ledger.claim(node.instance_id, self._clock.now()):
            return self._failed(still, node, "its one reboot was taken before, and isn't known to have happened")
        try:
            self._reboot(node)
        except Exception as error:  # noqa: BLE001 - whatever it was, the one reboot is used up
            return self._failed(still, node, f"EC2 didn't reboot it, and it isn't tried again: {error}")
        detail = (
            f"{node.instance_id} was refused its Ignition file; it started at {iso(node.booted)}, the policies were "
            f"open from {iso(effective)}; it was rebooted, so that it asks again"
            f"{'' if node.is_proven(still) else '; no event told of its launch, it is known by its tags'}"
        )
        return Looked(
            happened=[self._decide("rescue", still, detail)], learnt=[self._signal(still, node, SignalKind.REBOOTED)]
        )

    def _reboot(self, node: _Node) -> None:
        for pause in THROTTLED_PAUSES:
            try:
                self._machines.reboot(node.region, node.instance_id)
            except ThrottledError:
                if pause is None:
                    raise
                self._clock.sleep(pause)
            else:
                return

    def _once_enforced(self, grant: Grant, node: _Node, moment: datetime) -> Grant | None:
        """Wait until IAM enforces what was opened; the grant then, or None where there is nothing to rescue now."""
        now = self._clock.now()
        seconds = max(0.0, (moment - now).total_seconds())
        if seconds:
            self._waits = [(at, waited) for at, waited in self._waits if now - at < WAITS_COUNT_FOR]
            if seconds + sum(waited for _, waited in self._waits) > WAIT_SECONDS:
                return None
            self._waits.append((now, seconds))
            self._clock.sleep(seconds)
        # Also without a wait: the sweep read the grant before it was busy with others.
        still = next(iter(self._ledger.grants([grant.id])), None)
        if still is None or still.progress.state is not State.OPEN or not wants_open(still, self._clock.now()):
            return None
        return still if not seconds or self._read(still, node)[0] is Verdict.REFUSED else None

    # What is told -----------------------------------------------------------------------------------------------

    def _failed(self, grant: Grant, node: _Node, why: str) -> Looked:
        return self._tell_once("rescue-failed", grant, node, f"{node.instance_id} was refused its Ignition file; {why}")

    def _not_helped(self, grant: Grant, node: _Node, although: str) -> Looked:
        detail = (
            f"{node.instance_id} was refused its Ignition file {although}: something else than the opened policies "
            "denies it (a service or resource control policy, the bucket's policy, a session policy), or it asked "
            "before IAM enforced the change"
        )
        return self._tell_once("not-helped", grant, node, detail)

    def _tell_once(self, name: str, grant: Grant, node: _Node, detail: str) -> Looked:
        """Tell something of an instance, unless it was told before; sweeps come each minute.

        That it was told is kept after it, by the instance's ID and the name: a run that dies in between, or another at
        the same time, makes it twice, and nothing makes it never.
        """
        told_once = f"{node.instance_id}#{name}"
        if self._ledger.was_claimed(told_once):
            return Looked()
        return Looked(happened=[self._decide(name, grant, detail)], told_once=told_once)

    @staticmethod
    def _decide(name: str, grant: Grant, detail: str) -> Decision:
        return Decision(name=name, grant=grant, event_id=None, detail=detail)

    def _signal(self, grant: Grant, node: _Node, kind: SignalKind, vpc_id: str | None = None) -> Signal:
        facts = grant.facts
        return Signal(
            kind=kind,
            event_id=f"console:{node.instance_id}",
            at=self._clock.now(),
            account=facts.account,
            region=node.region or None,
            partition=facts.partition,
            principal=facts.principal,
            infra_id=facts.infra_id,
            vpc_id=vpc_id,
            instance_id=node.instance_id,
        )
