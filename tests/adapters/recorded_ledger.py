"""Records a ledger as the code that runs this writes it, with the policies that IAM holds beside it.

Run with an earlier version's code on the path, it makes what a later version has to go on from:
``PYTHONPATH=EARLIER/lambdas:EARLIER python recorded_ledger.py ledger_v1.json``, by this project's own Python. Nothing
in the record is written by hand: the grants have come where they stand by events, answers, deaths and failures, on
moto, by the real parts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from airlock.grants.approval import Ahead, Answer, CloseOrder, Form, Way
from airlock.grants.grant import grant_id
from airlock.policy.exemption import iso
from airlock.policy.place import PolicyKind, PolicyPlace
from tests.consoles import refused
from tests.events import Install
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import ACCOUNT, REGION, ROLE, Account, an_account, at, install
from tests.reconcile.interference import Crash, refusal

OPERATOR = f"arn:aws:iam::{ACCOUNT}:role/Operators"
POLICY = (SAMPLES / "aws-example.json").read_text()


def user(name: str) -> str:
    """A user's ARN, with a path."""
    return f"arn:aws:iam::{ACCOUNT}:user/ci/{name}"


@dataclass(slots=True)
class Recording:
    """The account in which everything happens, and what stands in it.

    Attributes:
        account: on moto.
        places: the policies, each with the text that it had first.
        grants: the ID of each grant, by the state that it is in, as the record names it.
    """

    account: Account
    places: dict[PolicyPlace, str]
    grants: dict[str, str]

    def fenced(self, name: str, kind: PolicyKind = PolicyKind.USER_INLINE, **options: object) -> str:
        """Make a principal behind the sample fence; gives its ARN."""
        arn = ROLE if name == "role" else user(name)
        self.account.enrol(arn, **options)
        self.places[self.account.stand(kind, POLICY, arn, f"fence-{name}")] = POLICY
        return arn

    def begun(self, label: str, principal: str, infra_id: str, seconds: float = 0) -> Install:
        """An install's first event."""
        one = install(infra_id, principal)
        self.grants[label] = grant_id(ACCOUNT, principal, infra_id)
        self.account.deliver(one.create_role(at(seconds)))
        return one

    def cut_off(self, label: str, principal: str, infra_id: str, call: str, when: str) -> Install:
        """An install's first event, at which the process dies; its leases stay."""
        self.account.calls.failures[call, when] = [Crash()]
        with suppress(Crash):
            self.begun(label, principal, infra_id)
        self.account.revive()
        return install(infra_id, principal)


def record() -> dict[str, Any]:
    """Live through it, and write down what is left in the table and in IAM."""
    with an_account() as account:
        recording = Recording(account, {}, {})
        _ended_ones(recording)
        _open_ones(recording)
        _waiting_ones(recording)
        _cut_off_ones(recording)
        _closing_one(recording)
        return {
            "moment": iso(account.clock.now()),
            "principals": account.principals,
            "grants": recording.grants,
            "policies": [
                {
                    "kind": str(place.kind),
                    "holder": place.holder,
                    "name": place.name,
                    "baseline": baseline,
                    "text": account.text(place),
                }
                for place, baseline in recording.places.items()
            ],
            "items": list(_items(account)),
        }


def _ended_ones(recording: Recording) -> None:
    account = recording.account
    one = recording.begun("closed", recording.fenced("closed"), "closed-2hd6t")
    account.deliver(one.create_vpc(at(6)), one.create_vpc_endpoint(at(40)), one.run_instances(at(50)))
    account.deliver(one.state(at(70), "shutting-down"))
    unnamed = recording.fenced("refused", PolicyKind.MANAGED)
    account.enrol(unnamed)
    recording.begun("refused", unnamed, "refused-2hd6t", 71)
    recording.begun("expired", recording.fenced("expired", mode="approval", timeout_minutes=5), "expired-2hd6t", 72)
    recording.begun("observed", recording.fenced("observed", mode="observe", timeout_minutes=5), "observed-2hd6t", 73)
    rejecting = recording.fenced("rejected", mode="approval")
    recording.begun("rejected", rejecting, "rejected-2hd6t", 74)
    account.answer("rejected-2hd6t", rejecting, approved=False)
    account.sweep(400)


