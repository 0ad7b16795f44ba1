"""What `airlock plan` prints, as text of 80 columns and as JSON, compared with stored files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from airlock.policy.document import parse_document
from tests.cli.helpers import POLICIES, ROLE, SAMPLES
from tests.cli.plan.conftest import Planning
from tests.cli.stored import assert_golden

NETWORK = {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
PATTERN = {"Effect": "Deny", "Action": "s3:Get*", "Resource": "*", "Condition": NETWORK}
PLAIN = {"Sid": "NoS3", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}
AWS_EXAMPLE = SAMPLES / "policies" / "aws-example.json"


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("policy", POLICIES, ids=lambda path: path.stem)
def test_outputs_of_the_samples(planning: Planning, policy: Path, form: str) -> None:
    """Each sample's plan is what is stored; it keeps to 80 columns but for names that can't be broken."""
    done = planning(policy, format=form)
    assert (done.status, done.err) == (3 if policy.stem == "nothing-to-open" else 0, "")
    if form == "text":
        for line in done.out.splitlines():
            assert line == line.rstrip()
            assert len(line) <= 80 or max(map(len, line.split())) > 50, line
    assert_golden(f"plan/{policy.stem}.{'txt' if form == 'text' else 'json'}", done.out)


@pytest.mark.parametrize(
    ("name", "statement", "more", "status"),
    [
        ("vpc", None, ["--vpc-id", "vpc-0123456789abcdef0"], 0),
        ("address", None, ["--source-ip", "198.51.100.0/28"], 0),
        ("boundary", None, ["--kind", "boundary"], 0),
        ("wider", PATTERN, [], 0),
        ("still-denied", PLAIN, [], 4),
    ],
)
def test_outputs_of_other_asks(  # noqa: PLR0913, PLR0917 - fixtures and a row of the table
    planning: Planning, written: Callable[..., Path], name: str, statement: object, more: list[str], status: int
) -> None:
    """What is asked for otherwise comes out as stored, in both formats and with the status that goes with it."""
    policy = AWS_EXAMPLE if statement is None else written(statement)
    for form, ending in (("text", "txt"), ("json", "json")):
        done = planning(policy, *more, "--format", form)
        assert (done.status, done.err) == (status, "")
        assert_golden(f"plan/asked-{name}.{ending}", done.out)


def test_json_has_every_key(planning: Planning) -> None:
    """The keys are those that were promised, and --json is --format json."""
    done = planning(AWS_EXAMPLE, "--json")
    assert set(done.json) == {"statements", "after", "exact", "wider", "opens", "size", "refused"}
    assert set(done.json["statements"][0]) == {"sid", "index", "why"}
    assert set(done.json["opens"]) == {"actions", "resources", "network", "not_after"}
    assert done.out == planning(AWS_EXAMPLE, format="json").out


def test_after_is_the_input_where_nothing_has_to_be_opened(planning: Planning) -> None:
    """Status 3, and the policy as it was."""
    policy = SAMPLES / "policies" / "nothing-to-open.json"
    done = planning(policy, "--json")
    assert done.status == 3
    assert done.json["after"] == parse_document(policy.read_text())
    assert (done.json["exact"], done.json["wider"], done.json["refused"]) == (True, [], None)


def test_an_address_that_the_deny_leaves_alone_needs_no_opening(planning: Planning) -> None:
    """The office's own addresses aren't denied, so nothing has to be opened for them."""
    done = planning(AWS_EXAMPLE, "--source-ip", "192.0.2.0/28", "--json")
    assert (done.status, done.json["statements"]) == (3, [])


@pytest.mark.parametrize("kind", ["group-inline", "managed", "boundary"])
def test_shared_kinds_open_for_the_principal_alone(planning: Planning, kind: str) -> None:
    """A kind that others are under, or --shared, names the principal in the policy; its own inline policy doesn't."""
    assert "aws:PrincipalArn" in planning(AWS_EXAMPLE, "--json", kind=kind).out
    assert "aws:PrincipalArn" in planning(AWS_EXAMPLE, "--json", "--shared").out
    assert "aws:PrincipalArn" not in planning(AWS_EXAMPLE, "--json").out


def test_what_does_not_fit_goes_down_the_ladder(planning: Planning, written: Callable[..., Path]) -> None:
    """A policy without room for the exact form is opened wider, and says in what and what that adds."""
    office = [f"192.0.{number}.0/24" for number in range(60)]
    deny = {**PATTERN, "Action": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": office}}}
    done = planning(written(deny), "--json")
    assert done.status == 0
    assert done.json["exact"] is False
    assert all(one["adds"] for one in done.json["wider"])
    assert done.json["size"]["characters"] <= done.json["size"]["limit"] == 2048


def test_a_role_gets_its_own_limit(planning: Planning) -> None:
    """Without --kind the policy is the principal's own inline policy."""
    assert planning(AWS_EXAMPLE, "--json", principal=ROLE).json["size"]["limit"] == 10_240


def test_a_failed_check_refuses(planning: Planning, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result that another look finds fault with is refused, and not shown."""
    monkeypatch.setattr("airlock_cli.plan.planning.check", lambda *_, **__: "it opens too much")
    done = planning(AWS_EXAMPLE, "--json")
    assert done.status == 4
    assert done.json["refused"] == {"reason": "check-failed", "detail": "it opens too much"}
    assert done.json["after"] == parse_document(AWS_EXAMPLE.read_text())
    assert done.json["opens"]["actions"] == []
