"""What each condition operator means, example by example, and what holds for all of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from airlock.policy.conditions import requirements_of
from airlock.policy.context import Context
from airlock.policy.evaluate import StatementReader
from airlock.policy.truth import Truth

YES, NO, MAYBE = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
INSTALLER = "arn:aws:iam::111122223333:user/ci/installer"
NEGATIONS = {
    "StringEquals": "StringNotEquals",
    "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
    "StringLike": "StringNotLike",
    "NumericEquals": "NumericNotEquals",
    "DateEquals": "DateNotEquals",
    "IpAddress": "NotIpAddress",
    "ArnEquals": "ArnNotEquals",
    "ArnLike": "ArnNotLike",
}
ORDERS = ["LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"]
POSITIVE = [*NEGATIONS, "Bool", "BinaryEquals", *(f"{kind}{order}" for kind in ("Numeric", "Date") for order in ORDERS)]


def condition_holds(condition: dict[str, Any] | None, context: Context) -> Truth:
    """Ask all lines of a condition, as a statement of everything does."""
    return StatementReader({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}).holds(context)


def holds(operator: str, wanted: Any, *present: str) -> Truth:  # noqa: ANN401 - a condition's values may be any JSON
    """Ask one operator of a key that has these values; with none, it is absent."""
    return condition_holds({operator: {"aws:Key": wanted}}, Context.of({"aws:key": present}))


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        ("StringEquals", "vpc-1", "vpc-1", YES),
        ("StringEquals", "vpc-1", "VPC-1", NO),
        ("StringEquals", "vpc-*", "vpc-1", NO),
        ("StringEqualsIgnoreCase", "vpc-1", "VPC-1", YES),
        ("StringLike", "vpc-?", "vpc-1", YES),
        ("StringLike", "*:*", "a:b/c", YES),
        ("StringLike", "VPC-?", "vpc-1", NO),
        ("NumericEquals", 10, "10.0", YES),
        ("NumericEquals", "10", "11", NO),
        ("NumericLessThan", "10", "9.5", YES),
        ("NumericLessThan", "10", "10", NO),
        ("NumericLessThanEquals", "10", "10", YES),
        ("NumericGreaterThan", "10", "9", NO),
        ("NumericGreaterThan", "-1", "0", YES),
        ("NumericGreaterThanEquals", "10", "10", YES),
        ("NumericEquals", "ten", "10", MAYBE),
        ("NumericEquals", "NaN", "10", MAYBE),
        ("DateEquals", "2026-11-24T03:00:00Z", "2026-11-24T03:00:00Z", YES),
        ("DateEquals", "2026-11-24T04:00+01:00", "2026-11-24T03:00:00.000Z", YES),
        ("DateEquals", "2026-11-24", "2026-11-24T00:00:00Z", YES),
        ("DateEquals", "2026-11", "2026-11-01T00:00:00Z", YES),
        ("DateEquals", "1795489200", "2026-11-24T03:00:00Z", YES),
        ("DateGreaterThan", "2026-11-24T03:00:00Z", "2026-11-24T03:00:00Z", NO),
        ("DateGreaterThan", "2026-11-24T03:00:00Z", "2026-11-24T03:00:01Z", YES),
        ("DateGreaterThan", "2026-11-24T03:00:00Z", "2026-11-24T03:00:00.5Z", YES),
        ("DateGreaterThan", "2026-11-24T03:00:00Z", "1795489201", YES),
        ("DateGreaterThan", "٢٠٢٦-11-24", "2026-11-25", MAYBE),
        ("DateGreaterThanEquals", "2026-11-24T03:00:00Z", "2026-11-24T03:00:00Z", YES),
        ("DateLessThan", "2026-11-24T03:00:00Z", "2026-11-24T02:59:59.999Z", YES),
        ("DateLessThanEquals", "2026-11-24T03:00:00Z", "2026-11-24T03:00:01Z", NO),
        ("DateLessThan", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00Z", MAYBE),
        ("DateLessThan", "2026-01-01T00:00:00", "2025-01-01T00:00:00Z", MAYBE),
        ("DateLessThan", "2026", "2025-01-01T00:00:00Z", MAYBE),
        ("DateLessThan", "tomorrow", "2025-01-01T00:00:00Z", MAYBE),
        ("Bool", "false", "false", YES),
        ("Bool", False, "false", YES),
        ("Bool", "False", "true", NO),
        ("Bool", "TRUE", "true", YES),
        ("Bool", "no", "false", MAYBE),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", YES),
        ("BinaryEquals", "QmluYXJ5", "YmluYXJ5", NO),
        ("BinaryEquals", "not base64", "QmluYXJ5", MAYBE),
        ("IpAddress", "192.0.2.0/24", "192.0.2.7", YES),
        ("IpAddress", "192.0.2.0/24", "198.51.100.7", NO),
        ("IpAddress", "192.0.2.7", "192.0.2.7", YES),
        ("IpAddress", "192.0.2.9/24", "192.0.2.7", YES),
        ("IpAddress", "0.0.0.0/0", "198.51.100.7", YES),
        ("IpAddress", "0.0.0.0/0", "2001:db8::1", NO),
        ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::9", YES),
        ("IpAddress", "2001:DB8:1234:5678::/64", "192.0.2.7", NO),
        ("IpAddress", "192.0.2.0/33", "192.0.2.7", MAYBE),
        ("IpAddress", "192.0.2.0/255.255.255.0", "192.0.2.7", MAYBE),
        ("IpAddress", "192.0.2.*", "192.0.2.7", MAYBE),
        ("IpAddress", "192.0.2.0/24", "cloudformation.amazonaws.com", MAYBE),
        ("ArnEquals", INSTALLER, INSTALLER, YES),
        ("ArnEquals", "arn:aws:iam::*:user/*", INSTALLER, YES),
        ("ArnLike", "arn:*:iam::111122223333:user/ci/?nstaller", INSTALLER, YES),
        ("ArnLike", "arn:aws:iam::111122223333:USER/*", INSTALLER, NO),
        ("ArnLike", "arn:aws:iam::*:role/aws:ec2-infrastructure", INSTALLER, NO),
        ("ArnLike", "arn:aws:iam:*", INSTALLER, MAYBE),
        ("ArnLike", "arn:aws:iam::*:*", "installer", MAYBE),
    ],
)
def test_one_value(operator: str, wanted: str, value: str, expected: Truth) -> None:
    """Each operator compares as its section of the condition operators page says; what can't be read stays open."""
    assert holds(operator, wanted, value) is expected


