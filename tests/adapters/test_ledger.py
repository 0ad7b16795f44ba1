"""The ledger on DynamoDB: facts from many hands, batches, the sparse index, what an item may hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from airlock.adapters.ledger import DynamoLedger
from airlock.adapters.ledger_writes import grant_key
from airlock.errors import ConflictError
from airlock.grants.approval import CloseOrder
from airlock.grants.grant import Facts, Grant, State
from airlock.grants.learning import first_heard, learn
from airlock.install.cloudtrail import parse
from airlock.install.signal import Signal, Skipped
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock.records import PolicyRecord
from tests.events import Event
from tests.reconcile.account import USER, Account, at, install

WINDOW = timedelta(hours=1)


def ledger_of(account: Account, owner: str = "one") -> DynamoLedger:
    """A ledger of one owner's."""
    return DynamoLedger(account.acting.dynamodb, "ledger", owner, account.clock)


def signal(event: Event) -> Signal:
    """The one signal that an event gives."""
    parsed = parse(event)
    assert not isinstance(parsed, Skipped)
    return parsed[0]


def items(account: Account) -> list[dict[str, Any]]:
    """Everything in the table."""
    return list(account.aside.dynamodb.scan(TableName="ledger")["Items"])


def test_facts_of_two_hands_add_up(account: Account) -> None:
    """Each signal's facts are kept, and a signal heard twice changes no byte of the item."""
    ledger, one = ledger_of(account), install()
    ledger.record(signal(one.create_role(at(0))), at(1), WINDOW)
    ledger_of(account, "two").record(signal(one.create_vpc(at(6))), at(7), WINDOW)
    before = items(account)
    grant = ledger.record(signal(one.create_vpc(at(6))), at(50), WINDOW)
    assert grant.facts.own_vpcs == {one.vpc}
    assert grant.facts.not_after == at(3600)
    assert items(account) == before


def test_a_fact_learnt_meanwhile_isnt_lost(account: Account) -> None:
    """Two handlers that read the same item both get their fact in: the second learns on top of the first."""
    ledger, one = ledger_of(account), install()
    ledger.record(signal(one.create_role(at(0))), at(1), WINDOW)

    def somebody_else(_: object) -> None:
        account.calls.changes.clear()
        other = DynamoLedger(account.aside.dynamodb, "ledger", "two", account.clock)
        other.record(signal(one.create_vpc(at(6))), at(7), WINDOW)

    # The end is read, and before it is written the VPC comes in between.
    account.calls.changes["GetItem"] = somebody_else
    grant = ledger.record_for(ledger.unfinished()[0], signal(one.delete_bucket(at(60))))
    assert grant is not None
    assert grant.facts.own_vpcs == {one.vpc}
    assert grant.facts.ended is not None


def test_more_grants_than_a_batch_takes_are_all_read(account: Account) -> None:
    """DynamoDB reads 100 items at once; the ledger reads any number, unknown ones left out, none twice.

    Of each grant three are asked for: itself, the answer about it, and the order to close it.
    """
    ledger = ledger_of(account)
    for number in range(130):
        ledger.record(signal(install(f"lab-{number:05}").create_role(at(number))), at(number), WINDOW)
    ids = ledger.unfinished()
    assert len(ids) == 130
    assert {grant.id for grant in ledger.grants([*ids, "nobody-abcde-00000000", *ids[:3]])} == set(ids)
    assert [name for name, _ in account.calls.made].count("BatchGetItem") == 4


def test_the_most_urgent_grant_is_swept_first(account: Account) -> None:
    """The index is ordered by not-after times, and reading the grants keeps that order."""
    ledger = ledger_of(account)
    for number in (30, 10, 20):
        ledger.record(signal(install(f"lab-{number:05}").create_role(at(number))), at(number), WINDOW)
    # BatchGetItem gives items in no order.
    account.calls.changes["BatchGetItem"] = lambda parsed: parsed["Responses"]["ledger"].reverse()
    assert [grant.facts.not_after for grant in ledger.grants(ledger.unfinished())] == [at(3610), at(3620), at(3630)]


def test_what_dynamodb_leaves_unprocessed_is_asked_for_again(account: Account) -> None:
    """A batch that was answered in part is completed."""
    ledger = ledger_of(account)
    for number in range(3):
        ledger.record(signal(install(f"lab-{number:05}").create_role(at(number))), at(number), WINDOW)

    def only_one(parsed: dict[str, Any]) -> None:
        found = parsed["Responses"]["ledger"]
        keys = [{key: item[key] for key in ("pk", "sk")} for item in found[1:]]
        parsed["Responses"]["ledger"] = found[:1]
        parsed["UnprocessedKeys"] = {"ledger": {"Keys": keys}} if keys else {}

    account.calls.changes["BatchGetItem"] = only_one
    assert len(ledger.grants(ledger.unfinished())) == 3


def test_only_grants_carry_the_indexs_key(account: Account) -> None:
    """DynamoDB refuses an index key of more than 2,048 bytes, so a scope's texts stand in another attribute."""
    ledger = ledger_of(account)
    (scope,) = ledger.acquire([USER])
    place = PolicyPlace(PolicyKind.USER_INLINE, USER, "net")
    scope.policies[place] = PolicyRecord(place=place, baseline="x" * 3000, baseline_version=None, written="y")
    ledger.settle([scope], [])
    (item,) = items(account)
    assert not item.keys() & {"open", "not_after"}
    assert ledger.look(USER) == scope


