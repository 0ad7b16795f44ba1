"""Reading what governs an account from its organization: SCPs and RCPs, from the account up to the root.

Sources: Organizations API reference, "ListParents", "ListPoliciesForTarget" and "DescribePolicy" (all of them for the
management account, a delegated administrator, or whom a delegation policy names); Organizations user guide, "Service
control policies" and "Resource control policies" (neither affects the management account).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})


class Kind(StrEnum):
    """The kinds of policy that an organization governs by."""

    SCP = "scp"
    RCP = "rcp"


FILTERS = {Kind.SCP: "SERVICE_CONTROL_POLICY", Kind.RCP: "RESOURCE_CONTROL_POLICY"}


class Standing(StrEnum):
    """What is known of a kind of policy."""

    READ = "read"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OrganizationPolicy:
    """One SCP or RCP: its ID, its name, and its text."""

    id: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Level:
    """The account, an organizational unit or the root, and the policies that are attached there."""

    name: str
    policies: tuple[OrganizationPolicy, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """What is known of one kind of policy.

    Attributes:
        standing: whether it was read.
        why: why there is none, or why it couldn't be read.
        levels: from the account up to the root.
    """

    standing: Standing
    why: str = ""
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True)
class Organization:
    """What is known of an account's organization.

    Attributes:
        layers: by kind of policy.
        id: its ID; empty where it isn't known.
        path: the account's path in it as condition keys have it; empty where it isn't known.
    """

    layers: Mapping[Kind, Layer] = field(default_factory=dict)
    id: str = ""
    path: str = ""


class Client(Protocol):
    """What is used of boto3's client of Organizations, which has no stubs here."""

    def describe_organization(self) -> Any:  # noqa: ANN401 - what the API sends
        """Tell of the caller's organization."""
        ...

    def describe_policy(self, *, PolicyId: str) -> Any:  # noqa: ANN401, N803 - as above, and named by the API
        """Tell a policy with its text."""
        ...

    def get_paginator(self, operation: str, /) -> Any:  # noqa: ANN401 - as above
        """Make a paginator."""
        ...


def read_organization(client: Client, account: str, *, elsewhere: bool) -> Organization:
    """Read what the organization governs an account by; not being allowed to is an answer too.

    Args:
        client: with the caller's credentials.
        account: the principal's account.
        elsewhere: whether the credentials may be of another account than that.
    """
    try:
        told = client.describe_organization()["Organization"]
        if told["MasterAccountId"] == account:
            why = "the account is its organization's management account, which they don't affect"
            return Organization(dict.fromkeys(Kind, Layer(Standing.NONE, why)), told["Id"])
        above = list(_way_up(client, account))
    except (ClientError, HTTPClientError, NoConnectionError) as error:
        return Organization(dict.fromkeys(Kind, _unread(error, elsewhere=elsewhere)))
    path = "/".join([told["Id"], *reversed(above[1:]), ""])
    layers = {kind: _layer(client, kind, above, elsewhere=elsewhere) for kind in Kind}
    return Organization(layers, told["Id"], path)


def _way_up(client: Client, account: str) -> Iterator[str]:
    """IDs of the account, the organizational units above it, and the root."""
    yield account
    here = account
    while not here.startswith("r-"):
        pages = client.get_paginator("list_parents").paginate(ChildId=here)
        # "Each child has only one parent" (ListParents).
        here = next(parent["Id"] for page in pages for parent in page["Parents"])
        yield here


def _layer(client: Client, kind: Kind, above: list[str], *, elsewhere: bool) -> Layer:
    known: dict[str, OrganizationPolicy] = {}
    try:
        levels = tuple(Level(_name_of(one), tuple(_policies(client, kind, one, known))) for one in above)
    except (ClientError, HTTPClientError, NoConnectionError) as error:
        return _unread(error, elsewhere=elsewhere)
    return Layer(Standing.READ, levels=levels)


def _policies(
    client: Client, kind: Kind, target: str, known: dict[str, OrganizationPolicy]
) -> Iterator[OrganizationPolicy]:
    pages = client.get_paginator("list_policies_for_target").paginate(TargetId=target, Filter=FILTERS[kind])
    for summary in (one for page in pages for one in page["Policies"]):
        if summary["Id"] not in known:
            told = client.describe_policy(PolicyId=summary["Id"])["Policy"]
            known[summary["Id"]] = OrganizationPolicy(summary["Id"], summary["Name"], told["Content"])
        yield known[summary["Id"]]


def _name_of(target: str) -> str:
    if target.startswith("r-"):
        return "the root"
    return f"organizational unit {target}" if target.startswith("ou-") else "the account"


def _unread(error: Exception, *, elsewhere: bool) -> Layer:
    if not isinstance(error, ClientError):
        return Layer(Standing.UNKNOWN, f"Organizations can't be reached ({type(error).__name__})")
    code = error.response.get("Error", {}).get("Code", "")
    if code == "AWSOrganizationsNotInUseException" and not elsewhere:
        return Layer(Standing.NONE, "the account is in no organization")
    permission = f"organizations:{error.operation_name}"
    if code in _DENIED:
        return Layer(Standing.UNKNOWN, f"AWS denies {permission}")
    if code in ("ChildNotFoundException", "AWSOrganizationsNotInUseException"):
        return Layer(Standing.UNKNOWN, "the account isn't in the organization of --organization-profile")
    return Layer(Standing.UNKNOWN, f"{permission} failed ({code})")
