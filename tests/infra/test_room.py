"""What a configuration is told that asks for more than AWS's quotas leave room for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra import room
from infra.configuration import ConfigurationError, parse
from infra.configuration_problems import Problem
from tests.infra.builders import ACCOUNT, GROUP, HOME, KEY_ID, USER, configuration

DOCS = Path(__file__).parents[2] / "docs"
DECISION = DOCS / "decisions" / "0025-principals-in-one-stack.md"
PAGE = DOCS / "configuration.md"
KEY = {"kms_key": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{KEY_ID}"}
HUB = "arn:aws:sns:us-east-1:444455556666:bootstrap-airlock-hub"
TOPICS = {
    "notices_topic": f"{HUB}-NoticesTopicED2A5CFF-ABCDEF123456",
    "approvals": {"topic": f"{HUB}-ApprovalsTopic8D37B84B-ABCDEF123456"},
}
SPLIT = "split the principals over several stacks, each with a prefix of its own"


def _roles(count: int, path: str = "", **settings: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON of any kind
    """Roles whose names have 23 letters."""
    return [{"arn": f"{HOME}:role/{path}OpenShiftInstaller-{number:04d}", **settings} for number in range(count)]


def _told(**changes: Any) -> list[Problem]:  # noqa: ANN401 - JSON of any kind
    """What is wrong with a configuration that only says what is needed, and this."""
    try:
        parse({"home_region": "us-east-1", **changes})
    except ConfigurationError as error:
        return list(error.problems)
    return []


def test_principals_that_an_environment_has_no_room_for_are_refused() -> None:
    """The 4 KB of a function's environment are told here, with the way out, instead of failing the deployment."""
    (problem,) = _told(principals=_roles(28, mode="approval", timeout_minutes=45))
    assert (problem.key, problem.value, problem.fix) == ("airlock.principals", "28 principals", SPLIT)
    assert "take 2745 bytes of a function's environment; Lambda allows 4096 in all, of which 2704" in problem.what


def test_principals_that_a_role_has_no_room_for_are_refused() -> None:
    """So are the 10,240 characters of a role's inline policies, which a key of one's own takes some of."""
    assert _told(principals=_roles(40)) == []
    (problem,) = _told(principals=_roles(40), **KEY)
    assert (problem.key, problem.value, problem.fix) == ("airlock.principals", "40 principals", SPLIT)
    assert re.search(r"takes 10\d\d\d characters of a role's inline policies; IAM allows 10240 in all", problem.what)


def test_rules_that_the_queue_has_no_room_for_are_refused() -> None:
    """So are the 8,192 bytes of the policy of the dead-letter queue, which names each rule."""

    def principals(policies: int) -> list[dict[str, Any]]:
        named = [f"{HOME}:policy/{'p' * 470}/office-only-{number}" for number in range(policies)]
        return [{"arn": USER, "groups": [GROUP], "policies": named}, *_roles(1)]

    assert _told(principals=principals(4), **TOPICS) == []
    (problem,) = _told(principals=principals(5), **TOPICS)
    assert (problem.key, problem.value, problem.fix) == ("airlock.principals", "2 principals", SPLIT)
    assert "takes 18 EventBridge rules" in problem.what
    assert "has room for 17, as SQS allows it 8192 bytes" in problem.what


@pytest.mark.parametrize("kind", ["user", "role"])
def test_the_longest_arns_of_iam_are_accepted(kind: str) -> None:
    """IAM's longest path and names fit an event pattern, of a principal and of what is named for it."""
    path = "p" * 510
    named = {"policies": [f"{HOME}:policy/{path}/{'n' * 128}"]}
    if kind == "user":
        named["groups"] = [f"{HOME}:group/{path}/{'n' * 128}"]
    assert _told(principals=[{"arn": f"{HOME}:{kind}/{path}/{'n' * 64}", **named}]) == []


