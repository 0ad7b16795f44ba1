"""A grant by its name, or by a beginning that no other has."""

import pytest

from tests.cli.operators import samples
from tests.cli.operators.conftest import Desk


def test_a_beginning_that_is_nobody_elses_will_do(busy: Desk) -> None:
    """A beginning of one grant's name finds it, and so does the whole name of a grant of any age."""
    for name, infra_id in (("prod", "prod-7xk2q"), (samples.old_grant().id, "lab-m4n5b"), ("lab-m4", "lab-m4n5b")):
        assert busy.run("show", name, "--json").json["grant"]["infra_id"] == infra_id


def test_an_ambiguous_beginning_lists_the_candidates(busy: Desk) -> None:
    """A beginning of several names ends with status 2 and names them all, the newest first."""
    done = busy.run("show", "lab")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("airlock: 3 grants' names begin with lab; give more of the one you mean:\n")
    listed = [line.strip() for line in done.err.splitlines()[1:]]
    wanted = [samples.waiting_grant().id, samples.refused_grant().id, samples.old_grant().id]
    assert listed == wanted
    error = busy.run("approve", "lab", "--json")
    assert error.status == 2
    assert (error.json["error"]["code"], error.json["error"]["candidates"]) == ("ambiguous", wanted)
    assert busy.door.asked == []


def test_many_candidates_are_cut(desk: Desk) -> None:
    """Of more candidates than a screen takes, ten are listed, and the rest is counted."""
    desk.keep(*(samples.waiting_grant(infra_id=f"lab-a{number:04}") for number in range(13)))
    lines = desk.run("show", "lab").err.splitlines()
    assert (len(lines), lines[-1].strip()) == (12, "and 3 more")


@pytest.mark.parametrize("command", [["show"], ["approve"], ["reject"], ["close"], ["report", "--output", "x.html"]])
def test_no_such_grant(busy: Desk, command: list[str]) -> None:
    """A name that no grant has ends with status 3, and nothing is sent."""
    done = busy.run(*command, "nobody-12345")
    assert (done.status, done.out) == (3, "")
    assert done.err == "airlock: no grant's name begins with nobody-12345.\nSee airlock grants --since 30d.\n"
    assert busy.run(*command, "nobody", "--json").json["error"]["exit_status"] == 3
    assert busy.door.asked == []


def test_a_grant_called_like_a_command(desk: Desk) -> None:
    """Errors are JSON for programs although a word of the command line is another command's name."""
    assert desk.run("show", "replay", "--json").json["error"]["code"] == "not-found"


@pytest.mark.parametrize("name", ["", "-x", "a b", 'x"', "a*", "a/../b", "ä", "x" * 65])
def test_what_cant_be_a_name(busy: Desk, name: str) -> None:
    """What can't be a grant's name ends with status 2 before AWS is asked, for it would go into paths and filters."""
    busy.door.refuse_stacks = "AccessDenied"
    done = busy.run("show", "--", name)
    assert (done.status, done.out) == (2, "")
    assert "can't be a grant's name" in done.err


def test_one_read_finds_a_whole_name(busy: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole name is read at once: no index is asked, as a month without that grant would show."""
    monkeypatch.setattr("airlock_cli.operators.records.MONTHS_INDEX", "no-such-index")
    assert busy.run("show", samples.open_grant().id).status == 0
