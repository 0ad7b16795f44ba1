"""What the template tells the functions, read once from the environment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar

from airlock.grants.approval import Form, Leave, Mode, Wider
from airlock.messages.message import Language

DEFAULT_TIMEOUT_MINUTES = 60
DEFAULT_ANSWER_MINUTES = 30
DEFAULT_PROPAGATION_SECONDS = 15
DEFAULT_GRANTS_PER_DAY = 30
DEFAULT_OPEN_AT_ONCE = 10
TIMEOUT_MINUTES = range(5, 721)
GRANTS_PER_DAY = range(1, 201)
OPEN_AT_ONCE = range(1, 101)
LEASE_SECONDS = 90
"""Longer than a function may run (60 s), so that a dead writer's lease ends only after the writer has."""
T = TypeVar("T")
_USER_OR_ROLE = r"arn:[a-z-]+:iam::[0-9]{12}:(user|role)/([\w+=,.@/-]*/)?[\w+=,.@-]+"


class SettingsError(ValueError):
    """A setting is missing or wrong; the message names it, what came, and what to do."""


class CloseOn(StrEnum):
    """What closes a grant before its time."""

    TERMINATED = "terminated"
    """The end of the bootstrap instance."""
    FETCHED = "fetched"
    """The same, or the first look at its console that shows that it has its Ignition file."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A principal whose installs the airlock serves.

    Attributes:
        arn: of the IAM user or role, path included.
        groups: ARNs of groups whose inline policies may be rewritten for it.
        policies: ARNs of customer-managed policies that may be rewritten for it.
        window: how long a grant stays open at the most.
        mode: when its grants may open.
        form: how far they open the deny.
        wider: in which ways they may open it wider than asked.
        rescue: whether its bootstrap instance is rebooted if the node was refused before the grant took effect.
        close_on: what closes its grants.
        grants_per_day: how many grants it may begin within a day.
        open_at_once: how many of them may be open at one time.
    """

    arn: str
    groups: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()
    window: timedelta = timedelta(minutes=DEFAULT_TIMEOUT_MINUTES)
    mode: Mode = Mode.AUTOMATIC
    form: Form = Form.SCOPED
    wider: Wider = field(default_factory=Wider)
    rescue: bool = True
    close_on: CloseOn = CloseOn.TERMINATED
    grants_per_day: int = DEFAULT_GRANTS_PER_DAY
    open_at_once: int = DEFAULT_OPEN_AT_ONCE

    def asks(self, form: Form) -> bool:
        """Whether people have to agree before a grant of this form opens."""
        return self.mode is Mode.APPROVAL or self.wider.leave(form) is not Leave.AUTOMATIC

    def bars(self, form: Form) -> bool:
        """Whether no grant of this form opens, whoever agrees."""
        return self.wider.leave(form) is Leave.OFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a function is told.

    Attributes:
        account: the account it serves, 12 digits.
        table: the ledger's table name.
        audit_log_group: the audit trail's log group.
        audit_log_stream: this function's stream in it.
        notices_topic: ARN of the SNS topic for notices.
        approvals_topic: ARN of the SNS topic for requests.
        event_source: the source of the events by which the airlock tells itself of orders.
        page_url: of the approval page, None where links are off.
        link_key: ARN of the KMS key that signs links, None where links are off.
        language: of what people read.
        answer_time: for how long an answer counts.
        propagation: how long IAM takes to enforce a change.
        enrolled: the principals, by ARN.
    """

    account: str
    table: str
    audit_log_group: str
    audit_log_stream: str
    notices_topic: str
    approvals_topic: str
    event_source: str
    page_url: str | None = None
    link_key: str | None = None
    language: Language = Language.ENGLISH
    answer_time: timedelta = timedelta(minutes=DEFAULT_ANSWER_MINUTES)
    propagation: timedelta = timedelta(seconds=DEFAULT_PROPAGATION_SECONDS)
    enrolled: Mapping[str, Enrolled] = field(default_factory=dict)


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a variable is missing, or AIRLOCK_PRINCIPALS isn't what the template writes.
    """
    account = _required(environment, "AIRLOCK_ACCOUNT")
    if not re.fullmatch(r"[0-9]{12}", account):
        raise SettingsError(
            f"AIRLOCK_ACCOUNT must be an account of 12 digits, got {account!r}; deploy the template again"
        )
    return Settings(
        account=account,
        table=_required(environment, "AIRLOCK_TABLE"),
        audit_log_group=_required(environment, "AIRLOCK_AUDIT_LOG_GROUP"),
        audit_log_stream=_required(environment, "AIRLOCK_AUDIT_LOG_STREAM"),
        notices_topic=_required(environment, "AIRLOCK_NOTICES_TOPIC"),
        approvals_topic=_required(environment, "AIRLOCK_APPROVALS_TOPIC"),
        event_source=_required(environment, "AIRLOCK_EVENT_SOURCE"),
        page_url=environment.get("AIRLOCK_PAGE_URL") or None,
        link_key=environment.get("AIRLOCK_LINK_KEY") or None,
        language=read_language(environment),
        answer_time=timedelta(minutes=_number(environment, "AIRLOCK_ANSWER_MINUTES", DEFAULT_ANSWER_MINUTES)),
        propagation=timedelta(seconds=_number(environment, "AIRLOCK_PROPAGATION_SECONDS", DEFAULT_PROPAGATION_SECONDS)),
        enrolled=read_principals(_required(environment, "AIRLOCK_PRINCIPALS")),
    )


