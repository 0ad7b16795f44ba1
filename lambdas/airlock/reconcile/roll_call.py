"""The roll call: what the ledger and EC2 tell of bootstrap instances that no event has told the grants.

Events get lost, and a run can die between what the ledger keeps of an instance and what its grant learns of it. So the
sweep asks, once for all grants together. See docs/decisions/0015-sweep-asks-ec2.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from airlock.grants.grant import Facts, Grant, State
from airlock.grants.life import wants_open
from airlock.install.signal import Signal, SignalKind
from airlock.ports import Clock, Ledger, Machines
from airlock.reconcile.recording import linked
from airlock.records import Instance

SETTLES_AFTER = timedelta(seconds=50)
"""How long an end is left to whoever hears of it by an event: the next sweep, a minute later, takes it up. Sweeps that
did the watcher's work beside it, one grant after the other, would run into their time limit while IAM throttles."""


@dataclass(frozen=True, slots=True)
class Called:
    """What a roll call came to.

    Attributes:
        grants: all that it was called for, with what they have learnt.
        errors: what failed; whatever didn't was learnt all the same.
    """

    grants: list[Grant]
    errors: list[Exception]


class RollCall:
    """Asks ledger and EC2 for bootstrap instances. It holds no lease: facts add up."""

    def __init__(self, *, ledger: Ledger, machines: Machines, clock: Clock) -> None:
        self._ledger = ledger
        self._machines = machines
        self._clock = clock

    def call(self, grants: Sequence[Grant]) -> Called:
        """Let grants learn what is known of their instances: of all, which have ended; of open ones, what EC2 shows.

        Args:
            grants: as the ledger has them. Without any nobody is asked.
        """
        errors: list[Exception] = []
        ends = self._heard(grants, errors)
        shown = self._shown([one for one in grants if is_asked_about(one, self._clock.now())], errors)
        called: list[Grant] = []
        for grant in grants:
            try:
                called.append(self._learn(grant, ends, shown.get(grant.id, ())))
            except Exception as error:  # noqa: BLE001 - the others are to learn what they can
                errors.append(error)
                called.append(grant)
        return Called(called, errors)

    def _heard(self, grants: Sequence[Grant], errors: list[Exception]) -> Mapping[str, datetime]:
        """When the grants' instances ended, by the ledger."""
        instances = sorted({one for grant in grants for one in grant.facts.instances})
        try:
            return self._ledger.ends(instances) if instances else {}
        except Exception as error:  # noqa: BLE001 - EC2 is asked all the same
            errors.append(error)
            return {}

    def _shown(self, grants: Sequence[Grant], errors: list[Exception]) -> Mapping[str, list[Instance]]:
        """By grant, what EC2 shows of its install; one call for each region, however many grants are open."""
        asked: dict[str, list[Grant]] = defaultdict(list)
        for grant in grants:
            for region in grant.facts.regions:
                asked[region].append(grant)
        found: dict[str, list[Instance]] = defaultdict(list)
        for region, of in sorted(asked.items()):
            try:
                shown = self._machines.instances(region, sorted({grant.facts.infra_id for grant in of}))
            except Exception as error:  # noqa: BLE001 - the other regions are asked all the same
                errors.append(error)
                continue
            for grant in of:
                found[grant.id] += [one for one in shown if one.infra_id == grant.facts.infra_id]
        return found

    def _learn(self, grant: Grant, ends: Mapping[str, datetime], shown: Sequence[Instance]) -> Grant:
        """Keep what is new, as the events would have it kept."""
        now = self._clock.now()
        over = just_ended(grant.facts, shown)
        if over is not None and over not in ends:
            self._ledger.instance_ended(over, now, now)
        for signal in news_of(grant.facts, ends, shown, now):
            grant = self._ledger.record_for(grant.id, signal) or grant
            if signal.kind is SignalKind.INSTANCE_FOUND:
                # If the link is lost here, the next call reads the end.
                grant = linked(self._ledger, grant, signal, now)
        return grant


def is_asked_about(grant: Grant, now: datetime) -> bool:
    """Whether EC2 is asked for a grant's instances: while it is open, and wanted so."""
    return grant.progress.state is State.OPEN and wants_open(grant, now)


def just_ended(facts: Facts, shown: Sequence[Instance]) -> str | None:
    """Tell whose end in EC2 is that of the install; None while there is none, or the grant knows. Pure.

    Of the instance that counts EC2's word is enough: its ID was told by the launch itself. Of those known by tags
    alone, all have to have ended, for one of them may be somebody else's.

    Args:
        facts: the grant's.
        shown: what EC2 shows with the install's tags. One that is missing may yet be there.
    """
    tagged = {one.instance_id for one in shown if one.is_bootstrap}
    counts = {facts.newest[0]} if facts.boots and facts.newest else facts.instances | tagged
    over = {one.instance_id for one in shown if one.ended}
    return min(counts) if counts and counts <= over and facts.ended is None else None


def news_of(facts: Facts, ends: Mapping[str, datetime], shown: Sequence[Instance], now: datetime) -> Iterator[Signal]:
    """Tell what a grant hasn't learnt yet; nothing where it has ended. Pure.

    Who launched an instance EC2 doesn't tell. So by its tags one is taken up only where no launch was heard.

    Args:
        facts: the grant's.
        ends: when instances ended, by the ledger; of any instance of the grant's, as an event of it would count.
        shown: what EC2 shows with the install's tags.
        now: the present moment.
    """
    if facts.ended is not None:
        return
    for instance_id in sorted(facts.instances & ends.keys()):
        if now - ends[instance_id] >= SETTLES_AFTER:
            yield _signal(facts, SignalKind.INSTANCE_ENDED, instance_id, ends[instance_id])
    if facts.boots:
        return
    tagged = {one.instance_id: one.launched for one in shown if one.is_bootstrap}
    for instance_id in sorted(tagged.keys() - facts.instances):
        yield _signal(facts, SignalKind.INSTANCE_FOUND, instance_id, tagged[instance_id])


def _signal(facts: Facts, kind: SignalKind, instance_id: str, at: datetime) -> Signal:
    return Signal(
        kind=kind,
        event_id=f"roll-call:{instance_id}",
        at=at,
        account=facts.account,
        partition=facts.partition,
        principal=facts.principal,
        infra_id=facts.infra_id,
        instance_id=instance_id,
    )
