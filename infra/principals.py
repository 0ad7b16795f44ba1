"""An enrolled principal, as the configuration tells of it, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

DEFAULT_TIMEOUT_MINUTES: Final = 60
DEFAULT_MODE: Final = "automatic"
OBSERVE: Final = "observe"
DEFAULT_STRATEGY: Final = "scope"
DEFAULT_LIFTING: Final = "approval"
DEFAULT_LEAVE: Final = "approval"
DEFAULT_CLOSE_ON: Final = "terminated"
DEFAULT_GRANTS_PER_DAY: Final = 30
DEFAULT_OPEN_AT_ONCE: Final = 10


@dataclass(frozen=True, slots=True)
class Wider:
    """Which ways to open wider than asked are left to the airlock, where the exact form can't be had.

    Each is ``automatic`` (it opens by itself, and is told), ``approval`` (people are asked first) or ``off`` (never).

    Attributes:
        network: the fetch from any network.
        actions: every action on the install's objects.
        lift: the whole deny put off.
    """

    network: str = DEFAULT_LEAVE
    actions: str = DEFAULT_LEAVE
    lift: str = DEFAULT_LEAVE

    def settings(self) -> dict[str, str]:
        """Collect what differs from the defaults."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: leave for name, leave in said.items() if leave != DEFAULT_LEAVE}


@dataclass(frozen=True, slots=True)
class Principal:
    """An enrolled principal.

    Attributes:
        arn: the user's or role's ARN, path included.
        groups: ARNs of groups whose inline policies the airlock may rewrite for it.
        policies: ARNs of customer managed policies that the airlock may rewrite for it.
        timeout_minutes: how long a grant may stay open.
        mode: ``automatic``, ``approval`` (people are asked first) or ``observe`` (nothing is opened, only reported).
        strategy: ``scope`` opens for the objects of the install alone, ``lift`` puts the whole deny off for the time.
        lifting: whether a lift asks people first: ``approval`` or ``automatic``.
        wider: with ``scope``, which wider forms may take the exact one's place where that can't be had.
        rescue: whether a bootstrap node that was refused before the grant took effect is rebooted once.
        close_on: what ends a grant before its time: ``terminated``, the end of the bootstrap instance, or ``fetched``,
            the fetch seen on the instance's console.
        grants_per_day: how many grants it may begin within a day.
        open_at_once: how many of them may be open at one time.
    """

    arn: str
    groups: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    timeout_minutes: int = DEFAULT_TIMEOUT_MINUTES
    mode: str = DEFAULT_MODE
    strategy: str = DEFAULT_STRATEGY
    lifting: str = DEFAULT_LIFTING
    wider: Wider = Wider()
    rescue: bool = True
    close_on: str = DEFAULT_CLOSE_ON
    grants_per_day: int = DEFAULT_GRANTS_PER_DAY
    open_at_once: int = DEFAULT_OPEN_AT_ONCE

    @property
    def is_user(self) -> bool:
        """Whether this is an IAM user; else it is a role."""
        return self.arn.split(":", 5)[5].startswith("user/")

    @property
    def reads_console(self) -> bool:
        """Whether the sweeper has to read the consoles of this principal's bootstrap instances."""
        return self.rescue or self.close_on != DEFAULT_CLOSE_ON

    def settings(self) -> dict[str, object]:
        """Collect what differs from the defaults, as AIRLOCK_PRINCIPALS carries it."""
        return {
            field.name: _as_json(value)
            for field in fields(self)
            if field.name != "arn" and (value := getattr(self, field.name)) != field.default
        }


def principal_from(entry: Mapping[str, Any]) -> Principal:
    """Type one entry of ``principals`` that find_problems has found sound."""
    return Principal(
        arn=entry["arn"],
        groups=tuple(entry.get("groups", ())),
        policies=tuple(entry.get("policies", ())),
        # JSON Schema takes 60.0 for an integer.
        timeout_minutes=int(entry.get("timeout_minutes", DEFAULT_TIMEOUT_MINUTES)),
        mode=entry.get("mode", DEFAULT_MODE),
        strategy=entry.get("strategy", DEFAULT_STRATEGY),
        lifting=entry.get("lifting", DEFAULT_LIFTING),
        wider=Wider(**entry.get("wider", {})),
        rescue=entry.get("rescue", True),
        close_on=entry.get("close_on", DEFAULT_CLOSE_ON),
        grants_per_day=int(entry.get("grants_per_day", DEFAULT_GRANTS_PER_DAY)),
        open_at_once=int(entry.get("open_at_once", DEFAULT_OPEN_AT_ONCE)),
    )


def _as_json(value: object) -> object:
    if isinstance(value, Wider):
        return value.settings()
    return list(value) if isinstance(value, tuple) else value
