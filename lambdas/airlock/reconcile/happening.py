"""What the airlock decided and did, and how the audit trail tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from airlock.grants.approval import Change
from airlock.grants.grant import Grant
from airlock.policy.document import sha256_of
from airlock.policy.exemption import Exemption, Vpc, iso
from airlock.policy.place import PolicyPlace

AUDIT_SCHEMA = 2
"""What a line holds is told in docs/audit-log.md, and by docs/audit-line.schema.json."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Something the airlock decided about a grant.

    Attributes:
        name: ``open``, ``narrow``, ``widen``, ``close``, ``refuse``, ``expire`` (never opened in time),
            ``nothing-to-open``, ``keep-as-is`` (what later signals told can't be written), ``end-unopened``,
            ``limit`` (refused for a limit that people have been told of already),
            ``close-failed`` (IAM didn't take the restoration for the second time);
            of people: ``ask``, ``approve``, ``reject``, ``unanswered``;
            of a principal that is only observed: ``observe``, ``observe-change``, ``observe-end``;
            of the bootstrap node: ``fetched``, ``rescue``, ``rescue-failed``, ``not-helped``.
        grant: the grant, as it stands after the decision.
        event_id: of the signal that led to it; None for the sweep.
        detail: why, in plain words.
    """

    name: str
    grant: Grant
    event_id: str | None
    detail: str

    @property
    def audit_name(self) -> str:
        """A word for it."""
        return self.name

    def audit_line(self, now: datetime) -> dict[str, object]:
        """The decision as one line of the audit trail."""
        facts, progress = self.grant.facts, self.grant.progress
        return {
            "schema": AUDIT_SCHEMA,
            "at": iso(now),
            "kind": "decision",
            "decision": self.name,
            "grant": facts.id,
            "grants": [facts.id],
            "principal": facts.principal,
            "infra_id": facts.infra_id,
            "signal_event_id": self.event_id,
            "signal_event_ids": list(facts.event_ids),
            "outcome": str(progress.state),
            "reason": progress.reason,
            "detail": self.detail,
            "not_after": iso(facts.not_after),
            "form": str(progress.form),
            "wider": sorted(map(str, progress.form.widenings)),
            "why_wider": progress.why_wider,
            "opens": opens(progress.exemption),
            "approved_by": progress.approved_by,
            "second_opinion": progress.second_opinion,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyWrite:
    """One write of a policy.

    Attributes:
        place: the policy.
        grants: IDs of the grants that are open in it afterwards, or were closed by the write.
        event_id: of the signal that led to it; None for the sweep.
        before: the text that IAM held.
        after: the text that was written.
        about: the same grants, as they stood at the write.
        check: what the airlock's second look at the text said: ``passed``; ``baseline`` where there is nothing to look
            at; ``not-asked`` where another run wrote it, or it was put back as it was read.
        outcome: ``written`` (read back and equal), ``restored`` (the same, and it is the baseline), ``found-written``
            (an earlier run wrote it and ended before it could say so), ``undone`` (a set of writes could not be
            finished), ``failed``.
        detail: more, in plain words.
    """

    place: PolicyPlace
    grants: tuple[str, ...]
    event_id: str | None
    before: str
    after: str
    outcome: str
    detail: str = ""
    about: tuple[Grant, ...] = ()
    check: str = "not-asked"

    @property
    def audit_name(self) -> str:
        """A word for it."""
        return f"policy-{self.outcome}"

    def audit_line(self, now: datetime) -> dict[str, object]:
        """The write as one line of the audit trail."""
        return {
            "schema": AUDIT_SCHEMA,
            "at": iso(now),
            "kind": "policy-write",
            "grant": self.grants[0] if len(self.grants) == 1 else None,
            "grants": list(self.grants),
            "principals": sorted({grant.facts.principal for grant in self.about}),
            "approved_by": {grant.id: grant.progress.approved_by for grant in self.about},
            "forms": {grant.id: str(grant.progress.form) for grant in self.about},
            "policy": {"kind": str(self.place.kind), "holder": self.place.holder, "name": self.place.name},
            "signal_event_id": self.event_id,
            "before_sha256": sha256_of(self.before),
            "after_sha256": sha256_of(self.after),
            "difference": _difference(self.place, self.before, self.after),
            "check": self.check,
            "outcome": self.outcome,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Somebody else changed a policy while a grant was open on it, or whom it applies to.

    Attributes:
        place: the policy.
        grants: IDs of the grants open on it.
        event_id: of the signal that led to the look; None for the sweep.
        expected: the text that the airlock had written.
        found: the text that it found, empty where the policy is gone.
        detail: what was done about it, in plain words.
        detached: whether the text is as it was, and the policy doesn't apply to the grant's principal any more.
    """

    place: PolicyPlace
    grants: tuple[str, ...]
    event_id: str | None
    expected: str
    found: str
    detail: str
    detached: bool = False

    @property
    def audit_name(self) -> str:
        """A word for it."""
        return "drift"

    def audit_line(self, now: datetime) -> dict[str, object]:
        """The finding as one line of the audit trail."""
        return {
            "schema": AUDIT_SCHEMA,
            "at": iso(now),
            "kind": "drift",
            "grant": self.grants[0] if len(self.grants) == 1 else None,
            "grants": list(self.grants),
            "policy": {"kind": str(self.place.kind), "holder": self.place.holder, "name": self.place.name},
            "signal_event_id": self.event_id,
            "before_sha256": sha256_of(self.expected),
            "after_sha256": sha256_of(self.found),
            "difference": _difference(self.place, self.expected, self.found),
            "outcome": "detached" if self.detached else "drift",
            "detail": self.detail,
        }


def _difference(place: PolicyPlace, before: str, after: str) -> str:
    """The unified difference; empty where the texts differ in white space alone, or not at all.

    It is one text: Logs Insights makes a field of each element of a list, and finds 200 in a line (CloudWatch Logs user
    guide, page "Supported logs and discovered fields").
    """
    # A cold start is for the policy, which is written by then.
    from airlock.messages.differences import difference_of  # noqa: PLC0415 - see above

    return "\n".join(difference_of(Change(place, before, after)))


Happening = Decision | PolicyWrite | Drift


def opens(exemption: Exemption | None) -> dict[str, object] | None:
    """An exemption as the audit trail tells it: actions, objects, network, last second."""
    if exemption is None:
        return None
    if exemption.lift:
        return {"actions": ["*"], "objects": ["*"], "network": "any", "not_after": iso(exemption.not_after)}
    network = exemption.network
    return {
        "actions": ["*"] if exemption.any_action else ["s3:GetObject"],
        "objects": list(exemption.objects),
        "network": "any" if network is None else network.vpc_id if isinstance(network, Vpc) else network.cidr,
        "not_after": iso(exemption.not_after),
    }
