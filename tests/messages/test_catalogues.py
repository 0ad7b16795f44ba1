"""The catalogues say the same things."""

from __future__ import annotations

import string

import pytest

from airlock.messages.english import TEXTS as ENGLISH
from airlock.messages.japanese import TEXTS as JAPANESE
from tests.messages.examples import columns


def test_each_text_stands_in_both_languages_in_the_same_order() -> None:
    """Nobody is told something in one language alone, and translators can compare from the top."""
    assert list(ENGLISH) == list(JAPANESE)


@pytest.mark.parametrize("key", ENGLISH)
def test_both_languages_tell_the_same_values(key: str) -> None:
    """A translation leaves no value out and asks for none that isn't there."""
    assert values_in(ENGLISH[key]) == values_in(JAPANESE[key])


@pytest.mark.parametrize("text", [*ENGLISH.values(), *JAPANESE.values()])
def test_a_text_is_laid_out(text: str) -> None:
    """Lines fit a window, none ends in white space, and texts begin and end with words."""
    lines = text.split("\n")
    assert all(columns(line) <= 100 for line in lines)
    assert all(line == line.rstrip() for line in lines)
    assert lines[0]
    assert lines[-1]


def test_japanese_is_japanese() -> None:
    """No text was left untranslated."""
    same = {key for key in ENGLISH if ENGLISH[key] == JAPANESE[key]}
    assert same == {"why.other"}


def values_in(text: str) -> set[str]:
    """Names of the values that go into a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
