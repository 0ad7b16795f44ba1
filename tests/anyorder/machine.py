"""Anything at any time: events in any order, sweeps, orders, edits, deaths, and two processes at once."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from random import Random
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from airlock.adapters.ledger import DynamoLedger
from airlock.errors import ConflictError, LeaseBusyError, OldReadError
from airlock.grants.approval import Answer, CloseOrder, Form, Way
from airlock.grants.grant import FINAL, Grant, State, grant_id
from airlock.handlers.sweeper import sweep_with
from airlock.handlers.watcher import act_on
from airlock.policy.document import parse_document, statements_of
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock.policy.render import is_airlock_statement
from airlock.reconcile.writing import NotConfirmedError
from airlock.wiring import Airlock
from tests.anyorder.interleaving import in_between
from tests.anyorder.model import breach_of
from tests.events import Event
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import ACCOUNT, OTHER_USER, ROLE, USER, Account, an_account, at, install
from tests.reconcile.interference import Crash, refusal
from tests.reconcile.old_reads import LAG, OldReads, old_reads
from tests.reconcile.trail import lines_of, troubles
from tests.simulation.quick_moto import SERVICES, quick_moto

POLICY = (SAMPLES / "aws-example.json").read_text()
INSTALLS = [install("one-11111"), install("two-22222"), install("six-66666", OTHER_USER), install("odd-33333", ROLE)]
PASSING = (LeaseBusyError, ConflictError, OldReadError, NotConfirmedError, ClientError, ExceptionGroup, Crash)
"""How a run may end before its time; the next event or sweep goes on."""
WRITES = ("PutGroupPolicy", "CreatePolicyVersion", "TransactWriteItems", "UpdateItem", "SetDefaultPolicyVersion")
PLACES = st.sampled_from(["group", "managed"])


def stream(number: int) -> list[Event]:
    """The events of one install, in the order in which they happen."""
    one = INSTALLS[number]
    return [
        one.create_role(at(0)),
        one.create_vpc(at(6)),
        one.create_vpc_endpoint(at(40)),
        one.create_bucket(at(60)),
        one.run_instances(at(300)),
        one.state(at(900), "shutting-down"),
        one.delete_bucket(at(1200)),
    ]


class AnyOrder(RuleBasedStateMachine):
    """Two users under one group's policy, one of them and a role under one managed policy."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self._open = contextlib.ExitStack()
        self._open.enter_context(quick_moto((*SERVICES, "ec2")))
        self.account: Account = self._open.enter_context(an_account())
        self.ended: dict[str, State] = {}
        self.baselines: dict[PolicyPlace, str] = {}
        self.seen: dict[PolicyPlace, object] = {}
        self.edits = 0
        self.reads: OldReads | None = None

    @initialize(modes=st.lists(st.sampled_from(["automatic", "automatic", "approval"]), min_size=3, max_size=3))
    def begin(self, modes: list[str]) -> None:
        """Make the principals and their policies."""
        account = self.account
        group = account.stand(PolicyKind.GROUP_INLINE, POLICY, USER)
        account.stand(PolicyKind.GROUP_INLINE, POLICY, OTHER_USER)
        managed = account.stand(PolicyKind.MANAGED, POLICY, OTHER_USER, name="fence")
        account.stand(PolicyKind.MANAGED, POLICY, ROLE, name="fence")
        for principal, mode in zip((USER, OTHER_USER, ROLE), modes, strict=True):
            account.enrol(principal, **{**account.principals[principal], "mode": mode, "timeout_minutes": 30})
        self.baselines = {group: POLICY, managed: POLICY}
        self.reads = self._open.enter_context(old_reads(account, [group, managed]))

    # What may happen ----------------------------------------------------------------------------------------------

    @rule(number=st.integers(0, 3), which=st.integers(0, 6))
    def an_event_comes(self, number: int, which: int) -> None:
        """Early, late, twice or out of order."""
        self._try(lambda: act_on(stream(number)[which], self.account.airlock))

    @rule(number=st.integers(0, 3))
    def an_event_of_another_account_comes(self, number: int) -> None:
        """It changes nothing."""
        event = {**stream(number)[0], "account": "999999999999"}
        texts = self._texts()
        self._try(lambda: act_on(event, self.account.airlock))
        assert self._texts() == texts

    @rule(seconds=st.sampled_from([1, 20, 60, 300, 1200]))
    def a_sweep_comes(self, seconds: int) -> None:
        """After a while."""
        self.account.clock.sleep(seconds)
        self._try(lambda: sweep_with(self.account.airlock))

    @rule(number=st.integers(0, 3), approved=st.booleans(), form=st.sampled_from(Form))
    def somebody_answers(self, number: int, approved: bool, form: Form) -> None:  # noqa: FBT001 - drawn
        """Asked or not; the first answer stands."""
        name = self._grant_name(number)
        answer = Answer(approved=approved, form=form, at=self.account.clock.now(), by="203.0.113.9", way=Way.LINK)
        self.account.answers.give(name, answer)
        self._try(lambda: act_on(self._order(name), self.account.airlock))

    @rule(number=st.integers(0, 3))
    def an_operator_orders_the_end(self, number: int) -> None:
        """Of a grant that may not even exist."""
        name = self._grant_name(number)
        order = CloseOrder(at=self.account.clock.now(), by="arn:aws:iam::111122223333:role/Operators")
        self.account.answers.order_close(name, order)
        self._try(lambda: act_on(self._order(name), self.account.airlock))

    @rule(where=PLACES)
    def a_human_edits(self, where: str) -> None:
        """By adding a statement to what is there."""
        place = self._place(where)
        self.edits += 1
        theirs = {"Sid": f"Human{self.edits}", "Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
        for text, keep in ((str(self.account.text(place)), False), (self.baselines[place], True)):
            document = parse_document(text)
            edited = json.dumps({**document, "Statement": [theirs, *statements_of(document)]})
            if keep:
                self.baselines[place] = edited
            else:
                self.account.edit(place, edited)
        if self.reads is not None and self.reads.dice is not None:
            # An edit that no read shows yet can't be merged: IAM has no compare-and-set.
            self.account.clock.sleep(LAG.total_seconds() + 1)

    @rule(seed=st.integers(0, 3))
    def reads_of_iam_lag(self, seed: int) -> None:
        """From now on, or no longer."""
        assert self.reads is not None
        if seed:
            # What a human has edited just now is seen by then; see below.
            self.account.clock.sleep(LAG.total_seconds() + 1)
        self.reads.dice = Random(seed) if seed else None  # noqa: S311 - a test's dice

    @rule(number=st.integers(0, 3), which=st.integers(0, 6), call=st.sampled_from(WRITES))
    def an_answer_is_lost(self, number: int, which: int, call: str) -> None:
        """AWS does what it was asked, and botocore asks again."""
        # DynamoDB knows a transaction's second try by its token; moto doesn't.
        if call != "TransactWriteItems":
            self.account.calls.unanswered[call] = [True]
        self._try(lambda: act_on(stream(number)[which], self.account.airlock))
        self.account.calls.unanswered.clear()

    @rule(number=st.integers(0, 3), which=st.integers(0, 4), call=st.sampled_from(WRITES), nth=st.integers(0, 3))
    def a_handler_dies(self, number: int, which: int, call: str, nth: int) -> None:
        """Before or after one of its writes; a new process goes on."""
        when = "before" if nth % 2 else "after"
        self.account.calls.failures[call, when] = [*[None] * (nth // 2), Crash()]
        self._try(lambda: act_on(stream(number)[which], self.account.airlock))
        self.account.calls.failures.clear()
        self.account.revive()

    @rule(number=st.integers(0, 3), which=st.integers(0, 6), call=st.sampled_from(WRITES))
    def aws_fails_for_a_moment(self, number: int, which: int, call: str) -> None:
        """Though it may have done what it was asked."""
        self.account.calls.failures[call, "after" if which % 2 else "before"] = [refusal()]
        self._try(lambda: act_on(stream(number)[which], self.account.airlock))
        self.account.calls.failures.clear()

    @rule(number=st.integers(0, 3), which=st.integers(0, 6), other=st.integers(0, 3), nth=st.integers(1, 16))
    def two_processes_meet(self, number: int, which: int, other: int, nth: int) -> None:
        """The second does all of its work between two AWS calls of the first."""
        another = self.account.another("another-process")
        event = stream(other)[(which + nth) % 7]
        work: Callable[[Airlock], Any] = (lambda parts: act_on(event, parts)) if nth % 3 else sweep_with
        with in_between(self.account, nth, lambda: self._try(lambda: work(another))):
            self._try(lambda: act_on(stream(number)[which], self.account.airlock))

    # What must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_wider_than_the_grants(self) -> None:
        """At this moment, and after every not-after time, of each policy."""
        AnyOrder.steps += 1
        grants = self._grants()
        now = self.account.clock.now()
        for place, baseline in self.baselines.items():
            text = str(self.account.text(place))
            ahead = frozenset(grant.id for grant in grants if now <= grant.facts.not_after)
            seen = (baseline, text, tuple((one.id, one.progress) for one in grants), ahead)
            if self.seen.get(place) == seen:
                continue
            self.seen[place] = seen
            breach = breach_of(baseline, text, grants, (USER, OTHER_USER, ROLE), now)
            assert breach is None, breach

    @invariant()
    def what_has_ended_stays_so(self) -> None:
        """A closed grant never opens again, and its end is never told otherwise."""
        for grant in self._grants():
            if grant.id in self.ended:
                assert grant.progress.state is self.ended[grant.id]
            elif grant.progress.state in FINAL:
                self.ended[grant.id] = grant.progress.state

    def teardown(self) -> None:
        """Once only sweeps come, all grants end, and each policy is its baseline, to the byte where nobody edited."""
        try:
            if self.baselines:
                self._come_to_rest()
        finally:
            self._open.close()

    def _come_to_rest(self) -> None:
        self.account.revive()
        self.account.clock.sleep(3600)
        for _ in range(4):
            self._try(lambda: sweep_with(self.account.airlock))
            self.account.clock.sleep(100)
        assert all(grant.is_final for grant in self._grants())
        for place, baseline in self.baselines.items():
            text = str(self.account.text(place))
            assert not any(is_airlock_statement(one) for one in statements_of(parse_document(text)))
            assert parse_document(text) == parse_document(baseline)
            assert text == baseline or self.edits
        assert list(troubles(lines_of(self.account.trail()), self._grants())) == []

    # Details ------------------------------------------------------------------------------------------------------

    def _try(self, work: Callable[[], Any]) -> None:
        with contextlib.suppress(*PASSING):
            work()

    def _texts(self) -> list[str | None]:
        return [self.account.text(place) for place in self.baselines]

    def _place(self, where: str) -> PolicyPlace:
        kind = PolicyKind.GROUP_INLINE if where == "group" else PolicyKind.MANAGED
        return next(place for place in self.baselines if place.kind is kind)

    def _grant_name(self, number: int) -> str:
        one = INSTALLS[number]
        return grant_id(ACCOUNT, one.principal, one.infra_id)

    def _grants(self) -> list[Grant]:
        ledger = DynamoLedger(self.account.aside.dynamodb, "ledger", "aside", self.account.clock)
        return ledger.grants([self._grant_name(number) for number in range(len(INSTALLS))])

    @staticmethod
    def _order(name: str) -> Event:
        detail = {"grant": name}
        source = "bootstrap-airlock"
        return {"id": "order-1", "source": source, "detail-type": "Airlock Order", "account": ACCOUNT, "detail": detail}
