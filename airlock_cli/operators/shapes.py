"""The results as JSON. The keys are a promise: they may become more, but none goes and none changes its meaning."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from airlock.grants.approval import Ahead, Answer, Change, CloseOrder, Plan
from airlock.grants.grant import Grant
from airlock.messages.wider import why_wider, widenings_of
from airlock.policy.exemption import iso
from airlock.reconcile.happening import opens
from airlock_cli.operators.story import Moment

Json = dict[str, Any]


def grant_json(grant: Grant) -> Json:
    """A grant: times as ISO 8601 in UTC, None for what hasn't happened."""
    facts, progress = grant.facts, grant.progress
    return {
        "grant": facts.id,
        "state": str(progress.state),
        "form": str(progress.form),
        "principal": facts.principal,
        "infra_id": facts.infra_id,
        "regions": sorted(facts.regions),
        "instances": sorted(facts.instances),
        "requested_at": iso(facts.requested_at),
        "not_after": iso(facts.not_after),
        "asked_at": _iso(progress.asked_at),
        "answer_until": _iso(progress.answer_until),
        "opened_at": _iso(progress.opened_at),
        "effective_at": _iso(progress.effective_at),
        "narrowed_at": _iso(progress.narrowed_at),
        "closed_at": _iso(progress.closed_at),
        "reason": progress.reason,
        "detail": progress.detail,
        "approved_by": progress.approved_by,
        "answer": answer_json(grant.answer) if grant.answer else None,
        "close_order": order_json(grant.close_order) if grant.close_order else None,
        "opens": opens(progress.exemption),
        "planned": opens(progress.plan.exemption) if progress.plan else None,
        "wider": sorted(map(str, widenings_of(grant))),
        "why_wider": why_wider(grant),
        "second_opinion": progress.second_opinion,
    }


def answer_json(answer: Answer) -> Json:
    """An answer to a request."""
    return {
        "approved": answer.approved,
        "form": str(answer.form),
        "at": iso(answer.at),
        "by": answer.by,
        "way": str(answer.way),
        "note": answer.note,
    }


def order_json(order: CloseOrder) -> Json:
    """An order to close."""
    return {"at": iso(order.at), "by": order.by, "note": order.note}


def ahead_json(ahead: Ahead, now: datetime) -> Json:
    """An approval ahead of time, and whether it stands at this moment."""
    return {
        "id": ahead.id,
        "principal": ahead.principal,
        "cluster": ahead.cluster,
        "form": str(ahead.form),
        "since": iso(ahead.since),
        "until": iso(ahead.until),
        "by": ahead.by,
        "note": ahead.note,
        "revoked": {"by": ahead.revoked[0], "at": iso(ahead.revoked[1])} if ahead.revoked else None,
        "stands": stands(ahead, now),
    }


def stands(ahead: Ahead, now: datetime) -> bool:
    """Whether an approval ahead of time approves anything at this moment."""
    return ahead.revoked is None and ahead.since <= now <= ahead.until


def story_json(story: Iterable[Moment]) -> list[Json]:
    """The life of a grant."""
    return [{"at": iso(moment.at), "what": moment.what, "detail": moment.detail} for moment in story]


def changes_json(plan: Plan | None) -> list[Json]:
    """What becomes of the policies, their texts to the byte."""
    return [_change(change) for change in plan.changes] if plan else []


def _change(change: Change) -> Json:
    place = change.place
    return {
        "policy": {"kind": str(place.kind), "holder": place.holder, "name": place.name},
        "before": change.before,
        "after": change.after,
    }


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