def test_arn_operators_look_at_each_part() -> None:
    """AWS's own example of an ARN that StringLike matches and ArnLike doesn't."""
    pattern = "arn:aws:someservice:*:111122223333:finance/*"
    value = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"
    assert holds("StringLike", pattern, value) is YES
    assert holds("ArnLike", pattern, value) is NO


@pytest.mark.parametrize("operator", POSITIVE)
def test_a_positive_operator_on_an_absent_key(operator: str) -> None:
    """It doesn't hold, but with IfExists it does."""
    assert holds(operator, "x") is NO
    assert holds(f"{operator}IfExists", "x") is YES


@pytest.mark.parametrize("operator", NEGATIONS.values())
def test_a_negated_operator_on_an_absent_key(operator: str) -> None:
    """It holds, with and without IfExists: why a source-IP deny catches the fetch from a VPC."""
    assert holds(operator, "x") is YES
    assert holds(f"{operator}IfExists", "x") is YES


@pytest.mark.parametrize("operator", [*POSITIVE, *NEGATIONS.values()])
def test_set_operators_on_an_absent_key(operator: str) -> None:
    """ForAllValues holds, ForAnyValue doesn't; with IfExists AWS's pages gainsay each other on the second."""
    assert holds(f"ForAllValues:{operator}", "x") is YES
    assert holds(f"ForAllValues:{operator}IfExists", "x") is YES
    assert holds(f"ForAnyValue:{operator}", "x") is NO
    assert holds(f"ForAnyValue:{operator}IfExists", "x") is MAYBE


