"""Grants and happenings to tell of, one for each thing that people may be told."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from airlock.grants.approval import Answer, Change, CloseOrder, Form, Plan, Way
from airlock.grants.grant import Facts, Grant, Progress, State, grant_id
from airlock.install.names import Era
from airlock.messages.message import Message
from airlock.policy.exemption import Exemption
from airlock.policy.ladder import Widening, widened
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock.policy.render import render
from airlock.reconcile.attachments import DETACHED
from airlock.reconcile.happening import Decision, Drift, Happening
from tests.policy.strategies import ACCOUNT, NOW, REGION, SAMPLES, USER, VPCS, exemption

INFRA_ID = "prod-7xk2q"
INSTANCE = "i-0123456789abcdef0"
OPERATOR = f"arn:aws:iam::{ACCOUNT}:user/ops/hanako"
LINK = "https://abcdefghij.lambda-url.us-east-1.on.aws/?token=eyJncmFudCI6InByb2QifQ.c2VjcmV0"
PLACE = PolicyPlace(PolicyKind.USER_INLINE, USER, "deny-outside-office")
FIRST = exemption(INFRA_ID, region=None)
NARROWED = exemption(INFRA_ID, era=Era.CAPA, vpc=VPCS[0])
LIFTED = replace(FIRST, lift=True)
ANY_NETWORK = widened(NARROWED, [Widening.NETWORK])
ANY_ACTION = widened(NARROWED, [Widening.ACTIONS])
ANY_NETWORK_OR_ACTION = widened(NARROWED, [Widening.NETWORK, Widening.ACTIONS])
WHY = f"{PLACE} would have 2,163 characters, and IAM allows 2,048"
KNOWN: dict[str, Any] = {
    "regions": frozenset({REGION}),
    "eras": frozenset({Era.CAPA}),
    "endpoint_vpcs": frozenset({VPCS[0]}),
}
"""Facts that tell the install's VPC."""


def plan_of(opened: Exemption, sample: str = "aws-example") -> Plan:
    """What opening it makes of a sample policy."""
    before = (SAMPLES / f"{sample}.json").read_text()
    return Plan(opened, (Change(PLACE, before, render(before, [opened], NOW)),))


def facts_of(*, infra_id: str = INFRA_ID, principal: str = USER, **more: object) -> Facts:
    """What is known of the example's install."""
    facts = Facts(
        id=grant_id(ACCOUNT, principal, infra_id),
        account=ACCOUNT,
        partition="aws",
        principal=principal,
        infra_id=infra_id,
        requested_at=NOW,
        not_after=NOW + timedelta(minutes=60),
    )
    return replace(facts, **more)  # type: ignore[arg-type]  # checked by replace


def asked(opened: Exemption = FIRST, *, infra_id: str = INFRA_ID, principal: str = USER, **more: object) -> Grant:
    """A grant that somebody is asked about."""
    progress = Progress(
        state=State.PENDING,
        form=Form.LIFTED if opened.lift else Form.SCOPED,
        plan=plan_of(opened),
        asked_at=at(2),
        answer_until=at(32),
    )
    return Grant(facts_of(infra_id=infra_id, principal=principal, **more), progress)


def opened(what: Exemption = NARROWED) -> Grant:
    """A grant that is open."""
    progress = Progress(
        state=State.OPEN,
        form=Form.LIFTED if what.lift else Form.SCOPED,
        opened_at=at(3),
        effective_at=at(3),
        exemption=what,
        plan=plan_of(what),
    )
    facts = facts_of(regions=frozenset({REGION}), boots=frozenset({(INSTANCE, at(10))}))
    return Grant(facts, progress)


def wider(grant: Grant, form: Form, why: str = WHY) -> Grant:
    """The same grant in a form that had to be wider than asked."""
    return grant.with_progress(form=form, why_wider=why)


def at(minute: int) -> datetime:
    """So many minutes after the install began."""
    return NOW + timedelta(minutes=minute)


