"""How a policy can be opened, if it can: the tightest form that can be written, fits and does what it should."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from airlock.policy.check import check
from airlock.policy.clauses import CannotRenderError
from airlock.policy.document import parse_document, size_of
from airlock.policy.exemption import Exemption
from airlock.policy.ladder import Rung, rungs
from airlock.policy.place import SIZE_LIMITS, PolicyKind
from airlock.policy.render import render
from airlock_cli.plan.calls import Call, Denial, calls_of, denials_of


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing can be opened: a word for programs, and the same in plain words."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What opening a policy would come to.

    Attributes:
        asked: what is to be opened.
        kind: what kind of policy it is.
        shared: whether the policy applies to other principals too.
        before: its text.
        after: its text once opened; the same where nothing is opened.
        denials: the statements that stop the node, or may.
        rung: the form that opens it; None where nothing is opened.
        why_wider: why no tighter form than that would do, in plain words; None where the exact one does.
        refused: why it can't be opened; None where it can, or needn't.
    """

    asked: Exemption
    kind: PolicyKind
    shared: bool
    before: str
    after: str
    denials: tuple[Denial, ...]
    rung: Rung | None = None
    why_wider: str | None = None
    refused: Refusal | None = None

    @property
    def limit(self) -> int:
        """Characters that IAM allows for such a policy."""
        return SIZE_LIMITS[self.kind]

    @property
    def stopping(self) -> tuple[Denial, ...]:
        """The statements that count: source-network denies, and whatever else stops the node for sure."""
        return tuple(one for one in self.denials if one.certain or one.by_network)


def plan(  # noqa: PLR0913 - what is opened, where and when are independent
    before: str, asked: Exemption, kind: PolicyKind, now: datetime, *, shared: bool = False, neighbours: int = 0
) -> Planned:
    """Find the tightest form that opens a policy.

    Args:
        before: the policy's text.
        asked: what is to be opened.
        kind: what kind of policy it is, which says how long it may be.
        now: the present moment.
        shared: whether the policy applies to other principals too; some kinds always do.
        neighbours: characters that the holder's other inline policies take.

    Raises:
        PolicyTextError: the text isn't a policy.
    """
    calls = calls_of(asked, now)
    shared = shared or kind in (PolicyKind.GROUP_INLINE, PolicyKind.MANAGED, PolicyKind.BOUNDARY)
    idle = Planned(
        asked=asked,
        kind=kind,
        shared=shared,
        before=before,
        after=before,
        denials=tuple(denials_of(parse_document(before), calls)),
    )
    if not idle.stopping:
        return idle
    return _Ladder(idle, calls, now, neighbours).climbed()


class _CheckFailedError(Exception):
    """What would be written isn't what was meant."""


@dataclass(frozen=True, slots=True)
class _Ladder:
    """The forms of one opening, tried from the tightest on."""

    idle: Planned
    calls: Sequence[Call]
    now: datetime
    neighbours: int

    def climbed(self) -> Planned:
        """The plan with the first form that works, or with why none does."""
        troubles: list[CannotRenderError] = []
        for rung in rungs(self.idle.asked):
            try:
                after = self._written(rung.exemption)
            except CannotRenderError as error:
                troubles.append(error)
            except _CheckFailedError as error:
                return replace(self.idle, refused=Refusal("check-failed", str(error)))
            else:
                return replace(self.idle, after=after, rung=rung, why_wider=troubles[0].detail if troubles else None)
        first, last = troubles[0], troubles[-1]
        more = "" if first.detail == last.detail else f"; nor does the widest form serve: {last.detail}"
        return replace(self.idle, refused=Refusal(first.reason, first.detail + more))

    def _written(self, exemption: Exemption) -> str:
        idle = self.idle
        after = render(idle.before, [exemption], self.now, shared=idle.shared)
        size = size_of(after) + self.neighbours
        if after != idle.before and size > idle.limit:
            detail = f"the policy would have {size} characters, and IAM allows {idle.limit} for {idle.kind}"
            raise CannotRenderError("too-large", detail)
        self._check(after, exemption)
        left = [one for one in denials_of(parse_document(after), self.calls) if one.certain]
        if left:
            # Told by the policy as it stands: the statements of an opened one are at other places.
            cause = next((one for one in idle.denials if one.certain and not one.by_network), left[0])
            detail = f"{cause.name} would stop the node all the same: {cause.why[0]}"
            raise CannotRenderError("still-denied", detail)
        return after

    def _check(self, after: str, exemption: Exemption) -> None:
        before, document = parse_document(self.idle.before), parse_document(after)
        try:
            finding = check(before, document, [exemption], self.now, shared=self.idle.shared)
        except ValueError as error:  # such as an address in the policy that is none
            raise _CheckFailedError(f"the result can't be checked: {error}") from error
        if finding is not None:
            raise _CheckFailedError(str(finding))
