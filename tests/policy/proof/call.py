"""A request that a proof failed on, for people to read and for the evaluator to judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airlock.policy.context import Context
from airlock.policy.evaluate import Request, allowed, denied
from airlock.policy.truth import Truth

_SPELLINGS = (
    "s3:GetObject",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "aws:SourceIp",
    "aws:VpcSourceIp",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:ViaAWSService",
    "aws:CurrentTime",
    "aws:PrincipalArn",
    "kms:ViaService",
    "kms:EncryptionContext:aws:s3:arn",
)
_SPELT = {name.lower(): name for name in _SPELLINGS}


@dataclass(frozen=True, slots=True)
class Call:
    """One concrete request.

    Attributes:
        action: in lower case, for IAM makes no difference.
        resource: the ARN it acts on.
        keys: its condition keys in lower case, with their values; it carries no others that matter.
        assumed: conditions that hold for it which the proof didn't look into.
        untold: whether there were any such conditions, so that the evaluator can't be asked.
    """

    action: str
    resource: str
    keys: Mapping[str, str] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()
    untold: bool = False

    def __str__(self) -> str:
        lines = [f"{_spelt(self.action)} on {self.resource}"]
        lines += [f"  {_spelt(name)} = {value}" for name, value in sorted(self.keys.items())]
        return "\n".join([*lines, *(f"  and {line}" for line in self.assumed)])

    @property
    def request(self) -> Request:
        """The same for the evaluator in `airlock.policy`, which the proofs share nothing with."""
        return Request(_spelt(self.action), self.resource, Context.of(self.keys, complete=True))

    def is_denied_by(self, document: dict[str, Any]) -> Truth:
        """What that evaluator says of it."""
        return denied(document, self.request).truth

    def is_allowed_by(self, document: dict[str, Any]) -> Truth:
        """Whether an Allow applies to it, by that evaluator."""
        return allowed(document, self.request).truth


def _spelt(name: str) -> str:
    return _SPELT.get(name, name)
