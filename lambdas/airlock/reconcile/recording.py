"""Facts: what a signal tells goes into the ledger, to the grant that it belongs to, before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from airlock.grants.grant import Grant
from airlock.install.signal import Signal, SignalKind
from airlock.ports import Clock, Ledger
from airlock.settings import Enrolled


class Recorder:
    """Keeps what signals tell."""

    def __init__(self, *, enrolled: Mapping[str, Enrolled], ledger: Ledger, clock: Clock) -> None:
        self._enrolled = enrolled
        self._ledger = ledger
        self._clock = clock

    def record(self, signal: Signal) -> Grant | None:
        """Keep the signal's facts; gives the grant that they belong to, None where there is none."""
        now = self._clock.now()
        if signal.kind is SignalKind.INSTANCE_ENDED:
            if signal.instance_id is None:
                return None
            grant_id = self._ledger.instance_ended(signal.instance_id, signal.at, now)
            return self._ledger.record_for(grant_id, signal) if grant_id else None
        enrolled = self._enrolled.get(signal.principal or "")
        if enrolled is None:
            return None
        if signal.infra_id is None:
            signal = self._with_infra_id(signal, enrolled)
            if signal.infra_id is None:
                return None
        grant = self._ledger.record(signal, now, enrolled.window)
        return linked(self._ledger, grant, signal, now) if signal.kind is SignalKind.INSTANCE_STARTED else grant

    def _with_infra_id(self, signal: Signal, enrolled: Enrolled) -> Signal:
        """An endpoint without tags belongs to the install whose VPC it was made in, if that is known."""
        scopes = [self._ledger.look(scope_id) for scope_id in (enrolled.arn, *enrolled.groups, *enrolled.policies)]
        listed = [grant_id for scope in scopes for grant_id in scope.grants]
        # Those that wait for an answer, or are only observed, are in no scope; the index may lag by a moment.
        for grant in self._ledger.grants([*listed, *self._ledger.unfinished()]):
            if grant.facts.principal == enrolled.arn and signal.vpc_id in grant.facts.own_vpcs:
                return replace(signal, infra_id=grant.facts.infra_id)
        return signal


def linked(ledger: Ledger, grant: Grant, signal: Signal, now: datetime) -> Grant:
    """Link a bootstrap instance to its grant, so that an event of its end finds that; an end heard first counts now.

    Args:
        ledger: where the link is kept.
        grant: the instance's.
        signal: what told of the instance.
        now: the present moment.
    """
    ended_at = ledger.instance_started(signal.instance_id, grant.id, now) if signal.instance_id else None
    if ended_at is None:
        return grant
    return ledger.record_for(grant.id, replace(signal, kind=SignalKind.INSTANCE_ENDED, at=ended_at)) or grant
