"""Taking scoped exemptions out of one statement.

A source-network deny S is restated so that a request is let through only if it fails every restatement:

- S for every other action;
- S for every other object;
- S for every other network, where the fetch's network is known;
- S after the not-after time, so that IAM closes the hole even if all else is dead;
- S for every other principal, where others share the policy.

Where S also catches the calls that S3 makes to KMS for the reader, the same is said of those calls: for every other
encryption context and every other service, and never by network, for such calls carry none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from airlock.policy.catch import Catch, may_name_keys
from airlock.policy.clauses import (
    CannotRenderError,
    Clause,
    after,
    other_encryption_contexts,
    other_principals,
    other_services,
    outside,
    restrict,
    these_encryption_contexts,
)
from airlock.policy.document import Statement
from airlock.policy.exemption import GET_OBJECT, KMS_ACTIONS, Exemption
from airlock.policy.split import on_objects, only_actions, part_by_resource, without_actions, without_objects

ClauseOf = Callable[[Exemption], Clause | None]


def open_scoped(bare: Statement, catch: Catch, *, shared: bool) -> list[Statement]:
    """The statement, less what it catches of scoped exemptions; what is lifted isn't looked at.

    Args:
        bare: a source-network deny without a Sid.
        catch: what it catches; where that is nothing scoped, the statement stays as it is.
        shared: whether the policy applies to other principals too.

    Raises:
        CannotRenderError: the exact difference can't be written.
    """
    if not catch.scoped:
        return [bare]
    objects = tuple(dict.fromkeys(arn for exemption in catch.fetches for arn in exemption.objects))
    parted = part_by_resource(bare, objects) if objects else None
    if parted and parted.rest:
        if catch.service_calls and any(may_name_keys(parted.rest, call) for call in catch.service_calls):
            detail = "the statement names KMS keys beside S3 objects, which has no exact form without the objects"
            raise CannotRenderError("kms-resources", detail)
        return [parted.rest, *(_open_hit(parted.hit, catch, objects, shared=shared) if parted.hit else [])]
    return _open_hit(bare, catch, objects, shared=shared)


def _open_hit(bare: Statement, catch: Catch, objects: tuple[str, ...], *, shared: bool) -> list[Statement]:
    actions = (GET_OBJECT,) * bool(catch.fetches) + KMS_ACTIONS * bool(catch.service_calls)
    parts = without_actions(bare, actions, objects)

    fetches = only_actions(bare, (GET_OBJECT,)) if catch.service_calls else bare
    if catch.fetches:
        parts += without_objects(fetches, objects)
        parts += _by(catch.fetches, lambda e: outside(e.network) if e.network else None, fetches, _fetch_of(bare))
    if catch.service_calls:
        calls = only_actions(bare, KMS_ACTIONS)
        encrypted = tuple(dict.fromkeys(arn for exemption in catch.service_calls for arn in exemption.objects))
        parts.append(restrict(calls, other_encryption_contexts(encrypted)))
        parts += _by(catch.service_calls, lambda e: other_services(_s3_service(e)), calls, _call_of(bare))

    parts += _too_late(bare, catch)
    if shared:
        parts += _for_others(bare, catch)
    return parts


Narrowed = Callable[[tuple[Exemption, ...]], Statement]


def _fetch_of(bare: Statement) -> Narrowed:
    """How to say "the fetch of these exemptions' objects" in the statement's terms."""
    return lambda group: on_objects(bare, tuple(arn for exemption in group for arn in exemption.objects))


def _call_of(bare: Statement) -> Narrowed:
    """How to say "the KMS calls about these exemptions' objects" in the statement's terms."""
    calls = only_actions(bare, KMS_ACTIONS)
    return lambda group: restrict(
        calls, these_encryption_contexts(tuple(arn for exemption in group for arn in exemption.objects))
    )


def _by(
    exemptions: tuple[Exemption, ...], clause_of: ClauseOf, whole: Statement, narrowed: Narrowed
) -> list[Statement]:
    """One statement for each distinct clause; where all share it, the whole statement and no list of objects."""
    groups: dict[Clause | None, tuple[Exemption, ...]] = {}
    for exemption in exemptions:
        clause = clause_of(exemption)
        groups[clause] = (*groups.get(clause, ()), exemption)
    if len(groups) == 1:
        return [restrict(whole, clause) for clause in groups if clause]
    return [restrict(narrowed(group), clause) for clause, group in groups.items() if clause]


def _too_late(bare: Statement, catch: Catch) -> list[Statement]:
    # After the latest time nothing is open, so the whole statement holds; earlier ends are said for their objects.
    latest = max(exemption.not_after for exemption in catch.scoped)
    parts = [restrict(bare, after(latest))]
    for family, narrowed in ((catch.fetches, _fetch_of(bare)), (catch.service_calls, _call_of(bare))):
        earlier: dict[datetime, tuple[Exemption, ...]] = {}
        for exemption in family:
            if exemption.not_after < latest:
                earlier[exemption.not_after] = (*earlier.get(exemption.not_after, ()), exemption)
        parts += [restrict(narrowed(group), after(moment)) for moment, group in earlier.items()]
    return parts


def _for_others(bare: Statement, catch: Catch) -> list[Statement]:
    principals = dict.fromkeys(exemption.principal for exemption in catch.scoped)
    if len(principals) == 1:
        return [restrict(bare, other_principals(next(iter(principals))))]
    parts: list[Statement] = []
    for family, narrowed in ((catch.fetches, _fetch_of(bare)), (catch.service_calls, _call_of(bare))):
        for principal in principals:
            group = tuple(exemption for exemption in family if exemption.principal == principal)
            if group:
                parts.append(restrict(narrowed(group), other_principals(principal)))
    return parts


def _s3_service(exemption: Exemption) -> str:
    """The value of ``kms:ViaService`` for S3 (KMS developer guide, "kms:ViaService")."""
    china = exemption.objects[0].startswith("arn:aws-cn:")
    return f"s3.{exemption.region or '*'}.amazonaws.com{'.cn' if china else ''}"
