"""What people are set to do in a replay: how the principal is enrolled, and when somebody answers a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from airlock.grants.approval import Leave, Mode
from airlock_cli.problems import InputError

__all__ = ["Leave", "Mode", "People", "Strategy"]


class Strategy(StrEnum):
    """How far they open the deny, as in the configuration."""

    SCOPE = "scope"
    LIFT = "lift"


@dataclass(frozen=True, slots=True)
class People:
    """The settings that people have a say by.

    Attributes:
        mode: when a grant may open.
        strategy: how far.
        answer_after: how long after a request somebody approves; None where nobody does.
        rescue: whether a node that was refused too early is rebooted.
        wider: whether it may be opened wider than asked where the exact form can't be had; with a lift, whether that
            asks.
    """

    mode: Mode = Mode.AUTOMATIC
    strategy: Strategy = Strategy.SCOPE
    answer_after: timedelta | None = None
    rescue: bool = True
    wider: Leave = Leave.APPROVAL

    def checked(self) -> People:
        """The same, if it goes together.

        Raises:
            InputError: there is an answer, and no request that it could be to; or a lift that may not be.
        """
        lifts = self.strategy is Strategy.LIFT
        if lifts and self.wider is Leave.OFF:
            raise InputError("--strategy lift and --wider off don't go together.\nLeave one of them out.")
        asks = self.mode is Mode.APPROVAL or (self.mode is Mode.AUTOMATIC and self.wider is Leave.APPROVAL)
        if self.answer_after is not None and not asks:
            raise InputError(
                "--approve-after needs a request to answer.\nAdd --mode approval or --wider approval, or leave it out."
            )
        return self

    def options(self) -> dict[str, object]:
        """As the configuration has them."""
        settings = {"mode": str(self.mode), "strategy": str(self.strategy), "rescue": self.rescue}
        if self.strategy is Strategy.LIFT:
            return {**settings, "lifting": str(self.wider)}
        return {**settings, "wider": dict.fromkeys(("network", "actions", "lift"), str(self.wider))}
