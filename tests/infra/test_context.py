"""What somebody is told whose cdk.json, or context from the cdk command, can't be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.configuration import ConfigurationError
from infra.context import read_context


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte-order-mark"])
def test_the_context_of_a_sound_file_is_read(tmp_path: Path, mark: str) -> None:
    """The object under "context" is given as it stands, whatever editor wrote the file."""
    file = tmp_path / "cdk.json"
    file.write_text(mark + '{"app": "x", "context": {"airlock": 1}}', encoding="utf-8")
    assert read_context(file, {}) == {"airlock": 1}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", 'cdk.json: not JSON: Expecting value: line 1 column 1 (char 0) (got "")'),
        (b'{\n  "context": {,\n', "line 2 column 15"),
        (b'{"app": "x"}', 'cdk.json: has no object "context" (got null)'),
        (b'{"context": []}', 'cdk.json: has no object "context" (got [])'),
        (b"[]", 'cdk.json: has no object "context" (got null)'),
        (b'{"x": "\xe4"}', "cdk.json: not UTF-8: byte 7 isn't"),
        (None, "cdk.json: can't be read: No such file or directory"),
    ],
)
def test_a_file_that_can_t_be_used_is_named_with_what_to_do(tmp_path: Path, content: bytes | None, told: str) -> None:
    """One problem in one line: the file, what is wrong with it where, and what to write."""
    file = tmp_path / "cdk.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_context(file, {})
    assert told in str(caught.value)
    assert "; fix: " in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("given", ["{bad", "[]", "3"])
def test_a_context_from_outside_that_is_no_object_is_named(tmp_path: Path, given: str) -> None:
    """CDK would end in a JavaScript error on it."""
    file = tmp_path / "cdk.json"
    file.write_text('{"context": {}}', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"^CDK_CONTEXT_JSON: not "):
        read_context(file, {"CDK_CONTEXT_JSON": given})
