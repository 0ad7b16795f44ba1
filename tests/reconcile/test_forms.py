"""Which forms a new grant may be tried in. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from airlock.grants.approval import Answer, Form, Leave, Mode, Plan, Way, Wider
from airlock.grants.grant import Facts, Grant, Progress
from airlock.grants.life import exemption_of
from airlock.reconcile.climbing import forms_to_try
from airlock.settings import Enrolled

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
USER = "arn:aws:iam::111122223333:user/ocp-installer"
LADDER = list(Form)
FACTS = Facts(
    id="prod-7xk2q-1",
    account="111122223333",
    partition="aws",
    principal=USER,
    infra_id="prod-7xk2q",
    requested_at=NOW,
    not_after=NOW + timedelta(hours=1),
    endpoint_vpcs=frozenset({"vpc-1"}),
)
LEAVES = st.sampled_from(Leave)
WIDER = st.builds(Wider, network=LEAVES, actions=LEAVES, lift=LEAVES)
ENROLLED = st.builds(Enrolled, st.just(USER), mode=st.sampled_from(Mode), wider=WIDER)
NEW = Grant(FACTS, Progress())


def approved(form: Form, *, asked_with_network: bool = True, way: Way = Way.LINK) -> Grant:
    """A grant whose request for a form was approved."""
    answer = Answer(approved=True, form=form, at=NOW, by="203.0.113.9", way=way)
    facts = FACTS if asked_with_network else replace(FACTS, endpoint_vpcs=frozenset())
    plan = Plan(exemption_of(facts, form), ())
    return Grant(FACTS, Progress(form=form, approved_by=answer.by, plan=plan), answer)


def test_all_rungs_are_tried_from_the_tightest_on() -> None:
    """Where nothing is off and nobody has answered."""
    assert list(forms_to_try(NEW, Enrolled(USER))) == LADDER


def test_without_a_network_there_is_none_to_drop() -> None:
    """Before the install's VPC is known the exact form is open for any network."""
    unknown = Grant(replace(FACTS, endpoint_vpcs=frozenset()), Progress())
    assert list(forms_to_try(unknown, Enrolled(USER))) == [Form.SCOPED, Form.ANY_ACTION, Form.LIFTED]


@given(ENROLLED)
def test_what_is_off_is_never_tried_and_the_exact_form_always(enrolled: Enrolled) -> None:
    """Whatever else is configured."""
    tried = list(forms_to_try(NEW, enrolled))
    assert tried[0] is Form.SCOPED
    assert tried == [form for form in LADDER if not enrolled.bars(form)]


@given(ENROLLED, st.sampled_from(Form))
def test_nothing_goes_past_what_was_agreed(enrolled: Enrolled, form: Form) -> None:
    """After an approval a form is tried if it covers the form, or if it needs no approval; never if it is off."""
    tried = set(forms_to_try(approved(form), enrolled))
    for one in LADDER:
        assert (one in tried) == (not enrolled.bars(one) and (form.covers(one) or not enrolled.asks(one)))


def test_who_was_asked_before_the_network_was_known_agreed_to_any() -> None:
    """The request said "from any network", so its approval covers that rung."""
    tried = list(forms_to_try(approved(Form.SCOPED, asked_with_network=False), Enrolled(USER)))
    assert tried == [Form.SCOPED, Form.ANY_NETWORK]
    assert list(forms_to_try(approved(Form.SCOPED), Enrolled(USER))) == [Form.SCOPED]


def test_who_agreed_ahead_of_time_was_asked_nothing() -> None:
    """A plan from a time of mere observing says nothing of what they agreed to."""
    grant = approved(Form.SCOPED, asked_with_network=False, way=Way.AHEAD)
    assert list(forms_to_try(grant, Enrolled(USER))) == [Form.SCOPED]


def test_the_strategy_lift_begins_at_the_top() -> None:
    """A lift has no wider form; an approval of something tighter, from before, is kept to."""
    lifting = Enrolled(USER, form=Form.LIFTED)
    assert list(forms_to_try(NEW, lifting)) == [Form.LIFTED]
    assert list(forms_to_try(approved(Form.LIFTED), lifting)) == [Form.LIFTED]
    assert Form.LIFTED not in forms_to_try(approved(Form.SCOPED), lifting)
