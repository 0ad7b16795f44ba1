"""Which sets of patterns one string can match: all of them, found by walking the patterns side by side.

IAM compares strings only with patterns, and a document holds finitely many. So all strings fall into finitely many
kinds, told apart by which patterns they match, and a proof over one string of each kind is a proof over all strings.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_ARN_PARTS = 6
_MOST_STATES = 200_000
# What stands for "any other character"; the first that no pattern speaks of.
_OTHERS = "xyzwvq0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnoprstu+=,@"


class Token(NamedTuple):
    """One place of a pattern: a character of these, or not of these, once or any number of times."""

    characters: frozenset[str]
    negated: bool = False
    repeated: bool = False

    def takes(self, character: str) -> bool:
        """Whether the character may stand here."""
        return (character in self.characters) is not self.negated


Pattern = tuple[Token, ...]
State = frozenset[tuple[int, int]]

ANY_CHARACTER = Token(frozenset(), negated=True)
ANYTHING = Token(frozenset(), negated=True, repeated=True)


class Kind(NamedTuple):
    """Strings that no pattern tells apart: one of the shortest, and the indices of the patterns that match them."""

    example: str
    matches: frozenset[int]


def literal(text: str, *, ignore_case: bool = False) -> Pattern:
    """The text itself."""
    return tuple(Token(frozenset({c.lower(), c.upper()} if ignore_case else {c})) for c in text)


def glob(text: str, *, but: str = "") -> Pattern:
    """``*`` is any characters, none included, and ``?`` any one; where ``but`` is given, not those.

    Source: IAM user guide, "IAM JSON policy elements: Condition operators", StringLike.
    """
    excluded = frozenset(but)
    wild = {"*": Token(excluded, negated=True, repeated=True), "?": Token(excluded, negated=True)}
    return tuple(wild.get(c, Token(frozenset(c))) for c in text)


def arn_like(text: str) -> Pattern:
    """An ARN's six parts are each compared apart, so that no wildcard of the first five takes in a colon.

    Source: IAM user guide, "IAM JSON policy elements: Condition operators", ArnLike: "Each of the six colon-delimited
    components of the ARN is checked separately and each can include multi-character match wildcards".
    """
    *first, last = text.split(":", _ARN_PARTS - 1)
    if len(first) != _ARN_PARTS - 1:
        raise ValueError(f"{text!r} isn't an ARN")
    return tuple(token for part in first for token in (*glob(part, but=":"), *literal(":"))) + glob(last)


def resource_in_parts(text: str) -> Pattern:
    """The narrow reading of a resource: a wildcard stays inside its part, but for a ``*`` at the part's end.

    Source: IAM user guide, "IAM JSON policy elements: Resource": "If the * wildcard is the last character of a
    resource ARN segment, it can expand to match beyond the colon boundaries."
    """
    *first, last = text.split(":", _ARN_PARTS - 1)
    tokens: list[Token] = []
    for part in first:
        ends_open = part.endswith("*")
        tokens += glob(part[: len(part) - ends_open], but=":")
        tokens += [ANYTHING] * ends_open + list(literal(":"))
    return (*tokens, *glob(last))


@lru_cache(maxsize=512)
def kinds(patterns: tuple[Pattern, ...]) -> tuple[Kind, ...]:
    """Every set of these patterns that some string matches and no other pattern of them, with such a string."""
    start = _start(patterns)
    found: dict[frozenset[int], str] = {}
    seen = {start}
    level = [(start, "")]
    while level:
        following: list[tuple[State, str]] = []
        for state, text in level:
            found.setdefault(_accepted(patterns, state), text)
            for character in _characters(patterns, state):
                after = _step(patterns, state, character)
                if after not in seen:
                    seen.add(after)
                    following.append((after, text + character))
        if len(seen) > _MOST_STATES:
            raise OverflowError(f"more than {_MOST_STATES} states for {len(patterns)} patterns")
        level = following
    return tuple(Kind(text, matched) for matched, text in found.items())


def matching(patterns: tuple[Pattern, ...], text: str) -> frozenset[int]:
    """The indices of the patterns that match the text."""
    state = _start(patterns)
    for character in text:
        state = _step(patterns, state, character)
    return _accepted(patterns, state)


def _start(patterns: tuple[Pattern, ...]) -> State:
    return _closed(patterns, {(index, 0) for index in range(len(patterns))})


def _accepted(patterns: tuple[Pattern, ...], state: State) -> frozenset[int]:
    return frozenset(index for index, place in state if place == len(patterns[index]))


def _characters(patterns: tuple[Pattern, ...], state: State) -> Iterator[str]:
    """One character for each way on from here: those that a pattern names, and one that none does."""
    named = {c for index, place in state for token in patterns[index][place : place + 1] for c in token.characters}
    yield from sorted(named)
    yield next(c for c in _OTHERS if c not in named)


def _step(patterns: tuple[Pattern, ...], state: State, character: str) -> State:
    places = set()
    for index, place in state:
        for token in patterns[index][place : place + 1]:
            if token.takes(character):
                places.add((index, place + (not token.repeated)))
    return _closed(patterns, places)


def _closed(patterns: tuple[Pattern, ...], places: set[tuple[int, int]]) -> State:
    """Add the places after what may stand no times; leave out those before a ``*`` that is reached already.

    From before the ``*`` nothing more can match than from the ``*`` itself.
    """
    closed = set(places)
    stack = list(places)
    while stack:
        index, place = stack.pop()
        beyond = (index, place + 1)
        if any(token.repeated for token in patterns[index][place : place + 1]) and beyond not in closed:
            closed.add(beyond)
            stack.append(beyond)
    reached: dict[int, int] = {}
    for index, place in closed:
        if place < len(patterns[index]) and patterns[index][place] == ANYTHING:
            reached[index] = max(place, reached.get(index, 0))
    return frozenset(one for one in closed if one[1] >= reached.get(one[0], 0))
