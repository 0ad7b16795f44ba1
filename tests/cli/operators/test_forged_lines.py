"""Whoever may write one line to the audit log can't keep anybody from reading the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from airlock.reconcile.chain import hash_of
from airlock_cli.operators.trail import Trail
from tests.cli.operators import samples
from tests.cli.operators.conftest import Desk

GRANT = samples.open_grant().id
HEAD = samples.told(samples.open_grant()).audit_head
KEYS = (
    *("schema", "at", "kind", "decision", "grant", "grants", "previous", "policy", "outcome", "detail"),
    *("before_sha256", "after_sha256", "unreadable"),
)

texts = st.text(st.characters(exclude_categories=()), min_size=1)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
plausible: st.SearchStrategy[Any] = st.sampled_from(
    [
        1,
        2,
        True,
        GRANT,
        [GRANT],
        HEAD,
        {GRANT: None},
        {GRANT: HEAD},
        {GRANT: []},
        "policy-write",
        samples.NOW.isoformat(),
    ]
)
objects = st.dictionaries(st.sampled_from(KEYS), plausible | values).map(lambda line: {"grants": [GRANT], **line})
lines = texts | (values | objects).map(json.dumps) | objects.map(lambda line: json.dumps(line, ensure_ascii=False))

NASTY = [
    "[" * 100_000,
    '{"a":' * 100_000,
    f'{{"grants": ["{GRANT}"], "detail": {"[" * 900}{"]" * 900}}}',
    f'{{"grants": ["{GRANT}"], "previous": {{"{GRANT}": []}}}}',
    f'{{"grants": ["{GRANT}"], "previous": {{"{GRANT}": {{}}}}, "at": {{}}}}',
    f'{{"grant": "{GRANT}", "grants": [[], {{}}, 1], "schema": [], "detail": 1e999}}',
    f'{{"grants": ["{GRANT}"], "detail": NaN}}',
    f'{{"grants": ["{GRANT}"], "detail": {"9" * 5000}}}',
    f'{{"grants": ["{GRANT}"], "detail": "\ud800"}}',
    f'{{"grants": ["{GRANT}"], "detail": "\\ud800"}}',
    "\ud800",
]
"""What ends a reader that takes each line for one of the airlock's, or makes it print what isn't JSON."""


@given(st.lists(lines, min_size=1, max_size=30))
@settings(
    max_examples=5,
    deadline=None,
    # The lines are taken away again after each example.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(NASTY)
def test_any_line_can_be_told(busy: Desk, tmp_path: Path, forged: list[str]) -> None:
    """Whatever they are, report and show come to an end, with the other lines, and JSON that any program reads."""
    with _among_the_others(busy, *forged):
        for words in (["--since", "7d"], [GRANT]):
            output = tmp_path / "r.html"
            done = busy.run("report", *words, "--output", output, "--force")
            assert done.status in (0, 1)
            assert "event-1" in output.read_text(encoding="utf-8")
            _strict(busy.run("report", *words, "--output", output, "--force", "--json").out)
        done = busy.run("show", GRANT)
        assert (done.status, done.err) == (0, "")
        assert len(_strict(busy.run("show", GRANT, "--json").out)["audit"]) in range(2, 3 + len(forged))


@pytest.mark.parametrize("line", ["[" * 100_000, "\ud800", "NaN", '{"a": 1e999}', '{"a": ' * 40 + "1" + "}" * 40])
def test_what_cant_be_read_is_in_the_report_all_the_same(busy: Desk, tmp_path: Path, line: str) -> None:
    """As it was written, but for what can't be seen."""
    with _among_the_others(busy, line):
        assert {"unreadable": line} in Trail(busy.logs, "audit").since(samples.ago(60))
        assert busy.run("report", "--since", "7d", "--output", tmp_path / "r.html").status == 0
    shown = line.replace("\ud800", "\\ud800").replace('"', "&#34;")
    assert f"<code>{shown}</code>" in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("levels", "read"), [(31, True), (32, True), (33, False)])
def test_how_deep_a_line_is_read(desk: Desk, levels: int, read: bool) -> None:  # noqa: FBT001 - a parameter
    """What can be written as JSON again, by whatever Python, is read: far more than the airlock's own lines need."""
    line = '{"a": ' * (levels - 1) + "[]" + "}" * (levels - 1)
    with _among_the_others(desk, line):
        (told,) = Trail(desk.logs, "audit").since(samples.ago(60))
    assert told == (json.loads(line) if read else {"unreadable": line})


def test_a_hash_is_what_sha256sum_says() -> None:
    """Of what UTF-8 has bytes for; what it hasn't has one too."""
    assert hash_of("テスト\n") == "79d420560709db243585aa4a6d648652c79ae5cc2dc70787c2d1e0eaa37bdb2c"
    assert hash_of("\ud800") != hash_of("\ud801")


def _strict(text: str) -> Any:  # noqa: ANN401 - any JSON value
    def refuse(name: str) -> NoReturn:
        raise AssertionError(f"{name} isn't JSON")

    return json.loads(text, parse_constant=refuse)


@contextmanager
def _among_the_others(desk: Desk, *lines: str) -> Iterator[None]:
    where: Any = {"logGroupName": "audit", "logStreamName": "forged"}
    timestamp = int(samples.ago(5).timestamp() * 1000)
    desk.logs.create_log_stream(**where)
    try:
        for line in lines:
            desk.logs.put_log_events(**where, logEvents=[{"timestamp": timestamp, "message": line}])
        yield
    finally:
        desk.logs.delete_log_stream(**where)
