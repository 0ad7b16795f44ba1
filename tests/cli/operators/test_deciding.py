"""Approving, rejecting and closing: what is sent, what stands, what comes of it, and the exit status."""

from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest

from airlock.grants.approval import Answer, Form, Way
from airlock.grants.grant import Grant, State
from tests.cli.operators import samples
from tests.cli.operators.conftest import Desk
from tests.cli.operators.door import OPERATOR

WAITING = samples.waiting_grant().id


def becomes(desk: Desk, after: float = 0, **progress: object) -> None:
    """Let a grant come to this, so many seconds after somebody decided about it."""

    def come(grant_id: str) -> None:
        grant = desk.find(grant_id)
        assert grant is not None
        desk.keep(grant.with_progress(**progress))

    def follow(grant_id: str) -> None:
        if after:
            desk.clock.later.append((desk.clock.now() + timedelta(seconds=after), lambda: come(grant_id)))
        else:
            come(grant_id)

    desk.door.comes_of_it = follow


def given(*, approved: bool) -> Answer:
    """What somebody else answered three minutes ago."""
    return Answer(approved=approved, form=Form.SCOPED, at=samples.ago(3), by=samples.LEE, way=Way.LINK, note="mine")


def test_approving_waits_until_it_is_open(busy: Desk) -> None:
    """The approval goes out once, with its note; the command tells what opens, and then that it is open."""
    becomes(busy, 3, state=State.OPEN, opened_at=samples.NOW)
    done = busy.run("approve", "lab-9", "--note", "go")
    assert (done.status, done.err) == (0, "")
    assert busy.door.asked == [("POST", f"/grants/{WAITING}/approve", {"note": "go", "form": "scoped"})]
    assert "s3:GetObject of" in done.out
    assert done.words.endswith("Open since 2026-11-24T02:20:00Z, until 2026-11-24T03:12:00Z at the latest.")
    assert busy.clock.now() == samples.NOW + timedelta(seconds=3)


def test_approving_waits_past_what_comes_between(busy: Desk) -> None:
    """A grant that is approved but whose policies aren't written yet isn't settled: the command goes on waiting."""
    becomes(busy, 3, state=State.OPEN, opened_at=samples.NOW)
    then = busy.door.comes_of_it

    def first(grant_id: str) -> None:
        then(grant_id)
        grant = busy.find(grant_id)
        assert grant is not None
        busy.keep(grant.with_progress(state=State.REQUESTED))

    busy.door.comes_of_it = first
    done = busy.run("approve", WAITING)
    assert done.status == 0
    assert "Open since" in done.words


def test_approving_as_json(busy: Desk) -> None:
    """For programs: what stands, whose it is, whether it came out, and the grant as it is then."""
    becomes(busy, state=State.OPEN, opened_at=samples.NOW)
    told = busy.run("approve", WAITING, "--json").json
    assert list(told) == ["decision", "stands", "yours", "came_out", "grant"]
    assert (told["decision"], told["yours"], told["came_out"]) == ("approve", True, True)
    assert (told["stands"]["by"], told["grant"]["state"]) == (OPERATOR, "open")


@pytest.mark.parametrize(
    ("decision", "progress", "status"),
    [
        ("approve", {"state": State.OPEN, "opened_at": samples.NOW}, 0),
        ("approve", {"state": State.REFUSED, "reason": "still-denied", "detail": "another deny"}, 1),
        ("approve", {"state": State.CLOSED, "opened_at": samples.NOW, "closed_at": samples.NOW}, 0),
        ("approve", {}, 1),
        ("reject", {"state": State.REJECTED, "reason": "rejected", "closed_at": samples.NOW}, 0),
        ("reject", {"state": State.OPEN, "opened_at": samples.NOW}, 1),
        ("reject", {}, 1),
        ("close", {"state": State.CLOSED, "reason": "operator", "closed_at": samples.NOW}, 0),
        ("close", {"state": State.CLOSING}, 1),
    ],
)
def test_the_exit_status_tells_what_came_of_it(
    busy: Desk, decision: str, progress: dict[str, Any], status: int
) -> None:
    """Status 0 where what was decided is so now; 1 where it is kept, but didn't come out within the wait."""
    becomes(busy, **progress)
    done = busy.run(decision, WAITING, "--wait", "5")
    assert (done.status, done.err) == (status, "")


