"""What `airlock restore` prints, compared with stored files, and what IAM and ledger hold then."""

import json
from collections.abc import Callable

import pytest

from airlock.grants.grant import State
from airlock.policy.document import parse_document
from tests.cli.helpers import AWS_EXAMPLE, USER
from tests.cli.operators import samples
from tests.cli.restore.conftest import OPENED, REF, Bench
from tests.cli.stored import assert_golden

GRANT = samples.open_grant().id
EXTRA = {"Sid": "Added", "Effect": "Deny", "Action": "ec2:StopInstances", "Resource": "*"}
Make = Callable[..., Bench]


def edited() -> str:
    """What the airlock wrote, with one more statement of somebody's."""
    document = parse_document(OPENED)
    return json.dumps({**document, "Statement": [*document["Statement"], EXTRA]})


CASES = {
    "closing": (OPENED, [GRANT]),
    "dry-run": (OPENED, [GRANT, "--dry-run"]),
    "one-policy": (OPENED, ["--policy-ref", REF]),
    "baseline": (AWS_EXAMPLE, [GRANT]),
    "edited-dry-run": (edited(), [GRANT, "--dry-run"]),
    "edited-merge": (edited(), [GRANT, "--merge"]),
    "edited-force": (edited(), [GRANT, "--force"]),
}


@pytest.mark.parametrize("form", ["txt", "json"])
@pytest.mark.parametrize("name", CASES)
def test_outputs(bench: Make, name: str, form: str) -> None:
    """Each case prints what is stored, and IAM and ledger agree about what came of it."""
    held, words = CASES[name]
    account = bench()
    account.holds(held)
    done = account.desk.run("restore", *words, *(["--json"] if form == "json" else []))
    assert (done.status, done.err) == (0, "")
    assert_golden(f"restore/{name}.{form}", done.out)
    record = account.record
    assert record.intended is None
    if "dry-run" in name:
        assert (account.text, record.written) == (held, OPENED)
    elif name == "edited-merge":
        assert account.text == record.baseline == record.written
        statements = parse_document(str(account.text))["Statement"]
        assert statements == [*parse_document(AWS_EXAMPLE)["Statement"], EXTRA]
    else:
        assert account.text == record.baseline == AWS_EXAMPLE
    # The lease was let go.
    account.ledger.acquire([USER], 0)


def test_a_policy_that_is_gone_is_left_so(bench: Make) -> None:
    """There is nothing to put back, and nobody makes it anew."""
    account = bench()
    account.iam.delete_user_policy(UserName="ocp-installer", PolicyName="source-ip")
    done = account.desk.run("restore", GRANT, "--json")
    assert (done.status, done.json["policies"][0]["holds"]) == (0, "gone")
    assert account.text is None


@pytest.mark.parametrize("state", [State.OPEN, State.REQUESTED])
def test_an_open_grant_is_refused(bench: Make, state: State) -> None:
    """Status 4 and nothing written, unless the operator says that it is meant; then what follows is told."""
    account = bench(state)
    for words in ([GRANT], ["--policy-ref", REF]):
        done = account.desk.run("restore", *words)
        assert (done.status, done.out) == (4, "")
        assert f"First: airlock close {GRANT}" in done.err
    assert account.desk.run("restore", GRANT, "--json").json["error"]["still_open"] == [GRANT]
    assert account.text == OPENED
    assert account.desk.run("restore", GRANT, "--dry-run").status == 0
    done = account.desk.run("restore", GRANT, "--even-if-open")
    assert done.status == 0
    assert "may open it again" in done.words
    assert account.text == AWS_EXAMPLE


def test_an_open_grant_past_its_time_is_restored(bench: Make) -> None:
    """The sweeper won't open it again."""
    account = bench(State.OPEN)
    account.desk.clock.sleep(7200)
    assert account.desk.run("restore", GRANT).status == 0
    assert account.text == AWS_EXAMPLE
    assert grant_state(account) == "open"


def grant_state(account: Bench) -> str:
    """The grant's state in the ledger."""
    (grant,) = account.ledger.grants([GRANT])
    return str(grant.progress.state)


def test_the_grant_stays_as_it_is(bench: Make) -> None:
    """Ending it is the airlock's, which tells of it."""
    account = bench()
    account.desk.run("restore", GRANT)
    assert grant_state(account) == "closing"


def test_an_edit_is_not_overwritten_unasked(bench: Make) -> None:
    """Status 4 and nothing written."""
    account = bench()
    account.holds(edited())
    done = account.desk.run("restore", GRANT)
    assert (done.status, done.out) == (4, "")
    assert "--merge" in done.err
    assert account.text == edited()
    account.ledger.acquire([USER], 0)
