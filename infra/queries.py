"""Queries of the audit log, saved where CloudWatch Logs Insights offers them, in a folder named by the prefix.

They are written for what a line of the audit log holds (lambdas/airlock/reconcile/happening.py). Insights names what is
within by dots, and members of lists by number (Amazon CloudWatch Logs, page "Supported logs and discovered fields").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aws_cdk import aws_logs as logs
from constructs import Construct

from airlock.grants.grant import FINAL
from infra.audit import AuditLog
from infra.configuration import Configuration

GRANT: Final = "GRANT-ID"
POLICY: Final = "POLICY-NAME"
"""What a query holds in place of the name that whoever runs it writes there; part of a name is enough for both."""
_FINAL: Final = "|".join(sorted(FINAL))


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query.

    Attributes:
        name: in the folder, and in docs/operations.md.
        answers: the question that it answers.
        commands: in the language of Logs Insights, one a line.
    """

    name: str
    answers: str
    commands: tuple[str, ...]

    @property
    def text(self) -> str:
        """The query."""
        return "\n| ".join(self.commands)

    @property
    def commented(self) -> str:
        """The query with its question as a comment above it."""
        return f"# {self.answers}\n{self.text}"


LAST_DECISIONS: Final = SavedQuery(
    "last-decisions",
    "What has the airlock decided last?",
    (
        'filter kind = "decision"',
        "fields at, decision, grant, principal, outcome, reason, detail",
        "sort @timestamp desc, at desc",
        "limit 50",
    ),
)
NOT_CLOSED: Final = SavedQuery(
    "not-closed",
    "Which grants have no line by which they ended? Look far enough back: at their beginnings.",
    (
        'filter kind = "decision"',
        # One such line ends a grant for good, so the order of lines of the same moment doesn't matter.
        f"parse outcome /(?<ended>{_FINAL})/",
        (
            "stats count(ended) as ends, earliest(at) as first_heard, latest(at) as last_heard, "
            "latest(outcome) as state, latest(not_after) as closes_by by grant, principal"
        ),
        "filter ends = 0",
        "sort closes_by asc",
    ),
)
QUERIES: Final = (
    LAST_DECISIONS,
    NOT_CLOSED,
    SavedQuery(
        "decisions-of-a-grant",
        f"What was decided about one grant? Put its ID in place of {GRANT}.",
        (
            f'filter kind = "decision" and grant like "{GRANT}"',
            "fields at, decision, outcome, reason, detail, form, approved_by, signal_event_id",
            "sort @timestamp asc, at asc",
            "limit 1000",
        ),
    ),
    SavedQuery(
        "writes-of-a-policy",
        f"Who changed one policy, and for which grants? Put its name, or its ARN's end, in place of {POLICY}.",
        (
            'filter kind in ["policy-write", "drift"]',
            f'filter policy.name like "{POLICY}" or policy.holder like "{POLICY}"',
            (
                "fields at, kind, outcome, policy.kind, policy.holder, policy.name, grants.0, grants.1, detail, "
                "before_sha256, after_sha256"
            ),
            "sort @timestamp asc, at asc",
            "limit 1000",
        ),
    ),
    SavedQuery(
        "opened-and-closed",
        "When was each grant opened, and when was it closed? Where the last decision is open, it isn't closed yet.",
        (
            'filter kind = "decision" and decision in ["open", "close"]',
            (
                "stats earliest(at) as opened, latest(decision) as last_decision, latest(at) as decided, "
                "latest(reason) as why, latest(not_after) as closes_by by grant, principal"
            ),
            "sort opened desc",
        ),
    ),
    SavedQuery(
        "refusals",
        "What was refused, how often and why?",
        (
            'filter kind = "decision" and decision in ["refuse", "limit"]',
            "stats count(*) as refusals, latest(at) as last_at, latest(detail) as last_detail by reason, principal",
            "sort refusals desc",
        ),
    ),
    SavedQuery(
        "approvals",
        "Who approved or rejected what, and what did nobody answer?",
        (
            'filter kind = "decision" and decision in ["approve", "reject", "unanswered"]',
            "fields at, decision, approved_by, grant, principal, infra_id, form, reason, detail",
            "sort @timestamp desc, at desc",
            "limit 1000",
        ),
    ),
)


class Queries(Construct):
    """The saved queries, on the audit log group alone. They cost nothing until somebody runs one."""

    def __init__(self, scope: Construct, construct_id: str, configuration: Configuration, audit: AuditLog) -> None:
        super().__init__(scope, construct_id)
        for query in QUERIES:
            logs.CfnQueryDefinition(
                self,
                query.name.title().replace("-", ""),
                # What is before the slash is the folder (AWS::Logs::QueryDefinition, Name).
                name=f"{configuration.prefix}/{query.name}",
                query_string=query.commented,
                log_group_names=[audit.group.log_group_name],
            )
