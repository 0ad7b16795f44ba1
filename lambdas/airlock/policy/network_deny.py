"""Which statements the airlock may touch: source-network denies, and no others, ever."""

from __future__ import annotations

from typing import Any

from airlock.policy.document import Statement

NETWORK_KEYS = frozenset({"aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce"})
NEGATED = frozenset({"notipaddress", "stringnotequals", "stringnotequalsignorecase", "stringnotlike"})


def plain_operator(operator: str) -> str:
    """An operator's name in lower case, without set prefix and ``IfExists``.

    Source: IAM user guide, "IAM JSON policy elements: Condition operators".
    """
    name = operator.lower()
    for prefix in ("forallvalues:", "foranyvalue:"):
        name = name.removeprefix(prefix)
    return name.removesuffix("ifexists")


def is_source_network_deny(statement: Statement) -> bool:
    """Whether the statement denies because of where a request comes from.

    That is a Deny with a negated operator on one of the four network keys.
    A statement with a Principal belongs to a resource's policy and isn't ours to touch.
    """
    if statement.get("Effect") != "Deny" or "Principal" in statement or "NotPrincipal" in statement:
        return False
    return any(
        plain_operator(operator) in NEGATED and key.lower() in NETWORK_KEYS
        for operator, keys in statement.get("Condition", {}).items()
        for key in keys
    )


def spares_service_calls(statement: Statement) -> bool:
    """Whether the statement leaves alone the calls that a service makes for the principal.

    AWS's own example carries ``Bool aws:ViaAWSService false`` for that: "AWS: Denies access to AWS based on the
    source IP" in the IAM user guide. S3's calls to KMS on the fetch carry ``true``.
    """
    for operator, keys in statement.get("Condition", {}).items():
        if operator.lower() not in ("bool", "boolifexists"):
            continue
        for key, values in keys.items():
            if key.lower() == "aws:viaawsservice" and _all_false(values):
                return True
    return False


def _all_false(values: Any) -> bool:  # noqa: ANN401 - a condition's values are whatever JSON holds
    listed = values if isinstance(values, list) else [values]
    return bool(listed) and all(str(value).lower() == "false" for value in listed)
