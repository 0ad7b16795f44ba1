"""Input that `airlock plan` can't use, and what it loads."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.helpers import SAMPLES, USER
from tests.cli.plan.conftest import WANTED, Planning

AWS_EXAMPLE = SAMPLES / "policies" / "aws-example.json"
DENY = {"Effect": "Deny", "Action": "*", "Resource": "*"}


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("principal", "arn:aws:sts::111122223333:assumed-role/x/y", "give the role itself"),
        ("principal", "arn:aws:iam::111122223333:user/a*", "isn't the ARN of an IAM user or role"),
        ("infra_id", "prod", "--infra-id 'prod' isn't an infra ID"),
        ("infra_id", "prod-7xk2q/*", "isn't an infra ID"),
        ("infra_id", "prod-7xk2q\x1b[31m" + "x" * 9999, "isn't an infra ID"),
        ("region", "narnia", "--region 'narnia' isn't a region's name"),
        ("region", "us-east-1\n", "isn't a region's name"),
        ("partition", "aws-cn", "--partition 'aws-cn' isn't that of arn:aws:iam"),
        ("vpc_id", "vpc-*", "--vpc-id 'vpc-*' isn't a VPC's ID"),
        ("source_ip", "203.0.113.7/24", "has host bits set"),
        ("source_ip", "office", "--source-ip 'office' isn't an address range"),
        ("source_ip", "fe80::1%eth0", "names a zone, which IAM doesn't know"),
        ("not_after", "tomorrow", "--not-after 'tomorrow' isn't a time with its zone"),
        ("not_after", "2099-01-01T00:00:00", "isn't a time with its zone"),
        ("not_after", "2020-01-01T00:00:00Z", "has passed, so nothing would open"),
        ("not_after", "9999-12-31T23:59:59Z", "too far ahead"),
        ("not_after", "9999-12-31T23:59:59-12:00", "isn't a time with its zone"),
        ("kind", "role-inline", "--kind role-inline doesn't go with"),
    ],
)
def test_options_that_can_not_be_used(planning: Planning, option: str, value: str, says: str) -> None:
    """Each ends with status 2 and two lines that say what, where and what to do; with JSON, as an error object."""
    done = planning(AWS_EXAMPLE, **{option: value})
    assert (done.status, done.out) == (2, "")
    assert says in done.err
    assert len(done.err.splitlines()) == 2
    assert len(done.err) < 400
    assert "\x1b" not in done.err
    for words in (["--json"], ["--format=json"]):
        told = planning(AWS_EXAMPLE, *words, **{option: value})
        assert (told.status, told.json["error"]["exit_status"], told.err) == (2, 2, "")


def test_two_networks_do_not_go_together(planning: Planning) -> None:
    """Either a VPC or an address range."""
    done = planning(AWS_EXAMPLE, "--vpc-id", "vpc-1", "--source-ip", "203.0.113.0/24")
    assert done.status == 2
    assert "don't go together" in done.err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "isn't JSON"),
        ("[]", "must be a JSON object"),
        ("{}", 'has no "Statement"'),
        ('{"Statement": {"Effect": "Deny", "Effect": "Deny"}}', "stands twice"),
        ('{"a":' * 100_000, "policy"),
        (json.dumps({"Statement": [{**DENY, "Action": 5}]}), "has an element 'Action' that isn't a string"),
        (json.dumps({"Statement": [{**DENY, "Resource": [{}]}]}), "has an element 'Resource' that isn't a string"),
        (json.dumps({"Statement": [{**DENY, "Sid": ["x"]}]}), "has a 'Sid' that isn't a string"),
        (json.dumps({"Statement": [{**DENY, "Principal": "*"}]}), 'has a "Principal"'),
        (
            json.dumps({"Statement": [{**DENY, "Condition": {"NotIpAddress": {"aws:SourceIp": [{}]}}}]}),
            "condition 'NotIpAddress aws:SourceIp' whose value isn't a string",
        ),
        (json.dumps({"Statement": [{**DENY, "Resource": ["arn:aws:s3:::" + "x" * 3000]}]}), "IAM allows 2048"),
    ],
    ids=range(11),
)
def test_policies_that_can_not_be_used(planning: Planning, tmp_path: Path, text: str, says: str) -> None:
    """Each ends with status 2 and names the file and what is wrong in it."""
    path = tmp_path / "bad.json"
    path.write_text(text)
    done = planning(path)
    assert (done.status, done.out) == (2, "")
    assert says in done.err
    assert "bad.json" in done.err


@pytest.mark.parametrize("make", [lambda path: path, lambda path: path.mkdir() or path], ids=["missing", "folder"])
def test_files_that_can_not_be_read(planning: Planning, tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """A file that isn't there, or isn't one."""
    done = planning(make(tmp_path / "gone.json"))
    assert (done.status, done.out) == (2, "")
    assert "can't be read" in done.err


def test_an_address_in_the_policy_that_is_none_is_refused(planning: Planning, written: Callable[..., Path]) -> None:
    """Nothing is made of a deny whose addresses can't be read; the command still ends as it should."""
    deny = {**DENY, "Condition": {"NotIpAddress": {"aws:SourceIp": "300.1.2.3/24"}}}
    done = planning(written(deny), "--json")
    assert done.status in (3, 4)
    assert done.json["after"]["Statement"] == [deny]


def test_hostile_names_are_not_obeyed_by_the_terminal(planning: Planning, written: Callable[..., Path]) -> None:
    """A Sid's and a value's control characters don't reach the terminal."""
    deny = {
        **DENY,
        "Sid": "x\x1b[2J",
        "Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}, "StringNotEquals": {"aws:a": "\x1b[31m"}},
    }
    done = planning(written(deny))
    assert "\x1b" not in done.out


def test_nothing_of_aws_is_loaded() -> None:
    """A plan loads neither boto3 nor botocore nor moto, and asks for no credentials."""
    options = [word for pair in WANTED.items() for word in pair]
    program = (
        "import sys\nfrom airlock_cli.main import run\n"
        f"sys.argv = ['airlock', 'plan', {str(AWS_EXAMPLE)!r}, *{options!r}]\n"
        "try:\n    run()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print(*sorted({'boto3', 'botocore', 'moto', 'socket', 'jinja2'} & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.strip() in ("", "socket")
    assert USER in done.stdout
