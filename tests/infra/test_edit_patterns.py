"""Which changes in IAM start a look at the guarded policies, asked of moto's matcher."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.events.models import EventPattern

from airlock.handlers.edits import EDITS
from infra import event_patterns
from infra.configuration import parse
from infra.own_path import OWN_PATH
from tests.infra.builders import ACCOUNT, GROUP, HOME, POLICY, ROLE, USER, call, configuration
from tests.infra.builders import session_identity as session
from tests.infra.builders import user_identity as user

OWN = [f"{HOME}:role{OWN_PATH}airlock-WatcherRole", f"{HOME}:role{OWN_PATH}airlock-SweeperRole"]
PATTERNS = event_patterns.edit_patterns(parse(configuration()), OWN)
ADMIN = user(f"{HOME}:user/admin")
NAMED = {
    "userName": USER.rpartition("/")[2],
    "roleName": ROLE.rpartition("/")[2],
    "groupName": GROUP.rpartition("/")[2],
    "policyArn": POLICY,
}


def starts(
    name: str,
    parameters: dict[str, str],
    identity: dict[str, Any] = ADMIN,
    error: str | None = None,
    service: str = "iam",
) -> bool:
    """Whether a call starts the watcher."""
    event = call(name, service, identity, error)
    event["detail"]["requestParameters"] = parameters
    # moto types its events narrowly; the matcher takes any JSON object.
    return any(EventPattern(json.dumps(one), one).matches_event(event) for one in PATTERNS)  # type: ignore[arg-type]


@pytest.mark.parametrize(("key", "name"), [(key, name) for key, names in EDITS.items() for name in names])
@pytest.mark.parametrize(
    "identity",
    [ADMIN, session(f"{HOME}:role/Admin"), session(ROLE), {"type": "Root", "accountId": ACCOUNT}],
    ids=["user", "session", "the installer itself", "root"],
)
def test_anybodys_change_of_what_is_guarded_starts_a_look(key: str, name: str, identity: dict[str, Any]) -> None:
    """Whoever made it, by whichever call."""
    assert starts(name, {key: NAMED[key]}, identity)


@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("key", EDITS)
def test_the_airlocks_own_writes_start_nothing(own: str, key: str) -> None:
    """It would look after itself for ever."""
    assert not starts(EDITS[key][0], {key: NAMED[key]}, session(own))


@pytest.mark.parametrize("key", EDITS)
def test_changes_of_what_nobody_named_start_nothing(key: str) -> None:
    """Other users, roles, groups and policies are nobody's business here, however like their names are."""
    assert not starts(EDITS[key][0], {key: NAMED[key] + "-2"})


@pytest.mark.parametrize("key", EDITS)
def test_failed_calls_and_reads_start_nothing(key: str) -> None:
    """They changed nothing."""
    assert not starts(EDITS[key][0], {key: NAMED[key]}, error="AccessDenied")
    assert not starts("GetUserPolicy", {key: NAMED[key]})


def test_another_services_call_of_the_same_name_starts_nothing() -> None:
    """Only IAM's own."""
    assert not starts("DeleteUser", {"userName": NAMED["userName"]}, service="cognito-idp")


def test_many_names_are_split_and_leave_room_for_the_roles_arns() -> None:
    """Each pattern fits, with the longest ARNs that the functions' roles can have."""
    arns = [f"{HOME}:user/{'x' * 55}-{number:04}" for number in range(27)]
    longest = [f"{HOME}:role{OWN_PATH}{'x' * 64}"] * 2
    made = parse(configuration(principals=[{"arn": arn} for arn in arns]))
    patterns = event_patterns.edit_patterns(made, ["${Token[1]}", "${Token[2]}"])
    assert len(patterns) > 2
    for pattern in patterns:
        text = json.dumps(pattern).replace("${Token[1]}", longest[0]).replace("${Token[2]}", longest[1])
        assert len(text) <= event_patterns.PATTERN_LIMIT
    names = [name for one in patterns for name in one["detail"]["requestParameters"]["userName"]]
    assert sorted(names) == sorted([arn.rpartition("/")[2] for arn in arns] * 2)
