"""The heart: a policy without its exemptions, as a policy that IAM itself enforces.

``render(baseline, exemptions, now)`` gives the text to write. Opening, narrowing, closing one of two overlapping
grants and restoring are this one function. Without an exemption it gives the baseline, byte for byte.

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

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

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
from airlock.policy.document import Document, Statement, parse_document, statements_of, write_document
from airlock.policy.exemption import GET_OBJECT, KMS_ACTIONS, Exemption
from airlock.policy.matching import as_list
from airlock.policy.network_deny import is_source_network_deny, spares_service_calls
from airlock.policy.split import (
    covered_objects,
    covers_action,
    on_objects,
    only_actions,
    part_by_resource,
    without_actions,
    without_objects,
)

SID = "Airlock"
"""How the Sid of each statement that the airlock writes begins; a number follows."""

ClauseOf = Callable[[Exemption], Clause | None]


@dataclass(frozen=True, slots=True)
class Catch:
    """What one statement denies of the exemptions.

    Attributes:
        fetches: the exemptions whose ``s3:GetObject`` it denies, each cut to the objects it names.
        service_calls: the exemptions whose KMS calls through S3 it denies, each cut to its encrypted objects.
    """

    fetches: tuple[Exemption, ...] = ()
    service_calls: tuple[Exemption, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.fetches or self.service_calls)


def render(baseline: str, exemptions: Sequence[Exemption], now: datetime, *, shared: bool = False) -> str:
    """Write the policy that denies what the baseline denies, less the exemptions.

    Args:
        baseline: the policy's text before any exemption.
        exemptions: what is to be open. Those past their not-after time count as gone.
        now: the present moment.
        shared: whether the policy applies to other principals too (a group's, a managed one).

    Returns:
        The text to write; the baseline itself where nothing has to be opened.

    Raises:
        PolicyTextError: the baseline isn't a policy document.
        CannotRenderError: the exact difference can't be written.
    """
    document = parse_document(baseline)
    live = sorted(
        (exemption for exemption in exemptions if exemption.not_after > now),
        key=lambda exemption: (exemption.not_after, exemption.objects, exemption.principal),
    )
    _refuse_overlaps(live)
    statements: list[Statement] = []
    opened = False
    for statement in statements_of(document):
        catch = what_it_catches(statement, live)
        statements.extend(_open(statement, catch, shared=shared) if catch else [statement])
        opened = opened or bool(catch)
    if not opened:
        return baseline
    return write_document({**document, "Statement": _with_sids(document, statements)})


def what_it_catches(statement: Statement, exemptions: Sequence[Exemption]) -> Catch:
    """Tell which exemptions a statement stands in the way of; nothing unless it is a source-network deny.

    Raises:
        CannotRenderError: it can't be told, or names KMS keys in a way that can't be opened exactly.
    """
    if not is_source_network_deny(statement):
        return Catch()
    fetches: list[Exemption] = []
    if covers_action(statement, GET_OBJECT):
        for exemption in exemptions:
            objects = covered_objects(statement, exemption.objects)
            if objects:
                fetches.append(exemption.only(objects))
    return Catch(tuple(fetches), _caught_service_calls(statement, exemptions))


def is_airlock_statement(statement: Statement) -> bool:
    """Whether the statement bears a Sid such as only the airlock writes."""
    sid = statement.get("Sid")
    return isinstance(sid, str) and sid.startswith(SID) and sid.removeprefix(SID).isdecimal()


def _refuse_overlaps(exemptions: Sequence[Exemption]) -> None:
    # Each exemption says of its objects when they are denied. Two that speak of one object would shut each other's,
    # so that whoever names another's install could close it.
    seen: set[str] = set()
    for exemption in exemptions:
        twice = seen.intersection(exemption.objects)
        if twice:
            raise CannotRenderError("overlapping-objects", f"another grant is open for {min(twice)} already")
        seen.update(exemption.objects)


def _caught_service_calls(statement: Statement, exemptions: Sequence[Exemption]) -> tuple[Exemption, ...]:
    encrypted = [exemption.only(exemption.encrypted) for exemption in exemptions if exemption.encrypted]
    covered = [action for action in KMS_ACTIONS if covers_action(statement, action)]
    if not encrypted or not covered or spares_service_calls(statement) or not _may_name_keys(statement, encrypted):
        return ()
    if len(covered) < len(KMS_ACTIONS):
        detail = f"the statement denies {covered[0]} but not the other KMS action of the fetch"
        raise CannotRenderError("kms-actions", detail)
    return tuple(encrypted)


def _may_name_keys(statement: Statement, service_calls: Sequence[Exemption]) -> bool:
    """Whether Resource or NotResource can take in a KMS key in the objects' partition; its ID isn't known here."""
    if "NotResource" in statement:
        return True
    prefixes = {f"arn:{exemption.objects[0].split(':')[1]}:kms:" for exemption in service_calls}
    patterns = as_list(statement.get("Resource"))
    return any(_prefixes_agree(pattern, prefix) for pattern in patterns for prefix in prefixes)


def _prefixes_agree(pattern: str, prefix: str) -> bool:
    stem = re.split(r"[*?]|\$\{", pattern, maxsplit=1)[0]
    return stem.startswith(prefix) or prefix.startswith(stem)


def _open(statement: Statement, catch: Catch, *, shared: bool) -> list[Statement]:
    """The statement, less what it catches."""
    bare = {key: value for key, value in statement.items() if key != "Sid"}
    objects = tuple(dict.fromkeys(arn for exemption in catch.fetches for arn in exemption.objects))
    parted = part_by_resource(bare, objects) if objects else None
    if parted and parted.rest:
        if catch.service_calls and _may_name_keys(parted.rest, catch.service_calls):
            detail = "the statement names KMS keys beside S3 objects, which has no exact form without the objects"
            raise CannotRenderError("kms-resources", detail)
        return [parted.rest, *(_open_hit(parted.hit, catch, objects, shared=shared) if parted.hit else [])]
    return _open_hit(bare, catch, objects, shared=shared)


def _open_hit(bare: Statement, catch: Catch, objects: tuple[str, ...], *, shared: bool) -> list[Statement]:
    actions = (GET_OBJECT,) * bool(catch.fetches) + KMS_ACTIONS * bool(catch.service_calls)
    parts = without_actions(bare, actions, objects)
    every = catch.fetches + catch.service_calls

    fetches = only_actions(bare, (GET_OBJECT,)) if catch.service_calls else bare
    if catch.fetches:
        parts += without_objects(fetches, objects)
        parts += _by(catch.fetches, lambda e: outside(e.network) if e.network else None, fetches, _fetch_of(bare))
    if catch.service_calls:
        calls = only_actions(bare, KMS_ACTIONS)
        encrypted = tuple(dict.fromkeys(arn for exemption in catch.service_calls for arn in exemption.objects))
        parts.append(restrict(calls, other_encryption_contexts(encrypted)))
        parts += _by(catch.service_calls, lambda e: other_services(_s3_service(e)), calls, _call_of(bare))

    parts += _too_late(bare, every, catch)
    if shared:
        parts += _for_others(bare, every, catch)
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


def _too_late(bare: Statement, every: tuple[Exemption, ...], catch: Catch) -> list[Statement]:
    # After the latest time nothing is open, so the whole statement holds; earlier ends are said for their objects.
    latest = max(exemption.not_after for exemption in every)
    parts = [restrict(bare, after(latest))]
    for family, narrowed in ((catch.fetches, _fetch_of(bare)), (catch.service_calls, _call_of(bare))):
        earlier: dict[datetime, tuple[Exemption, ...]] = {}
        for exemption in family:
            if exemption.not_after < latest:
                earlier[exemption.not_after] = (*earlier.get(exemption.not_after, ()), exemption)
        parts += [restrict(narrowed(group), after(moment)) for moment, group in earlier.items()]
    return parts


def _for_others(bare: Statement, every: tuple[Exemption, ...], catch: Catch) -> list[Statement]:
    principals = dict.fromkeys(exemption.principal for exemption in every)
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


def _with_sids(document: Document, statements: list[Statement]) -> list[Statement]:
    """Give each new statement a Sid of ours that the document doesn't hold yet.

    Told apart by identity: one that reads like a statement of the document is ours all the same, and has to go again.
    """
    untouched = statements_of(document)
    originals = {id(statement) for statement in untouched}
    taken = {statement.get("Sid") for statement in untouched}
    fresh = (f"{SID}{number}" for number in count(1) if f"{SID}{number}" not in taken)
    return [one if id(one) in originals else {"Sid": next(fresh), **one} for one in statements]
