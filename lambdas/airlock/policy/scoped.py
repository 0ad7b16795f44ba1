"""Taking scoped exemptions out of one statement.

A source-network deny S is restated so that a request is let through only if it fails every restatement:

- S for every other action;
- S for every other object;
- S for every other network, where the fetch's network is known;
- S after the not-after time, so that IAM closes the hole even if all else is dead;
- S for every other principal, where others share the policy.

Where S also catches the calls that S3 makes to KMS for the reader, the same is said of those calls: for every other
encryption context and every other service, and never by network, for such calls carry none.

An exemption of any action lacks the first of these. Then, and where the other actions can't be written for all of S,
S is first said for every other object and encryption context, and the other actions for those objects that need them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from airlock.policy.actions import (
    KMS,
    S3,
    covers_action,
    has_no_other_of,
    only_actions,
    other_actions_of,
    without_actions,
)
from airlock.policy.catch import Catch
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
from airlock.policy.keys import may_name_keys
from airlock.policy.resources import on_objects, part_by_resource, parts_for_every_action, without_objects

Exemptions = tuple[Exemption, ...]
Narrowed = Callable[[Exemptions], Statement]


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
    if not catch.fetches:
        return _Opening.of(bare, catch).statements(shared=shared)
    rest, hit = part_by_resource(bare, _objects(catch.fetches))
    opened = _Opening.of(hit, catch).statements(shared=shared)
    if rest is None:
        return opened
    of_rest = _Opening.of(rest, Catch(service_calls=catch.service_calls))
    return [*(of_rest.statements(shared=shared) if of_rest.calls else [rest]), *opened]


@dataclass(frozen=True, slots=True)
class _Opening:
    """A statement and what is to be taken out of it.

    Attributes:
        bare: the statement, of which no resource is beside the point.
        fetches: exemptions whose objects it denies.
        calls: exemptions of whose KMS calls it denies some.
        kms_actions: those of the two that it denies.
    """

    bare: Statement
    fetches: Exemptions
    calls: Exemptions
    kms_actions: tuple[str, ...]

    @classmethod
    def of(cls, bare: Statement, catch: Catch) -> _Opening:
        """Whatever the statement, which may be a part of what was caught, has to do with the catch."""
        kms_actions = tuple(action for action in KMS_ACTIONS if covers_action(bare, action))
        fetches = catch.fetches
        calls = tuple(call for call in catch.service_calls if may_name_keys(bare, call))
        # Where the statement has no other action, "any" says no more than the exact form.
        if has_no_other_of(S3, bare, (GET_OBJECT,)):
            fetches = _narrow(fetches)
        if has_no_other_of(KMS, bare, kms_actions):
            calls = _narrow(calls)
        return cls(bare, fetches, calls, kms_actions)

    def statements(self, *, shared: bool) -> list[Statement]:
        """The statement without it all."""
        if any(one.any_action for one in (*self.fetches, *self.calls)):
            parts = self._apart_on_them()
        else:
            try:
                parts = self._apart_everywhere()
            except CannotRenderError as everywhere:
                if everywhere.reason != "action-pattern" or not self._parts_for_every_action():
                    raise
                parts = self._apart_on_them()
        parts += self._too_late()
        return parts + self._for_others() if shared else parts

    def _apart_everywhere(self) -> list[Statement]:
        """The other actions on all resources; then the exempt actions, for all that isn't exempt."""
        bare = self.bare
        exempt = (GET_OBJECT,) * bool(self.fetches) + self.kms_actions * bool(self.calls)
        partition = (*self.fetches, *self.calls)[0].objects[0].split(":")[1]
        parts = without_actions(bare, exempt, partition)
        if self.fetches:
            whole = bare if not self.calls and parts_for_every_action(bare) else only_actions(bare, (GET_OBJECT,))
            parts += [*without_objects(whole, _objects(self.fetches)), *self._from_elsewhere()]
        if self.calls:
            calls = only_actions(bare, self.kms_actions)
            parts += [restrict(calls, other_encryption_contexts(_objects(self.calls))), *self._by_others()]
        return parts

    def _apart_on_them(self) -> list[Statement]:
        """Every action for all other objects and encryption contexts; then, for those, all that isn't exempt."""
        if not self._parts_for_every_action():
            detail = "the statement names objects by a pattern out of which s3:GetObject alone can be taken"
            raise CannotRenderError("resource-pattern", detail)
        parts = without_objects(self.bare, _objects(self.fetches)) if self.fetches else [self.bare]
        if self.calls:
            parts = [restrict(part, other_encryption_contexts(_objects(self.calls))) for part in parts]
        narrow = _objects(one for one in self.fetches if not one.any_action)
        others = other_actions_of(S3, on_objects(self.bare, narrow), (GET_OBJECT,)) if narrow else None
        parts += [*([others] if others else []), *self._from_elsewhere()]
        narrow = _objects(one for one in self.calls if not one.any_action)
        others = other_actions_of(KMS, self.bare, self.kms_actions) if narrow else None
        parts += [restrict(others, these_encryption_contexts(narrow))] if others else []
        return parts + self._by_others()

    def _parts_for_every_action(self) -> bool:
        return not self.fetches or parts_for_every_action(self.bare)

    def _from_elsewhere(self) -> list[Statement]:
        whole = self.bare
        if self.calls:  # they carry no network, so they would be denied
            any_action = any(one.any_action for one in self.fetches)
            whole = self._fetch_of(self.fetches) if any_action else only_actions(self.bare, (GET_OBJECT,))
        return _by(self.fetches, lambda one: outside(one.network) if one.network else None, whole, self._fetch_of)

    def _by_others(self) -> list[Statement]:
        whole = only_actions(self.bare, self.kms_actions)
        if any(one.any_action for one in self.calls):
            whole = self._call_of(self.calls) if self.fetches else self.bare  # a fetch comes through no service
        return _by(self.calls, lambda one: other_services(_s3_service(one)), whole, self._call_of)

    def _too_late(self) -> list[Statement]:
        # After the latest time nothing is open, so the whole statement holds; earlier ends are said for their objects.
        latest = max(one.not_after for one in (*self.fetches, *self.calls))
        parts = [restrict(self.bare, after(latest))]
        for family, narrowed in ((self.fetches, self._fetch_of), (self.calls, self._call_of)):
            earlier: dict[datetime, Exemptions] = {}
            for one in family:
                if one.not_after < latest:
                    earlier[one.not_after] = (*earlier.get(one.not_after, ()), one)
            parts += [restrict(narrowed(group), after(moment)) for moment, group in earlier.items()]
        return parts

    def _for_others(self) -> list[Statement]:
        principals = dict.fromkeys(one.principal for one in (*self.fetches, *self.calls))
        if len(principals) == 1:
            return [restrict(self.bare, other_principals(next(iter(principals))))]
        parts: list[Statement] = []
        for family, narrowed in ((self.fetches, self._fetch_of), (self.calls, self._call_of)):
            for principal in principals:
                group = tuple(one for one in family if one.principal == principal)
                if group:
                    parts.append(restrict(narrowed(group), other_principals(principal)))
        return parts

    # Of these objects every other action may be said too where some exemption is of s3:GetObject alone: it is denied
    # anyway.

    def _fetch_of(self, group: Exemptions) -> Statement:
        """What is exempt of these exemptions' objects, in the statement's terms."""
        actions = self.bare if any(one.any_action for one in group) else only_actions(self.bare, (GET_OBJECT,))
        return on_objects(actions, _objects(group))

    def _call_of(self, group: Exemptions) -> Statement:
        """What is exempt of the KMS calls about these exemptions' objects, in the statement's terms."""
        actions = self.bare if any(one.any_action for one in group) else only_actions(self.bare, self.kms_actions)
        return restrict(actions, these_encryption_contexts(_objects(group)))


def _by(
    exemptions: Exemptions, clause_of: Callable[[Exemption], Clause | None], whole: Statement, narrowed: Narrowed
) -> list[Statement]:
    """One statement for each distinct clause; where all share it, the whole statement and no list of objects."""
    groups: dict[Clause | None, Exemptions] = {}
    for exemption in exemptions:
        clause = clause_of(exemption)
        groups[clause] = (*groups.get(clause, ()), exemption)
    if len(groups) == 1:
        return [restrict(whole, clause) for clause in groups if clause]
    return [restrict(narrowed(group), clause) for clause, group in groups.items() if clause]


def _objects(exemptions: Iterable[Exemption]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(arn for exemption in exemptions for arn in exemption.objects))


def _narrow(exemptions: Exemptions) -> Exemptions:
    return tuple(replace(exemption, any_action=False) for exemption in exemptions)


def _s3_service(exemption: Exemption) -> str:
    """The value of ``kms:ViaService`` for S3 (KMS developer guide, "kms:ViaService")."""
    china = exemption.objects[0].startswith("arn:aws-cn:")
    return f"s3.{exemption.region or '*'}.amazonaws.com{'.cn' if china else ''}"