@pytest.mark.parametrize(
    ("operator", "wanted", "present", "expected"),
    [
        # IAM User Guide, "Multivalued context key examples"
        ("ForAllValues:StringNotLike", "key1*", ("key1:legal",), NO),
        ("ForAllValues:StringNotLike", "key1*", ("key1:hr", "key1:personnel"), NO),
        ("ForAllValues:StringNotLike", "key1*", ("key2:audit",), YES),
        ("ForAllValues:StringNotLike", "key1*", ("key2:audit", "key1:hr"), NO),
        ("ForAllValues:StringLike", ["PostDateTime", "Message", "Tags"], ("PostDateTime", "Message"), YES),
        ("ForAllValues:StringLike", ["PostDateTime", "Message", "Tags"], ("PostDateTime", "UserName"), NO),
        ("ForAnyValue:StringLike", ["ID", "PostDateTime"], ("UserName", "PostDateTime"), YES),
        ("ForAnyValue:StringLike", ["ID", "PostDateTime"], ("UserName",), NO),
        ("ForAnyValue:StringNotLike", ["Owner:*"], ("owner:Legal", "Owner:Legal"), YES),
        ("ForAnyValue:StringNotLike", ["Owner:*"], ("Owner:Legal",), NO),
        ("ForAllValues:StringEquals", "x", ("",), YES),
        ("ForAnyValue:StringEquals", "", ("",), NO),
        ("ForAllValues:ArnNotEquals", INSTALLER, (INSTALLER,), NO),
        ("ForAnyValue:IpAddress", "192.0.2.0/24", ("198.51.100.1", "192.0.2.1"), YES),
        ("StringEquals", "a", ("a", "b"), MAYBE),
    ],
)
def test_keys_with_several_values(operator: str, wanted: Any, present: tuple[str, ...], expected: Truth) -> None:  # noqa: ANN401 - a condition's values may be any JSON
    """A set prefix asks all or any of the request's values; an empty one is none; without a prefix AWS doesn't say."""
    assert holds(operator, wanted, *present) is expected


def test_values_are_alternatives() -> None:
    """Several values of a positive operator mean any of them, of a negated one none of them."""
    block = ["192.0.2.0/24", "203.0.113.0/24"]
    assert holds("IpAddress", block, "203.0.113.9") is YES
    assert holds("NotIpAddress", block, "203.0.113.9") is NO
    assert holds("NotIpAddress", block, "198.51.100.9") is YES


def test_one_good_value_is_enough() -> None:
    """A malformed value among others leaves open only what the others don't settle."""
    assert holds("IpAddress", ["office", "192.0.2.0/24"], "192.0.2.1") is YES
    assert holds("NotIpAddress", ["office", "192.0.2.0/24"], "192.0.2.1") is NO
    assert holds("NotIpAddress", ["office", "192.0.2.0/24"], "198.51.100.1") is MAYBE


def test_an_empty_list_matches_nothing() -> None:
    """No value is matched by no value; for IfExists AWS's pages gainsay each other."""
    assert holds("StringEquals", [], "a") is NO
    assert holds("StringNotEquals", [], "a") is YES
    assert holds("StringEqualsIfExists", []) is MAYBE


def test_keys_and_operators_are_joined_by_and() -> None:
    """Several keys under one operator and several operators must all hold."""
    condition = {
        "StringNotEqualsIfExists": {"aws:PrincipalTag/network-exempt": "true", "aws:SourceVpc": ["vpc-corp"]},
        "BoolIfExists": {"aws:ViaAWSService": "false"},
    }
    fetch = Context.of({"aws:SourceVpc": "vpc-new", "aws:ViaAWSService": "false"}, complete=True)
    assert condition_holds(condition, fetch) is YES
    assert condition_holds(condition, fetch.having({"aws:PrincipalTag/network-exempt": "true"})) is NO
    assert condition_holds(condition, fetch.having({"aws:SourceVpc": "vpc-corp"})) is NO
    assert condition_holds(condition, fetch.having({"aws:ViaAWSService": "true"})) is NO


