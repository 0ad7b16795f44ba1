"""What the template tells the functions, read once from the environment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

DEFAULT_TIMEOUT_MINUTES = 60
TIMEOUT_MINUTES = range(5, 721)
LEASE_SECONDS = 90
"""Longer than a function may run (60 s), so that a dead writer's lease ends only after the writer has."""
_USER_OR_ROLE = r"arn:[a-z-]+:iam::[0-9]{12}:(user|role)/([\w+=,.@/-]*/)?[\w+=,.@-]+"


class SettingsError(ValueError):
    """A setting is missing or wrong; the message names it, what came, and what to do."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A principal whose installs the airlock serves.

    Attributes:
        arn: of the IAM user or role, path included.
        groups: ARNs of groups whose inline policies may be rewritten for it.
        policies: ARNs of customer-managed policies that may be rewritten for it.
        window: how long a grant stays open at the most.
    """

    arn: str
    groups: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()
    window: timedelta = timedelta(minutes=DEFAULT_TIMEOUT_MINUTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a function is told.

    Attributes:
        account: the account it serves, 12 digits.
        table: the ledger's table name.
        audit_log_group: the audit trail's log group.
        audit_log_stream: this function's stream in it.
        notices_topic: ARN of the SNS topic for notices.
        enrolled: the principals, by ARN.
    """

    account: str
    table: str
    audit_log_group: str
    audit_log_stream: str
    notices_topic: str
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
        enrolled=read_principals(_required(environment, "AIRLOCK_PRINCIPALS")),
    )


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
    minutes = options.get("timeout_minutes", DEFAULT_TIMEOUT_MINUTES)
    if not isinstance(minutes, int) or minutes not in TIMEOUT_MINUTES:
        raise SettingsError(f"timeout_minutes of {arn} must be a whole number from 5 to 720, got {minutes!r}")
    return Enrolled(
        arn=arn,
        groups=_arns(arn, options, "groups"),
        policies=_arns(arn, options, "policies"),
        window=timedelta(minutes=minutes),
    )


def _arns(arn: str, options: dict[str, object], setting: str) -> frozenset[str]:
    listed = options.get(setting, [])
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise SettingsError(f"{setting} of {arn} must be a list of ARNs, got {listed!r}")
    return frozenset(listed)


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"the environment variable {name} is missing; the template sets it, so deploy it again")
    return value
