"""CloudTrail tells of somebody's change of a guarded policy: it is looked after at once, not at the next sweep."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airlock.errors import OldReadError
from airlock.grants.grant import State
from airlock.handlers.watcher import act_on
from airlock.policy.document import parse_document, statements_of
from airlock.policy.place import PolicyKind
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import ACCOUNT, GROUP, KINDS, ROLE, USER, Account, at, install

POLICY = (SAMPLES / "aws-example.json").read_text()
BY_HUMAN = {"Sid": "ByHuman", "Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
EDITED = "ALARM: a policy was edited while it was open: net"
FENCE = f"arn:aws:iam::{ACCOUNT}:policy/net"
CALLS = {
    PolicyKind.USER_INLINE: ("PutUserPolicy", {"userName": "ocp-installer", "policyName": "net"}),
    PolicyKind.ROLE_INLINE: ("PutRolePolicy", {"roleName": "OpenShiftInstaller", "policyName": "net"}),
    PolicyKind.GROUP_INLINE: ("PutGroupPolicy", {"groupName": GROUP.rpartition("/")[2], "policyName": "net"}),
    PolicyKind.MANAGED: ("CreatePolicyVersion", {"policyArn": FENCE, "setAsDefault": True}),
}


def told(account: Account, name: str, parameters: object, **more: object) -> dict[str, Any]:
    """Bring CloudTrail's event of a call in IAM to the watcher."""
    event = {
        "id": "edit-1",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.iam",
        "account": ACCOUNT,
        "time": "2026-11-24T02:05:00Z",
        "region": "us-east-1",
        "detail": {"eventName": name, "eventSource": "iam.amazonaws.com", "requestParameters": parameters, **more},
    }
    return act_on(event, account.airlock)


def edited(text: str | None) -> str:
    """The policy with a human's statement in it."""
    document = json.loads(text or "")
    return json.dumps({**document, "Statement": [BY_HUMAN, *statements_of(document)]})


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_is_found_and_told_at_once(account: Account, kind: PolicyKind) -> None:
    """The human's change stays, the notice goes out, the audit trail names the event, and the grant goes on."""
    place = account.stand(kind, POLICY)
    principal = ROLE if kind is PolicyKind.ROLE_INLINE else USER
    account.deliver(install(principal=principal).create_vpc(at(0)))
    account.edit(place, edited(account.text(place)))
    assert "drift" in told(account, *CALLS[kind])["happened"]
    assert BY_HUMAN in statements_of(parse_document(str(account.text(place))))
    assert EDITED in [subject for subject, _ in account.notices()]
    assert account.audit("drift")[0]["signal_event_id"] == "edit-1"
    assert account.grant("prod-7xk2q", principal).progress.state is State.OPEN
    account.deliver(install(principal=principal).delete_bucket(at(600)))
    assert statements_of(parse_document(str(account.text(place)))) == [BY_HUMAN, *statements_of(parse_document(POLICY))]


def test_a_tampered_statement_is_found_at_once(account: Account) -> None:
    """Somebody widens the hole: the original deny is back beside what was found, and the grant is closed."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_vpc(at(0)))
    document = json.loads(str(account.text(place)))
    document["Statement"][0]["NotAction"] = "s3:*"
    account.clock.sleep(40)
    account.edit(place, json.dumps(document))
    assert "close" in told(account, *CALLS[PolicyKind.USER_INLINE])["happened"]
    assert statements_of(parse_document(POLICY))[0] in statements_of(parse_document(str(account.text(place))))


def test_what_may_be_an_old_read_is_looked_at_again_a_minute_later(account: Account) -> None:
    """An edit within half a minute of the opening that left nothing of ours: the next sweep knows that it is one."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_vpc(at(0)))
    account.edit(place, edited(POLICY))
    with pytest.raises(OldReadError, match="doesn't show what the airlock wrote"):
        told(account, *CALLS[PolicyKind.USER_INLINE])
    assert account.text(place) == edited(POLICY)
    assert "drift" in account.sweep()
    assert account.text(place) == edited(POLICY)
    assert account.grant("prod-7xk2q").is_final


