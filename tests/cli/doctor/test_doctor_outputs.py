"""What `airlock doctor` prints of each kind of account, as text and as JSON, compared with stored files."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.doctor.conftest import ALLOW, DENY, OFFICE, USER, Examine, text
from tests.cli.stored import assert_golden

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

NAME = "ocp-installer"
ROLE = USER.replace("user/ocp-installer", "role/Installer")


def passes(_iam: "IAMClient") -> None:
    """Nothing is in the way."""


def opened(iam: "IAMClient") -> None:
    """AWS's own example of a deny."""
    iam.put_user_policy(UserName=NAME, PolicyName="office", PolicyDocument=text(DENY))


def wider(iam: "IAMClient") -> None:
    """A deny without an exact form."""
    deny = {**DENY, "Action": "s3:Get*"}
    iam.put_user_policy(UserName=NAME, PolicyName="office", PolicyDocument=text(deny))


def service_calls(iam: "IAMClient") -> None:
    """A deny that catches S3's calls to KMS too."""
    deny = {**DENY, "Condition": {"NotIpAddress": OFFICE["NotIpAddress"]}}
    iam.put_user_policy(UserName=NAME, PolicyName="office", PolicyDocument=text(deny))


def plain_deny(iam: "IAMClient") -> None:
    """A deny of another kind."""
    deny = {"Sid": "NoReading", "Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}
    iam.put_user_policy(UserName=NAME, PolicyName="no-reading", PolicyDocument=text(deny))


def managed_and_group(iam: "IAMClient") -> None:
    """The same deny in a group's policy and in a managed one."""
    iam.create_group(GroupName="installers")
    iam.add_user_to_group(GroupName="installers", UserName=NAME)
    iam.put_group_policy(GroupName="installers", PolicyName="office", PolicyDocument=text(DENY))
    made = iam.create_policy(PolicyName="office", PolicyDocument=text(DENY))["Policy"]
    iam.attach_user_policy(UserName=NAME, PolicyArn=made["Arn"])


def role_within(iam: "IAMClient", *statements: object) -> None:
    """A role with a boundary; moto has none for users."""
    made = iam.create_policy(PolicyName="edge", PolicyDocument=text(*statements))["Policy"]
    iam.create_role(RoleName="Installer", AssumeRolePolicyDocument=text(), PermissionsBoundary=made["Arn"])
    iam.put_role_policy(RoleName="Installer", PolicyName="work", PolicyDocument=text(ALLOW))


def boundary(iam: "IAMClient") -> None:
    """A boundary that denies by network."""
    role_within(iam, ALLOW, DENY)


def narrow_boundary(iam: "IAMClient") -> None:
    """A boundary that allows S3 from the office alone."""
    allow = {**ALLOW, "Condition": {"IpAddress": OFFICE["NotIpAddress"]}}
    role_within(iam, allow)


def allow_by_network(iam: "IAMClient") -> None:
    """An Allow for the office in place of a Deny for everywhere else."""
    allow = {**ALLOW, "Condition": {"IpAddress": OFFICE["NotIpAddress"]}}
    iam.put_user_policy(UserName=NAME, PolicyName="work", PolicyDocument=text(allow))


def allow_by_vpc(iam: "IAMClient") -> None:
    """An Allow for a VPC, which may be the one that the install is made in."""
    allow = {**ALLOW, "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-0c0rp0rate0000000"}}}
    elsewhere = {**ALLOW, "Condition": {"Null": {"aws:SourceVpc": "true"}}}
    iam.put_user_policy(UserName=NAME, PolicyName="work", PolicyDocument=text(allow, elsewhere))


CASES: dict[str, tuple[Callable[[Any], None], int]] = {
    "passes": (passes, 0),
    "opened": (opened, 0),
    "wider": (wider, 0),
    "service-calls": (service_calls, 0),
    "plain-deny": (plain_deny, 4),
    "managed-and-group": (managed_and_group, 0),
    "boundary": (boundary, 0),
    "narrow-boundary": (narrow_boundary, 4),
    "allow-by-network": (allow_by_network, 4),
    "allow-by-vpc": (allow_by_vpc, 0),
}


@pytest.mark.parametrize("name", CASES)
def test_outputs(iam: "IAMClient", examine: Examine, name: str) -> None:
    """Each account's diagnosis is what is stored, with the status that goes with it."""
    arrange, status = CASES[name]
    arrange(iam)
    principal = ROLE if "boundary" in name else USER
    done = examine(principal=principal)
    assert (done.status, done.err) == (status, "")
    for line in done.out.splitlines():
        assert line == line.rstrip()
        assert len(line) <= 80 or max(map(len, line.split())) > 50, line
    assert_golden(f"doctor/{name}.txt", done.out)
    told = examine("--json", principal=principal)
    assert told.status == status
    passes_as_it_is = name in ("passes", "allow-by-vpc")
    assert told.json["verdict"] == ("fails" if status else "passes" if passes_as_it_is else "opened")
    assert_golden(f"doctor/{name}.json", told.out)


@pytest.mark.parametrize("iam", [True], indirect=True, ids=["with-policies-of-aws"])
def test_policies_of_awss_own_count_as_allows(iam: "IAMClient", examine: Examine) -> None:
    """AdministratorAccess allows the fetch; it is named among what is out of reach."""
    iam.delete_user_policy(UserName=NAME, PolicyName="work")
    assert examine().status == 4
    iam.attach_user_policy(UserName=NAME, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    done = examine("--json")
    assert done.status == 0
    assert "AdministratorAccess" in done.out


def test_a_role_is_looked_at_too(iam: "IAMClient", examine: Examine) -> None:
    """The same for a role."""
    iam.create_role(RoleName="Installer", AssumeRolePolicyDocument=text())
    iam.put_role_policy(RoleName="Installer", PolicyName="work", PolicyDocument=text(ALLOW, DENY))
    done = examine("--json", principal=ROLE)
    assert (done.status, done.json["verdict"]) == (0, "opened")
    assert done.json["policies"][0]["policy"]["kind"] == "role-inline"
