"""What the proofs take for granted of AWS, each with its source; no more than the rewriting leans on.

That a request carries `aws:SourceIp` or the VPC keys but not both is not among them: the proofs do without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from tests.policy.proof.logic import Formula, all_of, any_of, compare, implies, no
from tests.policy.proof.patterns import Pattern, Token, arn_like, glob, literal
from tests.policy.proof.space import Space

GET_OBJECT = "s3:getobject"
KMS_CALLS = ("kms:decrypt", "kms:generatedatakey")
_DIGITS = frozenset("0123456789")
_BUCKET = (Token(frozenset(":/"), negated=True), Token(frozenset(":/"), negated=True, repeated=True))
_YEAR_10000 = 253_402_300_800


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is taken for granted.

    Attributes:
        name: a short name.
        says: in words.
        source: who says so.
        formula: for the solver.
    """

    name: str
    says: str
    source: str
    formula: Formula


def facts(space: Space, partition: str) -> list[Fact]:
    """The facts about the request; the space has to hold every key that the documents name already.

    Args:
        space: the unknown request.
        partition: the principals', such as ``aws``.
    """
    via, service = space.key("aws:ViaAWSService"), space.key("kms:ViaService")
    via.boolean = True
    context = space.key("kms:EncryptionContext:aws:s3:arn")
    return [
        Fact(
            "shapes",
            "an action is service:name, a resource an ARN of six parts or *, a principal an ARN of IAM or STS, a"
            " boolean key true or false, a time one of the years 1970 to 9999 in whole seconds",
            'IAM user guide, "Identify AWS resources with ARNs" and "AWS global condition context keys"',
            _shapes(space),
        ),
        Fact(
            "S3's ARNs",
            "an ARN of S3 is the resource of S3's own actions only",
            'Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"',
            implies(space.resource.matches(arn_like("arn:*:s3:*:*:*")), space.action.matches(glob("s3:*"))),
        ),
        Fact(
            "S3's own resources",
            "an action of S3's acts on S3's resources in the principal's partition, or on an Object Lambda access"
            " point; of these only keys hold colons",
            'Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"',
            implies(
                space.action.matches(glob("s3:*")),
                any_of(
                    [
                        space.resource.is_one_of("*"),
                        *(space.resource.matches(pattern) for pattern in s3_arns(partition)),
                    ]
                ),
            ),
        ),
        Fact(
            "GetObject's resource",
            "s3:GetObject acts on an object of a bucket or an access point in the principal's partition",
            'Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"',
            implies(
                space.action.is_one_of(GET_OBJECT),
                any_of(space.resource.matches(pattern) for pattern in object_arns(partition)),
            ),
        ),
        Fact(
            "KMS's resource",
            "kms:Decrypt and kms:GenerateDataKey act on a key in the principal's partition",
            'Service Authorization Reference, "Actions, resources, and condition keys for AWS Key Management Service"',
            implies(space.action.is_one_of(*KMS_CALLS), space.resource.matches(key_arns(partition))),
        ),
        Fact(
            "KMS's keys",
            "only KMS's actions carry kms:ViaService or an encryption context, and with a context they act on a key",
            'KMS developer guide, "AWS KMS condition keys": an encryption context is of cryptographic operations',
            all_of(
                [
                    implies(any_of([service.present, context.present]), space.action.matches(glob("kms:*"))),
                    implies(context.present, space.resource.matches(key_arns(partition))),
                ]
            ),
        ),
        Fact(
            "by a service",
            "a call with kms:ViaService was made by a service, so aws:ViaAWSService is true",
            'KMS developer guide, "kms:ViaService"; IAM user guide, "aws:ViaAWSService"',
            implies(service.present, via.is_one_of("true")),
        ),
    ]


def object_arns(partition: str) -> tuple[Pattern, ...]:
    """ARNs of objects in buckets, whose names hold neither colon nor slash, and in access points of any kind."""
    bucket = literal(f"arn:{partition}:s3:::") + _BUCKET + glob("/?*")
    return bucket, arn_like(f"arn:{partition}:s3:*:?*:accesspoint/?*")


def s3_arns(partition: str) -> tuple[Pattern, ...]:
    """ARNs on which S3's actions act: buckets and what is in them, access points and the like, jobs and the like."""
    region, account = glob("?*-?*:", but=":"), (Token(_DIGITS), Token(_DIGITS, repeated=True))
    return (
        arn_like(f"arn:{partition}:s3:::?*"),
        arn_like(f"arn:{partition}:s3:*:?*:accesspoint/?*"),
        arn_like(f"arn:{partition}:s3:*:?*:") + glob("?*", but=":"),
        literal(f"arn:{partition}:s3-object-lambda:") + region + account + glob(":accesspoint/?*", but=":"),
    )


def key_arns(partition: str) -> Pattern:
    """ARNs of KMS keys, whose IDs hold no colon (KMS developer guide, "Key identifiers (KeyId)")."""
    return arn_like(f"arn:{partition}:kms:?*:?*:key/") + glob("?*", but=":")


def _shapes(space: Space) -> Formula:
    any_arn = arn_like("arn:?*:?*:*:*:*")
    principals = [arn_like(f"arn:?*:{service}::?*:?*") for service in ("iam", "sts")]
    now = space.key("aws:CurrentTime").number
    booleans = [key for key in space.keys.values() if key.boolean]
    return all_of(
        [
            space.action.matches(glob("?", but=":") + glob("*", but=":") + glob(":?*")),
            any_of([space.resource.matches(any_arn), space.resource.is_one_of("*")]),
            any_of(space.key("aws:PrincipalArn").text.matches(pattern) for pattern in principals),
            no(compare(now, "lessthan", Fraction(0))),
            compare(now, "lessthan", Fraction(_YEAR_10000)),
            *(implies(key.present, key.text.is_one_of("true", "false")) for key in booleans),
        ]
    )
