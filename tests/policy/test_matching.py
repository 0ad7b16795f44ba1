"""How actions and resources are matched: the Action and Resource pages of the IAM User Guide, and properties."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock.policy.matching import action_matches, as_list, has_variable, has_wildcard, resource_matches
from airlock.policy.truth import Truth, all_of, any_of

OBJECT = "arn:aws:s3:::demo-x7k2p-bootstrap/bootstrap.ign"
truths = st.sampled_from(Truth)


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("*", "s3:GetObject", Truth.TRUE),
        ("s3:*", "s3:GetObject", Truth.TRUE),
        ("S3:getobject", "s3:GetObject", Truth.TRUE),
        ("s3:Get*", "s3:GetObject", Truth.TRUE),
        ("s3:?etObject", "s3:GetObject", Truth.TRUE),
        ("s3:GetObject?", "s3:GetObject", Truth.FALSE),
        ("s3:GetObject", "s3:GetObjectVersion", Truth.FALSE),
        ("etObject", "s3:GetObject", Truth.FALSE),
        ("s3:GetObject[A]", "s3:GetObjectA", Truth.FALSE),
        ("s3-outposts:*", "s3:GetObject", Truth.FALSE),
        ("", "s3:GetObject", Truth.FALSE),
    ],
)
def test_actions(pattern: str, action: str, expected: Truth) -> None:
    """An action is matched over its whole length, in any case, and only * and ? are special."""
    assert action_matches(pattern, action) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", Truth.TRUE),
        ("arn:aws:s3:::*", Truth.TRUE),
        ("arn:aws:s3:::demo-*/*", Truth.TRUE),
        ("arn:aws:s3:::*-bootstrap/bootstrap.ign", Truth.TRUE),
        ("arn:*:s3:::*", Truth.TRUE),
        ("arn:aws:s3:*:*:*", Truth.TRUE),
        (OBJECT, Truth.TRUE),
        (OBJECT.upper(), Truth.FALSE),
        ("arn:aws:s3:::demo-x7k2p-bootstrap", Truth.FALSE),
        ("arn:aws:s3:::demo-x7k2p-bootstrap/*.json", Truth.FALSE),
        ("arn:aws-cn:s3:::*", Truth.FALSE),
    ],
)
def test_resources(pattern: str, expected: Truth) -> None:
    """A resource is matched over its whole length and in its own case; * crosses slashes."""
    assert resource_matches(pattern, OBJECT) is expected


def test_a_wildcard_in_the_resource_part_crosses_its_colons() -> None:
    """The sixth part of an ARN is one part, however many colons it holds."""
    assert resource_matches("arn:aws:s3:::bucket/*.ign", "arn:aws:s3:::bucket/a:b.ign") is Truth.TRUE


def test_a_segments_last_wildcard_crosses_colons() -> None:
    """A * at the end of a segment may run past the colon, as the Resource page says."""
    assert resource_matches("arn:aws:s*", OBJECT) is Truth.TRUE


@pytest.mark.parametrize("pattern", ["arn:a*3:::demo-x7k2p-bootstrap/bootstrap.ign", "arn:aws?s3:::*"])
def test_where_the_two_readings_of_a_wildcard_part(pattern: str) -> None:
    """A wildcard that would have to cross a colon in the midst of a segment is not decided either way."""
    assert resource_matches(pattern, OBJECT) is Truth.UNKNOWN


def test_a_variable_may_stand_for_anything() -> None:
    """A pattern with a policy variable is undecided where some value would match, and no match where none could."""
    assert resource_matches("arn:aws:s3:::${aws:username}-bootstrap/*", OBJECT) is Truth.UNKNOWN
    assert resource_matches("arn:aws:s3:::home/${aws:username}/*", OBJECT) is Truth.FALSE


def test_what_counts_as_a_wildcard() -> None:
    """Wildcards inside a policy variable are that variable's name, or an escape."""
    assert has_wildcard("a*")
    assert has_wildcard("a?b")
    assert not has_wildcard("a[b]")
    assert not has_wildcard("${*}")
    assert has_variable("x${aws:username}")
    assert not has_variable("$aws:username")


def test_scalars_and_lists_mean_the_same() -> None:
    """One value and a list of one are read alike, and the list that comes out is the caller's own."""
    given_list = ["a"]
    assert as_list("a") == as_list(given_list) == ["a"]
    assert as_list(given_list) is not given_list
    assert as_list({"Effect": "Deny"}) == [{"Effect": "Deny"}]
    assert as_list(None) == []


def test_many_stars_take_no_more_time_than_a_few() -> None:
    """A pattern made to backtrack comes to an end."""
    assert resource_matches("arn:aws:s3:::" + "*" * 2000 + "x", OBJECT) is Truth.FALSE


@given(st.text(alphabet="ab:/[]*?.\n^$"), st.text(alphabet="ab:/[].\n^$"))
def test_matching_is_a_plain_wildcard_match(pattern: str, text: str) -> None:
    """Characters that regular expressions know are ordinary here."""
    reference = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    assert action_matches(pattern, text) is Truth.of(re.fullmatch(reference, text, re.DOTALL) is not None)


@given(st.text(alphabet="ab:/[]*?.", max_size=20), st.text(alphabet="ab:/[].", max_size=20))
def test_the_readings_only_part_where_a_wildcard_meets_a_colon(pattern: str, arn: str) -> None:
    """Without a colon in the ARN, resources are matched as strings are."""
    arn = arn.replace(":", "")
    assert resource_matches(pattern, arn) is Truth.of(action_matches(pattern, arn) is Truth.TRUE)


def test_a_truth_is_no_bool() -> None:
    """Testing a Truth as a bool is an error that says so."""
    with pytest.raises(TypeError, match="three values"):
        bool(Truth.TRUE)


@given(truths, truths, truths)
def test_kleenes_laws(a: Truth, b: Truth, c: Truth) -> None:
    """And, or and not are those of Kleene's logic: associative, commutative, distributive, De Morgan's."""
    assert a & b is b & a
    assert a | b is b | a
    assert (a & b) & c is a & (b & c)
    assert (a | b) | c is a | (b | c)
    assert a & (b | c) is (a & b) | (a & c)
    assert ~(a & b) is ~a | ~b
    assert ~~a is a
    assert a & Truth.TRUE is a
    assert a | Truth.FALSE is a
    assert a & Truth.FALSE is Truth.FALSE
    assert a | Truth.TRUE is Truth.TRUE
    assert ~Truth.UNKNOWN is Truth.UNKNOWN


@given(st.lists(truths))
def test_joining_many_is_joining_them_two_by_two(several: list[Truth]) -> None:
    """The joins of a list are folds; of nothing, and is TRUE and or is FALSE."""
    conjunction, disjunction = Truth.TRUE, Truth.FALSE
    for truth in several:
        conjunction &= truth
        disjunction |= truth
    assert all_of(several) is conjunction
    assert any_of(several) is disjunction