def read_language(environment: Mapping[str, str]) -> Language:
    """Read the language of what people see.

    Raises:
        SettingsError: it is none that the airlock speaks.
    """
    told = environment.get("AIRLOCK_LANGUAGE", Language.ENGLISH)
    try:
        return Language(told)
    except ValueError as error:
        raise SettingsError(f"AIRLOCK_LANGUAGE must be en or ja, got {told!r}; deploy the template again") from error


def read_principals(text: str) -> dict[str, Enrolled]:
    """Read ``{"<ARN>": {"groups": [..], "policies": [..], "timeout_minutes": 60}}``; each setting may be left out.

    Raises:
        SettingsError: the text isn't that.
    """
    try:
        by_arn = json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingsError(f"AIRLOCK_PRINCIPALS isn't JSON: {error}; deploy the template again") from error
    if not isinstance(by_arn, dict):
        raise SettingsError("AIRLOCK_PRINCIPALS must be a JSON object of principals by ARN; deploy the template again")
    return {arn: _enrolled(arn, options) for arn, options in by_arn.items()}


def _enrolled(arn: str, options: object) -> Enrolled:
    if not re.fullmatch(_USER_OR_ROLE, arn):
        expected = "the ARN of an IAM user or role, such as arn:aws:iam::111122223333:user/ocp-installer"
        raise SettingsError(f"AIRLOCK_PRINCIPALS: expected {expected}, got {arn!r}")
    if not isinstance(options, dict):
        raise SettingsError(f"AIRLOCK_PRINCIPALS: the settings of {arn} must be a JSON object, got {options!r}")
    return Enrolled(
        arn=arn,
        groups=_arns(arn, options, "groups"),
        policies=_arns(arn, options, "policies"),
        window=timedelta(
            minutes=_count(arn, options, "timeout_minutes", TIMEOUT_MINUTES, default=DEFAULT_TIMEOUT_MINUTES)
        ),
        mode=_one_of(arn, options, "mode", {str(mode): mode for mode in Mode}, Mode.AUTOMATIC),
        form=_one_of(arn, options, "strategy", {"scope": Form.SCOPED, "lift": Form.LIFTED}, Form.SCOPED),
        wider=_wider(arn, options),
        rescue=_one_of(arn, options, "rescue", {True: True, False: False}, default=True),
        close_on=_one_of(arn, options, "close_on", {str(one): one for one in CloseOn}, CloseOn.TERMINATED),
        grants_per_day=_count(arn, options, "grants_per_day", GRANTS_PER_DAY, default=DEFAULT_GRANTS_PER_DAY),
        open_at_once=_count(arn, options, "open_at_once", OPEN_AT_ONCE, default=DEFAULT_OPEN_AT_ONCE),
    )


def _count(arn: str, options: dict[str, object], setting: str, allowed: range, *, default: int) -> int:
    told = options.get(setting, default)
    if not isinstance(told, int) or isinstance(told, bool) or told not in allowed:
        limits = f"{allowed[0]} to {allowed[-1]}"
        raise SettingsError(f"{setting} of {arn} must be a whole number from {limits}, got {told!r}")
    return told


def _wider(arn: str, options: dict[str, object]) -> Wider:
    """How wide it may open; with the strategy ``lift``, whether people are asked first."""
    leaves = {str(leave): leave for leave in Leave}
    asking = {str(leave): leave for leave in (Leave.APPROVAL, Leave.AUTOMATIC)}
    lifting = _one_of(arn, options, "lifting", asking, Leave.APPROVAL)
    if options.get("strategy") == "lift":
        return Wider(lift=lifting)
    told = options.get("wider", {})
    if not isinstance(told, dict):
        raise SettingsError(f"wider of {arn} must be a JSON object, got {told!r}")
    named = {f"wider.{name}": leave for name, leave in told.items()}
    network, actions, lift = (
        _one_of(arn, named, f"wider.{name}", leaves, Leave.APPROVAL) for name in ("network", "actions", "lift")
    )
    return Wider(network=network, actions=actions, lift=lift)


def _one_of(arn: str, options: dict[str, object], setting: str, known: Mapping[Any, T], default: T) -> T:
    """Look a setting up among the values that it may have."""
    if setting not in options:
        return default
    told = options[setting]
    if not isinstance(told, str | bool) or told not in known:
        raise SettingsError(f"{setting} of {arn} must be one of {', '.join(map(str, known))}, got {told!r}")
    return known[told]


def _arns(arn: str, options: dict[str, object], setting: str) -> frozenset[str]:
    listed = options.get(setting, [])
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise SettingsError(f"{setting} of {arn} must be a list of ARNs, got {listed!r}")
    return frozenset(listed)


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    told = environment.get(name) or str(default)
    if not told.isdecimal():
        raise SettingsError(f"{name} must be a whole number, got {told!r}; the template sets it, so deploy it again")
    return int(told)


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"the environment variable {name} is missing; the template sets it, so deploy it again")
    return value
