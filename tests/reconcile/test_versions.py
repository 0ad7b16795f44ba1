"""A managed policy's versions: the baseline's own comes back as the default, and the airlock's are gone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from airlock.errors import OldReadError
from airlock.grants.grant import State
from airlock.policy.document import parse_document, statements_of
from airlock.policy.place import PolicyKind, PolicyPlace
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import USER, Account, at, install
from tests.reconcile.interference import Change, Crash, refusal

POLICY = (SAMPLES / "aws-example.json").read_text()


def versions(account: Account, place: PolicyPlace) -> dict[str, bool]:
    """A managed policy's versions, and whether each is the default."""
    listed = account.aside.iam.list_policy_versions(PolicyArn=place.holder)["Versions"]
    return {version["VersionId"]: version["IsDefaultVersion"] for version in listed}


def with_versions(account: Account, how_many: int) -> PolicyPlace:
    """A managed policy with older versions; the last is the default."""
    place = account.stand(PolicyKind.MANAGED, POLICY)
    for _ in range(how_many - 1):
        account.edit(place, POLICY)
    return place


@pytest.mark.parametrize("how_many", [1, 3, 4])
def test_after_closing_the_versions_are_what_they_were(account: Account, how_many: int) -> None:
    """However often the open policy was rewritten."""
    place = with_versions(account, how_many)
    before = versions(account, place)
    one, two = install("prod-7xk2q"), install("lab-9mz4c")
    account.deliver(one.create_vpc(at(0)), two.create_vpc(at(5)), one.create_vpc_endpoint(at(40)))
    account.deliver(one.delete_bucket(at(600)), two.delete_bucket(at(610)))
    assert account.text(place) == POLICY
    if how_many < 4:
        assert versions(account, place) == before
    else:
        # Each rewriting needs a place beside the open version for a moment, so one old version had to go.
        assert versions(account, place) == {"v2": False, "v3": False, "v4": True}


def test_of_five_versions_the_oldest_goes_and_never_the_baseline(account: Account) -> None:
    """IAM keeps five: the oldest that isn't the default gives way, and closing brings the baseline's version back."""
    place = with_versions(account, 5)
    account.deliver(install().create_vpc(at(0)))
    assert versions(account, place) == {"v2": False, "v3": False, "v4": False, "v5": False, "v6": True}
    account.deliver(install().delete_bucket(at(600)))
    assert versions(account, place) == {"v2": False, "v3": False, "v4": False, "v5": True}
    assert account.text(place) == POLICY


def test_a_baseline_version_that_is_the_oldest_is_kept(account: Account) -> None:
    """The default may be an old version; newer ones that nobody uses give way before it."""
    place = with_versions(account, 5)
    account.aside.iam.set_default_policy_version(PolicyArn=place.holder, VersionId="v1")
    account.deliver(install().create_vpc(at(0)), install().create_vpc_endpoint(at(40)))
    account.deliver(install().delete_bucket(at(600)))
    assert account.text(place) == POLICY
    assert versions(account, place)["v1"]


def test_a_baseline_version_that_somebody_deleted_is_written_anew(account: Account) -> None:
    """The text comes back to the byte, in a version of its own."""
    place = account.stand(PolicyKind.MANAGED, POLICY)
    account.deliver(install().create_vpc(at(0)))
    account.aside.iam.delete_policy_version(PolicyArn=place.holder, VersionId="v1")
    account.deliver(install().delete_bucket(at(600)))
    assert account.text(place) == POLICY
    assert versions(account, place) == {"v3": True}


