"""Merging an edit that somebody made while the airlock had the policy open."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from airlock.policy.clauses import CannotRenderError
from airlock.policy.document import parse_document, statements_of
from airlock.policy.drift import rebase
from airlock.policy.exemption import Exemption
from airlock.policy.render import is_airlock_statement, render
from tests.policy.shapes import bystanders, documents
from tests.policy.strategies import NOW, exemption, exemption_lists, sample_texts

BASELINE = sample_texts()[0]
OPENED = render(BASELINE, [exemption()], NOW)
BY_HUMAN = {"Sid": "ByHuman", "Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
NO_DELETES = {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}


def edited(text: str, *, add: tuple[Any, ...] = (), **elements: object) -> str:
    """A policy with statements added at its end, and with other elements of the document changed."""
    document = json.loads(text)
    return json.dumps({**document, **elements, "Statement": [*statements_of(document), *add]}, indent=2)


def statements(text: str) -> list[dict[str, Any]]:
    """A policy's statements."""
    return statements_of(parse_document(text))


def as_a_bag(of: list[dict[str, Any]]) -> list[str]:
    """Statements without their order, which means nothing to IAM."""
    return sorted(json.dumps(one, sort_keys=True) for one in of)


def test_an_edit_beside_the_airlocks_statements_is_kept() -> None:
    """The human's statement stays, the airlock's go, and the original deny is back in their place."""
    merged = rebase(BASELINE, OPENED, edited(OPENED, add=(BY_HUMAN,)))
    assert merged.intact
    assert statements(merged.text) == [*statements(BASELINE), BY_HUMAN]


def test_a_change_of_the_documents_other_elements_is_kept() -> None:
    """An Id that somebody gave the policy is the policy's from now on."""
    merged = rebase(BASELINE, OPENED, edited(OPENED, Id="mine"))
    assert merged.intact
    assert parse_document(merged.text)["Id"] == "mine"
    assert statements(merged.text) == statements(BASELINE)


def test_an_altered_airlock_statement_ends_the_grant_and_the_original_is_back() -> None:
    """Nobody knows what the altered statement is to mean: it stays, beside the deny as it was."""
    document = json.loads(OPENED)
    document["Statement"][1]["Action"] = "s3:PutObject"
    merged = rebase(BASELINE, OPENED, json.dumps(document))
    assert not merged.intact
    assert statements(merged.text) == [*statements(BASELINE), document["Statement"][1]]


@pytest.mark.parametrize("index", range(len(statements(OPENED))))
def test_a_deleted_airlock_statement_ends_the_grant(index: int) -> None:
    """Without one of them the policy denies less than it should, so the original is put back."""
    document = json.loads(OPENED)
    del document["Statement"][index]
    merged = rebase(BASELINE, OPENED, json.dumps(document))
    assert not merged.intact
    assert statements(merged.text) == statements(BASELINE)


def test_reordered_statements_mean_the_same() -> None:
    """IAM doesn't care for order, so neither does the merge."""
    document = json.loads(edited(OPENED, add=(BY_HUMAN,)))
    document["Statement"].reverse()
    merged = rebase(BASELINE, OPENED, json.dumps(document))
    assert merged.intact
    assert statements(merged.text) == [BY_HUMAN, *statements(BASELINE)]


def test_a_text_that_was_only_laid_out_anew_gives_the_baseline_to_the_byte() -> None:
    """Whoever saved the open policy in an editor, and changed nothing, gets back the very text that was there."""
    merged = rebase(BASELINE, OPENED, json.dumps(json.loads(OPENED), indent=8))
    assert (merged.text, merged.intact) == (BASELINE, True)


def test_sorted_lists_and_lists_of_one_are_still_the_airlocks() -> None:
    """A program that writes policies in its own style has altered nothing."""
    document = json.loads(OPENED)
    for statement in document["Statement"]:
        for key in ("NotResource", "Resource"):
            if isinstance(statement.get(key), list):
                statement[key] = statement[key][::-1]
        if isinstance(statement.get("Action"), str):
            statement["Action"] = [statement["Action"]]
    merged = rebase(BASELINE, OPENED, json.dumps(document))
    assert json.dumps(document) != json.dumps(json.loads(OPENED))
    assert (merged.text, merged.intact) == (BASELINE, True)


