"""The bootstrap node's fetch: would IAM let it through, with the policies as they are?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from airlock.grants.grant import Grant, State
from airlock.install.names import Era, bootstrap_object_arns
from airlock.policy.document import Document, parse_document, statements_of
from airlock.policy.evaluate import Request, StatementRef, denied, explain
from airlock.policy.exemption import Vpc
from airlock.policy.place import HeldPolicy
from airlock.policy.requests import Fetch
from airlock.policy.truth import Truth
from airlock_cli.replay.told import Told

PUBLIC_ADDRESS = "198.51.100.7"
"""Stands for an address of AWS's: from TEST-NET-2, which no office has."""
PRIVATE_ADDRESS = "10.0.14.7"


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What came of a fetch.

    Attributes:
        at: when it was made: 20 s after RunInstances.
        allowed: whether no policy of the principal denied it, with the policies as IAM held them at that moment. None
            where that hangs on something that isn't known, such as a condition key that AWS's pages say nothing of.
        way: the network that it came from, in plain words.
        obstacle: the first statement that denied it, or may have, and why; None where none did.
        held_to: the VPC that the grant was narrowed to at that moment, if it was.
        kept_wide: why the grant couldn't be narrowed to what was known of it by then, if it couldn't.
    """

    at: datetime
    allowed: bool | None
    way: str
    obstacle: str | None = None
    held_to: str | None = None
    kept_wide: str | None = None


def try_fetch(told: Told, principal: str, policies: list[HeldPolicy], grant: Grant | None, at: datetime) -> FetchResult:
    """Make the fetch, and S3's call to KMS for it.

    Args:
        told: the install, with a bootstrap instance.
        principal: ARN of whoever signed the URL.
        policies: all of the principal's, as IAM holds them at this moment.
        grant: the install's, as it is at this moment.
        at: the moment.
    """
    allowed, obstacle = _verdict([parse_document(policy.text) for policy in policies], told, principal, at)
    way = f"through the S3 endpoint of {told.vpc}" if told.endpoint else "from a public address of AWS's"
    progress = grant.progress if grant and grant.progress.state is State.OPEN else None
    network = progress.exemption.network if progress and progress.exemption else None
    return FetchResult(
        at,
        allowed,
        way,
        obstacle,
        held_to=network.vpc_id if isinstance(network, Vpc) else None,
        kept_wide=progress.detail if progress else None,
    )


def _verdict(documents: list[Document], told: Told, principal: str, at: datetime) -> tuple[bool | None, str | None]:
    """Whether the fetch is allowed, None where it can't be told; and what is, or may be, in its way."""
    unsure: str | None = None
    for request in _requests(told, principal, at):
        for document in documents:
            verdict = denied(document, request)
            if verdict.truth is Truth.TRUE:
                return False, _obstacle(document, verdict.applying[0], request)
            if verdict.truth is Truth.UNKNOWN:
                unsure = unsure or _obstacle(document, verdict.unsure[0], request)
    return None if unsure else True, unsure


def _obstacle(document: Document, reference: StatementRef, request: Request) -> str:
    statement = statements_of(document)[reference.index]
    sid = f" ({reference.sid})" if reference.sid else ""
    return f"statement {reference.index}{sid} on {request.action}: {explain(statement, request)}"


def _requests(told: Told, principal: str, at: datetime) -> Iterator[Request]:
    # Where nothing tells the era, it is Terraform's: CAPA marks the instance itself.
    era = told.era or Era.TERRAFORM
    partition = principal.split(":")[1]
    fetch = Fetch(bootstrap_object_arns(told.infra_id, partition, era)[0], principal, at, complete=True)
    if told.vpc and told.endpoint:
        yield fetch.from_vpc(told.vpc, endpoint_id=told.endpoint, private_ip=PRIVATE_ADDRESS)
    else:
        yield fetch.from_address(PUBLIC_ADDRESS)
    if era is Era.CAPA:
        yield fetch.kms_call(told.region or "us-east-1")