def test_no_condition_holds() -> None:
    """A statement without a Condition, or with an empty one, has nothing against it."""
    assert condition_holds(None, Context.of()) is YES
    assert condition_holds({}, Context.of()) is YES
    assert condition_holds({"StringEquals": {}}, Context.of()) is YES


def test_names_are_read_in_any_case() -> None:
    """Operators, their prefixes and suffixes, and condition keys are matched without regard to case."""
    context = Context.of({"AWS:sourceIP": "192.0.2.1"})
    assert condition_holds({"NOTIPADDRESS": {"aws:SourceIp": "192.0.2.0/24"}}, context) is NO
    assert condition_holds({"forallvalues:stringLIKEifexists": {"AWS:SOURCEIP": "192.*"}}, context) is YES
    assert condition_holds({"null": {"Aws:SourceIp": "TRUE"}}, context) is NO


def test_null_asks_whether_the_key_is_there() -> None:
    """Null true wants the key absent, Null false wants it present; a list of both wants nothing."""
    assert holds("Null", "true") is YES
    assert holds("Null", "false") is NO
    assert holds("Null", True, "x") is NO  # noqa: FBT003 - JSON's true, as a policy may hold it
    assert holds("Null", "false", "x") is YES
    assert holds("Null", ["true", "false"], "x") is YES
    assert holds("Null", "perhaps", "x") is MAYBE
    assert condition_holds({"Null": {"k": "true"}}, Context.of()) is MAYBE


@pytest.mark.parametrize(
    "operator", ["StringMatches", "NullIfExists", "ForAllValues:Null", "ForSomeValues:StringLike", "IfExists", ""]
)
def test_operators_that_iam_does_not_list(operator: str) -> None:
    """What an unlisted operator means isn't guessed."""
    assert holds(operator, "true", "true") is MAYBE
    assert holds(operator, "true") is MAYBE


@pytest.mark.parametrize("value", [None, {"a": "b"}, [["a"]], [None]])
def test_values_that_are_no_values(value: object) -> None:
    """A value that is neither string, number nor boolean is not decided."""
    assert holds("StringEquals", value, "a") is MAYBE


@pytest.mark.parametrize("operator", ["StringEquals", "StringNotEquals", "StringLike", "ArnNotLike", "Bool"])
def test_a_policy_variable_is_not_filled(operator: str) -> None:
    """A value with a policy variable leaves open what it may decide."""
    assert holds(operator, "${aws:PrincipalTag/vpc}", "vpc-1") is MAYBE


def test_a_variable_makes_no_line_hold_for_sure() -> None:
    """One that can't be filled makes the statement invalid, so beside it nothing holds surely; what fails, fails."""
    assert holds("StringEquals", ["vpc-1", "${aws:PrincipalTag/vpc}"], "vpc-1") is MAYBE
    assert holds("StringNotEquals", ["vpc-1", "${aws:PrincipalTag/vpc}"], "vpc-1") is NO
    assert holds("StringLike", "eu-${aws:PrincipalTag/vpc}", "vpc-1") is NO
    assert holds("StringNotEquals", "${aws:PrincipalTag/vpc}") is MAYBE
    assert holds("StringEquals", "${aws:PrincipalTag/vpc}") is NO