def test_not_waiting(busy: Desk) -> None:
    """With --wait 0 nothing is waited for: status 0 as soon as the decision is kept."""
    told = busy.run("approve", WAITING, "--wait", "0", "--json").json
    assert (told["came_out"], told["grant"]) == (None, {"grant": WAITING})
    assert busy.clock.now() == samples.NOW


def test_the_wait_is_over_in_time(busy: Desk) -> None:
    """After the wait the command says that the airlock hasn't acted yet, and ends with status 1."""
    done = busy.run("approve", WAITING, "--wait", "7")
    assert done.status == 1
    assert done.out.splitlines()[-1] == "The airlock hasn't acted on it within 7 s; it looks again each minute."
    assert busy.clock.now() == samples.NOW + timedelta(seconds=7)


@pytest.mark.parametrize(("decision", "approved"), [("approve", True), ("reject", False)])
def test_the_same_decision_stands_already(busy: Desk, decision: str, *, approved: bool) -> None:
    """Where somebody else decided the same before, the command says who and when, and ends with status 0."""
    busy.answers.give(WAITING, given(approved=approved))
    done = busy.run(decision, WAITING, "--wait", "0")
    assert done.status == 0
    word = "approved" if approved else "rejected"
    assert f"It was {word} by {samples.LEE} at 2026-11-24T02:17:00Z already; that stands." in done.words
    assert busy.run(decision, WAITING, "--wait", "0", "--json").json["yours"] is False


@pytest.mark.parametrize(("decision", "approved"), [("approve", False), ("reject", True)])
def test_the_opposite_stands_already(busy: Desk, decision: str, *, approved: bool) -> None:
    """Where somebody else decided otherwise before, the command is refused with status 4, and names who and when."""
    busy.answers.give(WAITING, given(approved=approved))
    done = busy.run(decision, WAITING)
    assert done.status == 4
    word = "approved" if approved else "rejected"
    assert f"{WAITING} was {word} before, by {samples.LEE} at 2026-11-24T02:17:00Z; that stands." in done.err
    error = busy.run(decision, WAITING, "--json").json["error"]
    assert (error["code"], error["stands"]["approved"]) == ("decided-otherwise", approved)


def test_what_isnt_waiting_is_refused(busy: Desk) -> None:
    """A grant that is open or over can't be approved: status 4, with the state that it is in."""
    assert busy.run("approve", samples.open_grant().id).status == 4
    error = busy.run("reject", samples.closed_grant().id, "--json").json["error"]
    assert (error["code"], error["state"]) == ("not-waiting", "closed")


def test_a_lift_has_to_be_said(busy: Desk) -> None:
    """A lift isn't approved by habit: without --lift it is refused, and nothing is sent; rejecting takes no --lift."""
    lift = samples.waiting_grant(Form.LIFTED, "lab-zz9zz")
    busy.keep(lift)
    done = busy.run("approve", lift.id)
    assert (done.status, done.out) == (4, "")
    assert "asks for a lift: the whole deny is off until 2026-11-24T03:12:00Z." in done.err
    assert busy.run("approve", lift.id, "--json").json["error"]["code"] == "lift-not-said"
    assert busy.door.asked == []
    done = busy.run("approve", lift.id, "--lift", "--wait", "0")
    assert done.status == 0
    assert "EVERY call of the principal that the deny stops, from any network," in done.out
    assert busy.run("reject", lift.id).status == 4


