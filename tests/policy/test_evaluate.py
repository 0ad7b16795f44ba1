"""Which statements apply to the fetch, from where, and why: the sample policies' meaning, and what holds for any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock.policy.context import Context
from airlock.policy.evaluate import (
    Request,
    StatementReader,
    StatementRef,
    Verdict,
    allowed,
    denied,
    explain,
    statement_applies,
)
from airlock.policy.requests import Fetch
from airlock.policy.truth import Truth

YES, NO, MAYBE = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
OBJECT = "arn:aws:s3:::demo-x7k2p-bootstrap/bootstrap.ign"
USER = "arn:aws:iam::111122223333:user/ci/installer"
ROLE = "arn:aws:iam::111122223333:role/installer"
NIGHT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
OFFICE = ["192.0.2.0/24", "203.0.113.0/24"]

FETCH = Fetch(OBJECT, USER, NIGHT)
FROM_VPC = FETCH.from_vpc("vpc-new", endpoint_id="vpce-1", private_ip="10.0.0.9")
FROM_INTERNET = FETCH.from_address("198.51.100.7")
FROM_OFFICE = FETCH.from_address("192.0.2.7")
KMS = FETCH.kms_call("eu-west-1")

SOURCE_IP = {"NotIpAddress": {"aws:SourceIp": OFFICE}}
DIRECT_CALLS = {"Bool": {"aws:ViaAWSService": "false"}}
EXAMPLE = {
    "Effect": "Deny",
    "Action": "*",
    "Resource": "*",
    "Sid": "DenyOutsideOffice",
    "Condition": SOURCE_IP | DIRECT_CALLS,
}
UNGUARDED = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": SOURCE_IP}
NOT_ACTION = {
    "Effect": "Deny",
    "Resource": "*",
    "NotAction": ["iam:GetAccountPasswordPolicy", "iam:ChangePassword"],
    "Condition": {
        "NotIpAddressIfExists": {"aws:SourceIp": OFFICE},
        "BoolIfExists": {"aws:ViaAWSService": "false"},
    },
}
S3_ONLY = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::*", "Condition": SOURCE_IP | DIRECT_CALLS}
AUDIT = {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::audit-*"}
MFA = {
    "Sid": "Mfa",
    "Effect": "Deny",
    "Action": "iam:*",
    "Resource": "*",
    "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
}
WORK = {"Sid": "Work", "Effect": "Allow", "Action": ["ec2:*", "s3:*", "iam:*"], "Resource": "*"}
PERIMETER = {
    "Effect": "Deny",
    "Resource": "*",
    "NotAction": ["es:ES*", "dax:GetItem", "neptune-db:*", "rds-db:connect", "s3-outposts:*"],
    "Condition": {
        "BoolIfExists": {"aws:ViaAWSService": "false"},
        "NotIpAddressIfExists": {"aws:SourceIp": OFFICE},
        "StringNotEqualsIfExists": {
            "aws:PrincipalTag/network-exempt": "true",
            "aws:SourceVpc": ["vpc-0c0rp0rate00000000"],
        },
        "ArnNotLikeIfExists": {"aws:PrincipalArn": ["arn:aws:iam::*:role/aws:ec2-infrastructure"]},
    },
}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    """Make a policy of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    ("statement", "vpc", "internet", "office", "kms"),
    [
        (EXAMPLE, YES, YES, NO, NO),
        (UNGUARDED, YES, YES, NO, YES),
        (NOT_ACTION, YES, YES, NO, NO),
        (S3_ONLY, YES, YES, NO, NO),
        (AUDIT, NO, NO, NO, NO),
        (MFA, NO, NO, NO, NO),
        (PERIMETER, MAYBE, MAYBE, NO, NO),
    ],
    ids=["example", "unguarded", "not-action", "s3-only", "audit", "mfa", "perimeter"],
)
def test_what_the_samples_deny(
    statement: dict[str, Any], vpc: Truth, internet: Truth, office: Truth, kms: Truth
) -> None:
    """The fetch is denied from a VPC and the internet and not from the office; KMS only without the service guard."""
    asked = [denied(document(statement), request).truth for request in (FROM_VPC, FROM_INTERNET, FROM_OFFICE, KMS)]
    assert asked == [vpc, internet, office, kms]


