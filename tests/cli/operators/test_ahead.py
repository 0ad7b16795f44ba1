"""Approvals ahead of time: given, listed, taken back."""

import pytest

from tests.cli.helpers import ROLE, USER
from tests.cli.operators.conftest import Desk


def test_what_is_sent(desk: Desk) -> None:
    """The request names principal, cluster, form, hours and note, and the answer is told."""
    words = ("approve-ahead", ROLE, "--hours", "8", "--note", "tonight")
    assert desk.run(*words, "--cluster", "lab", "--lift", "--json").json["ahead"]["stands"] is True
    body = {"principal": ROLE, "cluster": "lab", "form": "lifted", "hours": 8, "note": "tonight"}
    assert desk.door.asked == [("POST", "/ahead", body)]


@pytest.mark.parametrize(
    ("flags", "form"),
    [
        (["--any-network"], "any-network"),
        (["--any-action"], "any-action"),
        (["--any-action", "--any-network"], "any-network-or-action"),
        (["--lift", "--any-action"], "lifted"),
    ],
    ids=str,
)
def test_the_form_that_is_said(desk: Desk, flags: list[str], form: str) -> None:
    """The flags add up to one form, and the answer tells it in words."""
    done = desk.run("approve-ahead", USER, "--hours", "1", *flags)
    assert desk.door.asked[0][2]["form"] == form
    assert ("lifted" if form == "lifted" else "wider than asked") in done.out


def test_the_narrowest_is_the_default(desk: Desk) -> None:
    """Without --cluster it is for any, and without --lift for scoped grants alone."""
    desk.run("approve-ahead", USER, "--hours", "1")
    body = {"principal": USER, "cluster": None, "form": "scoped", "hours": 1, "note": ""}
    assert desk.door.asked == [("POST", "/ahead", body)]


def test_taking_back(busy: Desk) -> None:
    """One that is taken back stands no more, and names who did it; an unknown one ends with status 3."""
    ahead = busy.run("approve-ahead", ROLE, "--revoke", "ahead-00000003", "--json").json["ahead"]
    assert (ahead["stands"], ahead["revoked"]["at"]) == (False, "2026-11-24T02:20:00Z")
    assert busy.door.asked == [("DELETE", "/ahead/ahead-00000003", {"principal": ROLE})]
    assert busy.run("approve-ahead", ROLE, "--revoke", "ahead-0").status == 3
    assert "approved ahead" in busy.run("status").out


def test_an_odd_id_stays_one_part_of_the_path(busy: Desk) -> None:
    """Whatever the ID, it can't reach another page of the function."""
    busy.run("approve-ahead", ROLE, "--revoke", "../grants/x?y#z")
    assert [path for _, path, _ in busy.door.asked] == ["/ahead/..%2Fgrants%2Fx%3Fy%23z"]


def test_none_was_given(desk: Desk) -> None:
    """A principal for whom nothing was approved ahead has an empty list."""
    assert desk.run("approve-ahead", "--list", USER).out == f"Nothing was approved ahead for {USER}.\n"
    assert desk.run("approve-ahead", "--list", USER, "--json").json == {"aheads": []}


@pytest.mark.parametrize(
    "words",
    [
        [USER],
        [USER, "--list", "--hours", "1"],
        [USER, "--revoke", "ahead-1", "--hours", "1"],
        [USER, "--list", "--note", "x"],
        [USER, "--revoke", "ahead-1", "--lift"],
        [USER, "--list", "--any-network"],
        [USER, "--revoke", "ahead-1", "--any-action"],
        [USER, "--hours", "0"],
        [USER, "--hours", "1.5"],
        ["ocp-installer", "--list"],
        ["arn:aws:sts::111122223333:assumed-role/Operators/kim", "--hours", "1"],
        [USER, "--hours", "1", "--note", "x" * 201],
        ["--list"],
    ],
    ids=" ".join,
)
def test_what_cant_be_meant(desk: Desk, words: list[str]) -> None:
    """What says nothing, or two things at once, ends with status 2, as text and as JSON, and nothing is sent."""
    done = desk.run("approve-ahead", *words)
    assert (done.status, done.out) == (2, "")
    assert desk.run("approve-ahead", *words, "--json").json["error"]["exit_status"] == 2
    assert desk.door.asked == []


@pytest.mark.parametrize("lacks", ["id", "principal", "form", "since", "until", "by"])
def test_an_answer_that_lacks_something(desk: Desk, lacks: str) -> None:
    """An answer of another version ends with status 5, not with a traceback."""
    whole = {
        "id": "ahead-1",
        "principal": USER,
        "form": "scoped",
        "since": "2026-11-24T02:00:00Z",
        "until": "2026-11-24T03:00:00Z",
        "by": "somebody",
    }
    desk.door.reply = (200, {"ahead": {name: value for name, value in whole.items() if name != lacks}})
    assert desk.run("approve-ahead", USER, "--hours", "1").status == 5
    desk.door.reply = (200, {"ahead": whole})
    assert desk.run("approve-ahead", USER, "--hours", "1").status == 0
