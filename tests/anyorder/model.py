"""What a policy may be at a moment, told without the renderer: the model to which the machine holds the airlock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product

from airlock.grants.grant import Grant, State
from airlock.grants.life import exemption_of
from airlock.policy.check import opens
from airlock.policy.context import Context
from airlock.policy.document import parse_document, statements_of
from airlock.policy.evaluate import Request, StatementReader
from airlock.policy.exemption import Exemption, iso
from airlock.policy.truth import Truth, any_of

OFFICE, ELSEWHERE = "192.0.2.7", "198.51.100.201"


@dataclass(frozen=True, slots=True)
class Breach:
    """A request that the policy treats otherwise than it may.

    Attributes:
        what: what is wrong.
        request: the request.
        at: its moment.
    """

    what: str
    request: Request
    at: datetime


def breach_of(
    baseline: str, text: str, grants: Sequence[Grant], principals: Sequence[str], now: datetime
) -> Breach | None:
    """Look for a request that was denied and passes without an open grant to allow it, or that is denied newly.

    Args:
        baseline: what the policy would be without the airlock, a human's edits included.
        text: what IAM holds.
        grants: every grant there ever was.
        principals: whose requests are tried.
        now: the present moment; the requests come then, and after every grant's last second.
    """
    before, after = _denies(baseline), _denies(text)
    exemptions = [one for grant in grants for one in _exemptions(grant)]
    for request, at in _requests(grants, principals, now):
        was, is_ = (any_of(one.applies(request) for one in denies) for denies in (before, after))
        if was is Truth.FALSE and is_ is not Truth.FALSE:
            return Breach("denied, and was not before", request, at)
        if was is Truth.TRUE and is_ is not Truth.TRUE and not any(opens(one, request, at) for one in exemptions):
            return Breach("passes, and no grant opens it", request, at)
    return None


def _denies(text: str) -> list[StatementReader]:
    return [StatementReader(one) for one in statements_of(parse_document(text)) if one["Effect"] == "Deny"]


def _exemptions(grant: Grant) -> Iterator[Exemption]:
    """What a grant has open, or was about to open when its run died."""
    if grant.progress.exemption is not None:
        yield grant.progress.exemption
    if grant.progress.state in (State.REQUESTED, State.OPEN):
        # Its run may have written before more was learnt.
        known = replace(grant.facts, endpoint_vpcs=frozenset(), eras=frozenset(), regions=frozenset())
        yield exemption_of(known, grant.progress.form)


def _requests(grants: Sequence[Grant], principals: Sequence[str], now: datetime) -> Iterator[tuple[Request, datetime]]:
    arns = {
        arn
        for grant in grants
        for name in [grant.facts.infra_id]
        for arn in (
            f"arn:aws:s3:::{name}-bootstrap/bootstrap.ign",
            f"arn:aws:s3:::openshift-bootstrap-data-{name}/control-plane/{name}-bootstrap",
        )
    }
    vpcs = {vpc for grant in grants for vpc in grant.facts.endpoint_vpcs}
    networks = [{"aws:SourceIp": OFFICE}, {"aws:SourceIp": ELSEWHERE}, {"aws:SourceVpc": "vpc-0"}]
    networks += [{"aws:SourceVpc": vpc} for vpc in sorted(vpcs)]
    last = max((grant.facts.not_after for grant in grants), default=now)
    calls = [
        *(("s3:GetObject", arn) for arn in sorted(arns)),
        *(("s3:PutObject", arn) for arn in sorted(arns)[:1]),
        ("s3:GetObject", "arn:aws:s3:::another-bucket/key"),
        ("ec2:RunInstances", "*"),
    ]
    moments = (now, max(last, now) + timedelta(seconds=1))
    for at, principal, network in product(moments, principals, networks):
        own = {"aws:PrincipalArn": principal, "aws:CurrentTime": iso(at), "aws:ViaAWSService": "false"}
        context = Context.of({**own, **network}, complete=True)
        for action, arn in calls:
            yield Request(action, arn, context), at
