"""The saved queries: what they name is in the audit log's lines, and what they are written in is Logs Insights' own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from airlock.grants.grant import FINAL, State
from airlock.policy.place import PolicyKind
from infra.queries import GRANT, NOT_CLOSED, POLICY, QUERIES, SavedQuery
from tests.infra.template import Template
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import USER, Account, an_account, at, install

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
BY_NAME: Final = {query.name: query for query in QUERIES}

# Amazon CloudWatch Logs user guide, pages "Logs Insights QL commands", "stats" and "filter", as far as it is used here.
FIELD: Final = r"@?[A-Za-z_][\w.]*"
COLUMN: Final = rf"(?:count\(\*\)|(?:count|earliest|latest)\({FIELD}\)) as [a-z_]+"
VALUE: Final = r'"[^"]*"|\d+'
TEST: Final = rf"(?:{FIELD} (?:=|like) (?:{VALUE})|{FIELD} in \[(?:{VALUE})(?:, (?:{VALUE}))*\])"
COMMANDS: Final = {
    "filter": rf"{TEST}(?: (?:and|or) {TEST})*",
    "fields": rf"{FIELD}(?:, {FIELD})*",
    "parse": rf"{FIELD} /\(\?<[a-z]+>[a-z|]+\)/",
    "stats": rf"{COLUMN}(?:, {COLUMN})* by {FIELD}(?:, {FIELD})*",
    "sort": rf"{FIELD} (?:asc|desc)(?:, {FIELD} (?:asc|desc))*",
    "limit": r"\d+",
}
EDITED: Final = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}
)
SYSTEM: Final = frozenset({"@timestamp", "@message", "@logStream", "@log", "@ingestionTime"})
# What Logs Insights finds in one JSON line at the most.
MOST_FIELDS: Final = 200


def _saved(template: Template) -> dict[str, dict[str, Any]]:
    found = [one["Properties"] for one in template.resources("AWS::Logs::QueryDefinition").values()]
    return {one["Name"]: one for one in found}


def _without_texts(command: str) -> str:
    return re.sub(r'"[^"]*"|/[^/]*/', "", command)


def _made(command: str) -> set[str]:
    """The names that a command makes."""
    return {*re.findall(r" as (\w+)", command), *re.findall(r"\(\?<(\w+)>", command)}


def _used(command: str) -> set[str]:
    """The fields that a command reads."""
    words = set(re.findall(FIELD, re.sub(r" as \w+", "", _without_texts(command).partition(" ")[2])))
    return words - {"and", "or", "in", "like", "by", "asc", "desc", "count", "earliest", "latest"}


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - a JSON value
    """A line's fields as Logs Insights names them: dots for what is within, numbers for members of lists."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield name, value
        return
    for key, one in inner:
        yield from _flat(one, f"{name}.{key}" if name else str(key))


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    """The audit lines that the functions write over four installs; the last one is open at the end."""
    with pytest.MonkeyPatch.context() as patch, an_account() as account:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        _live(account, (SAMPLES / "aws-example.json").read_text())
        return account.audit()


def _live(account: Account, policy: str) -> None:
    """One is refused, one asked for and approved, one ends by somebody's edit, one opens."""
    place = account.stand(PolicyKind.USER_INLINE, policy)
    refused, approved, edited, opened = (install(f"prod-{number}xk2q") for number in range(4))
    account.simulator.not_asked, account.simulator.denied = "", False
    account.deliver(refused.create_role(at(0)))
    account.simulator.denied = None
    account.enrol(USER, mode="approval")
    account.deliver(approved.run_instances(at(10)))
    account.answer(approved.infra_id, USER)
    account.deliver(approved.state(at(600), "terminated"))
    account.enrol(USER)
    account.deliver(edited.create_role(at(700)))
    account.clock.sleep(60)
    account.edit(place, EDITED)
    account.sweep()
    account.edit(place, policy)
    account.deliver(opened.create_role(at(900)))


