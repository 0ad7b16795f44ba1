"""What an idle account and an install use of what AWS charges for, by the real handlers on moto.

Units of DynamoDB are counted by its own rules (DynamoDB developer guide, "DynamoDB read and write operations"): a
consistent read is one for each 4 KB of an item, a query of an index half of that; a write is one for each 1 KB, in a
transaction two; an index that a write touches is written too. Of an item that changes its size, the greatest counts.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from math import ceil
from typing import Any
from unittest.mock import patch

from moto.dynamodb.models import dynamodb_backends

from airlock.handlers import sweeper, watcher
from airlock.handlers.observability import logger, metrics
from airlock.install.names import Era
from airlock.policy.place import PolicyKind
from tests.events import Event, install_stream
from tests.handlers.functions import NAMESPACE, POLICY
from tests.reconcile.account import ACCOUNT, HOME, START, USER, Account, an_account

SWEEP_SECONDS = 60
INDEXES = ({"open", "not_after"}, {"month", "requested_at"})
"""What the two indexes sort by; a write of one of these attributes writes the index too (`infra/ledger.py`)."""
UNMATCHED = {"pending", "running"}
"""States of an instance that no rule matches (`infra/event_patterns.py`)."""


@dataclass(slots=True)
class Use:
    """What some invocations used.

    Attributes:
        sweeps: invocations of the sweeper.
        signals: invocations of the watcher.
        calls: AWS calls of both.
        waited: seconds that they waited, for IAM to show what was written and the like.
        read_units: of DynamoDB.
        write_units: of DynamoDB.
        printed: bytes that the functions logged, metrics included; Lambda's own lines are not among them.
        audited: bytes of audit lines.
        kept: bytes of the ledger's items at the end.
        published: messages to SNS.
        metrics: for each metric, with its dimensions' values, the number of hours in which it was sent.
    """

    sweeps: int = 0
    signals: int = 0
    calls: int = 0
    waited: float = 0
    read_units: float = 0
    write_units: float = 0
    printed: int = 0
    audited: int = 0
    kept: int = 0
    published: int = 0
    metrics: dict[str, int] = field(default_factory=dict)


def of_an_idle_sweep() -> Use:
    """One sweep where nothing is open."""
    with _a_meter() as meter:
        meter.sweep()
        return meter.read()


def of_an_install() -> Use:
    """A whole install of OpenShift 4.18 by a user, with the sweeps until it is over, which come in any case."""
    with _a_meter() as meter:
        for seconds, event in install_stream("prod-7xk2q", USER, HOME, Era.CAPA, START):
            while meter.swept_at + SWEEP_SECONDS < seconds:
                meter.sweep()
            if event["detail"].get("state") not in UNMATCHED:
                meter.deliver(event, seconds)
        for _ in range(3):
            meter.sweep()
        assert meter.account.grant("prod-7xk2q").is_final
        return meter.read()


@dataclass(slots=True)
class _Meter:
    account: Account
    printed: StringIO = field(default_factory=StringIO)
    use: Use = field(default_factory=Use)
    sizes: dict[str, int] = field(default_factory=dict)
    swept_at: float = 0
    hours: set[tuple[str, int]] = field(default_factory=set)

    def sweep(self) -> None:
        """Sweep, a minute after the last one."""
        self.swept_at += SWEEP_SECONDS
        self.use.sweeps += 1
        self._invoke(sweeper.handle, {}, self.swept_at)

    def deliver(self, event: Event, seconds: float) -> None:
        """Bring an event to the watcher, so many seconds after the start."""
        self.use.signals += 1
        self._invoke(watcher.handle, event, seconds)

    def read(self) -> Use:
        """What was used until now."""
        made = self.account.calls.made
        self.use.calls = len(made)
        self.use.published = sum(name == "Publish" for name, _ in made)
        self.use.audited = sum(len(json.dumps(line)) for line in self.account.audit())
        for name, parameters in made:
            read, written = units(name, parameters, self.sizes)
            self.use.read_units += read
            self.use.write_units += written
        for name, _ in self.hours:
            self.use.metrics[name] = self.use.metrics.get(name, 0) + 1
        return self.use

    def _invoke(self, handle: Any, event: object, seconds: float) -> None:  # noqa: ANN401 - Powertools' wrapper
        clock = self.account.clock
        begun = max(clock.moment.timestamp(), START.timestamp() + seconds)
        clock.sleep(begun - clock.moment.timestamp())
        with redirect_stdout(StringIO()) as out, patch.object(logger.handlers[0], "stream", out):
            handle(event, None)
        self.use.waited += clock.moment.timestamp() - begun
        self.use.printed += len(out.getvalue())
        self.hours |= {(series, int(begun // 3600)) for series in _series_in(out.getvalue())}
        self.use.kept = 0
        for item in dynamodb_backends[ACCOUNT][HOME].tables["ledger"].all_items():
            attributes = item.to_json()["Attributes"]
            size = sum(len(name) + len(next(iter(value.values()))) for name, value in attributes.items())
            key = attributes["pk"]["S"]
            self.use.kept += size
            self.sizes[key] = max(size, self.sizes.get(key, 0))


@contextmanager
def _a_meter() -> Iterator[_Meter]:
    """A user under AWS's example, and the functions as Lambda has them, but for the clients."""
    with ExitStack() as stack:
        account = stack.enter_context(an_account())
        account.stand(PolicyKind.USER_INLINE, POLICY)
        for handler in (watcher, sweeper):
            stack.enter_context(patch.object(handler, "airlock", lambda: account.airlock))
        for name, value in {"namespace": NAMESPACE, "service": "bootstrap-airlock"}.items():
            stack.enter_context(patch.object(metrics.provider, name, value))
        stack.callback(metrics.clear_metrics)
        stack.callback(logger.setLevel, logger.log_level)
        logger.setLevel(logging.INFO)
        account.calls.made.clear()
        yield _Meter(account)


