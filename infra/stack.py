"""The home-region stack; it only composes."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration, Environment, Stack, Tags
from constructs import Construct

from infra import nag
from infra.audit import AuditLog
from infra.configuration import Configuration
from infra.dead_letters import DeadLetters
from infra.functions import AirlockFunction, Retries, Surroundings
from infra.ledger import Ledger
from infra.notices import Notices
from infra.rules import MAX_EVENT_AGE, Rules
from infra.schedule import SweepSchedule


class AirlockStack(Stack):
    """Everything that one account needs in its home region; named after the configuration's prefix."""

    def __init__(self, scope: Construct, configuration: Configuration) -> None:
        super().__init__(
            scope,
            configuration.prefix,
            description="Bootstrap Airlock: opens a source-network deny for one OpenShift bootstrap fetch",
            env=Environment(account=configuration.account, region=configuration.home_region),
        )
        self.configuration = configuration
        self.ledger = Ledger(self, "Ledger")
        self.audit = AuditLog(self, "Audit", configuration)
        self.notices = Notices(self, "Notices", configuration)
        self.dead_letters = DeadLetters(self, "DeadLetters")
        around = Surroundings(configuration, self.ledger, self.audit, self.notices, self.dead_letters)
        self.watcher = AirlockFunction(
            self, "watcher", around, Retries(attempts=2, max_age=MAX_EVENT_AGE, dead_letters=True)
        )
        # A failed sweep needs no second try and no dead letter: the next one, a minute later, finds the same work.
        self.sweeper = AirlockFunction(
            self, "sweeper", around, Retries(attempts=0, max_age=Duration.minutes(1), dead_letters=False)
        )
        Rules(self, "Rules", configuration, self.watcher.function, self.dead_letters.queue)
        SweepSchedule(self, "Sweep", self.sweeper.function, self.dead_letters.queue)
        Tags.of(self).add("Application", configuration.prefix)
        self._output()
        nag.acknowledge(self)

    def _output(self) -> None:
        outputs = {
            "LedgerTableName": self.ledger.table.table_name,
            "AuditLogGroupName": self.audit.group.log_group_name,
            "NoticesTopicArn": self.notices.topic.topic_arn,
            "DeadLetterQueueUrl": self.dead_letters.queue.queue_url,
            "WatcherFunctionName": self.watcher.function.function_name,
            "SweeperFunctionName": self.sweeper.function.function_name,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
