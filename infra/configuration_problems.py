"""What can be wrong with a configuration: the schema's rules, and those that look at several keys together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import botocore.session
import jsonschema
from botocore.exceptions import UnknownRegionError

from infra import function_urls, powertools
from infra.own_path import OWN_KINDS, OWN_PATH

KEY: Final = "airlock"
_REGION: Final = f"{KEY}.home_region"

# IAM is one service a partition, and EventBridge gets its events in one region (AWS re:Post, article
# "eventbridge-rule-triggers-iam-single-region"); of the other partitions, the regions of IAM's endpoints (AWS General
# Reference, page "AWS Identity and Access Management endpoints and quotas").
IAM_REGIONS: Final = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}

OWN_TAG: Final = "Application"
"""The tag that each stack gives what it makes; a configured one of that name wins."""

SCHEMA_FILE: Final = Path(__file__).with_name("configuration_schema.json")
_REGION_NAME: Final = re.compile(r"[a-z]{2,3}(-[a-z]+)+-[0-9]+")
_ARN_COLONS: Final = 5
_IAM_ARN: Final = re.compile(r"arn:(?P<partition>aws(?:-us-gov|-cn)?):iam::(?P<account>[0-9]{12}):.+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in the configuration.

    Attributes:
        key: path of the key, such as ``airlock.principals[1].arn``.
        value: what stood there, as it came.
        what: what is wrong with it.
        fix: what to write instead.
    """

    key: str
    value: object
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.key}: {self.what} (got {json.dumps(self.value, default=str)}); fix: {self.fix}"


def find_problems(value: object) -> Iterator[Problem]:
    """Find all problems of a configuration that doesn't depend on how it is used.

    The rules across keys look at whatever parts are well formed, so that one run shows everything.

    Args:
        value: the configuration as parsed JSON, of any shape.
    """
    told = list(_schema_problems(value))
    yield from told
    if isinstance(value, Mapping):
        yield from _home_problems(value)
        yield from _own_problems(value)
        yield from _repeat_problems(value)
        yield from _group_problems(value)
        yield from _lifting_problems(value)
        yield from _wider_problems(value)
        yield from _topic_problems(value)
        yield from _tag_problems(value)
        if not any(problem.key == _REGION for problem in told):
            yield from _region_problems(value)
            yield from _watched_problems(value)
            yield from _place_problems(value)
            yield from _endpoint_problems(value)


def _schema_problems(value: object) -> Iterator[Problem]:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    errors = jsonschema.Draft202012Validator(schema).iter_errors(value)
    for error in sorted(errors, key=lambda error: list(map(str, error.absolute_path))):
        key = KEY + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
        rules = error.schema if isinstance(error.schema, Mapping) else {}
        if error.validator == "additionalProperties":
            known = sorted(rules["properties"])
            for name in sorted(set(error.instance) - set(known)):
                fix = f"remove it, or write one of {', '.join(known)}"
                yield Problem(f"{key}.{name}", error.instance[name], "unknown key", fix)
        else:
            yield Problem(key, error.instance, _what(error), str(rules["fix"]))


def _what(error: jsonschema.ValidationError) -> str:
    """Say what is wrong without the value, which the problem shows by itself, and without regular expressions."""
    if error.validator == "pattern":
        return "not of the right form"
    if error.validator == "enum":
        return "not one of the allowed values"
    shown = repr(error.instance)
    return error.message.removeprefix(shown).strip()