def _series_in(printed: str) -> Iterator[str]:
    """The metrics that were sent: CloudWatch charges for each name with each value of its dimensions."""
    for line in printed.splitlines():
        told = json.loads(line)
        for directive in told.get("_aws", {}).get("CloudWatchMetrics", ()):
            for dimensions in directive["Dimensions"]:
                values = [str(told[one]) for one in dimensions if one != "service"]
                yield from (" ".join([one["Name"], *values]) for one in directive["Metrics"])


def units(name: str, parameters: Mapping[str, Any], sizes: Mapping[str, int]) -> tuple[float, float]:
    """Read and write units of one call; none of a call that isn't DynamoDB's.

    Args:
        name: the operation.
        parameters: what it was called with.
        sizes: the items' sizes in bytes, by partition key; one that isn't there counts as small.
    """
    match name:
        case "GetItem":
            return _blocks([parameters["Key"]], sizes, 4096), 0
        case "BatchGetItem":
            (asked,) = parameters["RequestItems"].values()
            return _blocks(asked["Keys"], sizes, 4096), 0
        case "Query":
            return 0.5, 0
        case "UpdateItem":
            return 0, _written(parameters, sizes)
        case "TransactWriteItems":
            return 0, sum(2 * _written(one["Update"], sizes) for one in parameters["TransactItems"])
        case "PutItem" | "DeleteItem" | "Scan" | "BatchWriteItem" | "TransactGetItems":
            raise NotImplementedError(f"say what {name} costs")
        case _:
            return 0, 0


def _written(update: Mapping[str, Any], sizes: Mapping[str, int]) -> float:
    names = set(update.get("ExpressionAttributeNames", {}).values())
    names |= {word.strip(",") for word in update["UpdateExpression"].split()}
    return _blocks([update["Key"]], sizes, 1024) + sum(bool(names & index) for index in INDEXES)


def _blocks(keys: list[dict[str, Any]], sizes: Mapping[str, int], block: int) -> float:
    return sum(max(1, ceil(sizes.get(key["pk"]["S"], 0) / block)) for key in keys)
