"""Taking objects out of a statement, exactly.

Two facts about S3 are leaned on, and nothing else (docs/decisions/0002-exact-difference.md): an ARN of S3 is the
resource of S3's own actions only, and what these act on is such an ARN, in the principal's partition
(Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3").
"""

from __future__ import annotations

import re

from airlock.policy.clauses import CannotRenderError, one_or_list
from airlock.policy.document import Statement
from airlock.policy.matching import as_list, has_variable, has_wildcard, resource_matches
from airlock.policy.truth import Truth


def covered_objects(statement: Statement, objects: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the objects that the statement's Resource or NotResource names.

    Raises:
        CannotRenderError: it can't be told, as with a policy variable in the pattern.
    """
    return tuple(arn for arn in objects if _covers_object(statement, arn))


def part_by_resource(statement: Statement, objects: tuple[str, ...]) -> tuple[Statement | None, Statement]:
    """Part the statement by its resources; together the two mean what it meant.

    Args:
        statement: a statement that names the objects.
        objects: the object ARNs.

    Returns:
        What names none of the objects, or None where nothing is left of it; and what may name them.
    """
    if "NotResource" in statement:
        return None, statement
    patterns = as_list(statement.get("Resource"))
    hits = [pattern for pattern in patterns if any(_matches(pattern, arn) for arn in objects)]
    others = [pattern for pattern in patterns if pattern not in hits]
    return _with_resources(statement, others), {**statement, "Resource": one_or_list(hits)}


def parts_for_every_action(statement: Statement) -> bool:
    """Whether :func:`without_objects` can take objects out for every action, and not for ``s3:GetObject`` alone.

    Raises:
        CannotRenderError: as :func:`resource_form`.
    """
    return resource_form(statement) in ("all-but", "everything", "listed")


def without_objects(statement: Statement, objects: tuple[str, ...]) -> list[Statement]:
    """The statement for every resource but the objects; no statement where nothing else is left.

    Args:
        statement: a statement that names the objects, and has no action but ``s3:GetObject`` unless
            :func:`parts_for_every_action`.
        objects: the object ARNs.

    Raises:
        CannotRenderError: as :func:`resource_form`.
    """
    form = resource_form(statement)
    if form == "all-but":
        present = as_list(statement["NotResource"])
        return [{**statement, "NotResource": one_or_list(present + [arn for arn in objects if arn not in present])}]
    if form == "listed":
        left = _with_resources(statement, [arn for arn in as_list(statement["Resource"]) if arn not in objects])
        return [left] if left else []
    if form == "s3-names":
        return _bucket_arns_but(statement, objects)
    return [_all_resources_but(statement, objects)]


def on_objects(statement: Statement, objects: tuple[str, ...]) -> Statement:
    """The statement on the objects alone."""
    return put_in_place(statement, "NotResource" if "NotResource" in statement else "Resource", "Resource", objects)


def resource_form(statement: Statement) -> str:
    """In which way a statement names the objects.

    Returns:
        ``all-but`` (NotResource), ``everything`` (``*``), ``listed`` (by their very ARNs), ``arns`` (a pattern
        that takes in every resource of s3:GetObject), or ``s3-names`` (``arn:aws:s3:::*`` and its like).

    Raises:
        CannotRenderError: a pattern that takes in only some buckets or keys. A Resource list can't leave one name out
            of it (as with actions, see actions.py), and NotResource can't keep to its other names.
    """
    if "NotResource" in statement:
        return "all-but"
    patterns = as_list(statement.get("Resource"))
    if any(not pattern.strip("*") for pattern in patterns):
        return "everything"
    if not any(has_wildcard(pattern) for pattern in patterns):
        return "listed"
    if any(re.fullmatch(r"\*:\*|arn:(\*|[a-z-]+:\*|(\*|[a-z-]+):s3:\*)", pattern) for pattern in patterns):
        return "arns"
    # Beside it only patterns that take in no access point: "arn:aws:s3:*:*:*" does, and can't be told apart here.
    if any(map(_names_all_of_s3, patterns)) and all(re.match(r"arn:(\*|[a-z-]+):s3:::", one) for one in patterns):
        return "s3-names"
    awkward = next(one for one in patterns if has_wildcard(one) and not _names_all_of_s3(one))
    detail = (
        f"the resource {awkward!r} has no exact form without the bootstrap objects: no list leaves a name out of it"
    )
    raise CannotRenderError("resource-pattern", detail)


def has_only_s3_resources(statement: Statement) -> bool:
    """Whether the statement can apply to nothing but ARNs of S3, on which only S3's own actions act.

    "arn:*:s3:*" takes in others too: the "*" runs across colons, into version 1 of a Lambda function called "s3".
    """
    patterns = as_list(statement.get("Resource"))
    return bool(patterns) and all(re.match(r"arn:[a-z-]+:s3:", pattern) for pattern in patterns)


def in_partition(statement: Statement, partition: str) -> Statement:
    """The statement with S3's resources in this partition in place of those in any.

    It means the same where only S3's own actions count, which act on S3's resources in the caller's partition.
    """
    patterns = []
    for pattern in as_list(statement.get("Resource")):
        if pattern.startswith("arn:*:s3:"):
            patterns += [pattern.replace("*", partition, 1), *_within_access_points([pattern], partition)]
        else:
            patterns.append(pattern)
    return {**statement, "Resource": one_or_list(patterns)} if "Resource" in statement else statement


def put_in_place(statement: Statement, old: str, new: str, values: tuple[str, ...]) -> Statement:
    """Put an element in another's place, so that a reader finds it where it was."""
    return {(new if key == old else key): (one_or_list(values) if key == old else v) for key, v in statement.items()}


def _bucket_arns_but(fetches: Statement, objects: tuple[str, ...]) -> list[Statement]:
    # No pattern says "arn:aws:s3:::* but these". Instead: neither these nor an access point's objects, which the
    # statement never named. Read as plain text, that pattern also takes in keys with a colon and a bucket called
    # "accesspoint", and "arn:*:s3:::*" some objects of access points; the second statement names exactly these.
    partition = objects[0].split(":")[1]
    patterns = as_list(fetches["Resource"])
    mistaken = [f"{pattern}:*" for pattern in patterns if _names_all_of_s3(pattern)]
    mistaken += [f"arn:{partition}:s3:::accesspoint/*", *_within_access_points(patterns, partition)]
    but_these = _all_resources_but(fetches, (*objects, _access_points(partition)))
    return [but_these, on_objects(fetches, tuple(mistaken))]


def _within_access_points(patterns: list[str], partition: str) -> list[str]:
    """The objects of access points that "arn:*:s3:::*" takes in: the "*" runs across colons, up to ":s3:::" in a key.

    No other ARN of S3 has a name in which a colon may be.
    """
    return [_access_points(partition) + one.removeprefix("arn:*") for one in patterns if one.startswith("arn:*:")]


def _access_points(partition: str) -> str:
    # Of S3's ARNs with a region IAM takes these alone: "Resource ... can not contain region information".
    return f"arn:{partition}:s3:*:*:accesspoint/*"


def _names_all_of_s3(pattern: str) -> bool:
    return re.fullmatch(r"arn:(\*|[a-z-]+):s3:::\*(/\*)?", pattern) is not None


def _all_resources_but(statement: Statement, objects: tuple[str, ...]) -> Statement:
    return put_in_place(statement, "Resource", "NotResource", objects)


def _with_resources(statement: Statement, patterns: list[str]) -> Statement | None:
    return {**statement, "Resource": one_or_list(patterns)} if patterns else None


def _covers_object(statement: Statement, arn: str) -> bool:
    if "NotResource" in statement:
        return not any(_matches(pattern, arn) for pattern in as_list(statement["NotResource"]))
    return any(_matches(pattern, arn) for pattern in as_list(statement.get("Resource")))


def _matches(pattern: str, arn: str) -> bool:
    truth = resource_matches(pattern, arn)
    if truth is Truth.UNKNOWN:
        what = "a policy variable" if has_variable(pattern) else "a wildcard before the sixth part"
        detail = f"the resource {pattern!r} has {what}, so it can't be told whether it names the bootstrap objects"
        raise CannotRenderError("resource-pattern", detail)
    return truth is Truth.TRUE
