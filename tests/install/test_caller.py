"""Who made a call, as far as its record can be trusted."""

import pytest

from airlock.install.names import Era
from tests.events import Install
from tests.install.helpers import AT, CAPA, USER, changed, read, refused

ROLE = "arn:aws:iam::111122223333:role/ci/deep/OpenShiftInstaller"
BY_ROLE = Install(infra_id="prod-7xk2q", principal=ROLE, region="us-east-2", era=Era.CAPA)


def test_users_and_roles() -> None:
    """A user is itself; a session is its role, with the path that the session's own ARN lacks."""
    assert read(CAPA.create_bucket(AT)).principal == USER
    assert read(BY_ROLE.create_bucket(AT)).principal == ROLE


@pytest.mark.parametrize(
    "kind", ["Root", "FederatedUser", "AWSService", "AWSAccount", "SAMLUser", "IdentityCenterUser"]
)
def test_other_callers(kind: str) -> None:
    """Whoever is neither an IAM user nor a role's session can't be enrolled."""
    event = changed(CAPA.create_bucket(AT), "detail.userIdentity.type", kind)
    assert "neither an IAM user nor a role" in refused(event, malformed=False)


def test_session_of_a_user() -> None:
    """A session whose issuer isn't a role is none of ours."""
    event = changed(BY_ROLE.create_bucket(AT), "detail.userIdentity.sessionContext.sessionIssuer.type", "IAMUser")
    assert "issuer is not a role" in refused(event, malformed=False)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::111122223333:role/ocp-installer",
        "arn:aws:sts::111122223333:assumed-role/ocp/ci",
        "arn:aws:iam::111122223333:group/ocp",
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/",
        "arn:aws:iam::111122223333:user/*",
        "arn:aws:iam::111122223333:user/*/ocp",
        "arn:aws:iam::111122223333:user/${aws:username}",
        "arn:aws:iam::11112222333:user/ocp",
        "arn:aws:iam::111122223333:user/ocp\n",
        "arn:gcp:iam::111122223333:user/ocp",
        "ocp-installer",
        "x" * 10_000,
        "",
        None,
        5,
    ],
)
def test_no_arn_of_a_user(arn: object) -> None:
    """What isn't the ARN of one IAM user is refused, above all what a condition would read as a pattern."""
    refused(changed(CAPA.create_bucket(AT), "detail.userIdentity.arn", arn), malformed=True)


@pytest.mark.parametrize("arn", [USER, "arn:aws:sts::111122223333:assumed-role/ocp/ci", None])
def test_no_arn_of_a_role(arn: object) -> None:
    """What isn't the ARN of one IAM role is refused as a session's issuer."""
    event = changed(BY_ROLE.create_bucket(AT), "detail.userIdentity.sessionContext.sessionIssuer.arn", arn)
    refused(event, malformed=True)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("account", "999999999999"),
        ("detail.recipientAccountId", "999999999999"),
        ("detail.userIdentity.accountId", "999999999999"),
        ("detail.userIdentity.sessionContext.sessionIssuer.accountId", "999999999999"),
        ("detail.userIdentity.sessionContext.sessionIssuer.arn", "arn:aws:iam::999999999999:role/OpenShiftInstaller"),
        ("account", "1111"),
        ("account", 111122223333),
        ("detail.recipientAccountId", 111122223333),
    ],
)
def test_accounts_differ(path: str, value: object) -> None:
    """A record must name one account wherever it names one."""
    refused(changed(BY_ROLE.create_bucket(AT), path, value), malformed=True)


def test_accounts_absent() -> None:
    """Fields that only repeat the account may be missing."""
    event = CAPA.create_bucket(AT)
    del event["detail"]["recipientAccountId"], event["detail"]["userIdentity"]["accountId"]
    assert read(event).account == "111122223333"


def test_names_and_user_agents_prove_nothing() -> None:
    """The caller is who AWS says, whatever the record's user name or user agent claims."""
    event = changed(CAPA.create_bucket(AT), "detail.userIdentity.userName", "somebody-else")
    event["detail"]["userAgent"] = "OpenShift/4.x Installer/v4.14.0 APN/1.0 HashiCorp/1.0 Terraform"
    assert read(event).principal == USER
    assert read(event).era is Era.CAPA
