"""Which AWS calls it takes to open a policy."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from airlock.policy.place import PolicyKind
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import ROLE, USER, an_account, at, install

Call = tuple[str, dict[str, Any]]
WRITES = ("PutUserPolicy", "PutRolePolicy", "PutGroupPolicy", "CreatePolicyVersion")


def calls_to_the_first_write(kind: PolicyKind) -> list[Call]:
    """Deliver a first signal to the real watcher on moto; give its calls up to the write, with their parameters."""
    with an_account() as account:
        account.stand(kind, (SAMPLES / "aws-example.json").read_text())
        one = install(principal=ROLE if kind is PolicyKind.ROLE_INLINE else USER)
        account.deliver(one.create_role(at(0)))
        calls = list(account.calls.made)
    names = [name for name, _ in calls]
    write = next(index for index, name in enumerate(names) if name in WRITES)
    return calls[: write + 1]


def repeated(calls: list[Call]) -> list[str]:
    """The names of calls that were made twice with the same parameters."""
    counted = Counter((name, json.dumps(parameters, sort_keys=True, default=str)) for name, parameters in calls)
    return [name for (name, _), times in counted.items() if times > 1]
