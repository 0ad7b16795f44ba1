"""Who calls the gate, and what AWS would know about each caller's requests.

SeaweedFS sees only a loopback address. On AWS the same request would carry an office's address, or a VPC and no
address. Here each local caller has the values that its requests would carry on AWS, and a condition can be decided for
each. The rules are IAM's own ("IAM JSON policy elements: Condition operators"), written apart from the airlock's
reading of them on purpose: a mistake there must not hide here.
"""

from __future__ import annotations

import fnmatch
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

OFFICE_ADDRESS: Final = "127.0.0.1"
NODE_ADDRESS: Final = "127.0.0.2"

_EVERYWHERE: Final = 0  # the prefix length of 0.0.0.0/0 and ::/0

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TranslationError(ValueError):
    """Something in a policy can't be carried over to the gate without guessing; the message says where and what."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One local caller, with what its requests would carry on AWS.

    Attributes:
        name: what notes call it.
        address: the loopback address that it calls the gate from; None for everybody else.
        sources: the public networks it calls from; empty if its requests carry no ``aws:SourceIp``; None for everybody
            else, who call from addresses that no list names.
        vpc: its VPC's ID, if it calls through an S3 endpoint there.
    """

    name: str
    address: str | None
    sources: tuple[Network, ...] | None
    vpc: str | None = None


@dataclass(frozen=True, slots=True)
class World:
    """The local world that a policy is carried over to.

    Attributes:
        callers: the office, the nodes and, last, everybody else.
        principal: ARN of the IAM user or role that the gate's user stands for.
    """

    callers: tuple[Caller, ...]
    principal: str

    def decide(self, key: str, operator: str, values: Sequence[str]) -> list[bool]:
        """Decide one condition for each caller, in their order.

        Args:
            key: the condition key, in any case.
            operator: the operator, in any case, with IfExists or without.
            values: the values listed for the key.

        Raises:
            TranslationError: it depends on something that this world knows nothing about.
        """
        name = operator.lower()
        lenient = name.endswith("ifexists")
        name = name.removesuffix("ifexists")
        if key.lower() == "aws:sourceip":
            return [_address_holds(name, lenient, values, caller) for caller in self.callers]
        if key.lower() == "aws:sourcevpc":
            return [_holds(name, lenient, values, caller.vpc) for caller in self.callers]
        return [_holds(name, lenient, values, self._constant(key))] * len(self.callers)

    def _constant(self, key: str) -> str | None:
        """Look up what a key holds in every request made here; None if it is absent."""
        name = key.lower()
        if name == "aws:principalarn":
            return self.principal
        # None of these requests is made by a service on somebody's behalf. They would come by HTTPS on AWS.
        known = {"aws:viaawsservice": "false", "aws:securetransport": "true"}
        if name in known:
            return known[name]
        # The gate's user carries no tags, and signs with long-term keys, which tell nothing of MFA.
        if name.startswith("aws:principaltag/") or name in ("aws:multifactorauthpresent", "aws:multifactorauthage"):
            return None
        raise TranslationError(f"the condition key {key} means nothing to the gate, and nobody has said what it holds")


def make_world(office: Sequence[str], node: Mapping[str, str], principal: str) -> World:
    """Describe the local world.

    Args:
        office: networks (CIDR) or addresses that the office calls from; a list that holds any of them holds the office.
        node: from where a node is on AWS (its VPC's ID, or the public address it calls from) to its local address.
        principal: ARN of the IAM user or role that the gate's user stands for.

    Raises:
        ValueError: two callers share a local address, so that nothing could tell them apart.
    """
    if len({OFFICE_ADDRESS, *node.values()}) <= len(node):
        raise ValueError(f"the office ({OFFICE_ADDRESS}) and each node need local addresses of their own")
    callers = [Caller("the office", OFFICE_ADDRESS, tuple(ipaddress.ip_network(one) for one in office))]
    for place, address in node.items():
        if place.startswith("vpc-"):
            callers.append(Caller(f"the node in {place}", address, (), place))
        else:
            callers.append(Caller(f"the node at {place}", address, (ipaddress.ip_network(place),)))
    callers.append(Caller("everybody else", None, None))
    return World(tuple(callers), principal)


def _address_holds(operator: str, lenient: bool, values: Sequence[str], caller: Caller) -> bool:  # noqa: FBT001 - the two halves of one operator
    if operator == "null":
        return _holds(operator, lenient, values, None if caller.sources == () else "present")
    if operator not in ("ipaddress", "notipaddress"):
        raise TranslationError(f"{operator} isn't an operator for addresses")
    negated = operator == "notipaddress"
    if caller.sources == ():
        return negated or lenient
    networks = [_network(value) for value in values]
    if caller.sources is None:
        inside = any(network.prefixlen == _EVERYWHERE for network in networks)
    else:
        inside = any(_contains(network, source) for network in networks for source in caller.sources)
    return inside != negated


def _network(value: str) -> Network:
    try:
        return ipaddress.ip_network(value, strict=False)
    except ValueError as error:
        raise TranslationError(f"{value!r} is no network") from error


def _contains(network: Network, source: Network) -> bool:
    if network.version != source.version or not network.overlaps(source):
        return False
    if source.prefixlen < network.prefixlen:
        raise TranslationError(f"{network} is a part of {source}: say which address there the office calls from")
    return True


def _same(actual: str, value: str) -> bool:
    return actual == value


def _same_but_for_case(actual: str, value: str) -> bool:
    return actual.lower() == value.lower()


def _like(actual: str, value: str) -> bool:
    # fnmatch reads [ as the start of a set; IAM takes it as it is.
    return fnmatch.fnmatchcase(actual, value.replace("[", "[[]"))


def _arn_like(actual: str, value: str) -> bool:
    # A wildcard stays within its part of an ARN; only the last part may hold colons.
    parts, patterns = actual.split(":", 5), value.split(":", 5)
    return len(parts) == len(patterns) and all(_like(*pair) for pair in zip(parts, patterns, strict=True))


_MATCHES: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "stringequals": _same,
    "stringequalsignorecase": _same_but_for_case,
    "stringlike": _like,
    # ArnEquals and ArnLike behave identically, wildcards included.
    "arnequals": _arn_like,
    "arnlike": _arn_like,
    "bool": _same_but_for_case,
}


def _holds(operator: str, lenient: bool, values: Sequence[str], actual: str | None) -> bool:  # noqa: FBT001 - the two halves of one operator
    if operator == "null":
        return str(actual is None).lower() in [value.lower() for value in values]
    negated = operator.startswith(("stringnot", "arnnot"))
    matches = _MATCHES.get(operator.replace("not", "", 1) if negated else operator)
    if matches is None:
        raise TranslationError(f"nobody has said what {operator} means to the gate")
    if actual is None:
        return negated or lenient
    return any(matches(actual, value) for value in values) != negated
