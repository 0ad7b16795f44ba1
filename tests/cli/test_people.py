"""`airlock replay` with people in it: asked, answered, observed, lifted; and the late rescue that follows."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from airlock_cli.problems import InputError
from airlock_cli.replay.people import Leave, Mode, People, Strategy
from airlock_cli.replay.play import play
from airlock_cli.replay.principal import Principal
from airlock_cli.replay.stream import read_stream
from airlock_cli.replay.world import a_world
from tests.cli.helpers import AWS_EXAMPLE, SAMPLES, STREAMS, airlock_replay, principal_of

CAPA = SAMPLES / "installs" / "4.18-capa-role.jsonl"


def played(people: People, policy: str = AWS_EXAMPLE, delay: float = 0) -> dict[str, Any]:
    """The 4.18 sample, played with people as told."""
    occurrences = read_stream(CAPA)
    who = principal_of(CAPA)
    with a_world(who, Principal.of(who).kind_of_policy(None), policy, occurrences[0].at, people) as world:
        answer_after = people.answer_after
        result = play(world, occurrences, timedelta(seconds=delay), policy, answer_after=answer_after)
    assert result.policy_restored
    (install,) = result.as_json()["installs"]
    return dict(install)


def after(seconds: float, **more: Any) -> People:  # noqa: ANN401 - the fields of People
    """Somebody approves so long after the request."""
    return People(answer_after=timedelta(seconds=seconds), **more)


@pytest.mark.parametrize("strategy", Strategy)
def test_an_answer_in_time_lets_the_first_fetch_through(strategy: Strategy) -> None:
    """Approved before the node boots: one fetch, allowed, and nothing is rebooted."""
    install = played(after(120, mode=Mode.APPROVAL, strategy=strategy))
    assert install["fetch"]["allowed"] is True
    assert install["approval"]["approved_by"] == "you"
    assert install["approval"]["form"] == ("lifted" if strategy is Strategy.LIFT else "scoped")
    assert "rescue" not in install


@pytest.mark.parametrize("strategy", Strategy)
def test_a_late_answer_is_followed_by_one_reboot_and_a_fetch_that_works(strategy: Strategy) -> None:
    """Approved after the node was refused: it is rebooted within two minutes, and gets its file then."""
    install = played(after(600, mode=Mode.APPROVAL, strategy=strategy))
    assert install["fetch"]["allowed"] is False
    assert "2026-11-24T02:10:00Z" < install["rescue"]["rebooted_at"] <= "2026-11-24T02:12:00Z"
    assert install["rescue"]["fetch"]["allowed"] is True


def test_late_events_are_followed_by_the_rescue_too() -> None:
    """Nobody was asked; the events came after the fetch."""
    install = played(People(), delay=400)
    assert (install["fetch"]["allowed"], install["rescue"]["fetch"]["allowed"]) == (False, True)


def test_the_rescue_can_be_switched_off() -> None:
    """Then the node stays refused."""
    install = played(after(600, mode=Mode.APPROVAL, rescue=False))
    assert install["fetch"]["allowed"] is False
    assert "rescue" not in install


def test_without_an_answer_nothing_is_opened() -> None:
    """The request is there, and the fetch is denied."""
    install = played(People(mode=Mode.APPROVAL))
    assert install["approval"]["asked_at"] == "2026-11-24T02:00:00Z"
    assert (install["opened_at"], install["fetch"]["allowed"]) == (None, False)


def test_observing_opens_nothing() -> None:
    """The install fails as it would without the airlock."""
    install = played(People(mode=Mode.OBSERVE))
    assert (install["opened_at"], install["fetch"]["allowed"]) == (None, False)
    assert "approval" not in install


@pytest.mark.parametrize("stream", STREAMS, ids=lambda path: path.stem)
def test_every_sample_stream_can_be_lifted(stream: Any) -> None:  # noqa: ANN401 - a parameter of the test
    """Whoever installs, whichever era: asked, lifted, fetched, and back to the byte."""
    done = airlock_replay(stream, "--strategy", "lift", "--approve-after", "30", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert [one["fetch"]["allowed"] for one in result["installs"]] == [True] * len(result["installs"])
    assert {one["approval"]["form"] for one in result["installs"]} == {"lifted"}
    assert result["policy_restored"] is True


def test_an_answer_without_a_request_is_told() -> None:
    """Where nothing is asked, an answer is a mistake."""
    with pytest.raises(InputError, match="--approve-after needs a request"):
        after(5, wider=Leave.OFF).checked()
    with pytest.raises(InputError, match="--approve-after needs a request"):
        after(5, mode=Mode.OBSERVE, strategy=Strategy.LIFT).checked()
    assert after(5, strategy=Strategy.LIFT).checked()
    assert after(5).checked()


def test_a_lift_that_may_not_be_is_told() -> None:
    """The two options contradict each other."""
    with pytest.raises(InputError, match="--strategy lift and --wider off"):
        People(strategy=Strategy.LIFT, wider=Leave.OFF).checked()


@pytest.mark.parametrize(("wider", "asked"), [(Leave.APPROVAL, True), (Leave.AUTOMATIC, False)])
def test_what_has_no_exact_form_is_opened_wider(wider: Leave, asked: bool) -> None:  # noqa: FBT001 - a parameter
    """A deny of s3:Get* is opened for every action on the objects: once somebody agrees, or at once."""
    policy = AWS_EXAMPLE.replace('"Action": "*"', '"Action": "s3:Get*"')
    people = People(wider=wider, answer_after=timedelta(seconds=60) if asked else None)
    install = played(people, policy=policy)
    assert install["fetch"]["allowed"] is True
    assert install["approval"]["form"] == "any-action"
    assert (install["approval"]["asked_at"] is not None) == asked


def test_the_account_tells_people_what_they_did() -> None:
    """Asked, approved, opened, rebooted and both fetches stand in the order of time."""
    done = airlock_replay(CAPA, "--strategy", "lift", "--approve-after", "600")
    words = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("  2026")]
    assert words == ["asked", "fetch", "approved", "opened", "rebooted", "fetch", "closed"]
    assert "lifted for every call" in done.stdout
