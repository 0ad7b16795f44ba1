"""Several grants at once: of one principal, of two under one shared policy, and in several policies."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from airlock.grants.grant import State
from airlock.policy.place import PolicyKind, PolicyPlace
from tests.policy.strategies import SAMPLES, objects
from tests.reconcile.account import KINDS, OTHER_USER, ROLE, USER, Account, at, install
from tests.reconcile.interference import refusal

POLICY = (SAMPLES / "aws-example.json").read_text()
S3_ONLY = (SAMPLES / "s3-only.json").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_end_takes_only_its_own_exemption_out(account: Account, kind: PolicyKind) -> None:
    """With two installs open, the end of one leaves the policy as if the other had been alone; then the baseline."""
    place = account.stand(kind, POLICY)
    principal = ROLE if kind is PolicyKind.ROLE_INLINE else USER
    first, second = install("prod-7xk2q", principal), install("lab-9mz4c", principal)
    account.deliver(second.create_vpc(at(0)))
    alone = account.text(place)
    account.deliver(first.create_vpc(at(5)))
    both = account.text(place) or ""
    assert "prod-7xk2q" in both
    assert "lab-9mz4c" in both

    account.deliver(first.delete_bucket(at(60)))
    assert account.text(place) == alone
    account.deliver(second.delete_bucket(at(90)))
    assert account.text(place) == POLICY


def test_a_grant_stays_open_while_its_neighbour_times_out(account: Account) -> None:
    """The sweep closes the grant whose hour is over, and leaves the younger one as it is."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install("prod-7xk2q").create_vpc(at(0)), install("lab-9mz4c").create_vpc(at(1800)))
    account.sweep(after=1801)
    text = account.text(place) or ""
    assert "prod-7xk2q" not in text
    assert "lab-9mz4c" in text
    assert account.grant("lab-9mz4c").progress.state is State.OPEN
    account.sweep(after=1800)
    assert account.text(place) == POLICY


def test_all_policies_in_the_way_open_and_close_together(account: Account) -> None:
    """A user fenced in by an inline, a group's and a managed policy gets all three opened, and all three back."""
    places = [
        account.stand(PolicyKind.USER_INLINE, POLICY),
        account.stand(PolicyKind.GROUP_INLINE, S3_ONLY),
        account.stand(PolicyKind.GROUP_INLINE, POLICY, name="second"),
        account.stand(PolicyKind.MANAGED, POLICY, name="fence"),
    ]
    before = [account.text(place) for place in places]
    one = install()
    account.deliver(one.create_role(at(0)), one.create_vpc(at(6)), one.create_vpc_endpoint(at(40)))
    assert all(one.vpc in (account.text(place) or "") for place in places)
    account.deliver(one.delete_bucket(at(60)))
    assert [account.text(place) for place in places] == before


def test_two_principals_share_a_policy_and_each_ends_alone(account: Account) -> None:
    """Under one group's policy, the end of one principal's install leaves the other's exemption in it."""
    place = account.stand(PolicyKind.GROUP_INLINE, POLICY)
    account.stand(PolicyKind.GROUP_INLINE, POLICY, principal=OTHER_USER)
    mine, theirs = install("prod-7xk2q"), install("lab-9mz4c", OTHER_USER)
    account.deliver(mine.create_vpc(at(0)), theirs.create_vpc(at(10)))
    account.deliver(mine.delete_bucket(at(60)))
    text = account.text(place) or ""
    assert "lab-9mz4c" in text
    assert "prod-7xk2q" not in text
    account.deliver(theirs.delete_bucket(at(90)))
    assert account.text(place) == POLICY


def a_shared_and_an_own_policy(account: Account) -> list[PolicyPlace]:
    """Two users under one managed policy, the second under an inline policy of its own too; both with a grant open.

    The second's window is the shorter one, so that a run for the first can find the second's over.
    """
    account.enrol(OTHER_USER, timeout_minutes=10)
    places = [
        account.stand(PolicyKind.MANAGED, POLICY, name="fence"),
        account.stand(PolicyKind.MANAGED, POLICY, principal=OTHER_USER, name="fence"),
        account.stand(PolicyKind.USER_INLINE, S3_ONLY, principal=OTHER_USER),
    ][1:]
    account.deliver(install("prod-7xk2q").create_vpc(at(0)), install("lab-9mz4c", OTHER_USER).create_vpc(at(5)))
    assert all("lab-9mz4c" in (account.text(place) or "") for place in places)
    return places


def test_one_principals_run_doesnt_end_a_grant_that_is_open_elsewhere_too(account: Account) -> None:
    """A run that holds only the shared policy leaves the other's grant to its own run, which gets all policies back."""
    _, own = a_shared_and_an_own_policy(account)
    # The first's event comes when the second's time is over, before any sweep.
    account.deliver(install("prod-7xk2q").create_vpc_endpoint(at(700)))
    account.sweep()
    assert account.text(own) == S3_ONLY
    assert account.grant("lab-9mz4c", OTHER_USER).progress.state is State.CLOSED


def test_one_principals_run_narrows_no_grant_of_another_by_half(account: Account) -> None:
    """What a run can't write into all of a grant's policies it leaves as it was, until that grant's own run."""
    places = a_shared_and_an_own_policy(account)
    theirs = install("lab-9mz4c", OTHER_USER)
    # The second's endpoint is recorded, but its own run fails before it writes.
    account.calls.failures["TransactWriteItems", "before"] = [refusal()]
    with pytest.raises(ClientError, match="ServiceFailure"):
        account.deliver(theirs.create_vpc_endpoint(at(60)))
    account.deliver(install("prod-7xk2q").create_vpc_endpoint(at(70)))
    account.sweep()
    assert all(theirs.vpc in (account.text(place) or "") for place in places)


def test_an_endpoint_without_tags_is_known_by_the_installs_vpc(account: Account) -> None:
    """Whatever kind of policy is open, an endpoint that names no install counts for the one whose VPC it is in."""
    place = account.stand(PolicyKind.MANAGED, POLICY)
    one = install()
    account.deliver(one.create_vpc(at(0)))
    bare = one.create_vpc_endpoint(at(40))
    del bare["detail"]["requestParameters"]["CreateVpcEndpointRequest"]["TagSpecification"]
    account.deliver(bare)
    assert one.vpc in (account.text(place) or "")


def test_a_neighbour_that_is_open_already_isnt_counted_twice(account: Account) -> None:
    """A second install that is caught by one more policy: the first policy's size counts once, as it will be."""
    account.stand(PolicyKind.ROLE_INLINE, POLICY)
    second = json.loads(S3_ONLY)
    second["Statement"][0]["Resource"] = list(objects("lab-9mz4c"))
    # Enough beside it that counting the first policy's exemptions twice would go over a role's 10,240 characters.
    second["Statement"].append(
        {"Effect": "Allow", "Action": [f"ec2:{'x' * 95}{n:03}" for n in range(75)], "Resource": "*"}
    )
    extra = account.stand(PolicyKind.ROLE_INLINE, json.dumps(second), name="second")
    account.deliver(install("prod-7xk2q", ROLE).create_vpc(at(0)))
    assert account.deliver(install("lab-9mz4c", ROLE).create_vpc(at(5)))[-1] == "open"
    assert "Airlock1" in (account.text(extra) or "")
