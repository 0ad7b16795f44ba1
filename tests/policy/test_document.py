"""Policy texts: what is read as a policy, what isn't and why, and how IAM counts its size."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock.policy.document import (
    PolicyTextError,
    parse_document,
    sha256_of,
    size_of,
    statements_of,
    write_document,
)
from tests.policy.shapes import documents
from tests.policy.strategies import sample_texts

ALLOW = '{"Effect": "Allow", "Action": "*", "Resource": "*"}'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "isn't JSON"),
        ('{"Statement": [', "isn't JSON.*line 1, column 16"),
        ("[]", "must be a JSON object, but it is a list"),
        ('"text"', "but it is a string"),
        ("7", "but it is a number"),
        ("7.5", "but it is a number"),
        ("null", "but it is null"),
        ("true", "but it is a boolean"),
        ('{"Statement": "no"}', "statement 0 must be a JSON object, but it is a string"),
        (f'{{"Statement": [{ALLOW}, 7.5]}}', "statement 1 must be a JSON object, but it is a number"),
        ('{"Statement": [{}]}', 'statement 0 must have the Effect "Allow" or "Deny"'),
        ('{"Statement": {"Effect": "deny"}}', "must have the Effect"),
        ('{"Statement": {"Effect": ["Deny"]}}', "must have the Effect"),
        ('{"Statement": {"Effect": "Deny", "Condition": []}}', "a Condition that isn't a JSON object"),
        ('{"Statement": {"Effect": "Deny", "Condition": {"Bool": "x"}}}', "operator 'Bool' without keys"),
        ('{"Version": "1", "Version": "2"}', "the key 'Version' stands twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"Statement": NaN}', "isn't JSON"),
    ],
)
def test_a_text_that_is_no_policy_is_told_why(text: str, words: str) -> None:
    """The message says what was wrong, and where."""
    with pytest.raises(PolicyTextError, match=words):
        parse_document(text)


@pytest.mark.parametrize("number", ["9" * 5000, "-" + "9" * 5000, "1e999", "-1e999"])
def test_a_number_that_cant_be_written_again_is_refused(number: str) -> None:
    """Python reads neither thousands of digits nor more than a double holds; "Infinity" would be no JSON."""
    with pytest.raises(PolicyTextError, match="the number"):
        parse_document(f'{{"Statement": [], "Id": {number}}}')


@given(st.text())
def test_any_text_is_a_policy_or_a_clear_error(text: str) -> None:
    """Nothing else comes out of the parser."""
    with contextlib.suppress(PolicyTextError):
        assert isinstance(parse_document(text), dict)


@pytest.mark.parametrize(("statement", "many"), [(ALLOW, 1), (f"[{ALLOW}]", 1), (f"[{ALLOW}, {ALLOW}]", 2), ("[]", 0)])
def test_statements_are_always_a_list(statement: str, many: int) -> None:
    """A lone object is a list of one."""
    assert len(statements_of(parse_document(f'{{"Version": "2012-10-17", "Statement": {statement}}}'))) == many


@given(documents())
def test_writing_loses_nothing_but_white_space(text: str) -> None:
    """Elements keep their order, and what is compact already stays as it is."""
    written = write_document(parse_document(text))
    assert json.dumps(json.loads(written)) == json.dumps(json.loads(text))
    assert write_document(parse_document(written)) == written


def test_letters_are_written_as_they_are_where_iam_takes_them() -> None:
    """An escape takes six characters of IAM's limit, so only those are escaped that IAM refuses otherwise."""
    written = write_document({"Id": "é漢😀"})
    assert written == '{"Id":"é\\u6f22\\ud83d\\ude00"}'
    assert parse_document(written) == {"Id": "é漢😀"}


@given(st.text())
def test_whatever_a_string_holds_is_written_in_characters_that_iam_takes(text: str) -> None:
    """IAM's model of a policy's text: tab, line feed, carriage return, and U+0020 to U+00FF."""
    written = write_document({"Id": text})
    assert re.fullmatch(r"[\t\n\r\x20-\xff]+", written)
    assert parse_document(written) == {"Id": text}


def test_half_a_surrogate_pair_stays_what_it_was() -> None:
    """JSON can say it, and it must neither vanish nor stop the hashing."""
    text = '{"Id":"\\ud800"}'
    assert write_document(parse_document(text)) == text


@pytest.mark.parametrize("text", sample_texts())
def test_size_is_counted_without_white_space(text: str) -> None:
    """IAM counts neither line breaks nor indents, so laying a policy out differently doesn't make it larger."""
    document = json.loads(text)
    compact = json.dumps(document, separators=(",", ":"))
    assert size_of(text) == size_of(json.dumps(document, indent=8)) == size_of(compact) == len(compact)


def test_the_hash_is_of_the_bytes() -> None:
    """The audit trail's hashes can be checked with sha256sum on the policy's text, which is UTF-8."""
    text = '{"Id": "é"}\n'
    assert sha256_of(text) == hashlib.sha256(text.encode()).hexdigest()
    assert sha256_of(text) != sha256_of(text.strip())
