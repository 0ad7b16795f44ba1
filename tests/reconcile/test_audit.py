"""What is told: one audit line for each decision and each write, and a short notice where people should know."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from airlock.adapters.ledger import DynamoLedger
from airlock.policy.document import sha256_of
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock.reconcile.chain import hash_of
from airlock_cli.operators.chain import follow
from tests.events import Event, Install
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import KINDS, ROLE, USER, Account, at, install
from tests.reconcile.interference import refusal
from tests.reconcile.trail import lines_of, troubles

POLICY = (SAMPLES / "aws-example.json").read_text()
HASHES = ("before_sha256", "after_sha256")


def play(account: Account, places: Iterable[PolicyPlace], principal: str = USER) -> list[tuple[Any, list[str]]]:
    """Play two overlapping installs; give each event, and the policies' hashes after it."""
    one, two = install("prod-7xk2q", principal), install("lab-9mz4c", principal)
    events = [
        one.create_role(at(0)),
        one.create_vpc(at(6)),
        two.create_vpc(at(20)),
        one.create_vpc_endpoint(at(40)),
        one.create_bucket(at(300)),
        one.run_instances(at(360)),
        one.state(at(1800), "shutting-down"),
        two.delete_bucket(at(1900)),
    ]
    held = []
    for event in events:
        account.deliver(event)
        held.append((event, [sha256_of(account.text(place) or "") for place in places]))
    return held


@pytest.mark.parametrize("kind", KINDS)
def test_each_write_has_one_line_and_the_hashes_chain(account: Account, kind: PolicyKind) -> None:
    """Each write begins at what the one before ended with: from the baseline, by what IAM held, to the baseline."""
    place = account.stand(kind, POLICY)
    held = play(account, [place], ROLE if kind is PolicyKind.ROLE_INLINE else USER)
    lines = account.audit("policy-write")
    assert len(lines) == len(account.writes())
    baseline = sha256_of(POLICY)
    chain = [baseline, *(line["after_sha256"] for line in lines)]
    assert [line["before_sha256"] for line in lines] == chain[:-1]
    assert chain[-1] == baseline
    seen = [hashes[0] for _, hashes in held]
    assert chain == [baseline, *(now for before, now in zip([baseline, *seen], seen, strict=False) if now != before)]
    assert [line["outcome"] for line in lines] == ["written"] * (len(lines) - 1) + ["restored"]
    assert all(line["policy"] == {"kind": kind, "holder": place.holder, "name": place.name} for line in lines)


def test_each_line_names_the_grant_and_the_event_behind_it(account: Account) -> None:
    """Who reads the trail finds the call in CloudTrail by the event's ID."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    held = play(account, [place])
    ids = [event["id"] for event, _ in held]
    lines = account.audit()
    for line in lines:
        assert line["signal_event_id"] in ids
        assert line["at"] == next(event["time"] for event, _ in held if event["id"] == line["signal_event_id"])
    decisions = [(line["decision"], line["infra_id"], line["outcome"]) for line in account.audit("decision")]
    assert decisions[0] == ("open", "prod-7xk2q", "open")
    assert decisions.count(("open", "lab-9mz4c", "open")) == 1
    assert decisions[-2:] == [("close", "prod-7xk2q", "closed"), ("close", "lab-9mz4c", "closed")]
    both = [line for line in account.audit("policy-write") if line["signal_event_id"] == ids[3]]
    assert both[0]["grants"] == [account.grant("lab-9mz4c").id, account.grant("prod-7xk2q").id]


def test_a_sweep_leaves_the_event_out(account: Account) -> None:
    """No signal led to a timeout."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    account.sweep(after=3600)
    closing = [line for line in account.audit() if line["at"] != "2026-11-24T02:00:00Z"]
    assert [(line["kind"], line["outcome"], line["signal_event_id"]) for line in closing] == [
        ("policy-write", "restored", None),
        ("decision", "closed", None),
    ]
    assert closing[1]["reason"] == "timeout"


def test_an_open_decision_tells_what_it_opens(account: Account) -> None:
    """The line alone says which objects, from where and until when."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    one = install()
    account.deliver(one.create_role(at(0)), one.create_vpc_endpoint(at(40)))
    opened, narrowed = account.audit("decision")
    assert opened["opens"]["network"] == "any"
    assert opened["opens"]["actions"] == ["s3:GetObject"]
    assert len(opened["opens"]["objects"]) == 2
    assert narrowed["decision"] == "narrow"
    assert narrowed["opens"]["network"] == one.vpc
    assert narrowed["not_after"] == opened["not_after"] == "2026-11-24T03:00:00Z"


def test_notices_are_short_and_carry_no_secret(account: Account) -> None:
    """Each step of a grant on one screen: a subject that SNS takes, and nothing that opens a door."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    play(account, [place])
    notices = account.notices()
    assert [subject.split(" by ")[0] for subject, _ in notices] == [
        "Opened: OpenShift install prod-7xk2q",
        "Opened: OpenShift install lab-9mz4c",
        "Narrowed: OpenShift install prod-7xk2q",
        "Narrowed: OpenShift install prod-7xk2q",
        "Closed: OpenShift install prod-7xk2q",
        "Closed: OpenShift install lab-9mz4c",
    ]
    for subject, text in notices:
        # SNS: no line break, fewer than 100 characters.
        assert re.fullmatch(r"[A-Za-z0-9][ -~]{0,98}", subject)
        assert len(text.splitlines()) < 25
        assert USER in text
        assert not re.search(r"AKIA|ASIA|Signature|X-Amz|secret|password|203\.0\.113", text)


