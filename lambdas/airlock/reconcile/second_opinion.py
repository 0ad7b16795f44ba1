"""What IAM's own simulator says of a fetch, beside the airlock's evaluator.

Before a policy is opened the two are asked the same question of the policies as they stand. If they disagree, one of
them doesn't see what the other sees, and nothing is opened (docs/decisions/0013-second-opinion.md).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_network

from airlock.policy.conditions import requirements_of
from airlock.policy.document import Document, parse_document, statements_of
from airlock.policy.evaluate import Request, denied
from airlock.policy.exemption import GET_OBJECT, Exemption, Vpc
from airlock.policy.network_deny import is_source_network_deny
from airlock.policy.place import HeldPolicy
from airlock.policy.requests import VPC_KEYS, Fetch
from airlock.policy.truth import Truth, any_of
from airlock.ports import Simulator
from airlock.reconcile.choose import SAMPLE_PRIVATE_ADDRESS, SAMPLE_PUBLIC_ADDRESS, SAMPLE_VPC
from airlock.records import Simulation

_SAMPLE_ENDPOINT = "vpce-0"
_ANOTHER_KEY = "airlock-another-object"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What came of asking.

    Attributes:
        words: the same in a sentence, for the audit trail.
        reason: why nothing may be opened, a short name; None where it may.
    """

    words: str
    reason: str | None = None


def second_opinion(simulator: Simulator, found: Sequence[HeldPolicy], exemption: Exemption, now: datetime) -> Opinion:
    """Ask the simulator of the fetch, and compare.

    Args:
        simulator: which can't always be asked.
        found: every policy of the principal, as it stands.
        exemption: what is to be opened.
        now: the present moment.
    """
    documents = [parse_document(policy.text) for policy in found]
    requests = list(_questions(exemption, now))
    said = _ask(simulator, exemption.principal, requests)
    if said.not_asked:
        return Opinion(f"IAM's simulator couldn't be asked: {said.not_asked}")
    if said.organization_allows is not False:
        return _compared(requests, documents, said)
    office = next(_offices(documents), None)
    if office and _ask(simulator, exemption.principal, [_from(office, requests[0])]).organization_allows:
        words = "the organization's policies let the read through from the office and not from the node"
        return Opinion(f"IAM's simulator was asked, and says that {words}", "scp")
    # It takes keys that it isn't told for absent, and doesn't say which: a no from everywhere proves nothing.
    return Opinion("IAM's simulator says that the organization's policies deny the read, from wherever it comes")


def _ask(simulator: Simulator, principal: str, requests: Sequence[Request]) -> Simulation:
    context = {key: values for key, values in requests[0].context.keys.items() if values is not None}
    return simulator.ask(principal, GET_OBJECT, [one.resource for one in requests], context)


def _compared(requests: Sequence[Request], documents: Sequence[Document], said: Simulation) -> Opinion:
    undecided = False
    for request in requests:
        ours = any_of(denied(document, request).truth for document in documents)
        theirs = said.denied.get(request.resource)
        if theirs is None or ours is Truth.UNKNOWN:
            undecided = True
        elif theirs is not (ours is Truth.TRUE):
            words = {True: "denied", False: "not denied"}
            return Opinion(
                f"IAM's simulator says that {request.action} of {request.resource} is {words[theirs]} now, and the "
                f"airlock's evaluator that it is {words[not theirs]}",
                "simulator-disagrees",
            )
    if undecided:
        return Opinion("IAM's simulator was asked, and wants to know more than can be told beforehand")
    return Opinion("IAM's simulator was asked, and agrees on what is denied now")


# The questions ------------------------------------------------------------------------------------------------------


def _questions(exemption: Exemption, now: datetime) -> Iterator[Request]:
    """A GET of each object, and of another one, by a request that has every network key at once.

    The other one is there for several resources: of these the simulator answers one by one.

    No real request has them all (policy/requests.py). But the simulator leaves open what hangs on a key that it isn't
    given, and both sides are asked the same.
    """
    vpc = exemption.network.vpc_id if isinstance(exemption.network, Vpc) else SAMPLE_VPC
    known = {"aws:SourceIp": SAMPLE_PUBLIC_ADDRESS}
    if exemption.region:
        # Organizations that keep to some regions deny where it is missing.
        known["aws:RequestedRegion"] = exemption.region
    for arn in (*exemption.objects, f"{exemption.objects[0].partition('/')[0]}/{_ANOTHER_KEY}"):
        fetch = Fetch(arn, exemption.principal, now)
        request = fetch.from_vpc(vpc, endpoint_id=_SAMPLE_ENDPOINT, private_ip=SAMPLE_PRIVATE_ADDRESS)
        yield replace(request, context=request.context.having(known))


def _from(office: str, request: Request) -> Request:
    """The same request from the office, through S3's public endpoint."""
    return replace(request, context=request.context.having({"aws:SourceIp": office}, absent=VPC_KEYS))


def _offices(documents: Sequence[Document]) -> Iterator[str]:
    """An address of each range that a source-network deny spares."""
    for statement in (one for document in documents for one in statements_of(document)):
        if not is_source_network_deny(statement):
            continue
        for requirement in requirements_of(statement.get("Condition")):
            for value in requirement.values or () if requirement.key.lower() == "aws:sourceip" else ():
                with contextlib.suppress(ValueError):  # a deny that isn't in the way may name what is no range
                    yield str(ip_network(value, strict=False)[0])
