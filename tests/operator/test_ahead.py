"""Approvals ahead of time: given, listed, taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airlock.adapters.answers import DynamoAnswers
from airlock.grants.approval import Ahead, Form
from airlock.policy.exemption import iso
from tests.operator.sending import AHEAD, OTHER, refused, send
from tests.page.people import OPERATOR, ROLE, START, TABLE, USER, People


@pytest.mark.parametrize("form", Form)
def test_an_approval_ahead_is_of_the_form_that_was_said(people: People, form: Form) -> None:
    """Each form can be approved ahead, and counts for what it covers."""
    told = send(people, "POST", "/ahead", {**AHEAD, "form": str(form)})[1]["ahead"]
    assert told["form"] == str(form)


def test_an_approval_ahead_is_kept_listed_and_taken_back(people: People) -> None:
    """From now on, for the hours asked for, under the caller's ARN; taken back once."""
    status, told = send(people, "POST", "/ahead", AHEAD)
    ahead = told["ahead"]
    assert status == 200
    assert ahead == {
        "id": ahead["id"],
        "principal": USER,
        "cluster": "prod",
        "form": "lifted",
        "since": iso(START),
        "until": iso(START + timedelta(hours=8)),
        "by": OPERATOR,
        "note": "night shift",
        "revoked": None,
    }
    assert send(people, "GET", "/ahead", query=f"principal={USER}") == (200, {"aheads": [ahead]})
    people.clock.sleep(60)
    revoked = {**ahead, "revoked": [OTHER, "2026-11-24T02:01:00Z"]}
    path, whose = f"/ahead/{ahead['id']}", {"principal": USER}
    assert send(people, "DELETE", path, whose, caller=OTHER) == (200, {"ahead": revoked, "yours": True})
    assert send(people, "DELETE", path, whose) == (200, {"ahead": revoked, "yours": False})
    assert send(people, "GET", "/ahead", query=f"principal={USER}") == (200, {"aheads": [revoked]})
    assert people.counted == ["OperatorApproveAhead", "OperatorRevokeAhead"]


def test_an_approval_ahead_counts_for_what_it_says(people: People) -> None:
    """It can be read back as the airlock reads it, and approves the install of that name."""
    send(people, "POST", "/ahead", {**AHEAD, "form": "scoped"})
    (ahead,) = DynamoAnswers(people.aside.dynamodb, TABLE).aheads(USER)
    assert isinstance(ahead, Ahead)
    assert ahead.approves(USER, "prod-7xk2q", Form.SCOPED, START + timedelta(hours=1))
    assert not ahead.approves(USER, "prod-7xk2q", Form.LIFTED, START + timedelta(hours=1))
    assert not ahead.approves(USER, "prod-7xk2q", Form.SCOPED, START + timedelta(hours=9))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"principal": OTHER}, "not-enrolled"),
        ({"principal": "ocp-installer"}, "bad-principal"),
        ({"principal": None}, "bad-principal"),
        ({"principal": f"{USER}\n"}, "bad-principal"),
        ({"cluster": ""}, "bad-cluster"),
        ({"cluster": "x" * 55}, "bad-cluster"),
        ({"cluster": "pro*"}, "bad-cluster"),
        ({"cluster": 7}, "bad-cluster"),
        ({"form": "lift"}, "bad-form"),
        ({"form": "any-network,any-action"}, "bad-form"),
        ({"form": None}, "bad-form"),
        ({"hours": 0}, "bad-hours"),
        ({"hours": 73}, "bad-hours"),
        ({"hours": 1.5}, "bad-hours"),
        ({"hours": True}, "bad-hours"),
        ({"hours": "8"}, "bad-hours"),
        ({"note": "a\nb"}, "bad-note"),
        ({"note": "x" * 201}, "bad-note"),
        ({"note": 7}, "bad-note"),
        ({"until": "never"}, "unknown-field"),
    ],
)
def test_a_wrong_approval_ahead_is_refused(people: People, change: dict[str, Any], code: str) -> None:
    """Each field by name."""
    assert refused(people, "POST", "/ahead", {**AHEAD, **change}) == (400, code)


@pytest.mark.parametrize("hours", [1, 72])
@pytest.mark.parametrize("cluster", [None, "a", "prod.example-1", "x" * 54])
def test_the_bounds_of_an_approval_ahead_are_allowed(people: People, hours: int, cluster: str | None) -> None:
    """Any cluster, or one by a name that an installer takes."""
    assert send(people, "POST", "/ahead", {**AHEAD, "hours": hours, "cluster": cluster})[0] == 200


def test_an_approval_ahead_that_isnt_there_cant_be_taken_back(people: People) -> None:
    """Nor one of another principal."""
    _, told = send(people, "POST", "/ahead", AHEAD)
    name = told["ahead"]["id"]
    assert refused(people, "DELETE", "/ahead/ahead-ffffffff", {"principal": USER}) == (404, "unknown-ahead")
    assert refused(people, "DELETE", f"/ahead/{name}", {"principal": ROLE}) == (404, "unknown-ahead")
    assert refused(people, "DELETE", f"/ahead/{name}", {}) == (400, "bad-principal")
    assert refused(people, "GET", "/ahead") == (400, "bad-principal")
