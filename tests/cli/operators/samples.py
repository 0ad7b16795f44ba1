"""The grants of these tests, one of each kind, and what the audit trail has of them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from airlock.grants.approval import Ahead, Answer, Change, CloseOrder, Form, Plan, Way
from airlock.grants.grant import CloseReason, Facts, Grant, Progress, State, grant_id
from airlock.grants.life import exemption_of
from airlock.install.names import Era
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock.policy.render import render
from airlock.reconcile.chain import link
from airlock.reconcile.happening import Decision, Happening, PolicyWrite
from tests.cli.helpers import AWS_EXAMPLE, ROLE, USER

NOW = datetime(2026, 11, 24, 2, 20, tzinfo=UTC)
KIM = "arn:aws:sts::111122223333:assumed-role/Operators/kim"
LEE = "arn:aws:iam::111122223333:user/lee"
VPC = "vpc-0aaaaaaaaaaaaaaa1"
HOSTILE = "</code><script>alert(1)</script>\x1b[31m\u202e\nX-Amz-Signature=0123abcd"
PLACE = PolicyPlace(PolicyKind.USER_INLINE, USER, "source-ip")
WHY = f"{PLACE} would have 2,163 characters, and IAM allows 2,048"


def ago(minutes: float) -> datetime:
    """So many minutes before now."""
    return NOW - timedelta(minutes=minutes)


def facts(infra_id: str, requested_at: datetime, principal: str = USER, **more: object) -> Facts:
    """The facts of an install that was first heard of then."""
    plain = Facts(
        id=grant_id("111122223333", principal, infra_id),
        account="111122223333",
        partition="aws",
        principal=principal,
        infra_id=infra_id,
        requested_at=requested_at,
        not_after=requested_at + timedelta(hours=1),
        regions=frozenset({"us-east-2"}),
        eras=frozenset({Era.CAPA}),
        event_ids=("event-1",),
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # checked by replace


def plan_of(told: Facts, form: Form = Form.SCOPED) -> Plan:
    """What opens for an install, in the one policy that stands in its way."""
    exemption = exemption_of(told, form)
    place = replace(PLACE, holder=told.principal)
    return Plan(exemption, (Change(place, AWS_EXAMPLE, render(AWS_EXAMPLE, [exemption], told.requested_at)),))


def open_grant() -> Grant:
    """One that is open, narrowed to a VPC, and whose node has booted."""
    told = facts(
        "prod-7xk2q",
        ago(20),
        own_vpcs=frozenset({VPC}),
        endpoint_vpcs=frozenset({VPC}),
        instance_vpcs=frozenset({VPC}),
        boots=frozenset({("i-0aaaaaaa1", ago(14))}),
    )
    plan = plan_of(told)
    return Grant(
        told,
        Progress(
            state=State.OPEN,
            opened_at=ago(19.5),
            effective_at=ago(19.5),
            narrowed_at=ago(18),
            exemption=plan.exemption,
            plan=plan,
        ),
    )


def waiting_grant(form: Form = Form.SCOPED, infra_id: str = "lab-9qk4t") -> Grant:
    """One that waits for an answer."""
    told = facts(infra_id, ago(8), ROLE)
    progress = Progress(
        state=State.PENDING, form=form, plan=plan_of(told, form), asked_at=ago(7), answer_until=ago(-22)
    )
    return Grant(told, progress)


def wider_grant(form: Form, state: State = State.PENDING, infra_id: str = "wide-8fk2p") -> Grant:
    """One of the role's that had to be wider than asked; in the state, and what comes before it."""
    told = facts(infra_id, ago(8), ROLE, own_vpcs=frozenset({VPC}), endpoint_vpcs=frozenset({VPC}))
    plan = plan_of(told, form)
    opened, ended = None if state is State.PENDING else ago(6), state is State.CLOSED
    progress = Progress(
        state=state,
        form=form,
        why_wider=WHY,
        second_opinion="IAM's simulator was asked, and agrees on what is denied now",
        plan=plan,
        asked_at=ago(7),
        answer_until=ago(-22),
        opened_at=opened,
        effective_at=opened,
        exemption=plan.exemption if opened and not ended else None,
        closed_at=ago(1) if ended else None,
        reason=str(CloseReason.INSTANCE_ENDED) if ended else None,
        detail="the bootstrap instance shut down" if ended else None,
    )
    return Grant(told, progress)


