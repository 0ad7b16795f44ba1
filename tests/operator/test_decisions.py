"""Answers and orders to close: the first stands, and what changes nothing is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airlock.adapters.answers import DynamoAnswers
from airlock.grants.approval import Answer, Form, Way
from airlock.grants.grant import CloseReason, Grant, State
from airlock.policy.exemption import iso
from tests.operator.sending import OTHER, refused, send
from tests.page.people import OPERATOR, START, TABLE, People, further, waiting


@pytest.mark.parametrize(("order", "approved"), [("approve", True), ("reject", False)])
@pytest.mark.parametrize("form", list(Form))
def test_an_answer_is_kept_under_the_callers_arn(people: People, order: str, form: Form, *, approved: bool) -> None:
    """With what was asked, when, and the note; the watcher is told."""
    grant = people.keep(waiting(form=form))
    people.clock.sleep(90.5)
    said = {"form": str(form)} if approved else {}
    status, told = send(people, "POST", f"/grants/{grant.id}/{order}", {"note": " I know of it ", **said})
    answer = {
        "approved": approved,
        "form": str(form),
        "at": "2026-11-24T02:01:30Z",
        "by": OPERATOR,
        "way": "iam",
        "note": "I know of it",
    }
    assert (status, told) == (200, {"grant": grant.id, "stands": answer, "yours": True})
    assert people.answers() == [answer]
    assert people.told() == [grant.id]
    assert people.counted == ["OperatorApprove" if approved else "OperatorReject"]


@pytest.mark.parametrize("said", [None, *Form])
@pytest.mark.parametrize("asked", Form)
def test_nobody_approves_more_than_they_say(people: People, said: Form | None, asked: Form) -> None:
    """An approval of less than what is asked is refused with 409; one of more is kept as one of what is asked."""
    grant = people.keep(waiting(form=asked))
    body = {"form": str(said)} if said else {}
    if (said or Form.SCOPED).covers(asked):
        assert send(people, "POST", f"/grants/{grant.id}/approve", body)[1]["stands"]["form"] == str(asked)
    else:
        assert refused(people, "POST", f"/grants/{grant.id}/approve", body) == (409, "other-form")


def test_the_first_answer_stands_and_later_ones_are_told_so(people: People) -> None:
    """Whatever the later one says, and also once the airlock has acted on the first."""
    grant = people.keep(waiting())
    _, first = send(people, "POST", f"/grants/{grant.id}/approve")
    for caller, order in ((OTHER, "reject"), (OTHER, "approve"), (OPERATOR, "reject")):
        status, told = send(people, "POST", f"/grants/{grant.id}/{order}", caller=caller)
        assert (status, told["stands"], told["yours"]) == (200, first["stands"], False)
    people.keep(grant.with_progress(state=State.OPEN, opened_at=START))
    assert send(people, "POST", f"/grants/{grant.id}/reject")[1]["stands"] == first["stands"]
    assert people.told() == [grant.id]


def test_of_two_who_answer_at_once_one_stands(people: People) -> None:
    """The other answer comes between the look at the grant and the write."""
    grant = people.keep(waiting())
    other = Answer(approved=False, form=Form.SCOPED, at=START, by=OTHER, way=Way.IAM)

    def somebody_else(_: Any) -> None:  # noqa: ANN401 - botocore's answer
        people.calls.changes.clear()
        DynamoAnswers(people.aside.dynamodb, TABLE).give(grant.id, other)

    people.calls.changes["BatchGetItem"] = somebody_else
    status, told = send(people, "POST", f"/grants/{grant.id}/approve")
    assert (status, told["stands"]["by"], told["yours"]) == (200, OTHER, False)
    assert people.told() == []


STATES: list[tuple[Grant, str, str]] = [
    (waiting().with_progress(state=State.REQUESTED), "not-waiting", "requested"),
    (waiting().with_progress(state=State.OPEN, opened_at=START), "not-waiting", "open"),
    (waiting().with_progress(state=State.OBSERVING), "not-waiting", "observing"),
    (waiting().with_progress(state=State.CLOSING), "over", "closing"),
    (waiting().with_progress(state=State.CLOSED), "over", "closed"),
    (waiting().with_progress(state=State.REFUSED), "over", "refused"),
    (waiting().with_progress(state=State.REJECTED), "over", "rejected"),
    (waiting().with_progress(state=State.EXPIRED), "too-late", "expired"),
    (waiting().with_progress(answer_until=START - timedelta(seconds=1)), "too-late", "pending"),
    (further(waiting(), not_after=START), "too-late", "pending"),
    (further(waiting(), ended=(CloseReason.BUCKET_DELETED, START)), "over", "pending"),
]


@pytest.mark.parametrize(("grant", "code", "state"), STATES, ids=[f"{one[2]}-{one[1]}" for one in STATES])
@pytest.mark.parametrize("order", ["approve", "reject"])
def test_an_answer_that_changes_nothing_is_refused(
    people: People, grant: Grant, code: str, state: str, order: str
) -> None:
    """409 with the state, and nothing is written."""
    people.keep(grant)
    before = people.items()
    status, told = send(people, "POST", f"/grants/{grant.id}/{order}")
    assert (status, told["error"]["code"], told["state"]) == (409, code, state)
    assert grant.id in told["error"]["message"]
    assert people.items() == before
    assert people.told() == []


def test_a_grant_that_has_ended_tells_its_answer_with_the_refusal(people: People) -> None:
    """So that nobody takes the refusal for a lack of one."""
    grant = people.keep(waiting())
    _, first = send(people, "POST", f"/grants/{grant.id}/approve")
    people.keep(grant.with_progress(state=State.CLOSED, opened_at=START))
    status, told = send(people, "POST", f"/grants/{grant.id}/approve")
    assert (status, told["stands"]) == (409, first["stands"])


@pytest.mark.parametrize("state", [State.REQUESTED, State.PENDING, State.OPEN, State.OBSERVING])
def test_what_hasnt_ended_can_be_closed_once(people: People, state: State) -> None:
    """The first order stands; the watcher is told of it."""
    grant = people.keep(waiting().with_progress(state=state))
    status, told = send(people, "POST", f"/grants/{grant.id}/close", {"note": "not ours"})
    stands = {"at": iso(START), "by": OPERATOR, "note": "not ours"}
    assert (status, told) == (200, {"grant": grant.id, "stands": stands, "yours": True})
    status, told = send(people, "POST", f"/grants/{grant.id}/close", caller=OTHER)
    assert (status, told) == (200, {"grant": grant.id, "stands": stands, "yours": False})
    assert people.told() == [grant.id]


@pytest.mark.parametrize("state", [State.CLOSING, State.CLOSED, State.EXPIRED, State.REJECTED, State.OBSERVED])
def test_what_has_ended_cant_be_closed(people: People, state: State) -> None:
    """409 with the state."""
    grant = people.keep(waiting().with_progress(state=state))
    assert refused(people, "POST", f"/grants/{grant.id}/close") == (409, "over")


@pytest.mark.parametrize("order", ["approve", "reject", "close"])
@pytest.mark.parametrize("grant_id", ["nobody-7xk2q-0a1b2c3d", "x", "a b", "..", "x" * 2000])
def test_an_unknown_grant_is_404(people: People, order: str, grant_id: str) -> None:
    """With what to do; whoever asks is known, so it is no secret."""
    assert refused(people, "POST", f"/grants/{grant_id}/{order}") == (404, "unknown-grant")
