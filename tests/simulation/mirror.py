"""Which text each policy has had at which moment, taken from the writes as IAM answers them."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from airlock.policy.document import Document, parse_document, sha256_of
from airlock.policy.place import PolicyKind, PolicyPlace

INLINE = {
    "PutUserPolicy": (PolicyKind.USER_INLINE, "UserName"),
    "PutRolePolicy": (PolicyKind.ROLE_INLINE, "RoleName"),
    "PutGroupPolicy": (PolicyKind.GROUP_INLINE, "GroupName"),
}
WRITES = frozenset({*INLINE, "CreatePolicyVersion", "SetDefaultPolicyVersion"})
"""The calls by which the airlock changes what a policy says."""


class Mirror:
    """The policies' texts.

    Attributes:
        baselines: what each held at first.
        changed: told of each change, with the place.
        writes: how many writes IAM took.
        seen: SHA-256 of each text that was written.
    """

    def __init__(self, baselines: Mapping[PolicyPlace, str], now: datetime) -> None:
        self.baselines = baselines
        self.changed: Callable[[PolicyPlace], None] = lambda _place: None
        self.writes = 0
        self.seen: set[str] = set()
        self._history = {place: ([now], [text]) for place, text in baselines.items()}
        self._by_name = {(place.kind, place.holder.rsplit("/", 1)[-1], place.name): place for place in baselines}
        self._managed = {place.holder: place for place in baselines if place.kind is PolicyKind.MANAGED}
        self._versions: dict[str, dict[str, str]] = defaultdict(dict)
        for arn, place in self._managed.items():
            self._versions[arn]["v1"] = baselines[place]

    def take(self, call: str, parameters: Mapping[str, Any], answer: Mapping[str, Any], now: datetime) -> None:
        """Take over a write that IAM has taken."""
        if call in INLINE:
            kind, holder = INLINE[call]
            place = self._by_name[kind, parameters[holder], parameters["PolicyName"]]
            self._set(place, parameters["PolicyDocument"], now)
            return
        arn = parameters["PolicyArn"]
        if call == "CreatePolicyVersion":
            self._versions[arn][answer["PolicyVersion"]["VersionId"]] = parameters["PolicyDocument"]
            self._set(self._managed[arn], parameters["PolicyDocument"], now)
        else:
            self._set(self._managed[arn], self._versions[arn][parameters["VersionId"]], now)

    def text(self, place: PolicyPlace, at: datetime | None = None) -> str:
        """A policy's text, now or at an earlier moment."""
        times, texts = self._history[place]
        return texts[-1] if at is None else texts[max(0, bisect_right(times, at) - 1)]

    def document(self, place: PolicyPlace, at: datetime | None = None) -> Document:
        """The same, read."""
        return _read(self.text(place, at))

    def _set(self, place: PolicyPlace, text: str, now: datetime) -> None:
        self.writes += 1
        self.seen.add(sha256_of(text))
        times, texts = self._history[place]
        times.append(now)
        texts.append(text)
        self.changed(place)


@lru_cache(maxsize=4096)
def _read(text: str) -> Document:
    return parse_document(text)
