"""What is told: one audit line for each decision and each write, and a short notice where people should know."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest

from airlock.policy.document import sha256_of
from airlock.policy.place import PolicyKind, PolicyPlace
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import KINDS, ROLE, USER, Account, at, install

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
