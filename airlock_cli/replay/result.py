"""What came of a replay, and the same as data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airlock.grants.approval import Form
from airlock.grants.grant import Grant, Progress, State
from airlock.policy.exemption import iso
from airlock_cli.replay.fetch import FetchResult
from airlock_cli.replay.told import Told


@dataclass(frozen=True, slots=True)
class Install:
    """One install: what the stream told, what became of its grant, and of its fetch.

    Attributes:
        told: what the stream told.
        grant: as the ledger has it at the end; None where no signal of it was delivered.
        fetch: None where the stream has no RunInstances of its bootstrap node.
        again: the fetch after the airlock rebooted the node; None where it didn't.
    """

    told: Told
    grant: Grant | None
    fetch: FetchResult | None
    again: FetchResult | None = None

    @property
    def rebooted_at(self) -> datetime | None:
        """When the airlock rebooted the node, if it did."""
        return min((at for _, at in self.grant.facts.rebooted), default=None) if self.grant else None

    @property
    def refused(self) -> bool:
        """Whether the airlock refused to open."""
        return self.grant is not None and self.grant.progress.state is State.REFUSED

    @property
    def ended(self) -> bool:
        """Whether its grant has ended in another way than by being refused."""
        return self.grant is not None and self.grant.is_final and not self.refused


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay.

    Attributes:
        installs: the principal's, in the order of their first events.
        others: other principals whose installs the stream holds.
        events: how many events the stream holds.
        policy_restored: whether the policy is what it was, to the byte.
        policy_writes: calls that changed a policy.
        aws_calls: all calls of the handlers; of the sweeps, those made while a grant hadn't ended.
        ignored_events: events that told nothing of an install of the principal's; other people's calls are among them.
        ended_at: what the clock showed at the end.
    """

    installs: tuple[Install, ...]
    others: frozenset[str]
    events: int
    policy_restored: bool
    policy_writes: int
    aws_calls: int
    ignored_events: int
    ended_at: datetime

    def as_json(self) -> dict[str, Any]:
        """The result as data; times are ISO 8601 or None.

        A refused grant was never open, so it has no closed_at and no close_reason: its reason stands in ``refused``. A
        grant that ended without having been opened has both, with opened_at None. ``fetch.allowed`` is None where the
        stream has no fetch, or where it can't be told.

        An install whose grant was asked for, or isn't scoped, has ``approval`` besides: asked_at, approved_by, form,
        and why_wider where the exact form couldn't be had. One whose node was rebooted has ``rescue``: rebooted_at, and
        the ``fetch`` after it.
        """
        return {
            "installs": [_install(one) for one in self.installs],
            "policy_restored": self.policy_restored,
            "policy_writes": self.policy_writes,
            "aws_calls": self.aws_calls,
            "refused": [
                {
                    "infra_id": one.told.infra_id,
                    "reason": one.grant.progress.reason,
                    "detail": one.grant.progress.detail,
                }
                for one in self.installs
                if one.refused and one.grant
            ],
            "ignored_events": self.ignored_events,
        }


def _install(install: Install) -> dict[str, Any]:
    told = install.told
    progress = install.grant.progress if install.grant else None
    return {
        "infra_id": told.infra_id,
        "region": told.region,
        "opened_at": _iso(progress.opened_at if progress else None),
        "narrowed_at": _iso(progress.narrowed_at if progress else None),
        "closed_at": _iso(progress.closed_at if progress and install.ended else None),
        "close_reason": progress.reason if progress and install.ended else None,
        "instance_id": told.instance,
        "fetch": _fetch(install.fetch),
        **_approval(progress),
        **_rescue(install),
    }


def _approval(progress: Progress | None) -> dict[str, Any]:
    if progress is None or (progress.asked_at is None and progress.form is Form.SCOPED):
        return {}
    asked = {"asked_at": _iso(progress.asked_at), "approved_by": progress.approved_by, "form": str(progress.form)}
    return {"approval": asked | ({"why_wider": progress.why_wider} if progress.why_wider else {})}


def _rescue(install: Install) -> dict[str, Any]:
    if install.rebooted_at is None:
        return {}
    return {"rescue": {"rebooted_at": _iso(install.rebooted_at), "fetch": _fetch(install.again)}}


def _fetch(fetch: FetchResult | None) -> dict[str, Any]:
    return {"at": _iso(fetch.at if fetch else None), "allowed": fetch.allowed if fetch else None}


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
