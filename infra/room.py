"""What a deployment has room for: AWS's quotas that a configuration alone can break, counted before anything is made.

Nothing here asks the CDK, so that a configuration is judged without a synthesis. What a stack takes besides what the
configuration brings is a number, and no smaller than the truth: ``tests/infra/test_quotas.py`` synthesises the largest
configurations that pass, with the longest names that CloudFormation can give, and holds them to every quota.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from infra import event_patterns
from infra.configuration_problems import KEY, Problem

if TYPE_CHECKING:
    from infra.configuration import Configuration

ENVIRONMENT_LIMIT: Final = 4096
"""Bytes of a function's variables, names and values together (AWS Lambda, page "Lambda quotas")."""
ENVIRONMENT_OTHERS: Final = 960
"""What all variables but the principals and the topics' ARNs take at the most."""
OWN_TOPIC: Final = 216
"""The longest ARN of a topic of the stack's own: its name begins with the stack's, of at most 128 characters."""

ROLE_LIMIT: Final = 10_240
"""Characters of a role's inline policies together, white space not counted (AWS IAM, page "IAM and AWS STS quotas")."""
ROLE_OTHERS: Final = 5_150
"""What the sweeper's role, the largest, takes besides the ARNs that the configuration names."""
_GIVEN_TOPIC: Final = 110
"""What a given approvals topic takes more, besides its ARN, for its key; a given notices topic takes that less, for
the stack's own has a key too, and a longer ARN."""
_KEY_STATEMENT: Final = 192
"""What a statement on the given key takes besides the key's ARN."""
# How often each ARN stands in the role, with its quotation marks and a comma: a principal is read and written, in a
# statement each; a group or a policy is named where it is written alone. A given topic is named for SNS and for KMS.
_PER_PRINCIPAL: Final = 2
_PER_TOPIC: Final = 2
_MARKS: Final = 3

QUEUE_LIMIT: Final = 8_192
"""Bytes of a queue's policy (Amazon SQS, page "Amazon SQS policy quotas"), which end before its 20 statements do."""
QUEUE_OTHERS: Final = 310
"""What the dead-letter queue's policy takes without any rule."""
_QUEUE_STATEMENT: Final = 414
"""What a rule's statement takes, without the prefix, and partition and region, which stand in two ARNs."""
_OWN_RULES: Final = 2
"""Instances that end, and orders: whatever is enrolled."""

MOST_ADDRESSES: Final = 200
"""Of the 500 resources that a stack can have (AWS CloudFormation, page "Understand CloudFormation quotas")."""
MOST_TAGS: Final = 6_000
"""Characters of all tags: each stands at some 60 resources, and a template can have 1 MB (the same page)."""


def find_problems(configuration: Configuration) -> Iterator[Problem]:
    """Find what there is no room for, all of it.

    Args:
        configuration: sound in itself.
    """
    yield from _environment_problems(configuration)
    yield from _role_problems(configuration)
    yield from _rule_problems(configuration)
    yield from _address_problems(configuration)
    yield from _tag_problems(configuration)


def free_environment(configuration: Configuration) -> int:
    """Count the bytes of a function's environment that are free for the principals."""
    given = (configuration.notices_topic, configuration.approvals.topic)
    return ENVIRONMENT_LIMIT - ENVIRONMENT_OTHERS - sum(len(arn) if arn else OWN_TOPIC for arn in given)


def role_characters(configuration: Configuration) -> int:
    """Count the characters that the largest role's inline policies take at the most."""
    named = [principal.arn for principal in configuration.principals] * _PER_PRINCIPAL
    named += [*configuration.groups, *configuration.policies]
    taken = ROLE_OTHERS + sum(len(arn) + _MARKS for arn in named)
    if configuration.notices_topic:
        taken += _PER_TOPIC * len(configuration.notices_topic) - _GIVEN_TOPIC
    if configuration.approvals.topic:
        taken += _PER_TOPIC * len(configuration.approvals.topic) + _GIVEN_TOPIC
    if configuration.kms_key:
        # For the ledger, and for requests where the topic is the stack's own. The watcher has one more, and is smaller.
        statements = 1 if configuration.approvals.topic else 2
        taken += statements * (_KEY_STATEMENT + len(configuration.kms_key))
    return taken


