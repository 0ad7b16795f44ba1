"""The proofs' own reading of IAM: against the evaluator, which shares nothing with it, and against z3's strings."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from ipaddress import ip_network
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airlock.policy.evaluate import Request
from airlock.policy.matching import glob_matches
from airlock.policy.operators import parse_operator
from airlock.policy.truth import Truth
from tests.policy.proof.logic import Formula, compare, holds, is_complete_by_strings, model_of, no
from tests.policy.proof.meaning import applies, statements
from tests.policy.proof.patterns import Pattern, arn_like, glob, kinds, literal, matching
from tests.policy.proof.prove import Formulas
from tests.policy.proof.samples import FEW, NAMES, sample
from tests.policy.proof.space import Sort, Space
from tests.policy.strategies import OTHER_USER, STRANGER, USER, is_denied, objects, requests

TEXTS = st.text("ab:*?", max_size=6)


def pinned(space: Space, request: Request) -> list[Formula]:
    """That the unknown request is this one."""
    parts = [space.action.is_exactly(request.action.lower()), space.resource.is_exactly(request.resource)]
    for key in space.keys.values():
        values = request.context.values_of(key.name)
        if not values:
            parts.append(no(key.present))
            continue
        parts.append(key.present)
        if key.sort is Sort.STRING:
            parts.append(key.text.is_exactly(values[0]))
        elif key.sort is Sort.ADDRESS:
            parts.append(key.address.is_in(ip_network(values[0])))
        elif key.sort is Sort.NUMBER:
            seconds = Fraction(int(datetime.fromisoformat(values[0]).timestamp()))
            parts.append(compare(key.number, "equals", seconds))
    return parts


@pytest.mark.parametrize("case", FEW)
@pytest.mark.parametrize("name", NAMES)
def test_known_requests_are_judged_alike(name: str, case: str) -> None:
    """Requests of the net that the laws are tried on: the formula and the evaluator say the same, before and after."""
    rewriting = sample(name, case)
    formulas = Formulas(rewriting)
    net = requests((USER, OTHER_USER, STRANGER) if rewriting.shared else (USER,))
    for request, _ in Random(f"{name} {case}").sample(net, 12):  # noqa: S311 - nothing secret is drawn
        model = model_of([*formulas.world, *pinned(formulas.space, request)])
        assert model, "the facts rule out a request that there is"
        for formula, document in ((formulas.before, rewriting.before), (formulas.after, rewriting.after)):
            assert holds(model, formula) is is_denied(document, request), str(request)


@pytest.mark.parametrize("name", sorted({*NAMES} - {"nothing-to-open"}))
def test_found_requests_are_judged_alike(name: str) -> None:
    """For each statement that is written, the solver finds requests on either side, and the evaluator agrees."""
    rewriting = sample(name, "shared, lifts and grants of three")
    formulas = Formulas(rewriting)
    for statement in statements(rewriting.after, "Deny"):
        alone = {"Statement": [statement]}
        applying = formulas.request(applies(formulas.space, statement))
        sparing = formulas.request(no(applies(formulas.space, statement)), formulas.before)
        assert applying
        assert applying.is_denied_by(alone) is Truth.TRUE, str(applying)
        assert sparing is None or sparing.is_denied_by(alone) is Truth.FALSE, str(sparing)


@given(st.lists(TEXTS, min_size=1, max_size=4), TEXTS)
@settings(max_examples=150, deadline=None)
def test_patterns_match_as_the_evaluators_do(globs: list[str], text: str) -> None:
    """A glob takes in the same strings in both, and each kind's example matches what it stands for."""
    patterns = tuple(map(glob, globs))
    for example, matched in (*kinds(patterns), (text, matching(patterns, text))):
        assert matched == {n for n, one in enumerate(globs) if glob_matches(one, example) is Truth.TRUE}


@given(st.lists(st.text("ab*?", max_size=3), min_size=6, max_size=7), st.text("ab:", min_size=5, max_size=12))
@settings(max_examples=100, deadline=None)
def test_arns_match_as_the_evaluators_do(parts: list[str], text: str) -> None:
    """Part by part, in both."""
    pattern, operator = ":".join(parts), parse_operator("ArnLike")
    assert operator
    for example, matched in (*kinds((arn_like(pattern),)), (text, matching((arn_like(pattern),), text))):
        if example.count(":") >= 5:
            assert Truth.of(bool(matched)) is operator.compare(pattern, example)


@pytest.mark.parametrize(
    "patterns",
    [
        [literal("s3:getobject"), literal("kms:decrypt"), glob("s3:getobject?*"), glob("s3:*"), glob("*")],
        [literal(objects("test-l8dh4")[0]), glob("arn:aws:s3:::*"), glob("*/*")],
    ],
)
def test_no_kind_of_string_is_missed(patterns: list[Pattern]) -> None:
    """By z3's theory of strings, every string is of a kind that the walk found; for more patterns it takes hours."""
    assert is_complete_by_strings(patterns, [kind.matches for kind in kinds(tuple(patterns))])
