"""The configuration of one deployment: what cdk.json says under "airlock", checked and typed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from infra import function_urls, room
from infra.configuration_problems import IAM_REGIONS, KEY, Problem, find_problems
from infra.principals import OBSERVE, Principal, principal_from

DEFAULT_ANSWER_MINUTES: Final = 30
DEFAULT_LANGUAGE: Final = "en"
DEFAULT_PROPAGATION_SECONDS: Final = 15
DEFAULT_LOG_RETENTION_DAYS: Final = 365
DEFAULT_PREFIX: Final = "bootstrap-airlock"
DEFAULT_TRAIL: Final = "existing"
DEFAULT_ENDPOINTS: Final = function_urls.FUNCTION_URL


class ConfigurationError(ValueError):
    """The configuration can't be used; ``problems`` holds every reason found, one line each in the message."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass(frozen=True, slots=True)
class Approvals:
    """How people are asked.

    Attributes:
        emails: addresses that get the requests.
        links: whether a request carries links to the approval page, which is then public; else operators answer.
        answer_minutes: how long a request waits for its answer.
        topic: ARN of a topic that gets the requests in place of one of the stack's own, which takes the addresses.
    """

    emails: tuple[str, ...] = ()
    links: bool = True
    answer_minutes: int = DEFAULT_ANSWER_MINUTES
    topic: str | None = None


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
        watched_regions: regions besides the home region in which installs are watched, in the order of the alphabet.
        trail: ``existing``, or ``create`` for a CloudTrail trail of the stack's own.
        kms_key: ARN of the key that encrypts what the stack keeps; None for keys that AWS owns.
        permissions_boundary: ARN of the policy that bounds each role of the stack; None for no boundary.
        tags: what everything is tagged with.
        notices_topic: ARN of a topic that gets the notices in place of one of the stack's own.
        endpoints: how people reach the functions, ``function-url`` or ``http-api``.
    """

    home_region: str
    principals: tuple[Principal, ...]
    notice_emails: tuple[str, ...] = ()
    approvals: Approvals = Approvals()
    language: str = DEFAULT_LANGUAGE
    propagation_seconds: int = DEFAULT_PROPAGATION_SECONDS
    log_retention_days: int = DEFAULT_LOG_RETENTION_DAYS
    prefix: str = DEFAULT_PREFIX
    watched_regions: tuple[str, ...] = ()
    trail: str = DEFAULT_TRAIL
    kms_key: str | None = None
    permissions_boundary: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    notices_topic: str | None = None
    endpoints: str = DEFAULT_ENDPOINTS

    @property
    def iam_region(self) -> str:
        """The region of the partition whose bus gets IAM's events and those of other global calls."""
        return IAM_REGIONS[self.partition]

    @property
    def forwarding_regions(self) -> tuple[str, ...]:
        """The regions but the home region whose events are wanted, IAM's among them, in the order of the alphabet."""
        return tuple(sorted({*self.watched_regions, self.iam_region} - {self.home_region}))

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
    principals = tuple(principal_from(entry) for entry in value["principals"])
    partition = principals[0].arn.split(":")[1]
    configuration = Configuration(
        home_region=value["home_region"],
        principals=principals,
        notice_emails=tuple(value.get("notice_emails", ())),
        approvals=_approvals(value.get("approvals", {})),
        language=value.get("language", DEFAULT_LANGUAGE),
        propagation_seconds=int(value.get("propagation_seconds", DEFAULT_PROPAGATION_SECONDS)),
        log_retention_days=int(value.get("log_retention_days", DEFAULT_LOG_RETENTION_DAYS)),
        prefix=value.get("prefix", DEFAULT_PREFIX),
        watched_regions=tuple(sorted(value.get("watched_regions", ()))),
        trail=value.get("trail", DEFAULT_TRAIL),
        kms_key=value.get("kms_key"),
        permissions_boundary=value.get("permissions_boundary"),
        tags=dict(value.get("tags", {})),
        notices_topic=value.get("notices_topic"),
        endpoints=value.get("endpoints", function_urls.default_endpoints(partition, value["home_region"])),
    )
    lacking = list(room.find_problems(configuration))
    if lacking:
        raise ConfigurationError(lacking)
    return configuration


def _from_text(raw: object) -> Any:  # noqa: ANN401 - JSON of unknown shape; find_problems is asked next
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except json.JSONDecodeError as error:
        fix = "give a JSON object in single quotes: -c airlock='{...}'"
        raise ConfigurationError([Problem(KEY, raw, f"not JSON: {error}", fix)]) from error


def _approvals(entry: Mapping[str, Any]) -> Approvals:
    return Approvals(
        emails=tuple(entry.get("emails", ())),
        links=entry.get("links", True),
        answer_minutes=int(entry.get("answer_minutes", DEFAULT_ANSWER_MINUTES)),
        topic=entry.get("topic"),
    )
