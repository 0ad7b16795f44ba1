"""Adding one more condition to a statement, so that it means "and this too", exactly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airlock.policy.document import Statement
from airlock.policy.exemption import Address, Vpc, iso
from airlock.policy.matching import as_list


class CannotRenderError(Exception):
    """The exact document can't be written.

    Attributes:
        reason: a short name for the ledger, the audit trail and machines.
        detail: what it means, in plain words.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition: operator, key and values.

    Attributes:
        operators: the operator to use, then others of the same meaning for this key, in case the statement
            already uses the first with this key (a second list under one operator would mean "or", not "and").
        key: the condition key.
        values: the values.
        negated: the operator means "none of these", so that two lists under it may be joined.
    """

    operators: tuple[str, ...]
    key: str
    values: tuple[str, ...]
    negated: bool = False


def outside(network: Vpc | Address) -> Clause:
    """True for requests that don't come from the network; a request without the key isn't from it."""
    if isinstance(network, Vpc):
        return Clause(("StringNotEquals",), "aws:SourceVpc", (network.vpc_id,), negated=True)
    return Clause(("NotIpAddress",), "aws:SourceIp", (network.cidr,), negated=True)


def after(moment: datetime) -> Clause:
    """True after the moment. ``aws:CurrentTime`` is in every request, so IfExists means the same."""
    return Clause(("DateGreaterThan", "DateGreaterThanIfExists"), "aws:CurrentTime", (iso(moment),))


def other_principals(*principals: str) -> Clause:
    """True for every principal but these."""
    return Clause(("ArnNotEquals",), "aws:PrincipalArn", principals, negated=True)


def this_principal(principal: str) -> Clause:
    """True for this principal alone; its ARN holds no wildcard, so all four operators mean the same.

    Source: IAM API reference, "User" and "Role": names are of letters, digits and ``_+=,.@-``.
    """
    return Clause(("ArnEquals", "ArnLike", "StringEquals", "StringLike"), "aws:PrincipalArn", (principal,))


def other_encryption_contexts(objects: tuple[str, ...]) -> Clause:
    """True for KMS calls that aren't about these objects.

    Source: S3 user guide, "Using server-side encryption with AWS KMS keys": the encryption context is the object's ARN.
    """
    return Clause(("StringNotEquals",), "kms:EncryptionContext:aws:s3:arn", objects, negated=True)


def these_encryption_contexts(objects: tuple[str, ...]) -> Clause:
    """True for KMS calls about these objects."""
    return Clause(("StringEquals", "StringLike"), "kms:EncryptionContext:aws:s3:arn", objects)


def other_services(service: str) -> Clause:
    """True for KMS calls that don't come through this service (or pattern of services)."""
    operator = "StringNotLike" if "*" in service else "StringNotEquals"
    return Clause((operator,), "kms:ViaService", (service,), negated=True)


def restrict(statement: Statement, *clauses: Clause) -> Statement:
    """The statement with the clauses ANDed to its conditions; the given one isn't changed.

    Raises:
        CannotRenderError: every operator that could carry a clause is taken by the statement's own condition.
    """
    condition: dict[str, dict[str, Any]] = {
        operator: dict(keys) for operator, keys in statement.get("Condition", {}).items()
    }
    for clause in clauses:
        _add(condition, clause)
    return {**statement, "Condition": condition}


def one_or_list(values: tuple[str, ...] | list[str]) -> str | list[str]:
    """A lone value as a scalar: it means the same and is two characters shorter."""
    return values[0] if len(values) == 1 else list(values)


def _add(condition: dict[str, dict[str, Any]], clause: Clause) -> None:
    for operator in clause.operators:
        block_name = _find(condition, operator)
        if clause.negated and block_name is None:
            # "None of these" reads an absent key as true with and without IfExists, so the lists may be joined there.
            block_name = _find_with_key(condition, operator + "IfExists", clause.key)
        if block_name is None:
            condition[operator] = {clause.key: one_or_list(clause.values)}
            return
        block = condition[block_name]
        key = _find(block, clause.key)
        if key is None:
            block[clause.key] = one_or_list(clause.values)
            return
        if clause.negated:
            present = [str(value) for value in as_list(block[key])]
            block[key] = one_or_list(present + [value for value in clause.values if value not in present])
            return
    detail = f"the statement already holds conditions on {clause.key} under every operator that could carry one more"
    raise CannotRenderError("condition-taken", detail)


def _find(names: dict[str, Any], wanted: str) -> str | None:
    return next((name for name in names if name.lower() == wanted.lower()), None)


def _find_with_key(condition: dict[str, dict[str, Any]], operator: str, key: str) -> str | None:
    block_name = _find(condition, operator)
    return block_name if block_name is not None and _find(condition[block_name], key) is not None else None
