"""Grants that can't be opened: each refused with a reason that tells what to do, and no policy touched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from airlock.grants.grant import State
from airlock.policy.place import PolicyKind
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import GROUP, ROLE, USER, Account, at, install
from tests.reconcile.interference import refusal

POLICY = (SAMPLES / "aws-example.json").read_text()
NET = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "Bool": {"aws:ViaAWSService": "false"}}

OFF = {"network": "off", "actions": "off", "lift": "off"}


def fence(**elements: object) -> str:
    """A policy of one source-network deny."""
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": NET}
    return json.dumps({"Version": "2012-10-17", "Statement": [deny | elements]})


@contextmanager
def aws_own(account: Account, text: str) -> Iterator[str]:
    """Attach a policy of AWS's own to the user, by its ARN; moto has none unless it is told to load them all."""
    arn, iam = "arn:aws:iam::aws:policy/job-function/Odd", account.aside.iam
    made = iam.create_policy(PolicyName="Odd", PolicyDocument=text)["Policy"]["Arn"]

    def as_aws_own(parsed: dict[str, Any]) -> None:
        parsed["AttachedPolicies"].append({"PolicyArn": arn, "PolicyName": "Odd"})

    def read_instead(params: dict[str, Any], **_: object) -> None:
        if params.get("PolicyArn") == arn:
            params["PolicyArn"] = made

    account.calls.changes["ListAttachedUserPolicies"] = as_aws_own
    events = account.acting.iam.meta.events
    events.register("before-parameter-build.iam", read_instead, unique_id="instead")
    try:
        yield arn
    finally:
        events.unregister("before-parameter-build.iam", unique_id="instead")


def refused(account: Account, principal: str = USER) -> tuple[str | None, str]:
    """Deliver the first signal, and tell why it was refused: the short reason and the words."""
    assert account.deliver(install(principal=principal).create_role(at(0))) == ["refuse"]
    progress = account.grant("prod-7xk2q", principal).progress
    assert progress.state is State.REFUSED
    assert account.writes() == []
    (subject, text) = account.notices()[-1]
    assert subject.startswith("Refused: OpenShift install prod-7xk2q")
    assert str(progress.detail) in " ".join(text.split())
    return progress.reason, str(progress.detail)


@pytest.mark.parametrize("kind", [PolicyKind.GROUP_INLINE, PolicyKind.MANAGED])
def test_a_shared_policy_that_isnt_named_is_refused_with_the_remedy(account: Account, kind: PolicyKind) -> None:
    """The deny of a group or managed policy outside the configuration stays, and the notice says what to add."""
    place = account.stand(kind, POLICY)
    account.enrol(USER, groups=[], policies=[])
    reason, detail = refused(account)
    assert reason == "not-named"
    where = "groups" if kind is PolicyKind.GROUP_INLINE else "policies"
    assert f'add {place.holder} to the principal\'s "{where}"' in detail


def test_a_permissions_boundary_that_isnt_named_is_refused_with_the_remedy(account: Account) -> None:
    """All of a principal's policies are opened or none, and a boundary is changed only where the configuration says."""
    own = account.stand(PolicyKind.ROLE_INLINE, POLICY)
    iam = account.aside.iam
    arn = iam.create_policy(PolicyName="limits", PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName="OpenShiftInstaller", PermissionsBoundary=arn)
    reason, detail = refused(account, ROLE)
    assert reason == "not-named"
    assert f"managed {arn}, the principal's permissions boundary" in detail
    assert account.text(own) == POLICY


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (fence(Action="s3:Get*"), "action-pattern"),
        (fence(Action="s3:*", Resource="arn:aws:s3:::*-bootstrap/*"), "resource-pattern"),
        (fence(Resource="arn:aws:s3:::${aws:username}/*"), "resource-pattern"),
    ],
)
def test_one_policy_without_an_exact_form_keeps_all_closed(account: Account, second: str, reason: str) -> None:
    """Of two policies in the way, the one that can be opened isn't when the other can't."""
    places = [account.stand(PolicyKind.USER_INLINE, POLICY), account.stand(PolicyKind.GROUP_INLINE, second)]
    account.enrol(USER, **{**account.principals[USER], "wider": OFF})
    account.edit(places[1], second.replace("${aws:username}", "*-bootstrap") if "username" in second else second)
    assert refused(account)[0] == reason
    assert account.text(places[0]) == POLICY