def _open_ones(recording: Recording) -> None:
    account = recording.account
    since = (account.clock.now() - at(0)).total_seconds()
    one = recording.begun("open", recording.fenced("open"), "open-7xk2q", since)
    account.deliver(
        one.create_vpc(at(since + 6)), one.create_vpc_endpoint(at(since + 40)), one.create_bucket(at(since + 45))
    )
    account.deliver(one.run_instances(at(since + 50)))
    both = recording.fenced("both")
    recording.begun("open beside another", both, "first-7xk2q", since + 51)
    recording.begun("open beside the first", both, "second-7xk2q", since + 52)
    recording.begun("open in a managed policy", recording.fenced("role", PolicyKind.MANAGED), "role-7xk2q", since + 53)
    lifting = recording.fenced("lifting", strategy="lift")
    recording.begun("open lifted", lifting, "lifted-7xk2q", since + 54)
    account.answer("lifted-7xk2q", lifting, Form.LIFTED)
    grouped = recording.fenced("grouped", PolicyKind.GROUP_INLINE)
    recording.begun("open in a group's policy", grouped, "grouped-7xk2q", since + 55)
    _rescued(recording, since + 60)
    ordered = recording.fenced("ordered")
    recording.begun("open, ordered to close", ordered, "ordered-7xk2q", since + 130)
    order = CloseOrder(at=account.clock.now(), by=OPERATOR, note="not needed")
    account.answers.order_close(recording.grants["open, ordered to close"], order)


def _rescued(recording: Recording, since: float) -> None:
    """A grant that came too late for its node, which a sweep has rebooted: the claim of that is in the ledger."""
    account = recording.account
    one = install("rescued-7xk2q", recording.fenced("rescued"))
    ec2 = account.aside.ec2(REGION)
    instance_id = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    tags = {"Name": f"{one.infra_id}-bootstrap", f"kubernetes.io/cluster/{one.infra_id}": "owned"}
    ec2.create_tags(Resources=[instance_id], Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    account.calls.changes["GetConsoleOutput"] = lambda parsed: parsed.update(Output=refused(one))
    recording.grants["open, its node rebooted"] = grant_id(ACCOUNT, one.principal, one.infra_id)
    account.clock.moment = max(account.clock.moment, at(since + 40))
    account.deliver(json.loads(json.dumps(one.run_instances(at(since))).replace(one.bootstrap, instance_id)))
    account.sweep(20)
    del account.calls.changes["GetConsoleOutput"]


def _waiting_ones(recording: Recording) -> None:
    account = recording.account
    since = (account.clock.now() - at(0)).total_seconds()
    asking = recording.fenced("asking", mode="approval")
    recording.begun("pending", asking, "pending-4bq7w", since)
    recording.begun("pending, approved", asking, "approved-4bq7w", since + 1)
    name = recording.grants["pending, approved"]
    yes = Answer(approved=True, form=Form.SCOPED, at=account.clock.now(), by=OPERATOR, way=Way.IAM, note="ok: テスト")
    account.answers.give(name, yes)
    recording.begun("observing", recording.fenced("observing", mode="observe"), "observing-4bq7w", since + 2)
    now = account.clock.now()
    until = now + timedelta(hours=4)
    account.answers.approve_ahead(
        Ahead(
            id="ahead-3f9c2a71",
            principal=asking,
            cluster="later",
            form=Form.SCOPED,
            since=now,
            until=until,
            by=OPERATOR,
        )
    )


def _cut_off_ones(recording: Recording) -> None:
    recording.cut_off(
        "requested, before anything was read", recording.fenced("early"), "early-9mz4c", "ListUserPolicies", "before"
    )
    recording.cut_off(
        "requested, with the intent kept", recording.fenced("intent"), "intent-9mz4c", "PutUserPolicy", "before"
    )
    recording.cut_off(
        "requested, written and not settled", recording.fenced("written"), "written-9mz4c", "PutUserPolicy", "after"
    )


def _closing_one(recording: Recording) -> None:
    account = recording.account
    since = (account.clock.now() - at(0)).total_seconds()
    one = recording.begun("closing", recording.fenced("closing"), "closing-9mz4c", since)
    account.calls.failures["PutUserPolicy", "before"] = [refusal()]
    with suppress(ClientError):
        account.deliver(one.delete_bucket(at(since + 5)))
    # An end that is heard of before its launch, and of an instance that nobody here launched.
    account.deliver(install("unheard-9mz4c").state(at(since + 6), "terminated"))


def _items(account: Account) -> Iterator[dict[str, Any]]:
    pages = account.aside.dynamodb.get_paginator("scan").paginate(TableName="ledger")
    items = [dict(item) for page in pages for item in page["Items"]]
    yield from sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(record(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