def _principals(value: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    principals = value.get("principals")
    for index, principal in enumerate(principals if isinstance(principals, list) else ()):
        if isinstance(principal, Mapping):
            yield f"{KEY}.principals[{index}]", principal


def _arns(value: Mapping[str, Any]) -> Iterator[tuple[str, str, re.Match[str]]]:
    """Walk every well-formed IAM ARN: path of its key, the ARN, its parts."""
    for key, principal in _principals(value):
        found: list[tuple[str, object]] = [(f"{key}.arn", principal.get("arn"))]
        for name in ("groups", "policies"):
            arns = principal.get(name)
            found += [(f"{key}.{name}[{at}]", arn) for at, arn in enumerate(arns if isinstance(arns, list) else ())]
        for place, arn in found:
            match = _IAM_ARN.fullmatch(arn) if isinstance(arn, str) else None
            if match:
                yield place, match.string, match


def _home_problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    home: tuple[str | Any, ...] | None = None
    for key, arn, match in _arns(value):
        home = home or match.group("partition", "account")
        if match.group("partition", "account") != home:
            what = f"not in account {home[1]} of partition {home[0]}, where the first principal is"
            yield Problem(
                key, arn, what, "name principals, groups and policies of one account; deploy one stack an account"
            )


def _own_problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    own = tuple(f":{kind}{OWN_PATH}" for kind in OWN_KINDS)
    for key, arn, _ in _arns(value):
        if any(part in arn for part in own):
            what = f"one of the airlock's own, whose path is {OWN_PATH}; it never changes what it is allowed itself"
            yield Problem(key, arn, what, "enrol who runs openshift-install, and name the policies that deny it")


def _repeat_problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for key, principal in _principals(value):
        arn = principal.get("arn")
        if isinstance(arn, str) and arn in seen:
            yield Problem(f"{key}.arn", arn, f"the same principal as {seen[arn]}", "name each principal once")
        elif isinstance(arn, str):
            seen[arn] = f"{key}.arn"


def _group_problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    for key, principal in _principals(value):
        arn, groups = principal.get("arn"), principal.get("groups")
        if groups and isinstance(arn, str) and ":role/" in arn:
            yield Problem(f"{key}.groups", groups, "a role is in no group", "name groups only for users")


def _lifting_problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    for key, principal in _principals(value):
        if "lifting" in principal and principal.get("strategy", "scope") == "scope":
            fix = 'remove it, or add "strategy": "lift", which puts the whole deny off'
            yield Problem(f"{key}.lifting", principal["lifting"], 'it does nothing unless the strategy is "lift"', fix)


def _wider_problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    for key, principal in _principals(value):
        if "wider" in principal and principal.get("strategy") == "lift":
            what = 'it does nothing with the strategy "lift", whose form is the widest from the start'
            fix = 'remove it; "lifting" says whether a lift asks people first'
            yield Problem(f"{key}.wider", principal["wider"], what, fix)


def _topic_problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    approvals = value.get("approvals")
    asking = approvals if isinstance(approvals, Mapping) else {}
    for topic, emails, key in (
        (value.get("notices_topic"), value.get("notice_emails"), f"{KEY}.notice_emails"),
        (asking.get("topic"), asking.get("emails"), f"{KEY}.approvals.emails"),
    ):
        if topic and emails:
            fix = "subscribe them to the topic where it was made, and remove the list; or remove the topic"
            yield Problem(key, emails, f"the stack subscribes nobody to {topic}, which isn't its own", fix)


def _tag_problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    """Find tags that differ in case only.

    IAM takes such for one tag, and refuses a role that has both (IAM user guide, "Tags for IAM resources": keys are not
    case sensitive).
    """
    given = value.get("tags")
    tags: Mapping[str, object] = given if isinstance(given, Mapping) else {}
    met = {OWN_TAG.casefold(): OWN_TAG}
    for name in tags:
        first = met.setdefault(name.casefold(), name)
        if first != name:
            whose = "the stack's own tag" if first == OWN_TAG and OWN_TAG not in tags else "the tag"
            what = f"differs from {whose} {first} in case only, which IAM takes for the same"
            yield Problem(f"{KEY}.tags.{name}", tags[name], what, f"write {first}, or name it otherwise")


def _region_problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    region = value.get("home_region")
    if region is None:
        return
    partition = _partition(value)
    if partition is None or _partition_of(region) is None:
        fix = "name the AWS region that the stack lives in, such as us-east-1"
        yield Problem(_REGION, region, "no region of AWS", fix)
    elif _partition_of(region) != partition:
        what = f"a region of partition {_partition_of(region)}, but the principals are of partition {partition}"
        yield Problem(_REGION, region, what, f"name a region of partition {partition}")
    elif powertools.layer_account(partition, region) is None:
        what = "no public Powertools layer, which the functions need, is known there"
        yield Problem(_REGION, region, what, f"choose one of {', '.join(powertools.known_regions(partition))}")


def _watched_problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    listed = value.get("watched_regions")
    partition = _partition(value)
    for at, region in enumerate(listed if isinstance(listed, list) else ()):
        key = f"{KEY}.watched_regions[{at}]"
        if not isinstance(region, str) or not _REGION_NAME.fullmatch(region):
            continue
        if _partition_of(region) is None:
            yield Problem(key, region, "no region of AWS", "name an AWS region, such as eu-central-1")
        elif region == value.get("home_region"):
            yield Problem(key, region, "the home region, which is always watched", "remove it")
        elif _partition_of(region) != partition:
            what = f"a region of partition {_partition_of(region)}, but the principals are of partition {partition}"
            yield Problem(key, region, what, f"name a region of partition {partition}")


def _place_problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    """What isn't where the stack can use it."""
    approvals = value.get("approvals")
    asking = approvals if isinstance(approvals, Mapping) else {}
    home, partition = value.get("home_region"), _partition(value)
    for key, arn in (
        (f"{KEY}.kms_key", value.get("kms_key")),
        (f"{KEY}.notices_topic", value.get("notices_topic")),
        (f"{KEY}.approvals.topic", asking.get("topic")),
    ):
        if isinstance(arn, str) and arn.count(":") >= _ARN_COLONS and arn.split(":")[1:4:2] != [partition, home]:
            what = f"not in region {home} of partition {partition}, where the stack is"
            yield Problem(key, arn, what, f"name one in {home}")
    boundary = value.get("permissions_boundary")
    for key, arn, _ in _arns(value):
        if arn == boundary and ":policy/" in arn:
            what = "also the boundary of the airlock's own roles, which it would then rewrite"
            yield Problem(key, arn, what, "bound the roles by another policy")
    match = _IAM_ARN.fullmatch(boundary) if isinstance(boundary, str) else None
    first = next(_arns(value), None)
    if match and first and match.group("partition", "account") != first[2].group("partition", "account"):
        what = f"not in account {first[2]['account']} of partition {partition}, where the stack's roles are"
        yield Problem(f"{KEY}.permissions_boundary", boundary, what, "name a managed policy of that account")


def _endpoint_problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    region, partition = value.get("home_region"), _partition(value)
    wanted = value.get("endpoints")
    if wanted != function_urls.FUNCTION_URL or not isinstance(region, str) or partition is None:
        return
    if _partition_of(region) == partition and not function_urls.can_have(partition, region):
        what = f"functions have no URLs in {region}, by AWS's pages"
        yield Problem(
            f"{KEY}.endpoints", wanted, what, f"write {function_urls.HTTP_API}, or remove it, which is the same"
        )


@cache
def _partition_of(region: str) -> str | None:
    """The partition of a region; None where AWS has no such region."""
    try:
        return str(_botocore().get_partition_for_region(region))
    except UnknownRegionError:
        return None


@cache
def _botocore() -> botocore.session.Session:
    """It reads a large file of regions, which takes a fifth of a second each time."""
    return botocore.session.get_session()


def _partition(value: Mapping[str, Any]) -> str | None:
    """The partition of the first principal; of the home region where none is well formed."""
    first = next(_arns(value), None)
    return first[2]["partition"] if first else _partition_of(str(value.get("home_region")))