def unnarrowed_grant() -> Grant:
    """One that was opened for any network before its VPC was known, and couldn't be narrowed to it."""
    early = facts("early-2wq9x", ago(12))
    plan = plan_of(early)
    progress = Progress(
        state=State.OPEN, opened_at=ago(11), effective_at=ago(11), exemption=plan.exemption, plan=plan, detail=WHY
    )
    return Grant(replace(early, own_vpcs=frozenset({VPC}), endpoint_vpcs=frozenset({VPC})), progress)


def closed_grant() -> Grant:
    """One that somebody approved with a hostile note, and somebody else ordered to close."""
    told = facts("old-1x2y3", ago(60 * 24 * 2))
    plan = plan_of(told)
    begun = told.requested_at
    progress = Progress(
        state=State.CLOSED,
        opened_at=begun + timedelta(minutes=5),
        closed_at=begun + timedelta(minutes=30),
        reason=str(CloseReason.OPERATOR),
        detail=f"{LEE} ordered it: {HOSTILE}",
        plan=plan,
        asked_at=begun + timedelta(minutes=1),
        answer_until=begun + timedelta(minutes=31),
        approved_by=KIM,
    )
    answer = Answer(approved=True, form=Form.SCOPED, at=begun + timedelta(minutes=4), by=KIM, way=Way.IAM, note=HOSTILE)
    order = CloseOrder(at=begun + timedelta(minutes=29), by=LEE, note="enough")
    return Grant(told, progress, answer, order)


def refused_grant() -> Grant:
    """One that the airlock refused."""
    told = facts("lab-q2w3e", ago(60 * 24 * 3), ROLE)
    place = PolicyPlace(PolicyKind.MANAGED, "arn:aws:iam::111122223333:policy/edge", "edge")
    detail = f"the deny stands in {place}, which the airlock may not change; name it in the configuration"
    return Grant(
        told,
        Progress(state=State.REFUSED, closed_at=told.requested_at, reason="not-named", detail=detail),
    )


def old_grant() -> Grant:
    """One of two months ago, long over."""
    told = facts("lab-m4n5b", datetime(2026, 9, 30, 23, 59, tzinfo=UTC), ROLE)
    ended = told.requested_at + timedelta(hours=1)
    return Grant(told, Progress(state=State.EXPIRED, closed_at=ended, reason="timeout", detail="its time ran out"))


def ahead(name: str, minutes: float, **more: object) -> Ahead:
    """An approval ahead for the role, over in so many minutes."""
    plain = Ahead(
        id=name,
        principal=ROLE,
        cluster="lab",
        form=Form.SCOPED,
        since=ago(60),
        until=ago(-minutes),
        by=KIM,
        note="tonight's rebuild",
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # checked by replace


AHEADS = (
    ahead("ahead-00000001", -5, cluster=None),
    ahead("ahead-00000002", 300, revoked=(LEE, ago(30)), form=Form.LIFTED),
    ahead("ahead-00000003", 175),
)


def audit_lines(grant: Grant) -> list[dict[str, Any]]:
    """What the trail has of a grant that was opened: a decision and a write, chained, by what writes them."""
    return [json.loads(text) for text in linked(grant)[0]]


def told(grant: Grant) -> Grant:
    """The grant as the ledger has it once those lines were written."""
    return replace(grant, audit_head=linked(grant)[1].get(grant.id))


def linked(grant: Grant) -> tuple[list[str], dict[str, str | None]]:
    """The lines' texts, and the heads after them."""
    plan, at = grant.progress.plan, grant.progress.opened_at
    if plan is None or at is None:
        return [], {}
    decided: Happening = Decision(
        name="open", grant=grant, event_id="event-1", detail="the exemption is in the policies"
    )
    written: list[Happening] = [
        PolicyWrite(
            place=change.place,
            grants=(grant.id, "other-aaaaa-00000000"),
            event_id="event-1",
            before=change.before,
            after=change.after,
            outcome="written",
        )
        for change in plan.changes
    ]
    return link([one.audit_line(at) for one in (*written, decided)], {})
