"""Grants as values: what signals add up to, how long a grant lives, and what it opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock.grants.grant import FINAL, CloseReason, Facts, Grant, Progress, State, grant_id
from airlock.grants.learning import EVENT_IDS_KEPT, first_heard, learn
from airlock.grants.life import exemption_of, wants_open, why_it_ends
from airlock.install.names import Era
from airlock.install.signal import Signal, SignalKind
from airlock.policy.exemption import Vpc

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
USER = "arn:aws:iam::111122223333:user/ocp-installer"
TERRAFORM_OBJECT = "arn:aws:s3:::prod-7xk2q-bootstrap/bootstrap.ign"
CAPA_OBJECT = "arn:aws:s3:::openshift-bootstrap-data-prod-7xk2q/control-plane/prod-7xk2q-bootstrap"
VPC, ELSEWHERE = "vpc-0aaaaaaaaaaaaaaa1", "vpc-0bbbbbbbbbbbbbbb2"


def signal(kind: SignalKind = SignalKind.ROLE_CREATED, at: datetime = NOW, **told: object) -> Signal:
    """A signal of the install in these tests."""
    plain = Signal(
        kind=kind,
        event_id="event-1",
        at=at,
        account="111122223333",
        partition="aws",
        principal=USER,
        infra_id="prod-7xk2q",
    )
    return replace(plain, **told)  # type: ignore[arg-type]  # checked by replace


def heard(*signals: Signal) -> Facts:
    """What signals add up to, after a first that tells nothing more than that there is an install."""
    facts = first_heard(signal(), NOW, HOUR)
    for one in signals:
        facts = learn(facts, one)
    return facts


signals = st.builds(
    signal,
    st.sampled_from(SignalKind),
    st.integers(0, 5000).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    event_id=st.integers(0, 9).map(lambda number: f"event-{number}"),
    region=st.sampled_from([None, "us-east-2", "eu-west-1"]),
    era=st.sampled_from([None, *Era]),
    vpc_id=st.sampled_from([None, VPC, ELSEWHERE]),
    instance_id=st.sampled_from([None, "i-0aaaaaaa1", "i-0bbbbbbb2"]),
)


def apart_from_order(facts: Facts) -> tuple[Facts, frozenset[str]]:
    """The facts, with the event IDs as a set: these alone stand in the order in which they were heard."""
    return replace(facts, event_ids=()), frozenset(facts.event_ids)


@given(st.lists(signals, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_signals_doesnt_matter(told: list[Signal], random: Random) -> None:
    """Whatever the order in which events arrive, they add up to the same facts."""
    shuffled = list(told)
    random.shuffle(shuffled)
    assert apart_from_order(heard(*shuffled)) == apart_from_order(heard(*told))


@given(st.lists(signals, max_size=8), st.data())
def test_repeats_of_signals_dont_matter(told: list[Signal], data: st.DataObject) -> None:
    """An event that is delivered again adds nothing, whenever it comes."""
    repeated = list(told)
    for one in told:
        repeated.insert(data.draw(st.integers(repeated.index(one), len(repeated))), one)
    assert apart_from_order(heard(*repeated)) == apart_from_order(heard(*told))
    assert learn(heard(*told), told[-1]) == heard(*told) if told else True


@given(st.lists(signals, max_size=8), signals)
def test_no_signal_moves_the_time_or_takes_a_fact_away(told: list[Signal], one: Signal) -> None:
    """A grant's not-after time is set by its first signal; repeats can't push it on. Sets only grow."""
    before = heard(*told)
    after = learn(before, one)
    assert (after.not_after, after.requested_at, after.id) == (before.not_after, before.requested_at, before.id)
    assert after.eras >= before.eras
    assert after.regions >= before.regions
    assert after.instances >= before.instances
    assert after.instance_vpcs >= before.instance_vpcs
    assert after.own_vpcs >= before.own_vpcs
    assert after.endpoint_vpcs >= before.endpoint_vpcs
    assert before.ended is None or after.ended is not None


def test_the_window_runs_from_when_the_call_was_made() -> None:
    """A late event opens for what is left of the window."""
    late = first_heard(signal(), NOW + timedelta(minutes=50), HOUR)
    assert late.not_after == NOW + HOUR
    assert late.requested_at == NOW + timedelta(minutes=50)
    assert late.called_at == NOW


def test_a_call_from_the_future_doesnt_widen_the_window() -> None:
    """A clock that runs ahead, or an event that lies, gets no more than the window from now."""
    ahead = first_heard(signal(at=NOW + timedelta(days=1)), NOW, HOUR)
    assert (ahead.not_after, ahead.called_at) == (NOW + HOUR, NOW)


def test_a_call_older_than_the_window_is_over_before_it_begins() -> None:
    """Such a grant doesn't want to be open, and its end is the timeout."""
    grant = Grant(first_heard(signal(), NOW + timedelta(hours=2), HOUR), Progress())
    assert not wants_open(grant, NOW + timedelta(hours=2))
    assert why_it_ends(grant)[0] == "timeout"


@pytest.mark.parametrize("missing", ["principal", "infra_id", "partition"])
def test_a_signal_that_names_no_install_makes_no_grant(missing: str) -> None:
    """It is an error of the caller's."""
    told: dict[str, Any] = {missing: None}
    with pytest.raises(ValueError, match="names no install"):
        first_heard(signal(**told), NOW, HOUR)


def test_grants_are_named_by_account_principal_and_infra_id() -> None:
    """Two principals with the same infra ID have two grants; a region makes no difference."""
    others = [("111122223333", f"{USER}-2"), ("444455556666", USER)]
    names = {grant_id(account, principal, "prod-7xk2q") for account, principal in [("111122223333", USER), *others]}
    assert len(names) == 3
    assert all(name.startswith("prod-7xk2q-") for name in names)
    assert heard(signal(region="us-east-2")).id == heard().id