@pytest.mark.parametrize("texts", [[BASELINE, OPENED], [OPENED, BASELINE]], ids=["closing", "opening"])
@pytest.mark.parametrize("left", [1, 0])
def test_an_edit_between_two_writes_doesnt_lose_the_deny(texts: list[str], left: int) -> None:
    """Which text stood isn't known: what lacks the deny gets it back, and nothing of the airlock's stays."""
    found = edited(json.dumps({"Statement": statements(OPENED)[:left]}), add=(BY_HUMAN,))
    merged = rebase(BASELINE, texts, found)
    assert not merged.intact
    assert as_a_bag(statements(merged.text)) == as_a_bag([*statements(BASELINE), BY_HUMAN])


@pytest.mark.parametrize("texts", [[BASELINE, OPENED], [OPENED, BASELINE]], ids=["closing", "opening"])
def test_an_edit_of_the_baseline_between_two_writes_is_one_beside_nothing(texts: list[str]) -> None:
    """With the deny in it and nothing of the airlock's, the text stands as it was typed, and no grant has to end."""
    theirs = edited(BASELINE, add=(BY_HUMAN,))
    merged = rebase(BASELINE, texts, theirs)
    assert (merged.text, merged.intact) == (theirs, True)


def test_a_policy_that_somebody_replaced_is_kept_to_the_byte() -> None:
    """Where nothing of the airlock's is left and nothing is missing, the human's text stands as it was typed."""
    theirs = edited(BASELINE, add=(NO_DELETES,))
    merged = rebase(BASELINE, OPENED, theirs)
    assert merged.text == theirs
    assert not merged.intact


def test_an_original_whose_sid_was_given_to_another_statement_comes_back_without() -> None:
    """Somebody replaced the policy with one whose deny bears the same Sid; IAM refuses a policy with a Sid twice."""
    deny = {**statements(BASELINE)[0], "Sid": "Net"}
    baseline = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    newer = {**deny, "Action": "s3:*"}
    merged = rebase(baseline, render(baseline, [exemption()], NOW), json.dumps({"Statement": [newer]}))
    assert statements(merged.text) == [newer, {key: value for key, value in deny.items() if key != "Sid"}]


def test_the_original_that_somebody_put_back_isnt_there_twice() -> None:
    """A human who adds the original deny beside the airlock's statements finds it once."""
    merged = rebase(BASELINE, OPENED, edited(OPENED, add=tuple(statements(BASELINE))))
    assert statements(merged.text) == statements(BASELINE)


@given(documents(), exemption_lists, st.lists(bystanders, max_size=3), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_whatever_is_added_while_open_is_all_that_is_added(
    text: str, exemptions: list[Exemption], additions: list[dict[str, Any]], random: Random
) -> None:
    """For any policy and any statements put in anywhere: the baseline's and the human's are left, none of ours."""
    assume(not any(is_airlock_statement(one) for one in statements(text)))
    try:
        opened = render(text, exemptions, NOW)
    except CannotRenderError:
        assume(False)  # noqa: FBT003 - Hypothesis's own signature
        raise
    before, document = statements(text), parse_document(opened)
    additions = [one for one in additions if one not in before]
    present = statements_of(document)
    for one in additions:
        present.insert(random.randint(0, len(present)), one)

    merged = rebase(text, opened, json.dumps({**document, "Statement": present}))
    assert merged.intact
    assert as_a_bag(statements(merged.text)) == as_a_bag([*before, *additions])


@given(documents(), exemption_lists, exemption_lists)
@settings(deadline=None)
def test_a_merge_is_done_once(text: str, first: list[Exemption], second: list[Exemption]) -> None:
    """The merged text holds nothing of the airlock's, so opening it and merging again adds nothing."""
    assume(not any(is_airlock_statement(one) for one in statements(text)))
    try:
        merged = rebase(text, render(text, first, NOW), edited(render(text, first, NOW), add=(BY_HUMAN,)))
        again = render(merged.text, second, NOW)
    except CannotRenderError:
        assume(False)  # noqa: FBT003 - Hypothesis's own signature
        raise
    assert as_a_bag(statements(rebase(merged.text, again, edited(again)).text)) == as_a_bag(statements(merged.text))
