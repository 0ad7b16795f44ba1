"""The laws of rendering, tried on policies of every shape."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from airlock.policy.clauses import CannotRenderError
from airlock.policy.document import parse_document, statements_of
from airlock.policy.evaluate import StatementReader
from airlock.policy.exemption import Exemption
from airlock.policy.network_deny import is_source_network_deny
from airlock.policy.render import render
from airlock.policy.truth import any_of
from tests.policy.shapes import documents, every_deny, network_denies, odd_denies
from tests.policy.strategies import (
    NOW,
    OTHER_USER,
    STRANGER,
    USER,
    every_list,
    exemption,
    exemption_lists,
    in_the_way,
    is_exempt,
    lift_lists,
    requests,
    sample_texts,
)

every_document = documents(st.one_of(network_denies, every_deny))
EVERYBODY = (USER, OTHER_USER, STRANGER)


def rendered(text: str, exemptions: list[Exemption], *, shared: bool = False) -> str:
    """Render, or skip an example that has no exact form (which the renderer must refuse, never approximate)."""
    try:
        return render(text, exemptions, NOW, shared=shared)
    except CannotRenderError:
        assume(False)  # noqa: FBT003 - Hypothesis's own signature
        raise


def denies_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The document's Denies."""
    return [one for one in statements_of(document) if one["Effect"] == "Deny"]


def differences(
    before: str, after: str, exemptions: list[Exemption], principals: tuple[str, ...] = (USER,)
) -> list[str]:
    """Requests whose verdict isn't "denied before by a statement that isn't opened for it", as readable lines."""
    old, new = json.loads(before), json.loads(after)
    scoped = [one for one in exemptions if not one.lift]
    wanting = []
    for statement in denies_of(old):
        opened = []
        if is_source_network_deny(statement):
            opened = scoped + [one for one in exemptions if one.lift and in_the_way(statement, one)]
        wanting.append((StatementReader(statement), opened, statement))
    written = [StatementReader(statement) for statement in denies_of(new)]
    wrong = []
    for request, moment in requests(principals):
        expected = any_of(
            deny.applies(request)
            for deny, opened, statement in wanting
            if not is_exempt(request, moment, opened, statement)
        )
        if any_of(deny.applies(request) for deny in written) is not expected:
            wrong.append(f"{request.action} {request.resource} {dict(request.context.keys)} should be {expected}")
    return wrong


@given(every_document, every_list(USER))
@settings(max_examples=200, deadline=None)
def test_what_is_denied_after_opening_is_exactly_what_was_denied_less_the_exemptions(
    text: str, exemptions: list[Exemption]
) -> None:
    """Denied after = denied before, minus the exemptions: no wider hole, and no broader deny."""
    assert differences(text, rendered(text, exemptions), exemptions)[:3] == []


@given(every_document, every_list(USER, OTHER_USER))
@settings(max_examples=200, deadline=None)
def test_a_shared_policy_is_opened_for_the_enrolled_principals_alone(text: str, exemptions: list[Exemption]) -> None:
    """Scoped or lifted, each opens for its own principal; for everybody else nothing changes at all."""
    assert differences(text, rendered(text, exemptions, shared=True), exemptions, EVERYBODY)[:3] == []


@given(documents(st.one_of(every_deny, odd_denies)), lift_lists(USER, OTHER_USER), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_lift_is_exact_and_never_refused_for_the_form_of_a_statement(
    text: str,
    exemptions: list[Exemption],
    shared: bool,  # noqa: FBT001 - Hypothesis passes its examples by position
) -> None:
    """Denied after = denied before, less what is lifted, for statements that no scoped exemption could part too.

    Only where the deny has dates, or principals, under every operator that could carry ours, there is no form.
    """
    if not shared:
        exemptions = [replace(one, principal=USER) for one in exemptions]
    try:
        after = render(text, exemptions, NOW, shared=shared)
    except CannotRenderError as refusal:
        assert refusal.reason == "condition-taken"  # noqa: PT017 - most examples raise nothing
        return
    assert differences(text, after, exemptions, EVERYBODY if shared else (USER,))[:3] == []


@given(every_document, every_list(USER, OTHER_USER))
@settings(deadline=None)
def test_closing_after_opening_gives_the_baseline_to_the_byte(text: str, exemptions: list[Exemption]) -> None:
    """With no exemption left, the text is the baseline itself."""
    rendered(text, exemptions, shared=True)
    assert render(text, [], NOW) == text


@given(every_document, every_list(USER, OTHER_USER))
@settings(deadline=None)
def test_exemptions_past_their_time_count_as_gone(text: str, exemptions: list[Exemption]) -> None:
    """Once every not-after time has passed, rendering gives the baseline, whoever forgot to close."""
    assert render(text, exemptions, NOW + timedelta(hours=2)) == text


@given(every_document, every_list(USER, OTHER_USER), st.randoms())
@settings(deadline=None)
def test_rendering_twice_is_rendering_once_whatever_the_order(
    text: str,
    exemptions: list[Exemption],
    random: Random,
) -> None:
    """The same exemptions, in any order, any number of times, give the same text."""
    once = rendered(text, exemptions, shared=True)
    again = list(exemptions)
    random.shuffle(again)
    assert rendered(text, again, shared=True) == once


@given(every_document, every_list(USER, OTHER_USER))
@settings(deadline=None)
def test_other_statements_are_never_changed(text: str, exemptions: list[Exemption]) -> None:
    """Statements that aren't source-network denies stand after opening as they stood, in their order."""

    def others(document: str) -> list[dict[str, object]]:
        return [one for one in statements_of(parse_document(document)) if not is_source_network_deny(one)]

    assert others(rendered(text, exemptions, shared=True)) == others(text)


@given(every_document, every_list(USER), st.randoms())
@settings(deadline=None)
def test_any_order_of_closing_ends_at_the_baseline(
    text: str,
    exemptions: list[Exemption],
    random: Random,
) -> None:
    """Each closing takes out its own exemption only, and the last one leaves the baseline."""
    rendered(text, exemptions)
    left = list(exemptions)
    random.shuffle(left)
    while left:
        left.pop()
        after = rendered(text, left)
        assert differences(text, after, left)[:3] == []
    assert after == text if exemptions else True


@given(every_document, every_list(USER, OTHER_USER))
@settings(deadline=None)
def test_sids_stay_unique(text: str, exemptions: list[Exemption]) -> None:
    """The statements that the airlock writes get Sids that the document doesn't hold."""
    before = [one["Sid"] for one in statements_of(parse_document(text)) if "Sid" in one]
    after = [
        one["Sid"] for one in statements_of(parse_document(rendered(text, exemptions, shared=True))) if "Sid" in one
    ]
    assume(len(before) == len(set(before)))
    assert len(after) == len(set(after))


def test_two_exemptions_for_one_object_are_refused() -> None:
    """Exemptions that speak of one object would shut each other's, so the renderer refuses the pair."""
    pair = [exemption(minutes=5), exemption(minutes=60)]
    with pytest.raises(CannotRenderError) as caught:
        render(sample_texts()[0], pair, NOW)
    assert caught.value.reason == "overlapping-objects"


@pytest.mark.parametrize("text", sample_texts())
@given(exemptions=exemption_lists)
@settings(max_examples=15, deadline=None)
def test_the_sample_policies_open_exactly(text: str, exemptions: list[Exemption]) -> None:
    """Each sample policy has an exact form for any set of a user's exemptions; none is refused."""
    assert differences(text, render(text, exemptions, NOW), exemptions)[:3] == []
    assert all(exemption.principal == USER for exemption in exemptions)