FLAGS = ("--any-network", "--any-action", "--lift")
NEEDED = {
    Form.SCOPED: (),
    Form.ANY_NETWORK: ("--any-network",),
    Form.ANY_ACTION: ("--any-action",),
    Form.ANY_NETWORK_OR_ACTION: ("--any-network", "--any-action"),
    Form.LIFTED: ("--lift",),
}


@pytest.mark.parametrize("flags", [some for count in range(4) for some in combinations(FLAGS, count)])
@pytest.mark.parametrize("form", Form)
def test_what_is_wider_has_to_be_said(desk: Desk, form: Form, flags: tuple[str, ...]) -> None:
    """Whatever isn't said is named, status 4, and nothing is sent; saying more than is asked is fine."""
    grant = samples.waiting_grant(form, "lab-zz9zz")
    desk.keep(grant)
    missing = [] if "--lift" in flags else [flag for flag in NEEDED[form] if flag not in flags]
    done = desk.run("approve", grant.id, *flags, "--wait", "0")
    if not missing:
        assert (done.status, done.err) == (0, "")
        assert desk.door.asked == [("POST", f"/grants/{grant.id}/approve", {"note": "", "form": str(form)})]
        return
    assert (done.status, done.out) == (4, "")
    assert f"If that is meant, say so with {' '.join(missing)};" in done.err
    error = desk.run("approve", grant.id, *flags, "--json").json["error"]
    assert error["code"] == ("lift-not-said" if form is Form.LIFTED else "wider-not-said")
    assert error["flags"] == missing
    assert desk.door.asked == []


def test_what_became_wider_since_it_was_looked_at_isnt_approved(desk: Desk) -> None:
    """The order names the form that was told; where something wider is asked by then, the function refuses it."""
    grant = samples.waiting_grant(infra_id="lab-zz9zz")
    desk.keep(grant)
    find = desk.door.find

    def asked_anew(grant_id: str) -> Grant | None:
        desk.keep(samples.waiting_grant(Form.ANY_ACTION, "lab-zz9zz"))
        return find(grant_id)

    desk.door.find = asked_anew
    done = desk.run("approve", grant.id, "--wait", "0")
    assert done.status == 4
    assert "other-form" in done.err
    assert desk.door.asked[0][2]["form"] == "scoped"


@pytest.mark.parametrize("decision", ["reject", "close"])
def test_nothing_wider_has_to_be_said_to_end_it(desk: Desk, decision: str) -> None:
    """A request can be rejected or closed as it is."""
    grant = samples.wider_grant(Form.ANY_NETWORK_OR_ACTION)
    desk.keep(grant)
    assert desk.run(decision, grant.id, "--wait", "0").status == 0
    assert desk.door.asked == [("POST", f"/grants/{grant.id}/{decision}", {"note": ""})]


def test_the_warning_comes_before_the_order(desk: Desk) -> None:
    """What opens, in what it is wider, and why, is told first."""
    grant = samples.wider_grant(Form.ANY_NETWORK_OR_ACTION)
    desk.keep(grant)
    words = desk.run("approve", grant.id, "--any-network", "--any-action", "--wait", "0").words
    told = [
        words.index(one) for one in ("EVERY action on", "network: The objects can", "actions: Every", "Approved by")
    ]
    assert told == sorted(told)
    assert "would have 2,163 characters, and IAM allows 2,048" in words


def test_a_note_that_is_too_long(busy: Desk) -> None:
    """A note of more than 200 characters ends with status 2, and nothing is sent."""
    done = busy.run("close", WAITING, "--note", "x" * 201)
    assert (done.status, busy.door.asked) == (2, [])
    assert "--note has 201 characters." in done.err


@pytest.mark.parametrize("wait", ["-1", "601", "soon"])
def test_a_wait_that_cant_be(busy: Desk, wait: str) -> None:
    """A wait is a whole number of seconds, up to ten minutes."""
    assert busy.run("approve", WAITING, f"--wait={wait}").status == 2
    assert busy.run("approve", WAITING, f"--wait={wait}", "--json").json["error"]["code"] == "usage"
