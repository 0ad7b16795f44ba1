"""Principals of any account, partition and path."""

import json

import pytest

from airlock.install.names import Era
from airlock_cli.problems import InputError
from airlock_cli.replay.principal import Kind, Principal
from tests.cli.helpers import AWS_EXAMPLE, SAMPLES, START, occurrences_of, replayed, the_install
from tests.events import install_stream

GUARDLESS = (SAMPLES / "policies" / "no-via-service-guard.json").read_text()
ELSEWHERE = [
    ("arn:aws:iam::444455556666:user/ocp", "eu-central-1"),
    ("arn:aws:iam::444455556666:role/teams/platform/ocp", "us-east-1"),
    ("arn:aws-us-gov:iam::777788889999:user/ocp", "us-gov-east-1"),
    ("arn:aws-us-gov:iam::777788889999:role/ocp", "us-gov-west-1"),
    ("arn:aws-cn:iam::777788889999:user/teams/ocp", "cn-north-1"),
    ("arn:aws-cn:iam::777788889999:role/ocp", "cn-northwest-1"),
]


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(("principal", "region"), ELSEWHERE)
def test_a_principal_of_another_account_or_partition_is_served(principal: str, region: str, *, shared: bool) -> None:
    """The fetch, and S3's call to KMS for it, is let through and the policy comes back, whoever holds the policy."""
    stream = occurrences_of(install_stream("prod-7xk2q", principal, region, Era.CAPA, START))
    result = replayed(stream, GUARDLESS, principal, Kind.MANAGED if shared else None, delay=30)
    install = the_install(result)
    assert install["fetch"]["allowed"] is True
    assert install["narrowed_at"] == "2026-11-24T02:01:10Z"
    assert result.policy_restored


@pytest.mark.parametrize("version", ["2008-10-17", None])
def test_a_policy_of_the_older_version_is_played(version: str | None) -> None:
    """IAM holds policies of 2008, and ones that name no version; both are played and come back."""
    policy = json.loads(AWS_EXAMPLE)
    del policy["Version"]
    text = json.dumps(({"Version": version} if version else {}) | policy)
    user = ELSEWHERE[0][0]
    result = replayed(occurrences_of(install_stream("prod-7xk2q", user, "us-east-2", Era.CAPA, START)), text, user)
    assert the_install(result)["fetch"]["allowed"] is True
    assert result.policy_restored


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "ocp-installer",
        "arn:aws:iam::111122223333:group/admins",
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::1111:user/ocp",
        "arn:aws:iam::111122223333:user/",
        "arn:aws:iam::111122223333:user/a*",
        "arn:aws:iam::111122223333:user/ocp\n",
        "arn:aws:iam::\u0661\u0661\u0661\u0661\u0662\u0662\u0662\u0662\u0663\u0663\u0663\u0663:user/ocp",
        "arn:aws:sts::111122223333:assumed-role/ocp/session",
        "arn:aws:s3:::bucket",
    ],
)
def test_what_is_no_user_or_role_is_refused(arn: str) -> None:
    """Anything but the ARN of one IAM user or role is an input error that shows a right one."""
    with pytest.raises(InputError, match="arn:aws:iam::111122223333:user/ocp-installer"):
        Principal.of(arn)


def test_a_kind_must_go_with_its_principal() -> None:
    """A user has no role policies, a role neither user's nor group's; the default is the inline policy of its own."""
    user, role = (Principal.of(f"arn:aws:iam::111122223333:{what}/x") for what in ("user", "role"))
    assert (user.kind_of_policy(None), role.kind_of_policy(None)) == (Kind.USER_INLINE, Kind.ROLE_INLINE)
    assert role.kind_of_policy(Kind.MANAGED) is Kind.MANAGED
    for who, kind in ((user, Kind.ROLE_INLINE), (role, Kind.USER_INLINE), (role, Kind.GROUP_INLINE)):
        with pytest.raises(InputError, match=f"--kind {kind} doesn't go with {who.arn}"):
            who.kind_of_policy(kind)
