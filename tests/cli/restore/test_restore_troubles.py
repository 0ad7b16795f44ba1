"""What `airlock restore` says where it can't: input, leases, rights, and IAM that shows something else."""

import json
from collections.abc import Callable
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from airlock.adapters.iam import IamPolicies
from airlock.adapters.schema import SCHEMA
from airlock.grants.grant import State
from airlock.policy.place import PolicyPlace
from airlock_cli.restore.policies import place_of
from tests.cli.helpers import AWS_EXAMPLE, USER
from tests.cli.operators import samples
from tests.cli.restore.conftest import OPENED, REF, Bench

GRANT = samples.open_grant().id
Make = Callable[..., Bench]


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        ([], 2, "give a grant or --policy-ref"),
        ([GRANT, "--policy-ref", REF], 2, "not both"),
        ([GRANT, "--merge", "--force"], 2, "don't go together"),
        (["../etc"], 2, "can't be a grant's name"),
        (["--policy-ref", "nonsense\x1b[2J"], 2, "isn't a policy's name"),
        (["--policy-ref", REF.replace("user-inline", "role-inline")], 2, "isn't a policy's name"),
        (["--policy-ref", REF.replace("user-inline", "boundary")], 2, "isn't a policy's name"),
        (["nobody-12345"], 3, "no grant's name begins with"),
        (["--policy-ref", REF.replace("source-ip", "other")], 3, "the ledger keeps no baseline for"),
    ],
)
def test_what_can_not_be_asked(bench: Make, words: list[str], status: int, says: str) -> None:
    """The status that goes with it, two lines, nothing written, and no lease left."""
    account = bench()
    done = account.desk.run("restore", *words)
    assert (done.status, done.out) == (status, "")
    assert says in done.err
    assert "\x1b" not in done.err
    assert account.desk.run("restore", *words, "--json").json["error"]["exit_status"] == status
    assert account.text == OPENED
    account.ledger.acquire([USER], 0)


@pytest.mark.parametrize("words", [[GRANT], [GRANT, "--dry-run"], ["--policy-ref", REF]])
def test_a_scope_that_a_newer_release_wrote(bench: Make, words: list[str]) -> None:
    """Nothing is written, that release's command line is named, and no lease is left to keep others out."""
    account = bench()
    key = {"pk": {"S": f"scope#{USER}"}, "sk": {"S": "scope"}}
    kept = account.desk.dynamodb.get_item(TableName="ledger", Key=key)["Item"]["content"]["S"]

    def keep(text: str) -> None:
        account.desk.dynamodb.update_item(
            TableName="ledger",
            Key=key,
            UpdateExpression="SET content = :text",
            ExpressionAttributeValues={":text": {"S": text}},
        )

    keep(json.dumps(json.loads(kept) | {"schema": SCHEMA + 1}))
    assert account.desk.run("restore", *words, "--json").json["error"]["code"] == "other-version"
    assert account.text == OPENED
    keep(kept)
    account.ledger.acquire([USER], 0)


def test_a_grant_without_a_policy(bench: Make) -> None:
    """One that never opened anything has no baseline in the ledger."""
    account = bench()
    account.desk.keep(samples.refused_grant())
    assert account.desk.run("restore", samples.refused_grant().id).status == 3


def test_another_writer_is_waited_for(bench: Make) -> None:
    """It waits, and goes on once the lease is let go."""
    account = bench()
    account.ledger.acquire([USER])
    clock = account.desk.clock
    clock.later.append((clock.now() + (samples.NOW - samples.ago(0.1)), lambda: account.ledger.release([USER])))
    assert account.desk.run("restore", GRANT).status == 0
    assert account.text == AWS_EXAMPLE


def test_another_writer_that_does_not_let_go(bench: Make) -> None:
    """Status 1, what to do, and the other's lease stays."""
    account = bench()
    (scope,) = account.ledger.acquire([USER])
    done = account.desk.run("restore", GRANT)
    assert (done.status, done.out) == (1, "")
    assert "Try again" in done.err
    assert account.text == OPENED
    account.ledger.settle([scope], [])


def test_iam_that_refuses_the_write(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 5 with what IAM said; the lease is let go, and the ledger has what was meant for the sweep."""
    account = bench()
    refusal = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutUserPolicy")
    monkeypatch.setattr(IamPolicies, "_write", Mock(side_effect=refusal))
    done = account.desk.run("restore", GRANT)
    assert (done.status, done.out) == (5, "")
    assert "IAM refused to write" in done.err
    assert account.text == OPENED
    account.ledger.acquire([USER], 0)


def test_iam_that_does_not_show_it(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write counts once it is read back: status 1, and the intent stays in the ledger."""
    account = bench()
    monkeypatch.setattr(IamPolicies, "_write", lambda *_: None)
    done = account.desk.run("restore", GRANT)
    assert done.status == 1
    assert "doesn't show the new text yet" in done.err
    assert account.record.intended == AWS_EXAMPLE


def test_rights_that_are_missing(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 5, and which."""
    account = bench()
    denial = ClientError({"Error": {"Code": "AccessDenied"}}, "GetUserPolicy")
    monkeypatch.setattr(IamPolicies, "read", Mock(side_effect=denial))
    done = account.desk.run("restore", GRANT, "--dry-run")
    assert done.status == 5
    assert "AWS denies GetUserPolicy" in done.err


def test_an_edit_that_is_no_policy_can_not_be_merged(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused, and --force still helps."""
    account = bench()
    account.holds(AWS_EXAMPLE.replace("DenyOutsideOffice", "Theirs"))
    monkeypatch.setattr("airlock_cli.restore.policies._merged", lambda *_: None)
    assert account.desk.run("restore", GRANT, "--merge").status == 4
    assert account.desk.run("restore", GRANT, "--force").status == 0
    assert account.text == AWS_EXAMPLE


@pytest.mark.parametrize("kind", ["user-inline", "role-inline", "group-inline", "managed"])
@pytest.mark.parametrize("name", ["net", "a@b", "x=,.@-_+", "n@arn"])
def test_a_policys_name_comes_back(kind: str, name: str) -> None:
    """Reading what was written gives the same policy."""
    what = {"managed": "policy"}.get(kind, kind.partition("-")[0])
    ref = f"{kind}:{name}@arn:aws:iam::111122223333:{what}/path/x"
    place = place_of(ref)
    assert isinstance(place, PolicyPlace)
    assert (place.name, place.ref) == (name, ref)


def test_states_are_those_of_the_ledger(bench: Make) -> None:
    """A grant that has ended stands in nobody's way."""
    account = bench(State.CLOSED)
    assert account.desk.run("restore", GRANT).status == 0