def test_a_grant_that_has_ended_leaves_the_index(account: Account) -> None:
    """Sweeps read open grants only, however many have ended."""
    ledger, one = ledger_of(account), install()
    grant = ledger.record(signal(one.create_role(at(0))), at(0), WINDOW)
    assert ledger.unfinished() == [grant.id]
    ledger.settle([], [(grant, grant.with_progress(state=State.CLOSED))])
    assert ledger.unfinished() == []
    assert ledger.grants([grant.id])[0].progress.state is State.CLOSED


def test_progress_is_kept_only_on_top_of_what_was_read(account: Account) -> None:
    """Two runs that read a grant as requested can't both bring it on."""
    ledger, one = ledger_of(account), install()
    grant = ledger.record(signal(one.create_role(at(0))), at(0), WINDOW)
    ledger.settle([], [(grant, grant.with_progress(state=State.REFUSED))])
    with pytest.raises(ConflictError):
        ledger.settle([], [(grant, grant.with_progress(state=State.OPEN))])
    assert ledger.grants([grant.id])[0].progress.state is State.REFUSED


def test_only_what_a_run_changed_of_a_grant_is_kept(account: Account) -> None:
    """An answer or an order that came with a grant is kept elsewhere: such a grant stops no transaction."""
    ledger, one = ledger_of(account), install()
    grant = ledger.record(signal(one.create_role(at(0))), at(0), WINDOW)
    (scope,) = ledger.acquire([USER])
    ledger.settle([scope], [(grant, replace(grant, close_order=CloseOrder(at=at(1), by="somebody")))])
    assert ledger.grants([grant.id]) == [grant]


@pytest.mark.parametrize("known", [None, "a" * 64])
def test_a_line_told_meanwhile_stays_the_last(account: Account, known: str | None) -> None:
    """Whoever read the grant before that has told a branch; the first line of all is no exception."""
    ledger, one = ledger_of(account), install()
    grant = ledger.record(signal(one.create_role(at(0))), at(0), WINDOW)
    ledger.told(grant, known)
    read = ledger.grants([grant.id])[0]
    assert read.audit_head == known
    ledger.told(read, "b" * 64)
    ledger.told(read, "c" * 64)
    assert ledger.grants([grant.id])[0].audit_head == "b" * 64
    assert len(items(account)) == 1


def test_a_line_of_a_grant_that_isnt_there_makes_none(account: Account) -> None:
    """A head alone would be an item that no reader understands."""
    ledger, one = ledger_of(account), install()
    grant = ledger.record(signal(one.create_role(at(0))), at(0), WINDOW)
    account.aside.dynamodb.delete_item(TableName="ledger", Key=grant_key(grant.id))
    ledger.told(grant, "b" * 64)
    assert items(account) == []


def test_a_changed_fact_doesnt_undo_progress(account: Account) -> None:
    """Facts and progress are kept apart: a signal that is heard during a run overwrites nothing of it."""
    ledger, one = ledger_of(account), install()
    grant = ledger.record(signal(one.create_role(at(0))), at(0), WINDOW)
    ledger.record(signal(one.create_vpc(at(6))), at(7), WINDOW)
    ledger.settle([], [(grant, grant.with_progress(state=State.OPEN))])
    kept = ledger.grants([grant.id])[0]
    assert kept.progress.state is State.OPEN
    assert kept.facts.own_vpcs == {one.vpc}


def test_a_new_grant_is_what_its_first_signal_told(account: Account) -> None:
    """What ``record`` gives back is what the table holds."""
    ledger, heard = ledger_of(account), signal(install().create_vpc(at(6)))
    grant = ledger.record(heard, at(7), WINDOW)
    facts: Facts = learn(first_heard(heard, at(7), WINDOW), heard)
    assert grant.facts == facts
    assert ledger.grants([grant.id]) == [Grant(facts, grant.progress)]


def test_ends_are_read_whether_or_not_a_grant_is_known(account: Account) -> None:
    """Of the instances asked for, those whose end was heard, the first time that it was."""
    ledger = ledger_of(account)
    ledger.instance_started("i-0aaaaaaa1", "a-grant", at(0))
    ledger.instance_started("i-0bbbbbbb2", "a-grant", at(0))
    ledger.instance_ended("i-0bbbbbbb2", at(60), at(61))
    ledger.instance_ended("i-0bbbbbbb2", at(70), at(71))
    ledger.instance_ended("i-0ccccccc3", at(80), at(81))
    asked = ["i-0aaaaaaa1", "i-0bbbbbbb2", "i-0bbbbbbb2", "i-0ddddddd4"]
    assert ledger.ends(asked) == {"i-0bbbbbbb2": at(60)}
    assert ledger.ends([]) == {}


def test_a_look_at_a_claim_takes_nothing(account: Account) -> None:
    """What nobody has taken can still be taken after somebody asked."""
    ledger = ledger_of(account)
    assert not ledger.was_claimed("i-0aaaaaaa1")
    assert ledger.claim("i-0aaaaaaa1", at(0))
    assert ledger.was_claimed("i-0aaaaaaa1")
    assert not ledger.was_claimed("i-0aaaaaaa1#told")
