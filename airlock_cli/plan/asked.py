"""What ``airlock plan`` is asked on the command line, checked before anything is worked out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path

from airlock.install.names import Era, bootstrap_object_arns, is_infra_id
from airlock.policy.conditions import requirements_of
from airlock.policy.document import parse_document, statements_of
from airlock.policy.exemption import Address, Exemption, Vpc, from_iso
from airlock.policy.matching import as_list
from airlock.policy.place import PolicyKind
from airlock_cli.problems import InputError
from airlock_cli.replay.policy_file import read_policy
from airlock_cli.replay.principal import Kind, Principal

_REGION = re.compile(r"[a-z]{2,8}(-[a-z]{2,12}){1,3}-[0-9]{1,2}")
_LAST_YEAR = 2999
_SHOWN = 80
"""Characters of what was given that a complaint repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The options as they were given."""

    principal: str
    infra_id: str
    region: str
    not_after: str
    partition: str | None = None
    kind: PolicyKind | None = None
    vpc_id: str | None = None
    source_ip: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: an opening, and the kind of policy that it is for."""

    exemption: Exemption
    kind: PolicyKind


def asked(words: Words, now: datetime) -> Asked:
    """Read the options.

    Raises:
        InputError: one can't be used.
    """
    principal = Principal.of(words.principal)
    partition = _partition(words, principal)
    exemption = Exemption(
        principal=principal.arn,
        objects=objects_of(words.infra_id, partition),
        encrypted=bootstrap_object_arns(words.infra_id, partition, Era.CAPA),
        region=_region(words.region),
        network=_network(words),
        not_after=_not_after(words.not_after, now),
    )
    return Asked(exemption, _kind(words.kind, principal))


def objects_of(infra_id: str, partition: str) -> tuple[str, ...]:
    """The objects that the node of an install may fetch, of either era.

    Raises:
        InputError: it isn't an infra ID.
    """
    if not is_infra_id(infra_id):
        raise InputError(
            f"--infra-id {_shown(infra_id)} isn't an infra ID.\n"
            "It is the cluster's name, at most 21 characters, a hyphen and five more, such as prod-7xk2q."
        )
    return bootstrap_object_arns(infra_id, partition, None)


def policy_text(path: Path, kind: PolicyKind) -> str:
    """Read the policy to the byte.

    Raises:
        InputError: it can't be read, or IAM wouldn't take it.
    """
    # A boundary is a managed policy, and as long (IAM user guide, "Permissions boundaries for IAM entities").
    text = read_policy(path, Kind.MANAGED if kind is PolicyKind.BOUNDARY else Kind(kind.value))
    for trouble in troubles_of(text):
        raise InputError(f"{path}: {trouble}.\nGive a policy document as IAM holds it.")
    return text


def troubles_of(text: str) -> Iterator[str]:
    """What IAM wouldn't take in the statements of a policy that is one by its outline."""
    for index, statement in enumerate(statements_of(parse_document(text))):
        for element in ("Action", "NotAction", "Resource", "NotResource"):
            patterns = as_list(statement.get(element, "-"))
            if not patterns or not all(isinstance(one, str) for one in patterns):
                yield f"statement {index} has an element {element!r} that isn't a string or a list of strings"
        if not isinstance(statement.get("Sid", ""), str):
            yield f"statement {index} has a 'Sid' that isn't a string"
        for requirement in requirements_of(statement.get("Condition")):
            if requirement.values is None:
                where = f"{requirement.operator} {requirement.key}"
                yield f"statement {index} has a condition {where!r} whose value isn't a string or a list of strings"


def _partition(words: Words, principal: Principal) -> str:
    if words.partition not in (None, principal.partition):
        raise InputError(
            f"--partition {_shown(str(words.partition))} isn't that of {principal.arn}.\n"
            f"Leave it out, or give {principal.partition}."
        )
    return principal.partition


def _region(region: str) -> str:
    if not _REGION.fullmatch(region):
        raise InputError(f"--region {_shown(region)} isn't a region's name.\nIt looks like us-east-2.")
    return region


def _network(words: Words) -> Vpc | Address | None:
    if words.vpc_id is not None and words.source_ip is not None:
        raise InputError("--vpc-id and --source-ip don't go together.\nGive one of them, or none for any network.")
    if words.vpc_id is not None:
        try:
            return Vpc(words.vpc_id)
        except ValueError as error:
            raise InputError(
                f"--vpc-id {_shown(words.vpc_id)} isn't a VPC's ID.\nIt looks like vpc-0123456789abcdef0."
            ) from error
    return None if words.source_ip is None else _address(words.source_ip)


def _address(text: str) -> Address:
    if "%" in text:
        raise InputError(
            f"--source-ip {_shown(text)} names a zone, which IAM doesn't know.\nGive a CIDR such as 2001:db8::/64."
        )
    try:
        return Address(str(ip_network(text)))
    except ValueError as error:
        raise InputError(
            f"--source-ip {_shown(text)} isn't an address range: {error}.\nGive a CIDR such as 203.0.113.0/24."
        ) from error


def _not_after(text: str, now: datetime) -> datetime:
    try:
        moment = from_iso(text).replace(microsecond=0)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"--not-after {_shown(text)} isn't a time with its zone.\nGive one such as 2026-11-24T03:00:00Z."
        ) from error
    if moment <= now:
        raise InputError(f"--not-after {_shown(text)} has passed, so nothing would open.\nGive a time that lies ahead.")
    if moment.year > _LAST_YEAR:
        raise InputError(f"--not-after {_shown(text)} is too far ahead.\nGive a time before the year {_LAST_YEAR + 1}.")
    return moment


def _kind(kind: PolicyKind | None, principal: Principal) -> PolicyKind:
    if kind is PolicyKind.BOUNDARY:
        return kind
    return PolicyKind(principal.kind_of_policy(None if kind is None else Kind(kind.value)).value)


def _shown(text: str) -> str:
    return ascii(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
