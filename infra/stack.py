"""The home-region stack; it only composes."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration, Environment, Stack, Tags
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra import nag, removal, throughout, work
from infra.alarms import Alarms, Watched
from infra.approvals import Approvals
from infra.audit import AuditLog
from infra.configuration import Configuration
from infra.configuration_problems import OWN_TAG
from infra.dashboard import Dashboard, Shown
from infra.dead_letters import DeadLetters
from infra.functions import AirlockFunction, Retries
from infra.ledger import Ledger
from infra.notices import Notices
from infra.queries import Queries
from infra.rules import MAX_EVENT_AGE, Rules, watched_by
from infra.schedule import SweepSchedule
from infra.trail import CREATE, Trail


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
        self.ledger = Ledger(self, "Ledger", configuration)
        self.audit = AuditLog(self, "Audit", configuration)
        self.notices = Notices(self, "Notices", configuration)
        self.approvals = Approvals(self, "Approvals", configuration)
        self.dead_letters = DeadLetters(self, "DeadLetters", configuration)
        bus_arn = self.format_arn(service="events", resource="event-bus", resource_name="default")
        around = work.Surroundings(
            configuration, self.ledger, self.audit, self.notices, self.approvals, default_bus_arn=bus_arn
        )
        self.operator = AirlockFunction(self, "operator", configuration, work.operating(around))
        self.removal = AirlockFunction(self, "removal", configuration, work.removing(around), removal.RETRIES)
        self.page: AirlockFunction | None = None
        if configuration.approvals.links:
            with work.answering_on_the_page(around) as answering:
                self.page = AirlockFunction(self, "page", configuration, answering)
        page_url = self.page.endpoint.url if self.page and self.page.endpoint else None
        self.watcher = AirlockFunction(
            self,
            "watcher",
            configuration,
            work.watching(around, page_url),
            Retries(attempts=2, max_age=MAX_EVENT_AGE, dead_letters=self.dead_letters.queue),
        )
        # A failed sweep needs no second try and no dead letter: the next one, a minute later, finds the same work.
        self.sweeper = AirlockFunction(
            self,
            "sweeper",
            configuration,
            work.sweeping(around, page_url),
            Retries(attempts=0, max_age=Duration.minutes(1)),
        )
        if self.page:
            self.approvals.let_verify(self.page.role)
        self.approvals.let_sign(self.watcher.role)
        self.approvals.let_sign(self.sweeper.role)
        own_roles = [self.watcher.role.role_arn, self.sweeper.role.role_arn]
        target = watched_by(self.watcher.function, self.dead_letters.queue)
        rules = Rules(self, "Rules", configuration, target, own_roles)
        schedule = SweepSchedule(self, "Sweep", configuration, self.sweeper.function, self.dead_letters.queue)
        watched = Watched(self.watcher.function, self.sweeper.function, self.dead_letters.queue)
        alarms = Alarms(self, "Alarms", configuration, self.notices.topic, watched)
        self.notices.let_alarm(alarms.arns)
        order = removal.Removal(self, "Grants", configuration, self.removal)
        order.ask_before_changing([self.watcher.role, self.sweeper.role])
        # The removal's own too: what says how often Lambda calls it again is a resource beside the function.
        functions = [self.watcher, self.sweeper, self.operator, self.removal, *([self.page] if self.page else [])]
        parts = [self.ledger, self.audit, self.notices, self.approvals, schedule, alarms]
        order.put_back_before([*functions, *parts])
        order.put_back_after([rules])
        self.trail = Trail(self, "Trail", configuration) if configuration.trail == CREATE else None
        Queries(self, "Queries", configuration, self.audit)
        self.dashboard = Dashboard(
            self,
            "Dashboard",
            configuration,
            Shown(self._functions(), alarms.alarms, self.dead_letters.queue, self.audit),
        )
        Tags.of(self).add(OWN_TAG, configuration.prefix)
        throughout.apply(self, configuration)
        self._output()
        nag.acknowledge(self)

    def _functions(self) -> list[lambda_.IFunction]:
        """All of them, for the dashboard."""
        made = [self.watcher, self.sweeper, self.operator, self.removal, self.page]
        return [one.function for one in made if one]

    def _output(self) -> None:
        operators, page = self.operator.endpoint, self.page.endpoint if self.page else None
        outputs: dict[str, str | None] = {
            "DashboardUrl": self.dashboard.url,
            "LedgerTableName": self.ledger.table.table_name,
            "AuditLogGroupName": self.audit.group.log_group_name,
            "NoticesTopicArn": self.notices.topic.topic_arn,
            "ApprovalsTopicArn": self.approvals.topic.topic_arn,
            "DeadLetterQueueUrl": self.dead_letters.queue.queue_url,
            "WatcherFunctionName": self.watcher.function.function_name,
            "SweeperFunctionName": self.sweeper.function.function_name,
            "RemovalFunctionName": self.removal.function.function_name,
            "OperatorFunctionName": self.operator.function.function_name,
            # Of its API, where it has one in place of a URL of its own; the name stays what commands look for.
            "OperatorFunctionUrl": operators.url if operators else None,
            # What IAM policies let operators call then.
            "OperatorApiArn": operators.invoke_arn if operators else None,
            "PageFunctionName": self.page.function.function_name if self.page else None,
            "PageFunctionUrl": page.url if page else None,
        }
        for name, value in outputs.items():
            if value:
                CfnOutput(self, name, value=value)