def test_what_doesnt_fit_is_refused(account: Account) -> None:
    """A user's inline policies share 2,048 characters; the opened one counts with its neighbours."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    work = {"Effect": "Allow", "Action": [f"ec2:Describe{'x' * 50}{number}" for number in range(20)], "Resource": "*"}
    account.stand(PolicyKind.USER_INLINE, json.dumps({"Version": "2012-10-17", "Statement": work}), name="work")
    account.enrol(USER, wider=OFF)
    reason, detail = refused(account)
    assert reason == "too-large"
    assert "IAM allows 2048" in detail
    assert account.text(place) == POLICY


def test_a_deny_for_another_reason_makes_the_hole_pointless(account: Account) -> None:
    """An unconditional Deny of the fetch beside the network's: nothing is opened, for it wouldn't help."""
    document = json.loads(POLICY)
    document["Statement"].append({"Sid": "NoS3", "Effect": "Deny", "Action": "s3:Get*", "Resource": "*"})
    place = account.stand(PolicyKind.USER_INLINE, json.dumps(document))
    reason, detail = refused(account)
    assert reason == "still-denied"
    assert "NoS3" in detail
    assert account.text(place) == json.dumps(document)


def test_a_deny_by_mfa_is_left_to_the_request(account: Account) -> None:
    """Whether the signer had MFA isn't known here, so such a Deny is no reason to refuse."""
    document = json.loads(POLICY)
    condition = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    document["Statement"].append({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition})
    account.stand(PolicyKind.USER_INLINE, json.dumps(document))
    assert account.deliver(install().create_role(at(0))) == ["policy-written", "open"]


def test_a_stray_airlock_statement_never_becomes_a_baseline(account: Account) -> None:
    """A policy that holds an Airlock statement which the ledger doesn't know is left for a human."""
    place = account.stand(PolicyKind.USER_INLINE, fence(Sid="Airlock1"))
    reason, detail = refused(account)
    assert reason == "stray-airlock-statement"
    assert str(place) in detail
    assert account.text(place) == fence(Sid="Airlock1")


def test_a_principal_that_is_gone_is_refused(account: Account) -> None:
    """The signal's user doesn't exist any more by the time it is looked at."""
    account.enrol(USER)
    assert refused(account)[0] == "principal-gone"


def test_a_policy_that_goes_while_the_principal_is_read_doesnt_hide_the_principal(account: Account) -> None:
    """Between the list and the reading a human deletes one policy: the others are opened all the same."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.stand(PolicyKind.GROUP_INLINE, POLICY, name="second")

    def delete(_: dict[str, Any]) -> None:
        if account.calls.changes.pop("ListGroupPolicies", None):
            account.aside.iam.delete_group_policy(GroupName=GROUP.rsplit("/", 1)[1], PolicyName="second")

    account.calls.changes["ListGroupPolicies"] = delete
    assert account.deliver(install().create_role(at(0))) == ["policy-written", "open"]


def test_a_deny_in_awss_own_policy_is_refused_by_its_name(account: Account) -> None:
    """Nobody can edit that, so nothing else is opened either."""
    own = account.stand(PolicyKind.USER_INLINE, POLICY)
    with aws_own(account, POLICY) as arn:
        reason, detail = refused(account)
    assert reason == "aws-managed"
    assert arn in detail
    assert account.text(own) == POLICY


def test_awss_own_policy_without_a_deny_stands_in_nobodys_way(account: Account) -> None:
    """Such as the administrators' policy, which most installers have."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    with aws_own(account, json.dumps({"Version": "2012-10-17", "Statement": everything})):
        assert account.deliver(install().create_role(at(0))) == ["policy-written", "open"]


@pytest.mark.parametrize("fenced_too", [False, True])
def test_an_allow_by_network_is_told_as_such(account: Account, fenced_too: bool) -> None:  # noqa: FBT001 - a parameter
    """No opening of a deny helps where the Allow itself is held to the office, so none is made."""
    allow = {
        "Sid": "FromTheOffice",
        "Effect": "Allow",
        "Action": "*",
        "Resource": "*",
        "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    }
    place = account.stand(PolicyKind.USER_INLINE, json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    if fenced_too:
        account.stand(PolicyKind.USER_INLINE, fence(), name="fence")
    reason, detail = refused(account)
    assert reason == "allow-by-network"
    assert "FromTheOffice" in detail
    assert str(place) in detail


def test_a_refusal_is_final(account: Account) -> None:
    """Later signals and sweeps don't try a refused install again."""
    account.stand(PolicyKind.USER_INLINE, fence(Action="s3:Get*"))
    account.enrol(USER, wider=OFF)
    refused(account)
    assert account.deliver(install().create_vpc(at(6)), install().create_bucket(at(300))) == []
    assert account.sweep() == []
    assert len(account.notices()) == 1


def test_a_principal_that_isnt_enrolled_any_more_is_not_opened_by_the_sweep(account: Account) -> None:
    """A grant that couldn't be opened in time is refused once its principal has left the configuration."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.calls.failures["PutUserPolicy", "before"] = [refusal()]
    with pytest.raises(Exception, match="ServiceFailure"):
        account.deliver(install().create_role(at(0)))
    del account.principals[USER]
    account.revive()
    account.sweep()
    assert account.text(place) == POLICY
    assert account.grant("prod-7xk2q").progress.state is State.REFUSED
