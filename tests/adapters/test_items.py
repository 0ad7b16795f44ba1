"""The ledger's items: whatever is kept comes back as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from airlock.adapters.answer_items import (
    ahead_from_text,
    ahead_to_text,
    answer_from_text,
    answer_to_text,
    close_order_from_text,
    close_order_to_text,
)
from airlock.adapters.items import (
    facts_from_text,
    facts_to_text,
    progress_from_text,
    progress_to_text,
    scope_from_item,
    scope_to_text,
)
from airlock.grants.approval import Ahead, Answer, Change, CloseOrder, Form, Plan, Way
from airlock.grants.grant import CloseReason, Facts, Progress, State
from airlock.install.names import Era
from airlock.policy.exemption import Address, Exemption, Vpc
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock.records import PolicyRecord, Scope
from tests.policy.strategies import USER, objects

# Whole seconds in UTC, as everything that is kept.
moments = st.integers(0, 10**8).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
name_sets = st.frozensets(names, max_size=3)
exemptions = st.builds(
    Exemption,
    principal=names,
    objects=st.just(objects("prod-7xk2q")),
    encrypted=st.sampled_from([(), objects("prod-7xk2q")[1:]]),
    region=st.none() | names.filter(bool),
    network=st.none()
    | st.sampled_from([Vpc("vpc-0aaaaaaaaaaaaaaa1"), Address("192.0.2.0/24"), Address("2001:db8::/32")]),
    not_after=moments,
    lift=st.booleans(),
    any_action=st.booleans(),
)
places = st.builds(PolicyPlace, st.sampled_from(PolicyKind), names, names)
plans = st.builds(Plan, exemptions, st.lists(st.builds(Change, places, names, names), max_size=3).map(tuple))
times = st.frozensets(st.tuples(names, moments), max_size=3)
facts = st.builds(
    Facts,
    id=names,
    account=names,
    partition=names,
    principal=names,
    infra_id=names,
    requested_at=moments,
    not_after=moments,
    called_at=st.none() | moments,
    regions=name_sets,
    eras=st.frozensets(st.sampled_from(Era)),
    own_vpcs=name_sets,
    endpoint_vpcs=name_sets,
    instance_vpcs=name_sets,
    boots=times,
    found=times,
    fetched=st.none() | moments,
    refused=name_sets,
    shut_vpcs=name_sets,
    rebooted=times,
    ended=st.none() | st.tuples(st.sampled_from(CloseReason), moments),
    event_ids=st.lists(names, max_size=4).map(tuple),
)
progresses = st.builds(
    Progress,
    state=st.sampled_from(State),
    opened_at=st.none() | moments,
    narrowed_at=st.none() | moments,
    closed_at=st.none() | moments,
    reason=st.none() | names,
    detail=st.none() | names,
    exemption=st.none() | exemptions,
    scopes=st.lists(names, max_size=3).map(tuple),
    form=st.sampled_from(Form),
    why_wider=st.none() | names,
    second_opinion=st.none() | names,
    effective_at=st.none() | moments,
    plan=st.none() | plans,
    asked_at=st.none() | moments,
    answer_until=st.none() | moments,
    approved_by=st.none() | names,
    alarmed=st.booleans(),
)
records = st.builds(
    PolicyRecord,
    place=places,
    baseline=names,
    baseline_version=st.none() | names,
    written=names,
    intended=st.none() | names,
    versions=st.lists(names, max_size=3).map(tuple),
    past=st.lists(names, max_size=3).map(tuple),
    neighbours=st.integers(0, 5000),
)


@given(facts)
def test_facts_come_back(kept: Facts) -> None:
    """All that signals told, to the second."""
    assert facts_from_text(facts_to_text(kept)) == kept


@given(progresses)
def test_progress_comes_back(kept: Progress) -> None:
    """With the exemption as it is open, whatever its network."""
    assert progress_from_text(str(kept.state), progress_to_text(kept)) == kept


@given(
    st.lists(records, max_size=4),
    st.sets(names, max_size=4),
    st.dictionaries(names, moments, max_size=3),
    st.lists(moments, max_size=3),
    st.none() | moments,
)
def test_scopes_come_back(
    kept: list[PolicyRecord],
    grants: set[str],
    begun: dict[str, datetime],
    refused: list[datetime],
    limit_told: datetime | None,
) -> None:
    """Baselines and intents to the byte, other people's letters included."""
    scope = Scope(USER, {record.place: record for record in kept}, grants, begun, refused, limit_told)
    item: dict[str, Any] = {"content": {"S": scope_to_text(scope)}}
    assert scope_from_item(USER, item) == scope


def test_a_scope_that_only_holds_a_lease_is_empty() -> None:
    """Its item was made by the first lease, before anything was open."""
    assert scope_from_item(USER, {"lease_owner": {"S": "somebody"}}) == Scope(USER)


@given(
    st.builds(
        Answer,
        approved=st.booleans(),
        form=st.sampled_from(Form),
        at=moments,
        by=names,
        way=st.sampled_from(Way),
        note=names,
    )
)
def test_answers_come_back(kept: Answer) -> None:
    """Who decided what, when and how."""
    assert answer_from_text(answer_to_text(kept)) == kept


@given(st.builds(CloseOrder, at=moments, by=names, note=names))
def test_close_orders_come_back(kept: CloseOrder) -> None:
    """Who ordered it, when, and what they wrote beside it."""
    assert close_order_from_text(close_order_to_text(kept)) == kept


@given(
    st.builds(
        Ahead,
        id=names,
        principal=names,
        cluster=st.none() | names,
        form=st.sampled_from(Form),
        since=moments,
        until=moments,
        by=names,
        note=names,
        revoked=st.none() | st.tuples(names, moments),
    )
)
def test_approvals_ahead_of_time_come_back(kept: Ahead) -> None:
    """With whoever took it back."""
    assert ahead_from_text(ahead_to_text(kept)) == kept