def test_an_edit_by_a_new_version_is_kept_and_ours_go(account: Account) -> None:
    """A human's version made while the policy was open leads to one with the edit and the original deny."""
    place = account.stand(PolicyKind.MANAGED, POLICY)
    account.deliver(install().create_vpc(at(0)))
    document = json.loads(account.text(place) or "")
    by_human = {"Sid": "ByHuman", "Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
    account.edit(place, json.dumps({**document, "Statement": [*document["Statement"], by_human]}))
    account.deliver(install().delete_bucket(at(600)))
    assert statements_of(parse_document(account.text(place) or "")) == [
        *statements_of(parse_document(POLICY)),
        by_human,
    ]
    held = versions(account, place)
    assert "v2" not in held, "the airlock's own version should be gone"
    assert [version for version, default in held.items() if default] == ["v4"]


@pytest.mark.parametrize(
    "stage",
    [
        ("CreatePolicyVersion", "after"),
        ("DeletePolicyVersion", "before"),
        ("SetDefaultPolicyVersion", "after"),
        ("TransactWriteItems", "after"),
        ("PutLogEvents", "before"),
    ],
)
@pytest.mark.parametrize("doing", [0, 1, 2])
def test_no_version_is_left_behind_by_a_crash(account: Account, stage: tuple[str, str], doing: int) -> None:
    """Wherever the process dies, in the end only the human's versions are there."""
    place = account.stand(PolicyKind.MANAGED, POLICY)
    one = install()
    for number, event in enumerate((one.create_vpc(at(0)), one.create_vpc_endpoint(at(40)), one.delete_bucket(at(99)))):
        if number == doing:
            account.calls.failures[stage] = [Crash()]
            try:
                account.deliver(event)
            except Crash:
                account.revive()
                account.sweep(after=91)
        account.calls.failures.clear()
        account.deliver(event)
    assert account.text(place) == POLICY
    assert versions(account, place) == {"v1": True}


def test_a_version_that_a_crash_left_goes_before_a_humans(account: Account) -> None:
    """Of five versions two have to go for two grants; the airlock's own leftover makes the room for the rest."""
    place = with_versions(account, 5)
    one, two = install("prod-7xk2q"), install("lab-9mz4c")
    account.deliver(one.create_vpc(at(0)))
    account.calls.failures["DeletePolicyVersion", "before"] = [None, Crash()]
    with pytest.raises(Crash):
        account.deliver(two.create_vpc(at(5)))
    account.revive()
    account.sweep(after=91)
    assert versions(account, place) == {"v3": False, "v4": False, "v5": False, "v6": False, "v7": True}
    account.deliver(one.create_vpc_endpoint(at(140)), one.delete_bucket(at(200)), two.delete_bucket(at(210)))
    assert account.text(place) == POLICY
    assert versions(account, place) == {"v3": False, "v4": False, "v5": True}


@pytest.mark.parametrize("narrow", [False, True])
def test_no_version_is_left_behind_by_an_undone_write(account: Account, narrow: bool) -> None:  # noqa: FBT001 - pytest passes by name
    """A second policy that couldn't be written has the first one's new version go again, sooner or later."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    place = account.stand(PolicyKind.MANAGED, POLICY)
    if narrow:
        account.deliver(install("lab-9mz4c").create_vpc(at(0)))
    account.calls.failures["PutUserPolicy", "before"] = [refusal()]
    account.principals[USER]["policies"] = [place.holder]
    account.revive()
    with pytest.raises(ClientError):
        account.deliver(install().create_vpc(at(10)))
    account.sweep()
    account.deliver(install().delete_bucket(at(600)), install("lab-9mz4c").delete_bucket(at(610)))
    assert account.text(place) == POLICY
    assert versions(account, place) == {"v1": True}


def lag(version: str, times: int) -> Change:
    """What shows an earlier version as the default, so many times."""
    left = [version] * times

    def alter(parsed: dict[str, Any]) -> None:
        if left:
            parsed["Policy"]["DefaultVersionId"] = left.pop()

    return alter


def test_an_old_default_that_was_deleted_doesnt_mean_that_the_policy_is_gone(account: Account) -> None:
    """IAM still shows the version before the narrowing: the ledger keeps the policy, and the end restores it."""
    place = account.stand(PolicyKind.MANAGED, POLICY)
    one = install()
    account.deliver(one.create_vpc(at(0)), one.create_vpc_endpoint(at(40)))
    account.calls.changes["GetPolicy"] = lag("v2", 1)
    with pytest.raises(ExceptionGroup) as raised:
        account.sweep()
    assert raised.group_contains(OldReadError)
    account.deliver(one.delete_bucket(at(600)))
    assert account.text(place) == POLICY


def test_an_old_default_that_was_deleted_doesnt_mean_that_nothing_has_to_be_opened(account: Account) -> None:
    """The next install, seconds after a closing, is opened as soon as IAM shows the policy again."""
    place = account.stand(PolicyKind.MANAGED, POLICY)
    one, two = install("prod-7xk2q"), install("lab-9mz4c")
    account.deliver(one.create_vpc(at(0)), one.delete_bucket(at(60)))
    account.calls.changes["GetPolicy"] = lag("v2", 1)
    with pytest.raises(OldReadError):
        account.deliver(two.create_vpc(at(61)))
    account.sweep()
    assert account.grant("lab-9mz4c").progress.state is State.OPEN
    account.deliver(two.delete_bucket(at(600)))
    assert account.text(place) == POLICY


def test_an_old_default_isnt_taken_for_a_failed_write(account: Account) -> None:
    """Reading back waits until IAM shows the new version."""
    place = account.stand(PolicyKind.MANAGED, POLICY)
    one = install()
    account.deliver(one.create_vpc(at(0)))
    account.calls.changes["GetPolicy"] = lag("v2", 3)
    assert account.deliver(one.create_vpc_endpoint(at(40))) == ["policy-written", "narrow"]
    account.deliver(one.delete_bucket(at(600)))
    assert account.text(place) == POLICY
