"""Events that lie, or are broken in one place: whatever comes, no policy opens more than one install's objects."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airlock.handlers.watcher import act_on
from airlock.policy.document import parse_document, statements_of
from airlock.policy.matching import as_list
from airlock.policy.place import PolicyKind
from tests.events import Event
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import USER, Account, at, install

POLICY = (SAMPLES / "aws-example.json").read_text()
HOSTILE: tuple[Any, ...] = (
    *("*", "?", "**", "a/*", "../..", "/", "", " ", "\0", "\u202e", "${aws:username}", "prod-7xk2q/*", "*-7xk2q"),
    *("openshift-bootstrap-data-*", "x" * 10_000, "prod-" + "9" * 9_000, "arn:aws:iam::111122223333:user/*"),
    *("arn:aws:iam::999999999999:user/ci/ocp-installer", "999999999999", "vpc-*", "i-*", "aws.s3", "us-east-1*"),
    *(None, True, 0, -1, 1e300, [], {}, [[]], {"items": "x"}, {"items": [{}] * 50}, ["*"], {"key": "*"}),
)
ONE_OBJECT = re.compile(
    r"arn:aws:s3:::(?:[a-z0-9-]{1,64}-bootstrap/bootstrap\.ign"
    r"|openshift-bootstrap-data-[a-z0-9-]{1,64}/control-plane/[a-z0-9-]{1,64}-bootstrap)"
)


def events() -> list[Event]:
    """An install's events, each valid."""
    one = install()
    return [
        one.create_role(at(0)),
        one.create_vpc(at(6)),
        one.create_vpc_endpoint(at(40)),
        one.create_bucket(at(60)),
        one.run_instances(at(300)),
        one.state(at(900), "terminated"),
        one.delete_bucket(at(901)),
    ]


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Each place in an event, by the keys and indexes that lead to it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from places(one, (*path, key))


def with_hostile(event: Event, path: tuple[Any, ...], value: object) -> Event:
    """The event with something else in one place."""
    forged: Any = copy.deepcopy(event)
    within = forged
    for key in path[:-1]:
        within = within[key]
    within[path[-1]] = value
    return dict(forged)


@st.composite
def forgeries(draw: st.DrawFn) -> Event:
    """A valid event with one to three places put wrong."""
    event = draw(st.sampled_from(events()))
    for _ in range(draw(st.integers(1, 3))):
        event = with_hostile(
            event, draw(st.sampled_from(sorted(places(event), key=str))), draw(st.sampled_from(HOSTILE))
        )
    return event


def opened(text: str) -> set[str]:
    """The resources that a rewritten policy names and its baseline doesn't."""
    known = {one for statement in statements_of(parse_document(POLICY)) for one in as_list(statement["Resource"])}
    named = [
        one
        for statement in statements_of(parse_document(text))
        for key in ("Resource", "NotResource")
        for one in as_list(statement.get(key, []))
    ]
    return set(named) - known


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(forged=st.lists(forgeries(), min_size=1, max_size=4))
def test_a_forged_event_never_opens_more_than_an_installs_objects(account: Account, forged: list[Event]) -> None:
    """No wildcard, no other account, no name of ten thousand characters reaches a policy; nothing is left half done."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.enrol(USER, grants_per_day=200, open_at_once=100)
    for event in forged:
        act_on(event, account.airlock)
        text = str(account.text(place))
        assert all(ONE_OBJECT.fullmatch(arn) for arn in opened(text)), opened(text)
        assert "vpc-*" not in text
        assert "999999999999" not in text
    # Everything ends by its time, whatever came.
    account.sweep(2 * 3600)
    assert account.text(place) == POLICY


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:24])
@pytest.mark.parametrize("key", ["roleName", "tags"])
def test_a_role_of_any_name_is_one_installs_or_nobodys(account: Account, key: str, value: object) -> None:
    """The earliest signal names the infra ID that goes into the policy: what isn't one is skipped."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    event = with_hostile(install().create_role(at(0)), ("detail", "requestParameters", key), value)
    act_on(event, account.airlock)
    assert all(ONE_OBJECT.fullmatch(arn) for arn in opened(str(account.text(place))))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("account",), "999999999999"),
        (("detail", "recipientAccountId"), "999999999999"),
        (("detail", "userIdentity", "accountId"), "999999999999"),
        (("detail", "userIdentity", "arn"), "arn:aws:iam::999999999999:user/ci/ocp-installer"),
        (("source",), "my.app"),
        (("detail", "userIdentity", "type"), "AWSAccount"),
    ],
)
def test_an_event_of_another_account_or_of_anybodys_making_opens_nothing(
    account: Account, path: tuple[str, ...], value: str
) -> None:
    """Who calls is told by what AWS writes, and where it disagrees with itself nothing is opened."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    act_on(with_hostile(install().create_role(at(0)), path, value), account.airlock)
    assert account.text(place) == POLICY
    assert account.writes() == []


def test_a_user_agent_that_lies_changes_nothing(account: Account) -> None:
    """It is anybody's to choose, so nobody looks at it."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    event = install("mine-77777").create_role(at(0))
    event["detail"]["userIdentity"] = {**event["detail"]["userIdentity"], "arn": f"{USER}-2", "userName": "x"}
    event["detail"]["userAgent"] = "OpenShift/4.x Installer/4.14.0"
    act_on(event, account.airlock)
    assert account.text(place) == POLICY
