"""Wrong rewritings, made on purpose: each is found, by a request that the evaluator judges the same way."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from airlock.policy.truth import Truth
from tests.policy.proof.prove import Counterexample, Rewriting, disproof
from tests.policy.proof.samples import NARROWED, rewriting, text_of
from tests.policy.strategies import USER, VPCS

Statement = dict[str, Any]
Mutation = Callable[[list[Statement]], list[Statement]]

OBJECT = NARROWED.objects[0]
SIMILAR = OBJECT.replace("test", "t?st")
VIA = '{"kms:ViaService": "'
LAST_SECOND, NEXT_SECOND, SECOND_BEFORE = "2026-11-24T03:00:00Z", "2026-11-24T03:00:01Z", "2026-11-24T02:59:59Z"


def without(text: str) -> Mutation:
    """Forget the statements that say this."""
    return lambda statements: [one for one in statements if text not in json.dumps(one)]


def saying(old: str, new: str) -> Mutation:
    """Say another thing wherever this is said."""
    return lambda statements: json.loads(json.dumps(statements).replace(old, new))


def without_condition(operator: str, beside: str) -> Mutation:
    """Forget one operator in the statements that say something else too."""

    def mutate(statements: list[Statement]) -> list[Statement]:
        for one in statements:
            if beside in json.dumps(one):
                one["Condition"].pop(operator)
        return statements

    return mutate


OPENS, SHUTS, DENIES = "what opens is exempt", "what is exempt opens", "what is denied was denied before"
MUTANTS: dict[str, tuple[Mutation, str]] = {
    "the time forgotten": (without("DateGreaterThan"), OPENS),
    "the other actions forgotten": (without("NotAction"), OPENS),
    "the other objects forgotten": (without("NotResource"), OPENS),
    "the other networks forgotten": (without('"aws:SourceVpc"'), OPENS),
    "the other principals forgotten": (without("ArnNotEquals"), OPENS),
    "the other encryption contexts forgotten": (without('StringNotEquals": {"kms:Enc'), OPENS),
    "the other services forgotten": (without("kms:ViaService"), OPENS),
    "equal for not equal": (saying('StringNotEquals": {"aws:SourceVpc', 'StringEquals": {"aws:SourceVpc'), OPENS),
    "another VPC": (saying(VPCS[0], VPCS[1]), OPENS),
    "a wildcard at an object's end": (saying(f'Resource": "{OBJECT}"', f'Resource": "{OBJECT}*"'), OPENS),
    "a wildcard within an object's name": (saying(f'e": "{OBJECT}"', f'e": "{SIMILAR}"'), OPENS),
    "every action of GetObject's family": (saying('"s3:GetObject"', '"s3:GetObject*"'), OPENS),
    "a second too long": (saying(LAST_SECOND, NEXT_SECOND), OPENS),
    "a second too short": (saying(LAST_SECOND, SECOND_BEFORE), SHUTS),
    "a pattern of principals": (saying(f'"{USER}"', f'"{USER}*"'), OPENS),
    "any region": (saying(f'Equals": {VIA}s3.us-east-2.', f'Like": {VIA}s3.*.'), OPENS),
    "the fence forgotten in one part": (without_condition("NotIpAddress", "NotResource"), DENIES),
}


def mutated(right: Rewriting, mutate: Mutation) -> Rewriting:
    """The rewriting with another document after."""
    document = json.loads(json.dumps(right.after))
    return replace(right, after={**document, "Statement": mutate(document["Statement"])})


def check_by_the_evaluator(wrong: Rewriting, found: Counterexample) -> None:
    """The request is as wrong by the evaluator's reading as by the proof's."""
    verdicts = (found.call.is_denied_by(wrong.before), found.call.is_denied_by(wrong.after))
    denied_before, denied_after = {
        OPENS: (Truth.TRUE, Truth.FALSE),
        SHUTS: (Truth.TRUE, Truth.TRUE),
        DENIES: (Truth.FALSE, Truth.TRUE),
    }[found.claim]
    assert verdicts == (denied_before, denied_after)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_rewriting_is_found(name: str) -> None:
    """A request shows it, that can be read and that the evaluator confirms."""
    mutate, claim = MUTANTS[name]
    right = rewriting(text_of("no-via-service-guard"), [NARROWED], shared=True)
    wrong = mutated(right, mutate)
    assert wrong.after != right.after, "the mutation changes nothing"
    found = disproof(wrong)
    assert found
    assert found.claim == claim
    check_by_the_evaluator(wrong, found)
    action, *keys = str(found.call).splitlines()
    assert " on arn:" in action or action.endswith(" on *")
    assert any(line.startswith("  aws:PrincipalArn = arn:") for line in keys)
    assert any(line.startswith("  aws:CurrentTime = ") for line in keys)


def test_a_policy_that_is_left_alone_opens_nothing() -> None:
    """If before and after are the same though something should open, the proof fails."""
    right = rewriting(text_of("aws-example"), [NARROWED])
    found = disproof(replace(right, after=right.before))
    assert found
    assert found.claim == SHUTS
    assert found.call.resource == OBJECT
    assert found.call.keys["aws:sourcevpc"] == VPCS[0]


def test_a_changed_allow_is_found() -> None:
    """What the policy allows is no part of the opening."""
    right = rewriting(text_of("with-allow-and-mfa"), [NARROWED])
    wrong = mutated(right, saying('"ec2:*"', '"ec2:Run*"'))
    found = disproof(wrong)
    assert found
    assert found.claim == "what the policy allows stays the same"
    assert found.call.is_allowed_by(wrong.before) is Truth.TRUE
    assert found.call.is_allowed_by(wrong.after) is Truth.FALSE


def test_a_forgotten_bystander_is_found() -> None:
    """A deny that isn't about the network may not go."""
    right = rewriting(text_of("with-allow-and-mfa"), [NARROWED])
    found = disproof(mutated(right, without("MultiFactor")))
    assert found
    assert found.claim == OPENS
    assert found.call.action.startswith("iam:")