def test_an_arn_that_no_event_pattern_has_room_for_is_refused() -> None:
    """What is longer than any ARN of IAM's is told here, and not by the synthesis."""
    (problem,) = _told(principals=[{"arn": f"{HOME}:role/{'p' * 2000}/r"}])
    assert problem.key == "airlock.principals"
    assert "alone makes an event pattern of more than" in problem.what
    assert "at most 512 characters" in problem.fix


def test_long_topics_leave_less_room_for_principals() -> None:
    """The names of somebody else's topics are counted too, which have up to 256 characters."""
    long = [f"arn:aws:sns:us-east-1:444455556666:{letter * 256}" for letter in "na"]
    asked = _roles(27, mode="approval", timeout_minutes=45)
    assert _told(principals=asked, **TOPICS) == []
    (problem,) = _told(principals=asked, notices_topic=long[0], approvals={"topic": long[1]})
    assert "bytes of a function's environment" in problem.what


def test_more_addresses_than_a_stack_has_room_for_are_refused() -> None:
    """Each is a resource of the stack, so a mailing list is asked for."""
    addresses = [f"person-{number}@example.com" for number in range(101)]
    (problem,) = _told(principals=_roles(1), notice_emails=addresses, approvals={"emails": addresses})
    assert (problem.key, problem.value) == ("airlock.notice_emails", "202 addresses")
    assert "CloudFormation allows 500 in all" in problem.what
    assert problem.fix == "name the address of a mailing list"


def test_longer_tags_than_a_template_has_room_for_are_refused() -> None:
    """Tags as long as AWS takes them, forty of them, would make a template that CloudFormation refuses."""
    tags = {f"{number:02d}{'k' * 126}": "v" * 256 for number in range(40)}
    (problem,) = _told(principals=_roles(1), tags=tags)
    assert (problem.key, problem.value) == ("airlock.tags", "40 tags")
    assert "have 15360 characters together" in problem.what
    assert "shorten the values" in problem.fix


def test_all_that_there_is_no_room_for_is_told_at_once() -> None:
    """One run shows everything, as it does of all other problems."""
    tags = {f"{number:02d}{'k' * 126}": "v" * 256 for number in range(40)}
    told = _told(principals=_roles(100), tags=tags)
    assert [problem.key for problem in told] == ["airlock.principals", "airlock.principals", "airlock.tags"]


@pytest.mark.parametrize(
    ("roles", "others", "words"),
    [
        ({}, {}, "{} roles with a name of 23 letters and no settings"),
        ({"path": f"{'p' * 19}/"}, {}, "{} with a path of 20 characters too"),
        ({"mode": "approval", "timeout_minutes": 45}, {}, "{} whose mode and time are set"),
        ({}, KEY, "{} with a key of one's own"),
        ({}, {**KEY, **TOPICS}, "{} with a key and the topics of a hub"),
    ],
)
def test_the_decision_s_numbers_are_those_of_the_check(
    roles: dict[str, Any], others: dict[str, Any], words: str
) -> None:
    """How many principals a stack has is written where it was decided."""
    most = next(count for count in range(60, 0, -1) if not _told(principals=_roles(count, **roles), **others))
    assert words.format(most) in " ".join(DECISION.read_text(encoding="utf-8").split())


def test_the_page_of_the_configuration_has_the_other_numbers() -> None:
    """How many addresses and characters of tags a stack has is told to whoever writes them."""
    page = PAGE.read_text(encoding="utf-8")
    assert f"All tags together may have {room.MOST_TAGS:,} characters" in page
    assert f"All addresses together may be {room.MOST_ADDRESSES}," in page


def test_a_configuration_is_judged_without_the_cdk() -> None:
    """What is wrong is told at once, also where Node isn't there: nothing of the check loads the CDK."""
    program = "import sys; from infra.configuration import parse; parse(sys.argv[1]); print('aws_cdk' in sys.modules)"
    raw = configuration()
    asked = subprocess.run(
        [sys.executable, "-c", program, str(raw).replace("'", '"')], capture_output=True, text=True, check=True
    )
    assert asked.stdout.strip() == "False"