def decided(name: str, grant: Grant, detail: str = "", **progress: object) -> Decision:
    """A decision about a grant."""
    return Decision(name=name, grant=grant.with_progress(**progress), event_id=None, detail=detail)


def refused(reason: str, detail: str = "the detail", form: Form = Form.SCOPED) -> Decision:
    """A refusal."""
    return decided("refuse", Grant(facts_of(), Progress(form=form)), detail, state=State.REFUSED, reason=reason)


def closed(reason: str, detail: str = "") -> Decision:
    """The end of an open grant."""
    grant = opened()
    if reason == "instance-ended":
        grant = replace(grant, facts=replace(grant.facts, fetched=at(11)))
    return decided("close", grant, detail, state=State.CLOSED, reason=reason, closed_at=at(31), exemption=None)


def answered(name: str, way: Way, note: str = "") -> Decision:
    """An answer that was taken up."""
    by = "203.0.113.24" if way is Way.LINK else OPERATOR
    answer = Answer(approved=name == "approve", form=Form.SCOPED, at=at(5), by=by, way=way, note=note)
    grant = replace(asked(), answer=answer)
    ended = {"state": State.REJECTED, "reason": "rejected", "closed_at": at(5)} if name == "reject" else {}
    return decided(name, grant, f"{name} by {by}", **ended)


_UNHELPED = f"{INSTANCE} was refused its Ignition file although it was rebooted"
_UNRESCUED = f"{INSTANCE} was refused its Ignition file; EC2 didn't reboot it, and it isn't tried again: Unauthorized"
_ORDERED = replace(
    opened().with_progress(state=State.CLOSED, reason="operator", closed_at=at(9), exemption=None),
    close_order=CloseOrder(at=at(9), by=OPERATOR, note="not ours"),
)
_OBSERVED = Grant(facts_of(), Progress(state=State.OBSERVING, plan=plan_of(FIRST)))
_UNNARROWED = replace(opened(FIRST), facts=facts_of(**KNOWN)).with_progress(detail=WHY)

