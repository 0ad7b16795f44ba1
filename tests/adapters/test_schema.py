"""The ledger's schema: an older release's ledger is gone on from, a newer one's isn't touched."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airlock.adapters.items import grant_from_item, scope_from_item
from airlock.adapters.schema import SCHEMA, Part, read, written
from airlock.errors import LedgerTooNewError
from airlock.grants.grant import State
from airlock.policy.exemption import from_iso
from airlock.policy.place import PolicyKind, PolicyPlace
from tests.reconcile.account import Account
from tests.reconcile.trail import lines_of, troubles

RECORDED = json.loads(Path(__file__).with_name("ledger_v1.json").read_text(encoding="utf-8"))
ITEMS: dict[tuple[str, str], dict[str, Any]] = {(one["pk"]["S"], one["sk"]["S"]): one for one in RECORDED["items"]}

USERS = "arn:aws:iam::111122223333:user/ci"


def _restored(account: Account) -> list[tuple[PolicyPlace, str]]:
    """Put the recorded account there: policies as IAM held them, and the ledger; gives the policies' baselines."""
    account.clock.moment = from_iso(RECORDED["moment"])
    baselines = []
    for policy in RECORDED["policies"]:
        kind, holder = PolicyKind(policy["kind"]), policy["holder"]
        # One managed policy isn't named in its principal's settings, which is why its grant was refused.
        unnamed = f"{USERS}/{policy['name'].removeprefix('fence-')}"
        names = [arn for arn, settings in RECORDED["principals"].items() if holder in json.dumps([arn, settings])]
        place = account.stand(kind, policy["baseline"], (names or [unnamed])[0], policy["name"])
        assert place == PolicyPlace(kind, holder, policy["name"])
        if policy["text"] != policy["baseline"]:
            account.edit(place, policy["text"])
        baselines.append((place, policy["baseline"]))
    account.principals.clear()
    for arn, settings in RECORDED["principals"].items():
        account.enrol(arn, **settings)
    for item in ITEMS.values():
        account.aside.dynamodb.put_item(TableName="ledger", Item=item)
    return baselines


def test_an_older_ledger_is_brought_to_its_end(account: Account) -> None:
    """Every grant that a release without a schema left, in whatever state, ends, and each policy is as it was."""
    baselines = _restored(account)
    for after in (60, 60, 60, timedelta(hours=2).total_seconds(), 60, 60):
        # A sweep tells at its end of whoever it couldn't serve, such as a principal that another process holds.
        with suppress(ExceptionGroup):
            account.sweep(after)
    assert {place: account.text(place) for place, _ in baselines} == dict(baselines)
    ledger = account.aside.dynamodb
    for name in RECORDED["grants"].values():
        item = ledger.get_item(TableName="ledger", Key={"pk": {"S": f"grant#{name}"}, "sk": {"S": "grant"}})["Item"]
        grant = grant_from_item(item)
        assert grant.is_final, name
        before = ITEMS[f"grant#{name}", "grant"]
        if not grant_from_item(before).is_final:
            assert json.loads(item["progress"]["S"])["schema"] == SCHEMA
            assert list(troubles(lines_of(account.trail()), [grant])) == []


def test_every_state_is_in_the_record() -> None:
    """The recorded ledger holds a grant in each state, so none is left untried."""
    assert {grant_from_item(item).progress.state for (pk, _), item in ITEMS.items() if pk.startswith("grant#")} == set(
        State
    )
    assert "schema" not in json.dumps(RECORDED["items"])


def test_a_part_of_a_newer_release_is_refused() -> None:
    """It isn't read as if it were older, and the error says what to do."""
    newer = json.dumps({"schema": SCHEMA + 1, "policies": []})
    with pytest.raises(LedgerTooNewError, match="deploy that release again, or a later one"):
        scope_from_item("arn", {"content": {"S": newer}})
    item = next(item for (pk, _), item in ITEMS.items() if pk.startswith("grant#"))
    for name in ("facts", "progress"):
        text = json.dumps({**json.loads(item[name]["S"]), "schema": SCHEMA + 1})
        with pytest.raises(LedgerTooNewError, match=f"{name} are of schema {SCHEMA + 1}"):
            grant_from_item({**item, name: {"S": text}})


@pytest.mark.parametrize(
    ("part", "kept", "added"),
    [
        (Part.FACTS, {"id": "a"}, {"found": []}),
        (Part.PROGRESS, {"reason": None}, {"why_wider": None, "second_opinion": None}),
        (
            Part.SCOPE,
            {"policies": [{"kind": "managed"}]},
            {"policies": [{"kind": "managed", "written_at": None}], "begun": {}, "refused": [], "limit_told": None},
        ),
    ],
)
def test_what_an_older_text_lacks_is_added(part: Part, kept: dict[str, Any], added: dict[str, Any]) -> None:
    """Keys that came later hold what was known then: nothing. What this release writes comes back as it is."""
    assert read(part, json.dumps(kept)) == kept | added
    assert read(part, written(kept | added)) == kept | added


def test_a_newer_grant_is_left_alone(account: Account) -> None:
    """A release that was rolled back touches no policy of a grant that it can't read, says so, and closes the rest."""
    _restored(account)
    name = RECORDED["grants"]["open"]
    item = ITEMS[f"grant#{name}", "grant"]
    text = json.dumps({**json.loads(item["progress"]["S"]), "schema": SCHEMA + 1})
    account.aside.dynamodb.put_item(TableName="ledger", Item={**item, "progress": {"S": text}})
    place = PolicyPlace(PolicyKind.USER_INLINE, f"{USERS}/open", "fence-open")
    before = account.text(place)
    with pytest.raises(ExceptionGroup) as caught:
        account.sweep(7200)
    assert caught.group_contains(LedgerTooNewError)
    assert account.text(place) == before
    other = PolicyPlace(PolicyKind.USER_INLINE, f"{USERS}/both", "fence-both")
    assert account.text(other) == next(one["baseline"] for one in RECORDED["policies"] if one["name"] == "fence-both")
