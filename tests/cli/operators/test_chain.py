"""The chain of audit lines: nothing of it can be taken away or altered unseen."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock.reconcile.chain import hash_of, link
from airlock_cli.operators.chain import Branch, follow, words_of
from airlock_cli.operators.trail import Line
from tests.cli.operators import samples
from tests.cli.operators.conftest import Desk

GRANT = samples.closed_grant()
OTHER = "other-aaaaa-00000000"
AT = "2026-11-24T02:00:00Z"

histories = st.lists(
    st.tuples(st.sampled_from([[GRANT.id], [OTHER], [GRANT.id, OTHER]]), st.text(max_size=8)), min_size=1, max_size=12
).filter(lambda history: any(GRANT.id in grants for grants, _ in history))


def _line(text: str, stream: str = "", ingested: int = 0) -> Line:
    return Line(json.loads(text), text, stream, ingested)


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
    for before in (hash_of(lines[0].text), None):
        (forged,), _ = link([{"schema": 2, "at": AT, "grants": [GRANT.id]}], {GRANT.id: before})
        chain = follow(replace(GRANT, audit_head=head), [*lines, _line(forged, "elsewhere")])
        assert chain.branches == (Branch(AT, "elsewhere"),)
        assert f"Nothing follows the lines of {AT} in the stream elsewhere" in words_of(chain)


def test_a_branch_quotes_nobody() -> None:
    """What a line has in place of its time isn't repeated: it may be of any length, and say anything."""
    text = json.dumps({"schema": 2, "at": "no line is missing", "grants": [GRANT.id], "previous": {GRANT.id: None}})
    chain = follow(GRANT, [_line(text, "elsewhere")])
    assert chain.branches == (Branch(None, "elsewhere"),)
    assert "an unknown time in the stream elsewhere" in words_of(chain)


@pytest.mark.parametrize("previous", [..., None, [], "x", {}, {GRANT.id: []}, {GRANT.id: {}}, {GRANT.id: 0}])
def test_a_line_without_a_place_in_the_chain_is_told(previous: object) -> None:
    """A line of this release that names no line before it, or not by a hash, isn't one of the airlock's."""
    line = {"schema": 2, "at": AT, "grants": [GRANT.id]} | ({} if previous is ... else {"previous": previous})
    chain = follow(GRANT, [_line(json.dumps(line))])
    assert chain.faults == (f"the line of {AT} doesn't tell which one it follows",)


@pytest.mark.parametrize("schema", ["true", "-5", "0", "1.0", '"1"', "null", "[1]", "3"])
def test_only_the_number_1_is_of_an_older_release(schema: str) -> None:
    """Whatever else a line has for its schema, it is held to be one of the chain."""
    text = f'{{"schema": {schema}, "at": "{AT}", "grants": ["{GRANT.id}"]}}'
    chain = follow(GRANT, [_line(text)])
    assert (chain.is_whole, chain.lines, chain.unchained) == (False, 1, 0)


def test_an_unchained_line_among_chained_ones_is_told() -> None:
    """By the time at which CloudWatch got it, which no writer can choose; before the chain's first it may stand."""
    lines, head = _trail([([GRANT.id], "open"), ([GRANT.id], "close")], [])
    chained = [Line(line, line.text, "watcher", ingested) for line, ingested in zip(lines, (100, 200), strict=True)]
    told = json.dumps({"schema": 1, "at": "2026-11-20T00:00:00Z", "grant": GRANT.id})
    grant = replace(GRANT, audit_head=head)
    for ingested in (99, 100):
        assert follow(grant, [_line(told, "elsewhere", ingested), *chained]).is_whole
    chain = follow(grant, [_line(told, "elsewhere", 101), *chained])
    (fault,) = chain.faults
    assert fault.startswith("the line of 2026-11-20T00:00:00Z in the stream elsewhere isn't chained, though it came")


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
    assert f"audit lines of {name} are missing, were altered or are out of place" in done.err
    assert "BROKEN: the last line that the ledger knows of is missing" in (tmp_path / "r.html").read_text()
    told = busy.run("report", name, "--output", tmp_path / "r.html", "--force", "--json")
    assert (told.status, told.json["error"]["code"]) == (1, "chain-broken")
    assert told.json["error"]["broken_chains"] == [name]


def test_an_added_line_is_told_with_its_stream(busy: Desk, tmp_path: Path) -> None:
    """On stdout, as JSON and in the report: a second beginning of the chain, in a stream that isn't the functions'."""
    name = samples.open_grant().id
    line = {"schema": 2, "at": AT, "kind": "decision", "grants": [name], "previous": {name: None}}
    busy.audit("elsewhere", line)
    done = busy.run("report", "--since", "7d", "--output", tmp_path / "r.html")
    assert done.status == 0
    assert "5 audit lines, no chain broken, but not each line in one." in done.words
    assert f"Nothing follows these lines of {name}: {AT} in the stream elsewhere" in done.words
    assert f"Nothing follows the lines of {AT} in the stream elsewhere" in (tmp_path / "r.html").read_text()
    told = busy.run("report", name, "--output", tmp_path / "r.html", "--force", "--json").json
    assert (told["broken_chains"], told["branches"]) == ([], {name: [{"at": AT, "log_stream": "elsewhere"}]})


def test_an_added_line_of_an_older_release_breaks_the_chain(busy: Desk, tmp_path: Path) -> None:
    """It names no hash, so only when it came tells that it isn't one: status 1, and which line it is."""
    name = samples.open_grant().id
    time.sleep(0.01)  # CloudWatch's clock, which moto takes from this machine, goes by milliseconds
    busy.audit("elsewhere", {"schema": 1, "at": "2026-11-24T02:00:01Z", "kind": "decision", "grant": name})
    told = busy.run("report", name, "--output", tmp_path / "r.html", "--json")
    assert (told.status, told.json["error"]["broken_chains"]) == (1, [name])
    assert "BROKEN: the line of 2026-11-24T02:00:01Z in the stream elsewhere" in (tmp_path / "r.html").read_text()


def test_a_show_tells_each_lines_stream(busy: Desk) -> None:
    """So that one in a stream of nobody's is seen, as text and as JSON."""
    name = samples.open_grant().id
    busy.audit("elsewhere", {"schema": 2, "at": AT, "kind": "decision", "decision": "open", "grants": [name]})
    told = busy.run("show", name, "--json").json
    assert (len(told["audit"]), told["audit_streams"]) == (3, ["elsewhere", "watcher", "watcher"])
    assert f"{AT} elsewhere open" in busy.run("show", name).words


@pytest.mark.parametrize("word", ["X-Amz-Signature=0123abcd", "テスト", "\u2028"])
def test_a_chain_is_of_the_text_as_written(word: str) -> None:
    """What is shown otherwise, or isn't ASCII, is hashed as it stands in the log group."""
    lines, head = _trail([([GRANT.id], word), ([GRANT.id], word)], [])
    assert follow(replace(GRANT, audit_head=head), lines).is_whole
