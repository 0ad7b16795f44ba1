"""What people told, in the ledger: the first answer stands, whoever else gives one at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from airlock.adapters.answers import DynamoAnswers
from airlock.adapters.orders import EventOrders
from airlock.grants.approval import Ahead, Answer, CloseOrder, Form, Way
from tests.page.people import OPERATOR, START, TABLE, USER, People, some_people, waiting
from tests.reconcile.interference import refusal

GRANT = "prod-7xk2q-0a1b2c3d"
YES = Answer(approved=True, form=Form.SCOPED, at=START, by="203.0.113.9", way=Way.LINK, note="go, 承認")
NO = Answer(approved=False, form=Form.SCOPED, at=START + timedelta(seconds=1), by=OPERATOR, way=Way.IAM)
AHEAD = Ahead(
    id="ahead-0000000a",
    principal=USER,
    cluster="prod",
    form=Form.LIFTED,
    since=START,
    until=START + timedelta(hours=8),
    by=OPERATOR,
    note="night shift",
)


@pytest.fixture
def people() -> Iterator[People]:
    """An empty ledger."""
    with some_people() as made:
        yield made


@pytest.fixture
def answers(people: People) -> DynamoAnswers:
    """The answers, whose calls are seen."""
    return DynamoAnswers(people.acting.dynamodb, TABLE)


def test_the_first_answer_stands(people: People, answers: DynamoAnswers) -> None:
    """The second is told which that is, and changes no byte; another grant has an answer of its own."""
    assert answers.give(GRANT, YES) == YES
    before = people.items()
    assert answers.give(GRANT, NO) == YES
    assert people.items() == before
    assert answers.give("other-7xk2q-0a1b2c3d", NO) == NO


def test_of_many_at_once_one_stands_and_all_are_told_which(answers: DynamoAnswers) -> None:
    """However many answer at the same moment."""
    given = [replace(NO if number % 2 else YES, by=f"203.0.113.{number}") for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        stands = set(pool.map(lambda answer: answers.give(GRANT, answer), given))
    assert len(stands) == 1
    assert stands <= set(given)


def test_a_write_whose_answer_was_lost_still_counts_as_ones_own(people: People, answers: DynamoAnswers) -> None:
    """The answer reached DynamoDB; given again by the same call, it is the one that stands."""
    people.calls.failures["PutItem", "after"] = [refusal("RequestTimeout")]
    with pytest.raises(ClientError, match="RequestTimeout"):
        answers.give(GRANT, YES)
    assert answers.give(GRANT, YES) == YES


def test_an_outage_isnt_taken_for_an_answer(people: People, answers: DynamoAnswers) -> None:
    """Any other error goes on."""
    people.calls.failures["PutItem", "before"] = [refusal("ProvisionedThroughputExceededException")]
    with pytest.raises(ClientError, match="ProvisionedThroughput"):
        answers.give(GRANT, YES)
    assert people.items() == []


def test_the_first_order_to_close_stands(answers: DynamoAnswers) -> None:
    """As for answers; an answer beside it doesn't matter."""
    first, second = (CloseOrder(at=START, by=f"{OPERATOR}-{number}", note="stop") for number in (1, 2))
    answers.give(GRANT, YES)
    assert answers.order_close(GRANT, first) == first
    assert answers.order_close(GRANT, second) == first


def test_the_ledger_joins_answers_and_orders_to_their_grant(people: People, answers: DynamoAnswers) -> None:
    """Whoever reads the grant sees what was decided."""
    grant = people.keep(waiting())
    order = CloseOrder(at=START, by=OPERATOR)
    answers.give(grant.id, YES)
    answers.order_close(grant.id, order)
    parts = people.page()._deciding  # noqa: SLF001 - the same ledger as the page's
    assert parts.grant(grant.id) == replace(grant, answer=YES, close_order=order)
    assert parts.grant("nobody-7xk2q-0a1b2c3d") is None