def test_a_long_infra_id_fits_the_subject(account: Account) -> None:
    """The longest name that an install may have."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install("abcdefghijklmnopqrstu-7xk2q").create_role(at(0)))
    assert len(account.notices()[0][0]) < 100
    assert "abcdefghijklmnopqrstu-7xk2q" in account.notices()[0][0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_trail_is_as_documented_and_chained(account: Account, kind: PolicyKind) -> None:
    """Each line is of the documented schema, each grant's lines follow one another, and nothing hangs loose."""
    place = account.stand(kind, POLICY)
    principal = ROLE if kind is PolicyKind.ROLE_INLINE else USER
    play(account, [place], principal)
    account.sweep()
    lines = lines_of(account.trail())
    grants = [account.grant(infra_id, principal) for infra_id in ("prod-7xk2q", "lab-9mz4c")]
    assert list(troubles(lines, grants)) == []
    for grant in grants:
        chain = follow(grant, lines)
        assert chain.branches == ()
        assert chain.lines == sum(grant.id in line["grants"] for line in lines)
        assert grant.audit_head == hash_of([line.text for line in lines if grant.id in line["grants"]][-1])


def test_a_write_tells_whose_it_is_and_what_it_changed(account: Account) -> None:
    """The line alone says for whom, on whose word, by which rung, what was changed, and what the check said."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.enrol(USER, mode="approval")
    one = install()
    account.deliver(one.create_role(at(0)))
    account.answer(one.infra_id)
    account.deliver(one.create_bucket(at(300)), one.delete_bucket(at(900)))
    opened, *_, restored = account.audit("policy-write")
    name = account.grant(one.infra_id).id
    assert (opened["principals"], opened["forms"], opened["check"]) == ([USER], {name: "scoped"}, "passed")
    assert opened["approved_by"] == {name: "203.0.113.9"}
    assert any(line.startswith("+") and "Airlock" in line for line in opened["difference"].split("\n"))
    assert restored["check"] == "baseline"
    assert any(line.startswith("-") and "Airlock" in line for line in restored["difference"].split("\n"))
    decided = account.audit("decision")
    assert decided[-1]["signal_event_ids"] == [event["id"] for event in _told_of(one)]


def _told_of(one: Install) -> list[Event]:
    return [one.create_role(at(0)), one.create_bucket(at(300)), one.delete_bucket(at(900))]


def test_what_is_told_without_a_lease_is_in_the_chain_too(account: Account) -> None:
    """A finding that no run of a policy leads to, such as a detachment, follows and is followed."""
    place = account.stand(PolicyKind.MANAGED, POLICY)
    one = install()
    account.deliver(one.create_role(at(0)))
    account.aside.iam.detach_user_policy(UserName="ocp-installer", PolicyArn=place.holder)
    account.airlock.reconciler.look_after([USER], "event-detached")
    account.deliver(one.delete_bucket(at(900)))
    lines = lines_of(account.trail())
    assert [line["outcome"] for line in lines if line["kind"] == "drift"] == ["detached"]
    chain = follow(account.grant(one.infra_id), lines)
    assert (chain.faults, chain.branches, chain.lines) == ((), (), len(lines))


def test_two_tellers_at_once_lose_no_line(account: Account) -> None:
    """Whoever told something from what it had read before another's line makes a branch; both lines stay."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    one = install()
    account.deliver(one.create_role(at(0)))
    stale = account.grant(one.infra_id)
    account.deliver(one.create_bucket(at(300)))
    ledger = DynamoLedger(account.aside.dynamodb, "ledger", "aside", account.clock)
    ledger.told(stale, "0" * 64)
    account.deliver(one.delete_bucket(at(900)))
    grant = account.grant(one.infra_id)
    assert follow(grant, lines_of(account.trail())).is_whole


def test_requests_that_cannot_be_sent_leave_the_trail_whole(account: Account) -> None:
    """Each try's line follows the one before: the report finds one chain, and no branch."""
    account.enrol(USER, mode="approval")
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.calls.failures["Publish", "before"] = [refusal("InternalError")] * 4
    with pytest.raises(ClientError):
        account.deliver(install().create_role(at(0)))
    for _ in range(3):
        with pytest.raises(ExceptionGroup):
            account.sweep()
    account.sweep()
    texts = account.trail()
    assert len(texts) == 5
    chain = follow(account.grant("prod-7xk2q"), lines_of(texts))
    assert (chain.lines, chain.faults, chain.branches) == (5, (), ())
