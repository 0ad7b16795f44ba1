"""What the doctor found, as one value, and the same as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from airlock.policy.ladder import what_it_adds
from airlock.policy.place import PolicyKind
from airlock_cli.doctor.examining import Examined, Findings
from airlock_cli.doctor.organization import Answer
from airlock_cli.doctor.reading import Held
from airlock_cli.replay.principal import Principal


class Verdict(StrEnum):
    """How an install would end."""

    PASSES = "passes"
    OPENED = "opened"
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that the airlock doesn't reach, and what is known of it."""

    what: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All of it.

    Attributes:
        principal: who installs.
        infra_id: of the install that was looked at.
        sample: whether that was made up.
        held: what was read.
        findings: what was made of it.
    """

    principal: Principal
    infra_id: str
    sample: bool
    held: Held
    findings: Findings

    @property
    def verdict(self) -> Verdict:
        """How an install would end, as far as the account can tell."""
        found = self.findings
        if found.missing or self.held.organization.stops or any(one.helpless for one in found.stopping):
            return Verdict.FAILS
        return Verdict.OPENED if found.stopping else Verdict.PASSES

    @property
    def limits(self) -> list[Limit]:
        """What is out of the airlock's reach."""
        kind = "role" if self.principal.what == "role" else "user"
        boundary = self._boundary()
        return [
            *([boundary] if boundary else []),
            self._aws_managed(),
            self._scp(),
            Limit("rcp", "unknown", "the account can't ask about its organization's resource control policies"),
            Limit("session-policies", "unknown", f"what a session of the {kind} is cut down by can't be seen"),
            Limit("bucket-policy", "unknown", "the bucket is made by the install, so its policy can't be known yet"),
            Limit("endpoint-policy", "unknown", "the VPC's S3 endpoint is made by the install or by others"),
        ]

    def stopped_by(self, call: str) -> list[str]:
        """What stops a call; empty where nothing does."""
        by_organization = ["the organization's policies (SCP)"] if call in self.held.organization.stops else []
        return self.findings.stopped_by(call) + by_organization

    def _boundary(self) -> Limit | None:
        """What the permissions boundary does; None where the airlock opens it, for then it is in reach."""
        boundary = next((policy for policy in self.held.policies if policy.boundary), None)
        if boundary is None:
            return Limit("permissions-boundary", "none", "the principal has none")
        arn = boundary.place.holder
        if any("boundary" in one.by for one in self.findings.missing):
            return Limit("permissions-boundary", "stops", f"{arn} doesn't allow the fetch")
        stopping = next((one for one in self.findings.stopping if one.policy == boundary), None)
        if stopping is None:
            return Limit("permissions-boundary", "allows", f"{arn} lets the fetch through")
        return Limit("permissions-boundary", "stops", f"{arn} denies the fetch") if stopping.helpless else None

    def _aws_managed(self) -> Limit:
        names = [held.place.name for held in self.held.policies if held.place.is_aws_own and held.attached]
        if not names:
            return Limit("aws-managed", "none", "the principal has none of AWS's own policies")
        stops = any(one.helpless is not None and one.helpless.reason == "aws-managed" for one in self.findings.stopping)
        told = "denies the fetch" if stops else "none of them denies the fetch"
        return Limit("aws-managed", "stops" if stops else "allows", f"{', '.join(names)}: {told}")

    def _scp(self) -> Limit:
        told = self.held.organization
        details = {
            Answer.ALLOWS: "IAM's simulator was asked: the organization's SCPs let the fetch through",
            Answer.DENIES: f"IAM's simulator was asked: the organization's SCPs deny {' and '.join(told.stops)}",
            Answer.NO_ORGANIZATION: "IAM's simulator was asked, and told of no organization",
            Answer.NOT_ASKED: f"IAM's simulator couldn't be asked (iam:SimulatePrincipalPolicy: {told.why_not})",
        }
        states = {Answer.ALLOWS: "allows", Answer.DENIES: "stops", Answer.NO_ORGANIZATION: "none"}
        return Limit("scp", states.get(told.answer, "unknown"), details[told.answer])


def diagnosis_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """The diagnosis as data."""
    return {
        "principal": diagnosis.principal.arn,
        "infra_id": diagnosis.infra_id,
        "sample": diagnosis.sample,
        "verdict": str(diagnosis.verdict),
        "calls": [
            {"call": call, "passes": not diagnosis.stopped_by(call), "stopped_by": diagnosis.stopped_by(call)}
            for call in diagnosis.findings.calls
        ],
        "policies": [_policy(one) for one in diagnosis.findings.stopping],
        "not_allowed": [
            {"call": one.call, "by": one.by, "allows_elsewhere": list(one.why)} for one in diagnosis.findings.missing
        ],
        "out_of_reach": [{"what": one.what, "state": one.state, "detail": one.detail} for one in diagnosis.limits],
    }


def condition_of(one: Examined) -> str:
    """What the configuration has to say for a policy to be opened, besides the principal; empty where nothing."""
    named = {PolicyKind.GROUP_INLINE: "names the group", PolicyKind.MANAGED: "names the policy"}
    needs = [named[one.policy.place.kind]] if one.policy.place.kind in named else []
    if one.planned and one.planned.rung and one.planned.rung.widenings:
        needs.append("lets it open wider")
    return f"if the configuration {' and '.join(needs)}" if needs else ""


def _policy(one: Examined) -> dict[str, Any]:
    place, planned, helpless = one.policy.place, one.planned, one.helpless
    rung = None if helpless or planned is None else planned.rung
    return {
        "policy": {"kind": str(place.kind), "holder": place.holder, "name": place.name},
        "boundary": one.policy.boundary,
        "statements": [
            {"sid": denial.sid, "index": denial.index, "why": "; ".join(denial.why)}
            for denial in (planned.stopping if planned else ())
        ],
        "opens": "no" if rung is None else "wider" if rung.widenings else "exact",
        "wider": [{"widening": str(w), "adds": what_it_adds(w)} for w in (rung.widenings if rung else ())],
        "condition": condition_of(one) or None,
        "refused": {"reason": helpless.reason, "detail": helpless.detail} if helpless else None,
    }
