"""The chain of audit lines: nothing of it can be taken away or altered unseen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock.reconcile.chain import hash_of, link
from airlock_cli.operators.chain import follow, words_of
from airlock_cli.operators.trail import Line
from tests.cli.operators import samples
from tests.cli.operators.conftest import Desk

GRANT = samples.closed_grant()
OTHER = "other-aaaaa-00000000"

histories = st.lists(
    st.tuples(st.sampled_from([[GRANT.id], [OTHER], [GRANT.id, OTHER]]), st.text(max_size=8)), min_size=1, max_size=12
).filter(lambda history: any(GRANT.id in grants for grants, _ in history))


def _trail(history: list[tuple[list[str], str]], cuts: list[int]) -> tuple[list[Line], str | None]:
    """The lines of a history, written by several runs that end at the cuts; and the last one's hash."""
    lines: list[Line] = []
    heads: dict[str, str | None] = {}
    for start, end in zip([0, *cuts], [*cuts, len(history)], strict=True):
        told = [
            {"schema": 2, "at": f"{at}", "grants": grants, "detail": detail}
            for at, (grants, detail) in enumerate(history[start:end], start)
        ]
        texts, heads = link(told, heads)
        lines += [Line(json.loads(text), text) for text in texts]
    return lines, heads.get(GRANT.id)


@given(histories, st.data())
def test_what_was_written_in_any_number_of_runs_is_whole(history: list[Any], data: st.DataObject) -> None:
    """However runs share out the lines, each follows the one before, in whatever order they are read."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(history)), max_size=3)))
    lines, head = _trail(history, cuts)
    chain = follow(replace(GRANT, audit_head=head), data.draw(st.permutations(lines)))
    assert chain.is_whole
    assert chain.branches == ()
    assert chain.lines == sum(GRANT.id in grants for grants, _ in history)


@given(histories, st.data())
def test_a_line_taken_away_is_missed(history: list[Any], data: st.DataObject) -> None:
    """Whichever of a grant's lines goes, the first and the last among them, its chain is broken."""
    lines, head = _trail(history, [])
    gone = data.draw(st.sampled_from([line for line in lines if GRANT.id in line["grants"]]))
    chain = follow(replace(GRANT, audit_head=head), [line for line in lines if line is not gone])
    assert not chain.is_whole
    assert words_of(chain).startswith("BROKEN")


@given(histories, st.data())
def test_an_altered_line_is_told(history: list[Any], data: st.DataObject) -> None:
    """A line with another detail, or other white space, isn't the one that was written."""
    lines, head = _trail(history, [])
    at = data.draw(st.sampled_from([at for at, line in enumerate(lines) if GRANT.id in line["grants"]]))
    altered = json.dumps({**lines[at], "detail": lines[at]["detail"] + "!"}, ensure_ascii=False)
    text = data.draw(st.sampled_from([altered, f"{lines[at].text} "]))
    lines[at] = Line(json.loads(text), text)
    assert not follow(replace(GRANT, audit_head=head), lines).is_whole


def test_a_line_that_somebody_adds_is_a_branch() -> None:
    """Whoever may write to the log group can let a line follow another, but not make it the last one."""
    lines, head = _trail([([GRANT.id], "open"), ([GRANT.id], "close")], [])
    (forged,), _ = link([{"schema": 2, "at": "9", "grants": [GRANT.id]}], {GRANT.id: hash_of(lines[0].text)})
    chain = follow(replace(GRANT, audit_head=head), [*lines, Line(json.loads(forged), forged)])
    assert chain.branches == ("9",)
    assert "Nothing follows the lines of 9" in words_of(chain)


def test_a_line_without_a_place_in_the_chain_is_told() -> None:
    """A line of this release that names no line before it isn't one of the airlock's."""
    text = json.dumps({"schema": 2, "at": "2026-11-24T02:00:00Z", "grants": [GRANT.id]})
    assert not follow(GRANT, [Line(json.loads(text), text)]).is_whole


def test_lines_of_an_older_release_are_no_fault() -> None:
    """Lines from before there were chains are counted, and the first chained one follows none."""
    old = json.dumps({"schema": 1, "at": "2026-11-24T01:00:00Z", "grant": GRANT.id})
    lines, head = _trail([([GRANT.id], "close")], [])
    chain = follow(replace(GRANT, audit_head=head), [Line(json.loads(old), old), *lines])
    assert (chain.is_whole, chain.lines, chain.unchained) == (True, 1, 1)
    assert words_of(chain) == "Whole: 1 line, after 1 of an older release, which chained none."
    assert follow(GRANT, []).is_whole


def test_a_report_says_that_lines_are_missing(busy: Desk, tmp_path: Path) -> None:
    """The report is written and says which line is missing, and the command ends with status 1."""
    name = samples.open_grant().id
    busy.keep(replace(samples.told(samples.open_grant()), audit_head="0" * 64))
    done = busy.run("report", name, "--output", tmp_path / "r.html")
    assert done.status == 1
    assert f"audit lines of {name} are missing or were altered" in done.err
    assert "BROKEN: the last line that the ledger knows of is missing" in (tmp_path / "r.html").read_text()
    told = busy.run("report", name, "--output", tmp_path / "r.html", "--force", "--json")
    assert (told.status, told.json["error"]["code"]) == (1, "chain-broken")
    assert told.json["error"]["broken_chains"] == [name]


@pytest.mark.parametrize("word", ["X-Amz-Signature=0123abcd", "テスト", "\u2028"])
def test_a_chain_is_of_the_text_as_written(word: str) -> None:
    """What is shown otherwise, or isn't ASCII, is hashed as it stands in the log group."""
    lines, head = _trail([([GRANT.id], word), ([GRANT.id], word)], [])
    assert follow(replace(GRANT, audit_head=head), lines).is_whole
