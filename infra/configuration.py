"""The configuration of one deployment: what cdk.json says under "airlock", checked and typed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from infra.configuration_problems import KEY, Problem, find_problems

DEFAULT_TIMEOUT_MINUTES: Final = 60
DEFAULT_MODE: Final = "automatic"
OBSERVE: Final = "observe"
DEFAULT_STRATEGY: Final = "scope"
DEFAULT_LIFTING: Final = "approval"
DEFAULT_LEAVE: Final = "approval"
DEFAULT_CLOSE_ON: Final = "terminated"
DEFAULT_GRANTS_PER_DAY: Final = 30
DEFAULT_OPEN_AT_ONCE: Final = 10
DEFAULT_ANSWER_MINUTES: Final = 30
DEFAULT_LANGUAGE: Final = "en"
DEFAULT_PROPAGATION_SECONDS: Final = 15
DEFAULT_LOG_RETENTION_DAYS: Final = 365
DEFAULT_PREFIX: Final = "bootstrap-airlock"

# A function's variables, names and values together, may take 4 KB (AWS Lambda, page "Lambda quotas").
# CloudFormation and AWS choose the names of table, topics, log group, key and page, so all that isn't the principals is
# set aside rather than counted: 1,074 bytes with the longest names that they can have.
ENVIRONMENT_LIMIT: Final = 4096
ENVIRONMENT_RESERVE: Final = 1280


class ConfigurationError(ValueError):
    """The configuration can't be used; ``problems`` holds every reason found, one line each in the message."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


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


@dataclass(frozen=True, slots=True)
class Approvals:
    """How people are asked.

    Attributes:
        emails: addresses that get the requests.
        links: whether a request carries links to the approval page, which is then public; else operators answer.
        answer_minutes: how long a request waits for its answer.
    """

    emails: tuple[str, ...] = ()
    links: bool = True
    answer_minutes: int = DEFAULT_ANSWER_MINUTES


@dataclass(frozen=True, slots=True)
class Configuration:
    """A checked configuration; all its ARNs are of one account and partition.

    Attributes:
        home_region: the region that the stack lives in.
        principals: the enrolled principals, at least one.
        notice_emails: addresses that get the notices.
        approvals: how people are asked.
        language: of mails and of the approval page, ``en`` or ``ja``.
        propagation_seconds: how long IAM is given to enforce a policy that was written.
        log_retention_days: days that log groups keep their events.
        prefix: the start of the stack's name and of each name that people look for.
    """

    home_region: str
    principals: tuple[Principal, ...]
    notice_emails: tuple[str, ...] = ()
    approvals: Approvals = Approvals()
    language: str = DEFAULT_LANGUAGE
    propagation_seconds: int = DEFAULT_PROPAGATION_SECONDS
    log_retention_days: int = DEFAULT_LOG_RETENTION_DAYS
    prefix: str = DEFAULT_PREFIX

    @property
    def partition(self) -> str:
        """``aws``, ``aws-us-gov`` or ``aws-cn``."""
        return self.principals[0].arn.split(":")[1]

    @property
    def account(self) -> str:
        """The account's twelve digits."""
        return self.principals[0].arn.split(":")[4]

    @property
    def users(self) -> tuple[str, ...]:
        """ARNs of the enrolled users, in the order of the configuration."""
        return tuple(principal.arn for principal in self.principals if principal.is_user)

    @property
    def roles(self) -> tuple[str, ...]:
        """ARNs of the enrolled roles, in the order of the configuration."""
        return tuple(principal.arn for principal in self.principals if not principal.is_user)

    @property
    def groups(self) -> tuple[str, ...]:
        """ARNs of the groups named for any principal, each once."""
        return tuple(dict.fromkeys(arn for principal in self.principals for arn in principal.groups))

    @property
    def policies(self) -> tuple[str, ...]:
        """ARNs of the managed policies named for any principal, each once."""
        return tuple(dict.fromkeys(arn for principal in self.principals for arn in principal.policies))

    @property
    def reads_consoles(self) -> bool:
        """Whether the sweeper has to read any bootstrap instance's console."""
        return any(principal.reads_console for principal in self.principals)

    @property
    def looks_for_instances(self) -> bool:
        """Whether the sweeper has to ask EC2 for instances: for whatever may be open, and where it reads consoles."""
        return self.reads_consoles or any(principal.mode != OBSERVE for principal in self.principals)

    def principals_variable(self) -> str:
        """Write AIRLOCK_PRINCIPALS: compact JSON, from principal ARN to its settings that aren't the default."""
        return json.dumps({p.arn: p.settings() for p in self.principals}, separators=(",", ":"))


def parse(raw: object) -> Configuration:
    """Check what stands under the context key and make it a Configuration.

    Args:
        raw: the value as cdk.json holds it (an object), or its JSON text, as ``cdk -c airlock='{...}'`` gives it.

    Raises:
        ConfigurationError: with every problem found, not only the first.
    """
    value = _from_text(raw)
    problems = list(find_problems(value))
    if problems:
        raise ConfigurationError(problems)
    configuration = Configuration(
        home_region=value["home_region"],
        principals=tuple(_principal(entry) for entry in value["principals"]),
        notice_emails=tuple(value.get("notice_emails", ())),
        approvals=_approvals(value.get("approvals", {})),
        language=value.get("language", DEFAULT_LANGUAGE),
        propagation_seconds=int(value.get("propagation_seconds", DEFAULT_PROPAGATION_SECONDS)),
        log_retention_days=int(value.get("log_retention_days", DEFAULT_LOG_RETENTION_DAYS)),
        prefix=value.get("prefix", DEFAULT_PREFIX),
    )
    _refuse_too_large(configuration)
    return configuration


def _from_text(raw: object) -> Any:  # noqa: ANN401 - JSON of unknown shape; find_problems is asked next
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except json.JSONDecodeError as error:
        fix = "give a JSON object in single quotes: -c airlock='{...}'"
        raise ConfigurationError([Problem(KEY, raw, f"not JSON: {error}", fix)]) from error


def _principal(entry: Mapping[str, Any]) -> Principal:
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


def _approvals(entry: Mapping[str, Any]) -> Approvals:
    return Approvals(
        emails=tuple(entry.get("emails", ())),
        links=entry.get("links", True),
        answer_minutes=int(entry.get("answer_minutes", DEFAULT_ANSWER_MINUTES)),
    )


def _refuse_too_large(configuration: Configuration) -> None:
    size = len(configuration.principals_variable().encode())
    room = ENVIRONMENT_LIMIT - ENVIRONMENT_RESERVE
    if size > room:
        what = (
            f"the principals take {size} bytes of a function's environment; Lambda allows {ENVIRONMENT_LIMIT} in all, "
            f"of which {room} are free for them"
        )
        fix = "split the principals over several stacks, each with a prefix of its own"
        raise ConfigurationError(
            [Problem(f"{KEY}.principals", f"{len(configuration.principals)} principals", what, fix)]
        )