HAPPENINGS: dict[str, Happening] = {
    "open": decided("open", opened(FIRST)),
    "open-lifted": decided("open", opened(LIFTED)),
    "open-lifted-for-want": decided("open", wider(opened(LIFTED), Form.LIFTED)),
    "open-any-network": decided("open", wider(opened(ANY_NETWORK), Form.ANY_NETWORK)),
    "open-any-action": decided("open", wider(opened(ANY_ACTION), Form.ANY_ACTION)),
    "open-any-network-or-action": decided("open", wider(opened(ANY_NETWORK_OR_ACTION), Form.ANY_NETWORK_OR_ACTION)),
    "narrow": decided("narrow", opened()),
    "narrow-any-action": decided("narrow", wider(opened(ANY_ACTION), Form.ANY_ACTION)),
    "widen": decided("widen", opened(replace(NARROWED, network=None))),
    "widen-any-action": decided("widen", wider(opened(widened(FIRST, [Widening.ACTIONS])), Form.ANY_ACTION)),
    "keep-as-is": decided(
        "keep-as-is", opened(FIRST), "it stays open as it was: the policy would have 2110 characters"
    ),
    "keep-as-is-unnarrowed": decided("keep-as-is", _UNNARROWED, f"it stays open as it was: {WHY}"),
    "close": closed("instance-ended"),
    "close-timeout": closed("timeout"),
    "close-operator": decided("close", _ORDERED),
    "close-policy-edited": closed("policy-edited"),
    "close-too-large": closed("too-large", f"it can't be narrowed, and may not stay as wide: {WHY}"),
    "expire": decided("expire", Grant(facts_of(), Progress()), state=State.EXPIRED, reason="timeout", closed_at=at(61)),
    "end-unopened": decided("end-unopened", asked(), state=State.CLOSED, reason="bucket-deleted", closed_at=at(20)),
    "refuse-too-large": refused("too-large", f"{PLACE} would have 2110 characters, and IAM allows 2048"),
    "refuse-allow-by-network": refused(
        "allow-by-network", f"no policy allows s3:GetObject from there; {PLACE} allows it from 192.0.2.0/24"
    ),
    "refuse-still-denied": refused(
        "still-denied", f"statement 1 (DenyAllS3) of {PLACE} denies s3:GetObject on the fetch for another reason"
    ),
    "approve-link": answered("approve", Way.LINK),
    "approve-any-action": decided("approve", wider(answered("approve", Way.IAM).grant, Form.ANY_ACTION)),
    "approve-ahead": answered("approve", Way.AHEAD, "ahead-3f9c2a71: weekly rebuild"),
    "reject": answered("reject", Way.IAM, "not on a Friday"),
    "unanswered": decided("unanswered", asked(), state=State.EXPIRED, reason="unanswered", closed_at=at(33)),
    "observe": decided("observe", _OBSERVED),
    "observe-change": decided("observe-change", _OBSERVED.with_progress(plan=plan_of(NARROWED))),
    "observe-any-network": decided("observe", wider(_OBSERVED, Form.ANY_NETWORK), plan=plan_of(ANY_NETWORK)),
    "observe-change-any-action": decided("observe-change", wider(_OBSERVED, Form.ANY_ACTION), plan=plan_of(ANY_ACTION)),
    "observe-end": decided("observe-end", _OBSERVED, state=State.OBSERVED, reason="instance-ended", closed_at=at(40)),
    "rescue": decided("rescue", opened(), f"{INSTANCE} was refused its Ignition file; it was rebooted"),
    "rescue-failed": decided("rescue-failed", opened(), _UNRESCUED),
    "not-helped": decided("not-helped", opened(), _UNHELPED),
    "drift": Drift(
        place=PLACE,
        grants=(facts_of().id,),
        event_id=None,
        expected="{}",
        found="{}",
        detail="the edit was kept, and the airlock's statements were taken out",
    ),
    "detached": Drift(
        place=PLACE,
        grants=(facts_of().id,),
        event_id="event-1",
        expected="{}",
        found="{}",
        detail=DETACHED.format(principal=facts_of().principal),
        detached=True,
    ),
    "close-failed": decided(
        "close-failed", opened(), "ClientError: ThrottlingException: Rate exceeded", state=State.CLOSING
    ),
}
"""What people are told of, by the name of the golden text."""

REQUESTS: dict[str, tuple[Grant, str | None]] = {
    "request": (asked(), LINK),
    "request-narrowed-without-link": (asked(NARROWED, regions=frozenset({REGION})), None),
    "request-lifted": (asked(LIFTED), LINK),
    "request-lifted-for-want": (wider(asked(LIFTED), Form.LIFTED), LINK),
    "request-any-network": (wider(asked(ANY_NETWORK, **KNOWN), Form.ANY_NETWORK), LINK),
    "request-any-action": (wider(asked(ANY_ACTION, **KNOWN), Form.ANY_ACTION), LINK),
    "request-any-action-anywhere-yet": (wider(asked(widened(FIRST, [Widening.ACTIONS])), Form.ANY_ACTION), LINK),
    "request-any-network-or-action": (wider(asked(ANY_NETWORK_OR_ACTION, **KNOWN), Form.ANY_NETWORK_OR_ACTION), None),
}
"""What people are asked, and the link to answer by."""


def columns(line: str) -> int:
    """How wide a line is where a character of East Asia takes two columns."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def prose_of(text: str) -> list[str]:
    """A message's lines, without those of differences, links and ARNs."""
    before_differences = text.partition("\n--- ")[0]
    return [line for line in before_differences.split("\n") if "://" not in line and "arn:" not in line]


def weight(message: Message) -> int:
    """Bytes that a message takes of SNS's limit at the most.

    The text for e-mail, the data for machines as JSON that may be written in ASCII, and the attributes with their names
    and types.
    """
    bodies = {"default": json.dumps(message.data), "email": message.text, "sms": message.subject}
    attributes = sum(len(f"{name}String{value}".encode()) for name, value in message.attributes.items())
    return len(json.dumps(bodies)) + attributes + len(message.subject.encode())