def test_approvals_ahead_are_listed_oldest_first(answers: DynamoAnswers) -> None:
    """All of one principal's, over several pages if need be, and nobody else's."""
    kept = [
        replace(AHEAD, id=f"ahead-{9 - number:08x}", since=START + timedelta(minutes=number), note="x" * 200)
        for number in range(9)
    ]
    for ahead in reversed(kept):
        answers.approve_ahead(ahead)
    answers.approve_ahead(replace(AHEAD, principal=f"{USER}-two"))
    assert answers.aheads(USER) == kept
    assert answers.aheads(f"{USER}-three") == []


def test_an_approval_ahead_goes_90_days_after_its_end(people: People, answers: DynamoAnswers) -> None:
    """The table's time to live takes it."""
    answers.approve_ahead(AHEAD)
    (item,) = people.items()
    assert int(item["expires_at"]["N"]) == int((AHEAD.until + timedelta(days=90)).timestamp())


def test_no_approval_ahead_replaces_another(answers: DynamoAnswers) -> None:
    """A name that was drawn twice is an error, not a loss."""
    answers.approve_ahead(AHEAD)
    with pytest.raises(ValueError, match="ahead-0000000a"):
        answers.approve_ahead(replace(AHEAD, form=Form.SCOPED))
    assert answers.aheads(USER) == [AHEAD]


def test_an_approval_ahead_is_taken_back_once(answers: DynamoAnswers) -> None:
    """Who did it first stays named; one that isn't there is told as such."""
    answers.approve_ahead(AHEAD)
    at = START + timedelta(minutes=5)
    revoked = replace(AHEAD, revoked=(OPERATOR, at))
    assert answers.revoke_ahead(USER, AHEAD.id, OPERATOR, at) == revoked
    assert answers.revoke_ahead(USER, AHEAD.id, f"{OPERATOR}-two", at + timedelta(minutes=1)) == revoked
    assert answers.aheads(USER) == [revoked]
    assert answers.revoke_ahead(USER, "ahead-ffffffff", OPERATOR, at) is None
    assert answers.revoke_ahead(f"{USER}-two", AHEAD.id, OPERATOR, at) is None


def test_of_two_who_take_it_back_at_once_one_is_named(people: People, answers: DynamoAnswers) -> None:
    """Somebody else is faster between the look and the write."""
    answers.approve_ahead(AHEAD)
    other = DynamoAnswers(people.aside.dynamodb, TABLE)

    def somebody_else(_: object) -> None:
        people.calls.changes.clear()
        other.revoke_ahead(USER, AHEAD.id, "somebody else", START)

    people.calls.changes["Query"] = somebody_else
    revoked = answers.revoke_ahead(USER, AHEAD.id, OPERATOR, START + timedelta(minutes=1))
    assert revoked is not None
    assert revoked.revoked == ("somebody else", START)


def test_the_watcher_is_told_by_an_event(people: People) -> None:
    """One entry on the default bus, of the source and type that the watcher's rule matches."""
    assert EventOrders(lambda: people.acting.events, "bootstrap-airlock").tell(GRANT) is None
    entry = {"Source": "bootstrap-airlock", "DetailType": "Airlock Order", "Detail": f'{{"grant": "{GRANT}"}}'}
    assert people.calls.made == [("PutEvents", {"Entries": [entry]})]


def test_an_event_that_is_lost_is_told_and_not_raised(people: People) -> None:
    """Whether the call fails or only its entry: the decision stands in the ledger already."""
    teller = EventOrders(lambda: people.acting.events, "bootstrap-airlock")
    people.calls.failures["PutEvents", "before"] = [refusal("ThrottlingException")]
    assert teller.tell(GRANT) == "ThrottlingException"
    people.calls.changes["PutEvents"] = lambda parsed: parsed.update(
        FailedEntryCount=1, Entries=[{"ErrorCode": "InternalFailure", "ErrorMessage": "no"}]
    )
    assert teller.tell(GRANT) == "InternalFailure"
