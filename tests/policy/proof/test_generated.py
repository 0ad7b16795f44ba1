"""Policies that Hypothesis makes: whatever the renderer takes, it opens exactly, for all requests."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from airlock.policy.clauses import CannotRenderError
from airlock.policy.exemption import Exemption
from tests.policy.proof.odd_policies import odd_exemptions, odd_statements
from tests.policy.proof.prove import disproof
from tests.policy.proof.samples import rewriting
from tests.policy.proof.space import Reading
from tests.policy.shapes import documents, network_denies, odd_denies
from tests.policy.strategies import OTHER_USER, USER, every_list, lift_lists

readings = st.sampled_from(Reading)


def disproven(text: str, exemptions: list[Exemption], reading: Reading, *, shared: bool) -> str | None:
    """A request that shows the rewriting wrong, as text; what has no exact form is skipped."""
    assume(exemptions)
    try:
        attempt = rewriting(text, exemptions, shared=shared)
    except CannotRenderError:
        assume(False)  # noqa: FBT003 - Hypothesis's own signature
        raise
    found = disproof(attempt, reading)
    return str(found) if found else None


@given(documents(), every_list(USER), readings)
@settings(max_examples=50, deadline=None)
def test_any_policy_of_one_principal_opens_exactly(text: str, exemptions: list[Exemption], reading: Reading) -> None:
    """For scoped exemptions and lifts of its principal."""
    assert disproven(text, exemptions, reading, shared=False) is None


@given(documents(), every_list(USER, OTHER_USER), readings)
@settings(max_examples=50, deadline=None)
def test_any_shared_policy_opens_exactly(text: str, exemptions: list[Exemption], reading: Reading) -> None:
    """For scoped exemptions and lifts of two principals, and for nobody else."""
    assert disproven(text, exemptions, reading, shared=True) is None


@given(documents(st.one_of(network_denies, odd_denies)), lift_lists(USER, OTHER_USER), readings, st.booleans())
@settings(max_examples=50, deadline=None)
def test_any_lift_opens_exactly(
    text: str,
    exemptions: list[Exemption],
    reading: Reading,
    shared: bool,  # noqa: FBT001 - Hypothesis passes its examples by position
) -> None:
    """Also of statements that no scoped exemption could part."""
    lifts = exemptions if shared else [replace(one, principal=USER) for one in exemptions]
    assert disproven(text, lifts, reading, shared=shared) is None


@given(documents(odd_statements()), odd_exemptions(USER, OTHER_USER), readings, st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_odd_policy_opens_exactly_or_is_refused(
    text: str,
    exemptions: list[Exemption],
    reading: Reading,
    shared: bool,  # noqa: FBT001 - Hypothesis passes its examples by position
) -> None:
    """Whatever actions, resources and keys it names, also those that the renderer itself writes."""
    found = exemptions if shared else [replace(one, principal=USER) for one in exemptions]
    assert disproven(text, found, reading, shared=shared) is None
