"""The rungs from the exact form to the lift."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from airlock.policy.document import parse_document
from airlock.policy.ladder import Rung, Widening, rungs, what_it_adds
from airlock.policy.render import render
from tests.policy.strategies import NOW, USER, VPCS, exemption, is_denied, requests, sample_texts

NARROWED = exemption(vpc=VPCS[0])
ANYWHERE = exemption()


def test_the_rungs_of_a_narrowed_exemption() -> None:
    """From the exact form by the network, the actions and both to the lift."""
    assert [rung.widenings for rung in rungs(NARROWED)] == [
        (),
        (Widening.NETWORK,),
        (Widening.ACTIONS,),
        (Widening.NETWORK, Widening.ACTIONS),
        (Widening.LIFT,),
    ]
    assert [rung.exemption for rung in rungs(NARROWED)] == [
        NARROWED,
        ANYWHERE,
        replace(NARROWED, any_action=True),
        replace(ANYWHERE, any_action=True),
        replace(ANYWHERE, lift=True),
    ]


def test_a_part_that_is_open_already_is_no_rung() -> None:
    """Without a network, or of any action, or as a lift, an exemption has fewer wider forms; none comes twice."""
    assert [rung.widenings for rung in rungs(ANYWHERE)] == [(), (Widening.ACTIONS,), (Widening.LIFT,)]
    wide = replace(NARROWED, any_action=True)
    assert [rung.widenings for rung in rungs(wide)] == [(), (Widening.NETWORK,), (Widening.LIFT,)]
    assert rungs(replace(ANYWHERE, lift=True)) == (Rung(replace(ANYWHERE, lift=True)),)


@pytest.mark.parametrize("widening", Widening)
def test_each_widening_is_told_in_one_sentence(widening: Widening) -> None:
    """A sentence of its own, which ends as sentences do."""
    assert what_it_adds(widening).endswith(".")
    assert what_it_adds(widening).count(". ") == 0
    assert len({what_it_adds(one) for one in Widening}) == len(Widening)


def test_every_action_takes_in_those_of_kms() -> None:
    """Who agrees to it is told that it isn't about S3's actions alone."""
    assert "KMS" in what_it_adds(Widening.ACTIONS)


@pytest.mark.parametrize("text", [text for text in sample_texts() if "arn:aws:s3:::*" not in text])
def test_a_rung_with_more_widenings_opens_no_less(text: str) -> None:
    """What a rung lets through, each rung with the same widenings and more lets through too; and so does the lift."""
    documents = {rung: parse_document(render(text, [rung.exemption], NOW)) for rung in rungs(NARROWED)}
    opened = {
        rung: {index for index, (request, _) in enumerate(requests((USER,))) if not is_denied(document, request)}
        for rung, document in documents.items()
    }
    for tight, wide in combinations(opened, 2):
        if set(tight.widenings) <= set(wide.widenings) or wide.exemption.lift:
            assert opened[tight] <= opened[wide]
