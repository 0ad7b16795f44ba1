"""Approvals as values: which grants one is good for, and which it isn't."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock.grants.approval import Ahead, Form, Leave, Wider
from airlock.install.names import is_infra_id, normalised_cluster_name

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
USER = "arn:aws:iam::111122223333:user/ocp-installer"
AHEAD = Ahead(
    id="ahead-1",
    principal=USER,
    cluster="prod",
    form=Form.SCOPED,
    since=NOW,
    until=NOW + timedelta(hours=4),
    by="arn:aws:iam::111122223333:role/Operators",
)


def test_it_is_good_for_its_cluster_in_its_time() -> None:
    """From the first second to the last."""
    for moment in (NOW, NOW + timedelta(hours=4)):
        assert AHEAD.approves(USER, "prod-7xk2q", Form.SCOPED, moment)
    for moment in (NOW - timedelta(seconds=1), NOW + timedelta(hours=4, seconds=1)):
        assert not AHEAD.approves(USER, "prod-7xk2q", Form.SCOPED, moment)


@pytest.mark.parametrize("infra_id", ["prod2-7xk2q", "prod-eu-7xk2q", "7xk2q-prod0", "pro-7xk2q"])
def test_another_cluster_is_not_approved(infra_id: str) -> None:
    """A name that only begins alike is another name."""
    assert not AHEAD.approves(USER, infra_id, Form.SCOPED, NOW)


def test_another_principal_is_not_approved() -> None:
    """Whatever the cluster."""
    assert not AHEAD.approves(USER + "2", "prod-7xk2q", Form.SCOPED, NOW)


def test_one_that_was_taken_back_is_good_for_nothing() -> None:
    """From then on."""
    assert not replace(AHEAD, revoked=("somebody", NOW)).approves(USER, "prod-7xk2q", Form.SCOPED, NOW)


def test_a_lift_needs_an_approval_that_says_so() -> None:
    """The wider form includes the narrower, never the other way round."""
    lifted = replace(AHEAD, form=Form.LIFTED)
    assert not AHEAD.approves(USER, "prod-7xk2q", Form.LIFTED, NOW)
    assert lifted.approves(USER, "prod-7xk2q", Form.LIFTED, NOW)
    assert lifted.approves(USER, "prod-7xk2q", Form.SCOPED, NOW)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("prod", "prod"),
        ("prod.example.com", "prod-example-com"),
        ("a..b", "a-b"),
        ("a-very-long-cluster-name-indeed", "a-very-long-cluster-n"),
        ("twenty-characters-ok-x", "twenty-characters-ok"),
    ],
)
def test_a_clusters_name_becomes_what_the_installer_makes_of_it(name: str, made: str) -> None:
    """Other characters and runs of hyphens become one hyphen, 21 stay, and no hyphen at the end."""
    assert normalised_cluster_name(name) == made


@given(st.from_regex(r"[a-z0-9][a-z0-9.-]{0,60}", fullmatch=True))
def test_every_clusters_infra_id_is_approved_by_its_name(name: str) -> None:
    """Whatever the installer makes of a name, an approval by that name is good for it."""
    infra_id = f"{normalised_cluster_name(name)}-7xk2q"
    assert is_infra_id(infra_id)
    assert replace(AHEAD, cluster=name).approves(USER, infra_id, Form.SCOPED, NOW)


FORMS = st.sampled_from(Form)


@given(one=FORMS, other=FORMS, third=FORMS)
def test_an_approval_covers_what_is_no_wider(one: Form, other: Form, third: Form) -> None:
    """Every form covers itself and the exact one, a lift covers all, two that cover each other are one."""
    assert one.covers(one)
    assert one.covers(Form.SCOPED)
    assert Form.LIFTED.covers(one)
    assert one is other or not (one.covers(other) and other.covers(one))
    assert one.covers(third) or not (one.covers(other) and other.covers(third))


@given(form=FORMS)
def test_a_form_is_found_by_what_makes_it_wider(form: Form) -> None:
    """There is one form for each rung of the ladder."""
    assert Form.of(form.widenings) is form


def test_the_strictest_word_counts() -> None:
    """A form that is wider in two ways needs the leave of both; the exact one needs none."""
    wider = Wider(network=Leave.AUTOMATIC, actions=Leave.APPROVAL, lift=Leave.OFF)
    said = {form: wider.leave(form) for form in Form}
    assert said == {
        Form.SCOPED: Leave.AUTOMATIC,
        Form.ANY_NETWORK: Leave.AUTOMATIC,
        Form.ANY_ACTION: Leave.APPROVAL,
        Form.ANY_NETWORK_OR_ACTION: Leave.APPROVAL,
        Form.LIFTED: Leave.OFF,
    }