def test_the_first_end_counts() -> None:
    """Of two ends the earlier one is kept, whichever is heard first."""
    first = signal(SignalKind.INSTANCE_ENDED, NOW + timedelta(minutes=1))
    second = signal(SignalKind.BUCKET_DELETED, NOW + timedelta(minutes=2))
    for order in ((first, second), (second, first)):
        assert heard(*order).ended == (CloseReason.INSTANCE_ENDED, first.at)


def test_only_so_many_event_ids_are_kept() -> None:
    """Who repeats CreateBucket for ever doesn't make the item grow for ever."""
    facts = heard(*(signal(event_id=f"event-{number}") for number in range(EVENT_IDS_KEPT + 5)))
    assert facts.event_ids == tuple(f"event-{number}" for number in range(EVENT_IDS_KEPT))


def test_until_an_era_shows_itself_both_objects_are_open() -> None:
    """The first signals tell no era; only CAPA's object may be encrypted under a KMS key."""
    exemption = exemption_of(heard())
    assert exemption.objects == (TERRAFORM_OBJECT, CAPA_OBJECT)
    assert exemption.encrypted == (CAPA_OBJECT,)
    assert (exemption.region, exemption.network, exemption.not_after) == (None, None, NOW + HOUR)


@pytest.mark.parametrize(
    ("era", "objects", "encrypted"),
    [(Era.TERRAFORM, (TERRAFORM_OBJECT,), ()), (Era.CAPA, (CAPA_OBJECT,), (CAPA_OBJECT,))],
)
def test_an_era_that_showed_itself_leaves_one_object(
    era: Era, objects: tuple[str, ...], encrypted: tuple[str, ...]
) -> None:
    """The bucket's name tells which tool makes it."""
    exemption = exemption_of(heard(signal(SignalKind.BUCKET_CREATED, era=era, region="us-east-2")))
    assert (exemption.objects, exemption.encrypted, exemption.region) == (objects, encrypted, "us-east-2")


def test_signs_of_both_eras_keep_both_objects_open() -> None:
    """A bucket of one era and a machine of the other: whichever of them lies, the install isn't stopped."""
    both = heard(signal(SignalKind.BUCKET_CREATED, era=Era.TERRAFORM), signal(era=Era.CAPA))
    assert exemption_of(both).objects == (TERRAFORM_OBJECT, CAPA_OBJECT)


ENDPOINT = signal(SignalKind.ENDPOINT_CREATED, vpc_id=VPC)


@pytest.mark.parametrize(
    ("told", "network"),
    [
        ([], None),
        ([signal(SignalKind.VPC_CREATED, vpc_id=VPC)], None),
        ([ENDPOINT], Vpc(VPC)),
        ([ENDPOINT, signal(SignalKind.ENDPOINT_CREATED, vpc_id=ELSEWHERE)], None),
        ([ENDPOINT, signal(SignalKind.INSTANCE_STARTED, vpc_id=VPC)], Vpc(VPC)),
        ([ENDPOINT, signal(SignalKind.INSTANCE_STARTED, vpc_id=None)], Vpc(VPC)),
        ([ENDPOINT, signal(SignalKind.INSTANCE_STARTED, vpc_id=ELSEWHERE)], None),
        (
            [
                ENDPOINT,
                signal(SignalKind.INSTANCE_STARTED, vpc_id=ELSEWHERE),
                signal(SignalKind.INSTANCE_STARTED, vpc_id=VPC),
            ],
            None,
        ),
    ],
)
def test_the_network_is_held_to_one_vpc_only_where_the_fetch_must_come_from_it(
    told: list[Signal], network: Vpc | None
) -> None:
    """One endpoint, and no bootstrap instance outside its VPC; otherwise the fetch may take any way."""
    assert exemption_of(heard(*told)).network == network


@pytest.mark.parametrize("state", State)
def test_a_grant_that_is_ending_or_has_ended_doesnt_want_to_be_open(state: State) -> None:
    """Whatever its facts say: no signal opens it again."""
    grant = Grant(heard(), Progress(state=state))
    assert wants_open(grant, NOW) is (state in (State.REQUESTED, State.OPEN))
    assert grant.is_final is (state in FINAL)


def test_a_closing_grant_keeps_its_reason() -> None:
    """Why it is closing was decided when it began to."""
    closing = Progress(state=State.CLOSING, reason="policy-edited", detail="somebody edited it")
    grant = Grant(heard(signal(SignalKind.BUCKET_DELETED)), closing)
    assert why_it_ends(grant) == ("policy-edited", "somebody edited it")


def test_a_node_found_by_its_tags_counts_until_a_launch_is_heard() -> None:
    """What EC2 shows is a bootstrap instance, tells of no VPC, and stands behind those that the principal launched."""
    found = signal(SignalKind.INSTANCE_FOUND, NOW + HOUR, instance_id="i-0aaaaaaa1", vpc_id=ELSEWHERE)
    started = signal(SignalKind.INSTANCE_STARTED, NOW, instance_id="i-0bbbbbbb2", vpc_id=VPC)
    assert heard(found).newest == ("i-0aaaaaaa1", NOW + HOUR)
    assert heard(found).instance_vpcs == frozenset()
    assert heard(found, started).newest == ("i-0bbbbbbb2", NOW)
    assert heard(found, started).instances == {"i-0aaaaaaa1", "i-0bbbbbbb2"}
    assert heard().newest is None