def test_the_perimeter_hangs_on_a_tag() -> None:
    """Where nothing more is known than is said, the principal has no tag, and the perimeter denies."""
    alone = Fetch(OBJECT, USER, NIGHT, complete=True).from_vpc("vpc-new")
    assert denied(document(PERIMETER), alone).truth is YES
    exempt = Request(alone.action, alone.resource, alone.context.having({"aws:PrincipalTag/network-exempt": "true"}))
    assert denied(document(PERIMETER), exempt).truth is NO
    corporate = FETCH.from_vpc("vpc-0c0rp0rate00000000")
    assert denied(document(PERIMETER), corporate).truth is NO


def test_a_verdict_names_the_statements() -> None:
    """Those that apply and those that may are told apart, by index and Sid; those of the other effect don't count."""
    verdict = denied(document(WORK, EXAMPLE, MFA, PERIMETER), FROM_VPC)
    assert verdict == Verdict(YES, (StatementRef(1, "DenyOutsideOffice"),), (StatementRef(3, None),))
    assert allowed(document(WORK, EXAMPLE), FROM_VPC) == Verdict(YES, (StatementRef(0, "Work"),), ())
    assert allowed(document(EXAMPLE), FROM_VPC) == Verdict(NO, (), ())


def test_a_lone_statement_is_a_list_of_one() -> None:
    """A document whose Statement is an object means what the list would; one without statements denies nothing."""
    assert denied({"Version": "2012-10-17", "Statement": EXAMPLE}, FROM_VPC) == denied(document(EXAMPLE), FROM_VPC)
    assert denied({"Version": "2012-10-17"}, FROM_VPC).truth is NO


def test_the_exemption_in_iams_own_words() -> None:
    """A deny narrowed by time, object, action and network is told apart from the one it was made of."""
    late = EXAMPLE | {"Condition": SOURCE_IP | {"DateGreaterThan": {"aws:CurrentTime": "2026-11-24T03:00:00Z"}}}
    assert statement_applies(late, FROM_VPC) is NO
    too_late = Fetch(OBJECT, USER, NIGHT + timedelta(seconds=1)).from_vpc("vpc-new")
    assert statement_applies(late, too_late) is YES
    elsewhere = {"Effect": "Deny", "Action": "*", "NotResource": OBJECT, "Condition": SOURCE_IP}
    assert statement_applies(elsewhere, FROM_VPC) is NO
    assert statement_applies(elsewhere, Fetch(OBJECT + "2", USER, NIGHT).from_vpc("vpc-new")) is YES
    other_actions = {"Effect": "Deny", "NotAction": "s3:getobject", "Resource": OBJECT, "Condition": SOURCE_IP}
    assert statement_applies(other_actions, FROM_VPC) is NO
    outside = EXAMPLE | {"Condition": SOURCE_IP | {"StringNotEquals": {"aws:SourceVpc": "vpc-new"}}}
    assert statement_applies(outside, FROM_VPC) is NO
    assert statement_applies(outside, FETCH.from_vpc("vpc-other")) is YES
    assert statement_applies(outside, FROM_INTERNET) is YES
    others = EXAMPLE | {"Condition": SOURCE_IP | {"ArnNotEquals": {"aws:PrincipalArn": USER}}}
    assert statement_applies(others, FROM_VPC) is NO
    assert statement_applies(others, Fetch(OBJECT, ROLE, NIGHT).from_vpc("vpc-new")) is YES


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Principal": "*"}, "Principal belongs in a resource's policy"),
        ({"NotPrincipal": {"AWS": USER}}, "NotPrincipal belongs in a resource's policy"),
        ({"NotAction": "iam:*"}, "either Action or NotAction"),
        ({"NotResource": "*"}, "either Resource or NotResource"),
        ({"Action": []}, "must hold strings"),
        ({"Resource": [1]}, "must hold strings"),
    ],
)
def test_statements_that_an_identity_policy_cannot_hold(change: dict[str, Any], reason: str) -> None:
    """What such a statement means isn't guessed, and the reason says what is wrong with it."""
    assert statement_applies(EXAMPLE | change, FROM_VPC) is MAYBE
    assert reason in explain(EXAMPLE | change, FROM_VPC)


def test_a_statement_without_resource_is_not_guessed() -> None:
    """An identity policy's statement names actions and resources; without either its meaning is open."""
    assert statement_applies({"Effect": "Deny", "Action": "*"}, FROM_VPC) is MAYBE