def _lines_of(query: SavedQuery, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of the kinds that a query is about, and of the decisions that it names."""
    texts = re.findall(r'"([^"]*)"', query.commands[0])
    kinds = {line["kind"] for line in lines} & set(texts)
    decisions = {text for text in texts if text not in kinds and text != GRANT}
    return [line for line in lines if line["kind"] in kinds and (not decisions or line.get("decision") in decisions)]


@pytest.mark.parametrize("name", BY_NAME)
def test_each_field_is_in_the_lines_that_the_functions_write(name: str, lines: list[dict[str, Any]]) -> None:
    """Of the very kind of lines that the query filters; what the query makes itself comes before it is used."""
    query = BY_NAME[name]
    about = _lines_of(query, lines)
    assert about
    known = {field for line in about for field, _ in _flat(line)} | SYSTEM
    for command in query.commands:
        # A second grant of one write is a matter of shared policies.
        assert _used(command) - {"grants.1"} <= known, command
        known |= _made(command)


@pytest.mark.parametrize("name", BY_NAME)
def test_each_query_finds_the_lines_that_it_is_about(name: str, lines: list[dict[str, Any]]) -> None:
    """The words that it compares with are words that the functions write: decisions, kinds, or places to fill in."""
    told = {line["kind"] for line in lines} | {str(line.get("decision")) for line in lines}
    compared = {text for command in BY_NAME[name].commands for text in re.findall(r'"([^"]*)"', command)}
    assert compared - told <= {GRANT, POLICY, "limit", "reject", "unanswered"}


@pytest.mark.parametrize("name", BY_NAME)
def test_each_query_is_of_the_language(name: str) -> None:
    """Each command by the user guide's grammar, as far as it is used: nothing here runs Logs Insights' own parser."""
    for command in BY_NAME[name].commands:
        word, _, rest = command.partition(" ")
        assert re.fullmatch(COMMANDS[word], rest), command


def test_what_ends_a_grant_is_every_final_state_and_no_other() -> None:
    """Else the list of grants that aren't closed would have one for ever, or leave one out."""
    (command,) = (one for one in NOT_CLOSED.commands if one.startswith("parse "))
    pattern = re.compile(command.split("/")[1].replace("(?<", "(?P<"))
    assert {state for state in State if pattern.search(state)} == FINAL


def test_the_lines_of_one_life_have_ended_once(lines: list[dict[str, Any]]) -> None:
    """What the query counts is so in the log: three of four grants have a line with a final state, one hasn't."""
    decisions = [line for line in lines if line["kind"] == "decision"]
    ended = {line["grant"] for line in decisions if line["outcome"] in FINAL}
    assert len(ended) == 3
    assert len({line["grant"] for line in decisions} - ended) == 1


def test_a_line_has_no_more_fields_than_logs_insights_finds(lines: list[dict[str, Any]]) -> None:
    """In lines of an ordinary policy's writes, its difference included."""
    assert max(sum(1 for _ in _flat(line)) for line in lines) < MOST_FIELDS


def test_each_query_is_saved_in_the_prefix_s_folder_for_the_audit_log(template: Template) -> None:
    """With its question above it, on the audit log group and no other."""
    group = {"Ref": template.within("Audit", "AWS::Logs::LogGroup")}
    saved = _saved(template)
    assert saved.keys() == {f"bootstrap-airlock/{name}" for name in BY_NAME}
    for name, query in BY_NAME.items():
        properties = saved[f"bootstrap-airlock/{name}"]
        assert properties["LogGroupNames"] == [group]
        assert properties["QueryString"] == f"# {query.answers}\n{query.text}"


def test_the_documents_list_each_query_with_what_it_answers() -> None:
    """A row for each, by its name and its question, and no other."""
    text = OPERATIONS.read_text(encoding="utf-8").partition("\n### Saved queries\n")[2].partition("\n## ")[0]
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", text, re.MULTILINE)) == {
        query.name: query.answers for query in QUERIES
    }
