"""A program: prints what a function prints of the happenings that alarms are about. Its argument is the function.

A process of its own, for Powertools reads the environment when it is loaded.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace

from airlock.grants.grant import CloseReason, Facts, Grant, Progress, State
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock.reconcile.happening import Decision, Drift, Happening, PolicyWrite

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
USER = "arn:aws:iam::111122223333:user/ocp-installer"


def _decision(name: str, state: State, reason: str) -> Decision:
    facts = Facts(
        id="demo-x2x2x-00000000",
        account="111122223333",
        partition="aws",
        principal=USER,
        infra_id="demo-x2x2x",
        requested_at=NOW,
        not_after=NOW,
    )
    grant = Grant(facts, Progress(state=state, reason=reason))
    return Decision(name=name, grant=grant, event_id=None, detail="")


def _write(outcome: str) -> PolicyWrite:
    place = PolicyPlace(PolicyKind.USER_INLINE, USER, "net")
    return PolicyWrite(place=place, grants=(), event_id=None, before="", after="", outcome=outcome)


def _drift() -> Drift:
    place = PolicyPlace(PolicyKind.USER_INLINE, USER, "net")
    return Drift(place=place, grants=(), event_id=None, expected="", found="", detail="")


HAPPENED = (
    _write("failed"),
    _decision("close", State.CLOSED, "timeout"),
    _decision("close-failed", State.CLOSING, "timeout"),
    _decision("refuse", State.REFUSED, "not-named"),
    _decision("refuse", State.REFUSED, str(CloseReason.CHECK_FAILED)),
    _decision("refuse", State.REFUSED, "simulator-disagrees"),
    _drift(),
)


class Reconciler:
    """One to which everything has happened."""

    def let_hear(self, hear: Callable[[Sequence[Happening]], None]) -> None:
        """Tell of it at once."""
        hear(HAPPENED)

    def sweep(
        self,
        seen: Callable[[Sequence[Grant], datetime], None],
        overdue: Callable[[int], None],
        put_off: Callable[[int], None],
    ) -> list[Happening]:
        """Nothing is open, two grants are overdue, and one is put off."""
        seen([], NOW)
        overdue(2)
        put_off(1)
        return []


def main(function: str) -> None:
    """Run the function's entry point."""
    handler = importlib.import_module(f"airlock.handlers.{function}")
    settings = SimpleNamespace(account="111122223333", event_source="x")
    handler.airlock = lambda: SimpleNamespace(reconciler=Reconciler(), settings=settings)  # type: ignore[attr-defined]  # as tests do
    handler.handle({}, None)


if __name__ == "__main__":
    main(sys.argv[1])
