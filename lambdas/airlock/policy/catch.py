"""Which exemptions a statement stands in the way of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from airlock.policy.actions import covers_action
from airlock.policy.document import Statement
from airlock.policy.exemption import GET_OBJECT, KMS_ACTIONS, Exemption
from airlock.policy.keys import may_name_keys
from airlock.policy.matching import action_matches, as_list, resource_matches
from airlock.policy.network_deny import is_source_network_deny, spares_service_calls
from airlock.policy.resources import covered_objects
from airlock.policy.truth import Truth, any_of


@dataclass(frozen=True, slots=True)
class Catch:
    """What one statement denies of the exemptions.

    Attributes:
        fetches: the scoped exemptions whose ``s3:GetObject`` it denies, each cut to the objects it names.
        service_calls: the scoped exemptions of whose KMS calls through S3 it denies one or both, each cut to its
            encrypted objects.
        lifted: the lifts that put it off.
    """

    fetches: tuple[Exemption, ...] = ()
    service_calls: tuple[Exemption, ...] = ()
    lifted: tuple[Exemption, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.fetches or self.service_calls or self.lifted)

    @property
    def scoped(self) -> tuple[Exemption, ...]:
        """What it catches of scoped exemptions, fetches first."""
        return self.fetches + self.service_calls

    def scoped_where(self, keep: Callable[[Exemption], bool]) -> Catch:
        """The part of it that comes from some of the scoped exemptions."""
        return Catch(tuple(filter(keep, self.fetches)), tuple(filter(keep, self.service_calls)))


def what_it_catches(statement: Statement, exemptions: Sequence[Exemption]) -> Catch:
    """Tell which exemptions a statement stands in the way of; nothing unless it is a source-network deny.

    A scoped exemption that ends no later than a lift of the same principal opens nothing more, and is left out.

    Raises:
        CannotRenderError: of a scoped exemption it can't be told.
    """
    if not is_source_network_deny(statement):
        return Catch()
    lifted = tuple(one for one in exemptions if one.lift and _may_deny_fetch(statement, one))
    scoped = [
        exemption
        for exemption in exemptions
        if not exemption.lift
        and not any(one.principal == exemption.principal and exemption.not_after <= one.not_after for one in lifted)
    ]
    fetches: list[Exemption] = []
    if covers_action(statement, GET_OBJECT):
        for exemption in scoped:
            objects = covered_objects(statement, exemption.objects)
            if objects:
                fetches.append(exemption.only(objects))
    return Catch(tuple(fetches), _caught_service_calls(statement, scoped), lifted)


def _caught_service_calls(statement: Statement, exemptions: Sequence[Exemption]) -> tuple[Exemption, ...]:
    encrypted = [exemption.only(exemption.encrypted) for exemption in exemptions if exemption.encrypted]
    if spares_service_calls(statement) or not any(covers_action(statement, action) for action in KMS_ACTIONS):
        return ()
    return tuple(one for one in encrypted if may_name_keys(statement, one))


def _may_deny_fetch(statement: Statement, exemption: Exemption) -> bool:
    """Whether a source-network deny isn't sure to leave alone both the GETs of the fetch and S3's KMS calls for it.

    A lift needs no exact part of the statement, so unlike a scoped exemption it takes what can't be told for a yes:
    a policy variable, a pattern that two readings part on, a statement that is no proper one.
    """
    if not _well_formed(statement):
        return True
    if _may_cover(statement, "Action", GET_OBJECT, action_matches) and any(
        _may_cover(statement, "Resource", arn, resource_matches) for arn in exemption.objects
    ):
        return True
    if not exemption.encrypted or spares_service_calls(statement) or not may_name_keys(statement, exemption):
        return False
    return any(_may_cover(statement, "Action", action, action_matches) for action in KMS_ACTIONS)


def _well_formed(statement: Statement) -> bool:
    """Whether it has one of Action and NotAction and one of Resource and NotResource, of strings."""
    for element in ("Action", "Resource"):
        names = [name for name in (element, f"Not{element}") if name in statement]
        patterns = as_list(statement[names[0]]) if len(names) == 1 else []
        if not patterns or not all(isinstance(pattern, str) for pattern in patterns):
            return False
    return True


def _may_cover(statement: Statement, element: str, wanted: str, matches: Callable[[str, str], Truth]) -> bool:
    if element in statement:
        return any_of(matches(pattern, wanted) for pattern in as_list(statement[element])) is not Truth.FALSE
    return any_of(matches(pattern, wanted) for pattern in as_list(statement[f"Not{element}"])) is not Truth.TRUE