def test_a_deleted_policy_is_told_at_once(account: Account) -> None:
    """There is nothing to put back, and people hear of it."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_vpc(at(0)))
    account.clock.sleep(40)
    account.aside.iam.delete_user_policy(UserName="ocp-installer", PolicyName="net")
    assert "drift" in told(account, "DeleteUserPolicy", CALLS[PolicyKind.USER_INLINE][1])["happened"]
    assert EDITED in [subject for subject, _ in account.notices()]


@pytest.mark.parametrize("act", ["detached", "out of the group", "no boundary", "user deleted"])
def test_a_detachment_is_told_once_and_the_text_comes_back(account: Account, act: str) -> None:
    """The policy no longer applies: that is kept, people hear of it, and the text is restored at the end."""
    iam, user = account.aside.iam, "ocp-installer"
    place = account.stand(PolicyKind.GROUP_INLINE if act == "out of the group" else PolicyKind.MANAGED, POLICY)
    if act == "no boundary":
        iam.detach_user_policy(UserName=user, PolicyArn=FENCE)
        account.principals[ROLE] = {"policies": [FENCE]}
        iam.create_role(
            RoleName="OpenShiftInstaller", Path="/ci/", AssumeRolePolicyDocument="{}", PermissionsBoundary=FENCE
        )
        account.revive()
    principal = ROLE if act == "no boundary" else USER
    one = install(principal=principal)
    account.deliver(one.create_vpc(at(0)))
    assert account.text(place) != POLICY
    if act == "out of the group":
        iam.remove_user_from_group(GroupName="installers", UserName=user)
        name, parameters = "RemoveUserFromGroup", {"userName": user, "groupName": "installers"}
    elif act == "no boundary":
        iam.delete_role_permissions_boundary(RoleName="OpenShiftInstaller")
        name, parameters = "DeleteRolePermissionsBoundary", {"roleName": "OpenShiftInstaller"}
    else:
        iam.detach_user_policy(UserName=user, PolicyArn=FENCE)
        name, parameters = "DetachUserPolicy", {"userName": user, "policyArn": FENCE}
    if act == "user deleted":
        iam.delete_user(UserName=user)
        name, parameters = "DeleteUser", {"userName": user}
    assert told(account, name, parameters)["happened"] == ["drift"]
    assert told(account, name, parameters)["happened"] == []
    assert [line["outcome"] for line in account.audit("drift")] == ["detached"]
    assert "ALARM: a policy was detached while it was open: net" in [subject for subject, _ in account.notices()]
    account.deliver(one.delete_bucket(at(600)))
    assert account.text(place) == POLICY


def test_an_attachment_to_somebody_else_is_nobodys_drift(account: Account) -> None:
    """The policy applies to its grant's principal as before."""
    account.stand(PolicyKind.MANAGED, POLICY)
    account.deliver(install().create_vpc(at(0)))
    account.aside.iam.create_user(UserName="somebody")
    account.aside.iam.attach_user_policy(UserName="somebody", PolicyArn=FENCE)
    assert told(account, "AttachUserPolicy", {"userName": "somebody", "policyArn": FENCE})["happened"] == []


def test_a_change_that_left_everything_as_it_was_does_nothing(account: Account) -> None:
    """Such as one of another policy of the user's; no lease is taken and nothing is written."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_vpc(at(0)))
    account.calls.forget()
    assert told(account, "PutUserPolicy", {"userName": "ocp-installer", "policyName": "other"})["happened"] == []
    assert account.writes() == []
    assert "UpdateItem" not in account.calls.sent


def test_without_a_grant_nothing_is_looked_at(account: Account) -> None:
    """Other times, the policies are their owners' own business."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    assert told(account, *CALLS[PolicyKind.USER_INLINE]) == {"edit": [USER], "happened": []}
    assert not [name for name in account.calls.sent if "Policy" in name]


@pytest.mark.parametrize(
    ("name", "parameters", "more"),
    [
        ("PutUserPolicy", {"userName": "ocp-installer"}, {"errorCode": "AccessDenied"}),
        ("PutUserPolicy", {"userName": "somebody"}, {}),
        ("PutUserPolicy", {"userName": ["ocp-installer"]}, {}),
        ("PutUserPolicy", {"userName": "*"}, {}),
        ("PutUserPolicy", None, {}),
        ("PutUserPolicy", "ocp-installer", {}),
        ("CreatePolicyVersion", {"policyArn": {"a": 1}}, {}),
        ("GetUserPolicy", {"userName": "ocp-installer"}, {}),
    ],
)
def test_odd_events_do_no_harm(account: Account, name: str, parameters: object, more: dict[str, object]) -> None:
    """Failed calls, others' users and garbled records have nothing looked at."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_vpc(at(0)))
    account.calls.forget()
    told(account, name, parameters, **more)
    assert not [one for one in account.calls.sent if "Policy" in one]


def test_another_accounts_event_is_left_alone(account: Account) -> None:
    """It says nothing of our policies."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    event = {"detail-type": "AWS API Call via CloudTrail", "source": "aws.iam", "account": "999999999999", "id": "e"}
    detail = {"eventName": "PutUserPolicy", "requestParameters": {"userName": "ocp-installer"}}
    assert "edit" not in act_on({**event, "detail": detail}, account.airlock)