def test_variables_in_resources() -> None:
    """A resource with a variable matches perhaps, where some value would; a NotResource with one, perhaps at most."""
    home = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::home/${aws:username}/*"}
    assert statement_applies(home, FROM_VPC) is NO
    assert statement_applies(home | {"Resource": "arn:aws:s3:::${aws:username}-bootstrap/*"}, FROM_VPC) is MAYBE
    spared = {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::home/${aws:username}/*"}
    assert statement_applies(spared, FROM_VPC) is MAYBE


@pytest.mark.parametrize(
    ("statement", "request_", "line"),
    [
        (
            UNGUARDED,
            FROM_VPC,
            "aws:SourceIp is absent, so NotIpAddress 192.0.2.0/24, 203.0.113.0/24 holds",
        ),
        (
            EXAMPLE,
            FROM_INTERNET,
            (
                "aws:SourceIp is 198.51.100.7, so NotIpAddress 192.0.2.0/24, 203.0.113.0/24 holds; "
                "aws:ViaAWSService is false, so Bool false holds"
            ),
        ),
        (EXAMPLE, KMS, "aws:ViaAWSService is true, so Bool false doesn't hold"),
        (AUDIT, FROM_VPC, "Action s3:DeleteBucket doesn't cover s3:GetObject"),
        (
            PERIMETER,
            FROM_VPC,
            "aws:PrincipalTag/network-exempt is unknown, so StringNotEqualsIfExists true can't be told",
        ),
        (
            {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"},
            FROM_VPC,
            f"NotAction iam:* covers s3:GetObject; Resource * covers {OBJECT}",
        ),
        (
            {"Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::${aws:username}*"},
            FROM_VPC,
            f"Resource arn:aws:s3:::${{aws:username}}* may cover {OBJECT}",
        ),
    ],
)
def test_explanations(statement: dict[str, Any], request_: Request, line: str) -> None:
    """One line names what decides: all that holds, else the first that fails, else the first that isn't known."""
    assert explain(statement, request_) == line


def test_a_fetch_carries_one_network_or_the_other() -> None:
    """From a VPC there is no source IP; from an address there is no VPC; from S3 to KMS there is neither."""
    assert FROM_VPC.context.values_of("aws:SourceIp") == ()
    assert FROM_VPC.context.values_of("aws:SourceVpc") == ("vpc-new",)
    assert FROM_VPC.context.values_of("aws:VpcSourceIp") == ("10.0.0.9",)
    assert FROM_VPC.context.values_of("aws:SourceVpce") == ("vpce-1",)
    for key in ("aws:SourceVpc", "aws:SourceVpce", "aws:VpcSourceIp"):
        assert FROM_OFFICE.context.values_of(key) == ()
        assert KMS.context.values_of(key) == ()
    assert FROM_OFFICE.context.values_of("aws:SourceIp") == ("192.0.2.7",)
    assert KMS.context.values_of("aws:SourceIp") == ()
    assert FROM_VPC.context.values_of("aws:SourceArn") == FROM_VPC.context.values_of("aws:CalledVia") == ()


def test_an_endpoint_that_is_not_known_is_not_absent() -> None:
    """A fetch from a VPC has an endpoint and a private address, told or not, even where all else is known."""
    context = Fetch(OBJECT, USER, NIGHT, complete=True).from_vpc("vpc-new").context
    assert context.values_of("aws:SourceVpce") is None
    assert context.values_of("aws:VpcSourceIp") is None
    assert context.values_of("aws:PrincipalTag/team") == ()


def test_who_and_when() -> None:
    """The principal's ARN, kind and account and the moment in UTC are in every request; a role has no user name."""
    paris = Fetch(OBJECT, ROLE, NIGHT.astimezone(timezone(timedelta(hours=1)))).from_address("192.0.2.7").context
    assert paris.values_of("aws:CurrentTime") == ("2026-11-24T03:00:00Z",)
    assert paris.values_of("aws:EpochTime") == ("1795489200",)
    assert paris.values_of("aws:PrincipalArn") == (ROLE,)
    assert paris.values_of("aws:PrincipalAccount") == ("111122223333",)
    assert paris.values_of("aws:PrincipalType") == ("AssumedRole",)
    assert paris.values_of("aws:username") == ()
    assert FROM_VPC.context.values_of("aws:username") == ("installer",)
    assert FROM_VPC.context.values_of("aws:PrincipalType") == ("User",)


def test_the_call_to_kms() -> None:
    """S3 calls KMS in its own region and partition, on a key of the principal's account, naming the object."""
    assert KMS.action == "kms:Decrypt"
    assert KMS.resource.startswith("arn:aws:kms:eu-west-1:111122223333:key/")
    assert KMS.context.values_of("aws:ViaAWSService") == ("true",)
    assert KMS.context.values_of("kms:ViaService") == ("s3.eu-west-1.amazonaws.com",)
    assert KMS.context.values_of("kms:EncryptionContext:aws:s3:arn") == (OBJECT,)
    china = Fetch(OBJECT.replace(":aws:", ":aws-cn:"), USER.replace(":aws:", ":aws-cn:"), NIGHT)
    upload = china.kms_call("cn-north-1", action="kms:GenerateDataKey", key_id="k")
    assert upload.action == "kms:GenerateDataKey"
    assert upload.resource == "arn:aws-cn:kms:cn-north-1:111122223333:key/k"
    assert upload.context.values_of("kms:ViaService") == ("s3.cn-north-1.amazonaws.com.cn",)


keys = st.sampled_from(["aws:SourceIp", "aws:SourceVpc", "aws:PrincipalArn", "aws:CurrentTime", "aws:PrincipalTag/x"])
operators = st.sampled_from(
    ["StringEquals", "StringNotEqualsIfExists", "NotIpAddress", "ArnNotLike", "DateGreaterThan", "Null", "Nonsense"]
)
values = st.sampled_from(["192.0.2.0/24", "vpc-new", USER, "2026-11-24", "true", "${aws:username}"])
conditions = st.dictionaries(operators, st.dictionaries(keys, st.lists(values, min_size=1, max_size=2)), max_size=3)
statements = st.builds(
    lambda action, resource, condition: {"Effect": "Deny", **action, **resource, "Condition": condition},
    st.sampled_from([{"Action": "*"}, {"Action": "s3:Get*"}, {"NotAction": ["s3:GetObject"]}, {"NotAction": "iam:*"}]),
    st.sampled_from([{"Resource": "*"}, {"Resource": OBJECT}, {"NotResource": OBJECT}, {"Resource": "arn:a*3:::*"}]),
    conditions,
)
requests = st.sampled_from([FROM_VPC, FROM_INTERNET, FROM_OFFICE, KMS, Request("s3:GetObject", OBJECT, Context.of())])


@given(statements, conditions, requests)
def test_one_more_condition_never_widens(
    statement: dict[str, Any], more: dict[str, dict[str, list[str]]], request: Request
) -> None:
    """Adding operators to a statement's condition never makes it apply to more."""
    narrower = statement | {"Condition": statement["Condition"] | {f"ForAnyValue:{name}": more[name] for name in more}}
    assert statement_applies(narrower, request).value <= statement_applies(statement, request).value


@given(statements, statements, requests)
def test_a_documents_verdict_is_that_of_its_statements(
    one: dict[str, Any], two: dict[str, Any], request: Request
) -> None:
    """A document denies as soon as one statement does, and each statement is named where it belongs."""
    verdict = denied(document(one, two), request)
    answers = [statement_applies(one, request), statement_applies(two, request)]
    assert verdict.truth is answers[0] | answers[1]
    assert [ref.index for ref in verdict.applying] == [i for i, answer in enumerate(answers) if answer is YES]
    assert [ref.index for ref in verdict.unsure] == [i for i, answer in enumerate(answers) if answer is MAYBE]


@given(statements, st.lists(requests, min_size=2, max_size=6))
def test_a_reader_says_of_each_request_what_it_would_say_alone(statement: dict[str, Any], asked: list[Request]) -> None:
    """What it remembers of one request doesn't colour another, nor the same one asked again."""
    reader = StatementReader(statement)
    assert [reader.applies(request) for request in asked] == [statement_applies(statement, one) for one in asked]


@given(statements, requests)
def test_an_explanation_agrees_with_the_answer(statement: dict[str, Any], request: Request) -> None:
    """The line is one line, and says "holds", "doesn't" or "can't be told" as the statement applies."""
    line = explain(statement, request)
    answer = statement_applies(statement, request)
    assert "\n" not in line
    assert (answer is NO) == ("doesn't" in line)
    assert (answer is MAYBE) == ("can't be told" in line or "may cover" in line)
