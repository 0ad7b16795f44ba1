"""A permissions boundary that denies by network: opened for the enrolled principal alone, and put back."""

from __future__ import annotations

import json

import pytest

from airlock.policy.document import parse_document
from airlock.policy.evaluate import denied
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock.policy.requests import Fetch
from airlock.policy.truth import Truth
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import OTHER_USER, ROLE, USER, Account, at, install

POLICY = (SAMPLES / "with-allow-and-mfa.json").read_text()


def bounded(account: Account, principal: str, text: str = POLICY, *, attached: bool = False) -> PolicyPlace:
    """Make a policy a role's boundary, and name it in the configuration. Moto knows no boundary of users."""
    place = account.stand(PolicyKind.MANAGED, text, principal, name="limits")
    iam, name = account.aside.iam, principal.rsplit("/", 1)[1]
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=place.holder)
    if not attached:
        iam.detach_role_policy(RoleName=name, PolicyArn=place.holder)
    return place


def lets_fetch(text: str | None, principal: str, infra_id: str) -> bool:
    """Whether a policy denies no fetch of an install's file from a VPC."""
    arn = f"arn:aws:s3:::openshift-bootstrap-data-{infra_id}/control-plane/{infra_id}-bootstrap"
    request = Fetch(arn, principal, at(60), complete=True).from_vpc("vpc-1")
    return denied(parse_document(str(text)), request).truth is Truth.FALSE


@pytest.mark.parametrize("attached", [False, True])
def test_a_boundary_is_opened_for_the_principal_alone_and_put_back(account: Account, attached: bool) -> None:  # noqa: FBT001 - a parameter
    """Also where the same policy is attached to the principal as well: it is one policy, written once."""
    place = bounded(account, ROLE, attached=attached)
    one = install(principal=ROLE)
    assert account.deliver(one.create_role(at(0))) == ["policy-written", "open"]
    text = account.text(place)
    assert lets_fetch(text, ROLE, one.infra_id)
    assert not lets_fetch(text, OTHER_USER, one.infra_id)
    assert json.loads(str(text))["Version"] == "2012-10-17"
    account.deliver(one.run_instances(at(300)), one.state(at(900), "terminated"))
    assert account.text(place) == POLICY
    assert account.writes()[-1] == "SetDefaultPolicyVersion"


def test_one_principals_boundary_is_anothers_policy(account: Account) -> None:
    """Two grants on one policy, reached on two ways: it keeps one baseline, and comes back with the second's end."""
    place = bounded(account, ROLE)
    account.stand(PolicyKind.MANAGED, POLICY, USER, name="limits")
    as_role, as_user = install("one-11111", ROLE), install("two-22222", USER)
    account.deliver(as_role.create_role(at(0)), as_user.create_role(at(10)))
    text = account.text(place)
    assert lets_fetch(text, ROLE, "one-11111")
    assert lets_fetch(text, USER, "two-22222")
    assert not lets_fetch(text, USER, "one-11111")
    account.deliver(as_role.run_instances(at(300)), as_role.state(at(900), "terminated"))
    text = account.text(place)
    assert not lets_fetch(text, ROLE, "one-11111")
    assert lets_fetch(text, USER, "two-22222")
    account.deliver(as_user.run_instances(at(910)), as_user.state(at(990), "terminated"))
    assert account.text(place) == POLICY
