"""An installer raises signals at will: what it gets by that has limits."""

from __future__ import annotations

import json

import pytest

from airlock.grants.grant import State
from airlock.policy.place import PolicyKind
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import OTHER_USER, ROLE, USER, Account, at, install

POLICY = (SAMPLES / "aws-example.json").read_text()
DAY = 24 * 3600


def enrolled(account: Account, principal: str = ROLE, **options: object) -> None:
    """A fenced role (it has room for many grants), enrolled with options."""
    kind = PolicyKind.ROLE_INLINE if principal == ROLE else PolicyKind.USER_INLINE
    account.stand(kind, POLICY, principal)
    account.enrol(principal, **options)


def begin(account: Account, number: int, seconds: float, principal: str = ROLE) -> list[str]:
    """The first signal of an install, then its end a minute later."""
    one = install(f"lab-{number:05}", principal)
    happened = account.deliver(one.create_role(at(seconds)))
    account.deliver(one.run_instances(at(seconds + 30)), one.state(at(seconds + 60), "terminated"))
    return happened


def test_a_principal_begins_no_more_than_its_day_allows(account: Account) -> None:
    """The one too many is refused without a look at IAM, and the next day there is room again."""
    enrolled(account, grants_per_day=3)
    for number in range(3):
        assert "open" in begin(account, number, 1000 * number)
    calls = len(account.calls.made)
    assert begin(account, 3, 4000) == ["refuse"]
    assert not [
        name for name, _ in account.calls.made[calls:] if name.startswith(("Get", "List")) and "Item" not in name
    ]
    progress = account.grant("lab-00003", ROLE).progress
    assert (progress.state, progress.reason) == (State.REFUSED, "too-many-today")
    assert "3 grants within a day" in str(progress.detail)
    assert "open" in begin(account, 4, DAY + 50)
    assert begin(account, 5, DAY + 60) == ["refuse"]


def test_people_are_told_once_an_hour_and_the_audit_trail_each_time(account: Account) -> None:
    """A flood of made-up installs is no flood of mails."""
    enrolled(account, grants_per_day=1)
    begin(account, 0, 0)
    for number in range(1, 20):
        begin(account, number, 100 * number)
    told = [subject for subject, _ in account.notices() if subject.startswith("Refused")]
    assert len(told) == 1
    lines = [line for line in account.audit("decision") if line["reason"] == "too-many-today"]
    assert [line["decision"] for line in lines] == ["refuse", *["limit"] * 18]
    begin(account, 20, 100 + 3600)
    assert len([subject for subject, _ in account.notices() if subject.startswith("Refused")]) == 2


def test_no_more_are_open_at_one_time_than_allowed(account: Account) -> None:
    """Once one has ended the next is let in."""
    enrolled(account, open_at_once=2)
    one, two, three, four = (install(f"lab-{number:05}", ROLE) for number in range(4))
    account.deliver(one.create_role(at(0)), two.create_role(at(10)))
    assert account.deliver(three.create_role(at(20))) == ["refuse"]
    assert account.grant(three.infra_id, ROLE).progress.reason == "too-many-open"
    account.deliver(one.run_instances(at(30)), one.state(at(40), "terminated"))
    assert "open" in account.deliver(four.create_role(at(50)))


def test_after_three_refusals_in_a_row_it_cools_down(account: Account) -> None:
    """For a quarter of an hour nothing is looked at; then all is as before."""
    fence = json.dumps({"Version": "2012-10-17", "Statement": {**_deny(), "Action": "s3:Get*"}})
    account.stand(PolicyKind.USER_INLINE, fence)
    account.enrol(USER, wider={"network": "off", "actions": "off", "lift": "off"})
    for number in range(3):
        assert account.deliver(install(f"lab-{number:05}").create_role(at(10 * number))) == ["refuse"]
        assert account.grant(f"lab-{number:05}").progress.reason == "action-pattern"
    assert account.deliver(install("lab-00003").create_role(at(30))) == ["refuse"]
    assert account.grant("lab-00003").progress.reason == "cool-down"
    assert account.deliver(install("lab-00004").create_role(at(20 + 15 * 60))) == ["refuse"]
    assert account.grant("lab-00004").progress.reason == "action-pattern"


def test_ones_limit_is_not_anothers(account: Account) -> None:
    """Each principal is counted by itself, also under a policy that both share."""
    for principal in (USER, OTHER_USER):
        account.stand(PolicyKind.GROUP_INLINE, POLICY, principal)
        account.enrol(principal, **{**account.principals[principal], "grants_per_day": 1})
    account.deliver(install("one-11111").create_role(at(0)))
    assert account.deliver(install("two-22222").create_role(at(10))) == ["refuse"]
    assert "open" in account.deliver(install("six-66666", OTHER_USER).create_role(at(20)))


def test_repeats_and_later_signals_of_one_install_count_once(account: Account) -> None:
    """However often an install is heard of, it is one grant."""
    enrolled(account, grants_per_day=1)
    one = install(principal=ROLE)
    assert "open" in account.deliver(one.create_role(at(0)), one.create_role(at(0)))
    assert "narrow" in account.deliver(
        one.create_vpc(at(6)), one.create_vpc_endpoint(at(40)), one.create_bucket(at(60))
    )


@pytest.mark.parametrize("mode", ["approval", "observe"])
def test_requests_and_observations_are_limited_too(account: Account, mode: str) -> None:
    """A principal can't flood those who are asked."""
    enrolled(account, mode=mode, grants_per_day=2)
    for number in range(6):
        begin(account, number, 10 * number)
    asked = [line for line in account.audit("decision") if line["decision"] in ("ask", "observe")]
    assert len(asked) == 2


def _deny() -> dict[str, object]:
    network = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "Bool": {"aws:ViaAWSService": "false"}}
    return {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": network}
