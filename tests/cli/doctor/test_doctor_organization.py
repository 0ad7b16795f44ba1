"""What `airlock doctor` learns of an organization's policies: read on moto, told by the simulator, or neither."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from airlock.records import Simulation
from airlock_cli.doctor.organization import Kind, Layer, Organization, Standing, read_organization
from tests.cli.doctor.conftest import ALLOW, DENY, OFFICE, USER, Examine, simulator_tells, text
from tests.cli.operators.door import REGION
from tests.cli.stored import assert_golden

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_iam import IAMClient

    from tests.cli.operators.conftest import Done

VPC = "s3:GetObject from a VPC endpoint"
PUBLIC = "s3:GetObject from a public address"
DECRYPT = "kms:Decrypt by S3, for the principal"
UNGUARDED = {**DENY, "Sid": "Perimeter", "Condition": {"NotIpAddressIfExists": OFFICE["NotIpAddress"]}}
OTHERS_ONLY = {
    "Sid": "OursAlone",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "*",
    "Condition": {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "the organization"},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    },
}
REGIONS = {
    "Sid": "Regions",
    "Effect": "Deny",
    "NotAction": ["iam:*", "sts:*"],
    "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1"]}},
}


@dataclass(slots=True)
class Tree:
    """An organization with one account in an organizational unit, and the installer in it.

    Attributes:
        client: Organizations, with the management account's credentials.
        id: the organization's ID.
        root: ID of its root.
        unit: ID of the organizational unit.
        account: the account's ID.
        diagnosed: runs the command on the installer, by the account's own credentials and those of management.
    """

    client: Any
    id: str
    root: str
    unit: str
    account: str
    diagnosed: Callable[..., Done]

    def attach(self, kind: str, target: str, *statements: object, name: str = "perimeter") -> str:
        """Attach a policy of these statements; its ID."""
        content = text(*statements).replace("the organization", self.id)
        made = self.client.create_policy(Content=content, Description="", Name=name, Type=kind)
        policy: str = made["Policy"]["PolicySummary"]["Id"]
        self.client.attach_policy(PolicyId=policy, TargetId=target)
        return policy

    def stable(self, told: str) -> str:
        """An output without what moto makes up anew each time."""
        for made_up, name in ((self.unit, "ou-ab12-11111111"), (self.root, "r-ab12"), (self.id, "o-a1b2c3d4e5")):
            told = told.replace(made_up, name)
        return told.replace(self.account, "444455556666")


SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"


@pytest.fixture
def tree(
    iam: IAMClient,  # noqa: ARG001 - the management account has to be there
    examine: Examine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Tree:
    """The organization, made by what is elsewhere the installer's own account."""
    client = boto3.client("organizations", REGION)
    organization = client.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    made = client.create_account(Email="installs@example.com", AccountName="installs")["CreateAccountStatus"]
    account, root = made["AccountId"], client.list_roots()["Roots"][0]["Id"]
    unit = client.create_organizational_unit(ParentId=root, Name="clusters")["OrganizationalUnit"]["Id"]
    client.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
    credentials = boto3.client("sts", REGION).assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole", RoleSessionName="doctor"
    )["Credentials"]
    config = tmp_path / "config"
    config.write_text("[profile management]\naws_access_key_id = test\naws_secret_access_key = test\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", credentials["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", credentials["SecretAccessKey"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", credentials["SessionToken"])
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    member = boto3.client("iam", REGION)
    member.create_user(UserName="ocp-installer")
    member.put_user_policy(UserName="ocp-installer", PolicyName="work", PolicyDocument=text(ALLOW))
    arn = f"arn:aws:iam::{account}:user/ocp-installer"

    def diagnosed(*more: str) -> Done:
        return examine("--organization-profile", "management", *more, principal=arn)

    return Tree(client, organization, root, unit, account, diagnosed)


def limits(done: Done) -> dict[str, tuple[str, str]]:
    """What is said of each thing out of reach."""
    return {one["what"]: (one["state"], one["detail"]) for one in done.json["out_of_reach"]}


def test_policies_that_let_the_fetch_through(tree: Tree) -> None:
    """FullAWSAccess at each level, a deny of something else, and a perimeter for others' principals."""
    tree.attach(SCP, tree.account, {"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"})
    tree.attach(RCP, tree.root, OTHERS_ONLY, name="ours-alone")
    done = tree.diagnosed("--json")
    assert (done.status, done.json["verdict"], done.json["organization"]) == (0, "passes", [])
    assert limits(done)["scp"][0] == limits(done)["rcp"][0] == "allows"


def test_an_scp_by_network_is_named(tree: Tree) -> None:
    """The policy, where it is attached, the statement and why; S3's calls to KMS are under SCPs too."""
    policy = tree.attach(SCP, tree.root, ALLOW, UNGUARDED)
    done = tree.diagnosed("--json")
    assert (done.status, done.json["verdict"]) == (4, "fails")
    (one,) = done.json["organization"]
    assert (one["type"], one["policy"], one["level"]) == ("scp", {"id": policy, "name": "perimeter"}, "the root")
    (statement,) = one["statements"]
    assert (statement["sid"], statement["index"], statement["certain"]) == ("Perimeter", 1, True)
    stopped = {call["call"]: call["stopped_by"] for call in done.json["calls"]}
    assert stopped[VPC] == stopped[DECRYPT] == [f"statement 1 (Perimeter) of SCP perimeter ({policy}) of the root"]
    assert limits(done)["scp"][0] == "stops"
    told = tree.diagnosed().out.replace(policy, "p-a1b2c3d4")
    assert_golden("doctor/scp.txt", tree.stable(told))


def test_an_rcp_by_network_is_named(tree: Tree) -> None:
    """RCPs speak of everybody, and leave alone the keys that AWS manages."""
    policy = tree.attach(RCP, tree.unit, {**UNGUARDED, "Principal": "*"}, name="resources")
    done = tree.diagnosed("--json")
    assert done.status == 4
    stopped = {call["call"]: call["stopped_by"] for call in done.json["calls"]}
    level = f"organizational unit {tree.unit}"
    assert stopped[VPC] == stopped[PUBLIC] == [f"statement 0 (Perimeter) of RCP resources ({policy}) of {level}"]
    assert stopped[DECRYPT] == []
    assert (limits(done)["scp"][0], limits(done)["rcp"][0]) == ("allows", "stops")


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        (SCP, REGIONS),
        (RCP, {**UNGUARDED, "Principal": {"AWS": "arn:aws:iam::444455556666:root"}}),
        (SCP, {**UNGUARDED, "NotPrincipal": "*"}),
    ],
)
def test_what_hangs_on_something_unknown_may_stop_it(tree: Tree, kind: str, statement: dict[str, Any]) -> None:
    """A region, or a principal other than everybody: it is told, and isn't counted."""
    tree.attach(kind, tree.account, statement)
    done = tree.diagnosed("--json")
    assert (done.status, done.json["verdict"]) == (0, "passes")
    assert limits(done)["scp" if kind == SCP else "rcp"][0] == "may-stop"
    assert [one["certain"] for one in done.json["organization"][0]["statements"]] == [False]
    assert "may stop it: see" in tree.diagnosed().out


def test_a_policy_that_is_attached_twice_is_told_once(tree: Tree) -> None:
    """At the level that is nearest to the account."""
    policy = tree.attach(SCP, tree.root, UNGUARDED)
    tree.client.attach_policy(PolicyId=policy, TargetId=tree.unit)
    assert [one["level"] for one in tree.diagnosed("--json").json["organization"]] == [
        f"organizational unit {tree.unit}"
    ]


def test_a_level_that_allows_nothing_stops_it(tree: Tree) -> None:
    """Each level has to allow a call, by SCPs; RCPs have no say in that."""
    tree.attach(SCP, tree.unit, {"Effect": "Allow", "Action": ["ec2:*", "kms:*"], "Resource": "*"}, name="lists")
    tree.client.detach_policy(PolicyId="p-FullAWSAccess", TargetId=tree.unit)
    done = tree.diagnosed("--json")
    assert done.status == 4
    level = f"the SCPs of organizational unit {tree.unit}"
    assert [(one["call"], one["by"]) for one in done.json["not_allowed"]] == [(VPC, level), (PUBLIC, level)]
    assert limits(done)["scp"][0] == "stops"


def test_a_policy_that_cant_be_read_may_stop_it(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as such."""
    tree.attach(SCP, tree.account, UNGUARDED)
    real = read_organization

    def odd(*arguments: Any, **named: Any) -> Organization:  # noqa: ANN401 - as the real one
        found = real(*arguments, **named)
        for level in found.layers[Kind.SCP].levels:
            for policy in level.policies:
                object.__setattr__(policy, "text", "{")
        return found

    monkeypatch.setattr("airlock_cli.doctor.reading.read_organization", odd)
    done = tree.diagnosed("--json")
    assert done.status == 0
    assert limits(done)["scp"][0] == "may-stop"
    assert "isn't JSON" in tree.diagnosed().out


def test_the_management_account_is_under_neither(iam: IAMClient, examine: Examine) -> None:
    """SCPs and RCPs leave it alone, and nothing is read."""
    del iam
    boto3.client("organizations", REGION).create_organization(FeatureSet="ALL")
    done = examine("--json")
    assert done.status == 0
    for kind in ("scp", "rcp"):
        assert limits(done)[kind] == (
            "none",
            "the account is its organization's management account, which they don't affect",
        )


def denied(code: str, operation: str) -> Mock:
    """A client whose first call is refused."""
    error = ClientError({"Error": {"Code": code, "Message": ""}}, operation)
    return Mock(describe_organization=Mock(side_effect=error))


@pytest.mark.parametrize(
    ("client", "elsewhere", "layer"),
    [
        (
            denied("AccessDeniedException", "DescribeOrganization"),
            False,
            Layer(Standing.UNKNOWN, "AWS denies organizations:DescribeOrganization"),
        ),
        (
            denied("AWSOrganizationsNotInUseException", "DescribeOrganization"),
            False,
            Layer(Standing.NONE, "the account is in no organization"),
        ),
        (
            denied("AWSOrganizationsNotInUseException", "DescribeOrganization"),
            True,
            Layer(Standing.UNKNOWN, "the account isn't in the organization of --organization-profile"),
        ),
        (
            denied("TooManyRequestsException", "DescribeOrganization"),
            False,
            Layer(Standing.UNKNOWN, "organizations:DescribeOrganization failed (TooManyRequestsException)"),
        ),
        (
            Mock(describe_organization=Mock(side_effect=EndpointConnectionError(endpoint_url="https://o"))),
            False,
            Layer(Standing.UNKNOWN, "Organizations can't be reached (EndpointConnectionError)"),
        ),
    ],
)
def test_an_organization_that_cant_be_read(client: Any, *, elsewhere: bool, layer: Layer) -> None:  # noqa: ANN401 - a client
    """Why is told, and which permission it takes."""
    assert read_organization(client, "444455556666", elsewhere=elsewhere).layers == {Kind.SCP: layer, Kind.RCP: layer}


def test_rcps_that_cant_be_read_leave_scps_read(tree: Tree) -> None:
    """Each kind is judged by itself."""
    real = tree.client.get_paginator

    def paginator(operation: str) -> Any:  # noqa: ANN401 - a paginator
        def paginate(**arguments: str) -> Any:  # noqa: ANN401 - pages
            if arguments.get("Filter") == RCP:
                raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "ListPoliciesForTarget")
            return real(operation).paginate(**arguments)

        return Mock(paginate=paginate)

    client = Mock(
        describe_organization=tree.client.describe_organization,
        describe_policy=tree.client.describe_policy,
        get_paginator=paginator,
    )
    found = read_organization(client, tree.account, elsewhere=True)
    levels = ["the account", f"organizational unit {tree.unit}", "the root"]
    assert [level.name for level in found.layers[Kind.SCP].levels] == levels
    assert found.layers[Kind.RCP] == Layer(Standing.UNKNOWN, "AWS denies organizations:ListPoliciesForTarget")
    assert found.path == f"{tree.id}/{tree.root}/{tree.unit}/"


def of_vpc(*, allows: bool) -> Callable[[Any], Simulation]:
    """A simulator by whose word the organization's policies hang on the way that the fetch takes."""
    return lambda context: Simulation({}, organization_allows=allows if context.get("aws:sourcevpc") else True)


@pytest.mark.parametrize(
    ("tells", "state", "says"),
    [
        (of_vpc(allows=False), "may-stop", f"the organization denies {VPC}; but it takes"),
        (of_vpc(allows=True), "allows", "let the fetch through, as far as it is told"),
        (lambda _: Simulation({}), "none", "tells of no organization"),
        (lambda _: Simulation(not_asked="Throttling"), "unknown", "iam:SimulatePrincipalPolicy: Throttling"),
    ],
)
def test_where_scps_cant_be_read_the_simulator_is_asked(
    examine: Examine, monkeypatch: pytest.MonkeyPatch, tells: Callable[[Any], Simulation], state: str, says: str
) -> None:
    """Its no may be for want of a key, so that it is told, and doesn't count."""
    unread = Layer(Standing.UNKNOWN, "AWS denies organizations:ListParents")
    found = Organization(dict.fromkeys(Kind, unread), "o-a1b2c3d4e5")
    monkeypatch.setattr("airlock_cli.doctor.reading.read_organization", Mock(return_value=found))
    simulator_tells(monkeypatch, tells)
    done = examine("--json", "--infra-id", "prod-7xk2q")
    assert (done.status, done.json["sample"]) == (0, False)
    assert limits(done)["scp"][0] == state
    assert limits(done)["scp"][1].startswith("they can't be read: AWS denies organizations:ListParents; ")
    assert says in limits(done)["scp"][1]
    assert limits(done)["rcp"] == ("unknown", "they can't be read: AWS denies organizations:ListParents")


def test_the_simulator_is_told_what_each_way_has_and_lacks(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a VPC endpoint there is no public address, and the other way round; what isn't known isn't told."""
    unread = Organization(dict.fromkeys(Kind, Layer(Standing.UNKNOWN, "AWS denies it")))
    monkeypatch.setattr("airlock_cli.doctor.reading.read_organization", Mock(return_value=unread))
    asked: list[dict[str, Any]] = []

    def ask(_self: object, principal: str, action: str, arns: list[str], context: dict[str, Any]) -> Simulation:
        assert (principal, action) == (USER, "s3:GetObject")
        assert len(set(arns)) == 2
        asked.append(context)
        return Simulation()

    monkeypatch.setattr("airlock.adapters.simulator.IamSimulator.ask", ask)
    examine()
    by_vpc, by_address = asked
    assert (by_vpc["aws:sourceip"], by_address["aws:sourcevpc"]) == ((), ())
    assert by_vpc["aws:sourcevpc"]
    assert by_address["aws:sourceip"]
    assert not any(key.startswith("aws:principaltag") for key in (*by_vpc, *by_address))