def test_unknown_is_not_absent() -> None:
    """A key that isn't mentioned is unknown, or absent in a complete context unless said to be unknown."""
    condition = {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    assert condition_holds(condition, Context.of()) is MAYBE
    assert condition_holds(condition, Context.of(absent=["aws:SourceIp"])) is YES
    assert condition_holds(condition, Context.of(complete=True)) is YES
    assert condition_holds(condition, Context.of(unknown=["aws:SourceIp"], complete=True)) is MAYBE


def test_contexts_with_the_same_facts_are_equal() -> None:
    """A context is a value: what it was made from no longer matters, and it can't be changed."""
    facts: dict[str, str | tuple[str, ...]] = {"A": "1"}
    context = Context.of(facts)
    facts["A"] = "2"
    assert context == Context.of({"a": ("1",)})
    assert len({context, Context.of({"a": "1"})}) == 1
    assert context != Context.of({"a": "1"}, complete=True)
    with pytest.raises(TypeError):
        context.keys["a"] = ("2",)  # type: ignore[index]  # that it can't be is what is tested


def test_a_line_says_why() -> None:
    """The reason names the key's state, the operator, the policy's values and the outcome; long lists are cut."""
    condition = {"NotIpAddress": {"aws:SourceIp": [f"192.0.2.{last}" for last in range(9)]}}
    (line,) = requirements_of(condition)
    assert (
        line.why(Context.of(complete=True))
        == "aws:SourceIp is absent, so NotIpAddress 192.0.2.0, 192.0.2.1, 192.0.2.2 and 6 more holds"
    )
    assert line.why(Context.of()).startswith("aws:SourceIp is unknown, so NotIpAddress")
    assert line.why(Context.of({"aws:SourceIp": "192.0.2.3"})).endswith("doesn't hold")


words = st.one_of(
    st.text(alphabet="ab1:*?", max_size=6),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(network="2001:db8::/120").map(str),
    st.sampled_from(["192.0.2.0/24", INSTALLER, "arn:aws:iam::*:user/*", "10", "9.5", "2026-11-24", "1795489200"]),
)


@given(st.sampled_from(list(NEGATIONS)), st.lists(words, min_size=1, max_size=3), words)
def test_a_negation_is_the_negation(operator: str, wanted: list[str], value: str) -> None:
    """On a key with one value, a negated operator says the opposite of its positive, whatever IfExists says."""
    for suffix in ("", "IfExists"):
        assert holds(NEGATIONS[operator] + suffix, wanted, value) is ~holds(operator + suffix, wanted, value)


@given(st.sampled_from([*POSITIVE, *NEGATIONS.values()]), st.lists(words, min_size=1, max_size=3), words)
def test_prefix_and_suffix_change_nothing_on_one_value(operator: str, wanted: list[str], value: str) -> None:
    """With one value that isn't empty, set prefixes and IfExists make no difference."""
    assume(value)
    plain = holds(operator, wanted, value)
    assert {
        holds(f"{prefix}{operator}{suffix}", wanted, value)
        for prefix in ("", "ForAllValues:", "ForAnyValue:")
        for suffix in ("", "IfExists")
    } == {plain}


STRINGS = [name for positive, negation in NEGATIONS.items() for name in (positive, negation) if "String" in name]
conditions = st.dictionaries(
    st.sampled_from(STRINGS),
    st.dictionaries(st.sampled_from("abc"), st.lists(st.text(alphabet="xy*?", max_size=3), min_size=1), max_size=2),
    max_size=3,
)
contexts = st.builds(
    Context.of,
    st.dictionaries(st.sampled_from("abc"), st.text(alphabet="xy", max_size=3)),
    complete=st.just(value=True),
)


@given(conditions, contexts)
def test_complete_contexts_leave_nothing_open(condition: dict[str, dict[str, list[str]]], context: Context) -> None:
    """Where every key is known, well-formed conditions without variables are decided."""
    assert condition_holds(condition, context) is not MAYBE


@given(conditions, contexts, st.sets(st.sampled_from("abc")))
def test_knowing_less_never_says_otherwise(
    condition: dict[str, dict[str, list[str]]], context: Context, forgotten: set[str]
) -> None:
    """Forgetting some keys may turn an answer into "not known", never into its opposite."""
    answer = condition_holds(condition, context.having(unknown=forgotten))
    assert answer in {condition_holds(condition, context), MAYBE}
