"""The node's calls, and which statements of a policy stop them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network

from airlock.policy.document import Document, Statement, statements_of
from airlock.policy.evaluate import Request, StatementReader
from airlock.policy.exemption import KMS_ACTIONS, Address, Exemption, Vpc
from airlock.policy.network_deny import is_source_network_deny
from airlock.policy.requests import Fetch
from airlock.policy.truth import Truth

# Stand-ins for what nobody knows before the install: no such VPC and endpoint can be, and the address is of TEST-NET-2.
SAMPLE_VPC = "vpc-0"
SAMPLE_ENDPOINT = "vpce-0"
SAMPLE_PRIVATE_ADDRESS = "10.0.0.4"
SAMPLE_PUBLIC_ADDRESS = "198.51.100.7"
SAMPLE_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Call:
    """One call that the fetch comes to.

    Attributes:
        way: where it comes from, in plain words.
        known: the call with what is known of it alone.
        assumed: the same with every other condition key taken for absent.
    """

    way: str
    known: Request
    assumed: Request

    @property
    def name(self) -> str:
        """The call as people are told of it."""
        return f"{self.known.action} {self.way}"


@dataclass(frozen=True, slots=True)
class Denial:
    """A statement that stops a call of the node's, or may.

    Attributes:
        index: where it stands in the document, from 0.
        sid: its Sid, if it has one.
        stops: the calls that it stops, by their names.
        why: what decides, for each of these; never empty.
        certain: whether it stops one for sure.
        by_network: whether it is a source-network deny, which the airlock may change.
    """

    index: int
    sid: str | None
    stops: tuple[str, ...]
    why: tuple[str, ...]
    certain: bool
    by_network: bool

    @property
    def name(self) -> str:
        """The statement as people are told of it."""
        return f"statement {self.index}{f' ({self.sid})' if self.sid else ''}"


def calls_of(exemption: Exemption, at: datetime) -> list[Call]:
    """The calls that a fetch comes to, from each network that it may take."""
    return [
        Call(way, known, assumed)
        for arn in exemption.objects
        for (way, known), (_, assumed) in zip(
            _requests(Fetch(arn, exemption.principal, at), exemption),
            _requests(Fetch(arn, exemption.principal, at, complete=True), exemption),
            strict=True,
        )
    ]


def denials_of(document: Document, calls: Sequence[Call]) -> list[Denial]:
    """The Deny statements that stop a call, or may, in the document's order."""
    statements = enumerate(statements_of(document))
    return [
        found
        for index, one in statements
        if one.get("Effect") == "Deny" and (found := _denial(index, one, calls)) is not None
    ]


def _denial(index: int, statement: Statement, calls: Sequence[Call]) -> Denial | None:
    by_network = is_source_network_deny(statement)
    reader = StatementReader(statement)
    certain: dict[str, str] = {}
    unsure: dict[str, str] = {}
    for call in calls:
        truth, request = reader.applies(call.known), call.known
        if truth is Truth.UNKNOWN and by_network:
            # Tags and the like: who installs is most often under the deny, not exempt from it.
            truth, request = reader.applies(call.assumed), call.assumed
        if truth is not Truth.FALSE:
            reasons = certain if truth is Truth.TRUE else unsure
            reasons.setdefault(call.name, f"{call.name}: {reader.explain(request)}")
    if not certain and not unsure:
        return None
    sid = statement.get("Sid")
    told = certain or unsure
    return Denial(
        index=index,
        sid=sid if isinstance(sid, str) else None,
        stops=tuple(told),
        why=tuple(told.values()),
        certain=bool(certain),
        by_network=by_network,
    )


def _requests(fetch: Fetch, exemption: Exemption) -> Iterator[tuple[str, Request]]:
    network = exemption.network
    if isinstance(network, Address):
        for edge in (0, -1):
            yield f"from {network.cidr}", fetch.from_address(str(ip_network(network.cidr)[edge]))
    elif isinstance(network, Vpc):
        yield f"from {network.vpc_id}", fetch.from_vpc(network.vpc_id, private_ip=SAMPLE_PRIVATE_ADDRESS)
    else:
        yield (
            "from a VPC endpoint",
            fetch.from_vpc(SAMPLE_VPC, endpoint_id=SAMPLE_ENDPOINT, private_ip=SAMPLE_PRIVATE_ADDRESS),
        )
        yield "from a public address", fetch.from_address(SAMPLE_PUBLIC_ADDRESS)
    if fetch.object_arn in exemption.encrypted:
        for action in KMS_ACTIONS:
            yield "by S3, for the principal", fetch.kms_call(exemption.region or SAMPLE_REGION, action=action)