def count_rules(configuration: Configuration) -> int:
    """Count the rules that the home region's stack has at the most; no other region's has more.

    Raises:
        ValueError: an ARN is too long for any event pattern.
    """
    # Its own roles stand there by their ARNs, which aren't known here; this is no shorter than what does for them
    # while the patterns are made, and in other regions it is what stands there.
    own = event_patterns.under_own_path(configuration.partition, configuration.account)
    return _OWN_RULES + sum(
        len(patterns)
        for patterns in (
            event_patterns.user_call_patterns(configuration.users),
            event_patterns.role_call_patterns(configuration.roles),
            event_patterns.edit_patterns(configuration, own),
        )
    )


def queue_bytes(configuration: Configuration) -> int:
    """Count the bytes that the dead-letter queue's policy takes at the most, with a statement for each rule.

    Raises:
        ValueError: an ARN is too long for any event pattern.
    """
    return QUEUE_OTHERS + count_rules(configuration) * _rule_bytes(configuration)


def free_rules(configuration: Configuration) -> int:
    """Count the rules that the dead-letter queue's policy has room for."""
    return (QUEUE_LIMIT - QUEUE_OTHERS) // _rule_bytes(configuration)


def _rule_bytes(configuration: Configuration) -> int:
    place = len(configuration.partition) + len(configuration.home_region)
    return _QUEUE_STATEMENT + 2 * place + len(configuration.prefix)


def _environment_problems(configuration: Configuration) -> Iterator[Problem]:
    size, room = len(configuration.principals_variable().encode()), free_environment(configuration)
    if size > room:
        what = (
            f"the principals take {size} bytes of a function's environment; Lambda allows {ENVIRONMENT_LIMIT} in all, "
            f"of which {room} are free for them"
        )
        yield _too_many(configuration, what)


def _role_problems(configuration: Configuration) -> Iterator[Problem]:
    taken = role_characters(configuration)
    if taken > ROLE_LIMIT:
        what = (
            f"what the functions need to read and write them takes {taken} characters of a role's inline policies; "
            f"IAM allows {ROLE_LIMIT} in all"
        )
        yield _too_many(configuration, what)


def _rule_problems(configuration: Configuration) -> Iterator[Problem]:
    try:
        rules = count_rules(configuration)
    except ValueError as error:
        fix = "give each ARN as IAM tells it: a path has at most 512 characters"
        yield Problem(f"{KEY}.principals", f"{len(configuration.principals)} principals", str(error), fix)
        return
    room = free_rules(configuration)
    if rules > room:
        what = (
            f"to hear of their calls, and of changes of their policies, takes {rules} EventBridge rules; the policy of "
            f"the queue for what they can't deliver has room for {room}, as SQS allows it {QUEUE_LIMIT} bytes"
        )
        yield _too_many(configuration, what)


def _too_many(configuration: Configuration, what: str) -> Problem:
    fix = "split the principals over several stacks, each with a prefix of its own"
    return Problem(f"{KEY}.principals", f"{len(configuration.principals)} principals", what, fix)


def _address_problems(configuration: Configuration) -> Iterator[Problem]:
    count = len(configuration.notice_emails) + len(configuration.approvals.emails)
    if count > MOST_ADDRESSES:
        what = (
            f"with approvals.emails more than {MOST_ADDRESSES}; each is a resource of the stack, of which "
            "CloudFormation allows 500 in all"
        )
        yield Problem(f"{KEY}.notice_emails", f"{count} addresses", what, "name the address of a mailing list")


def _tag_problems(configuration: Configuration) -> Iterator[Problem]:
    size = sum(len(name) + len(value) for name, value in configuration.tags.items())
    if size > MOST_TAGS:
        what = (
            f"names and values have {size} characters together; they stand at each resource, and {MOST_TAGS} keep the "
            "template below the 1 MB that CloudFormation allows"
        )
        yield Problem(f"{KEY}.tags", f"{len(configuration.tags)} tags", what, "shorten the values, or remove some tags")
