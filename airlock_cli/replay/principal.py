"""Whose policy it is, and where it stands: what the command line is told, before anything costly is loaded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from airlock_cli.problems import InputError

# A path may hold most printable ASCII, and a name these characters (IAM API reference, "CreateUser", "CreateRole").
# "*", "?" and "$" are left out, as the airlock does: in a policy's condition they would match more.
_PRINCIPAL = re.compile(
    r"arn:(?P<partition>aws|aws-us-gov|aws-cn):iam::(?P<account>[0-9]{12}):(?P<what>user|role)"
    r"(?P<path>/(?:[!-#%-)+->@-~]{1,510}/)?)(?P<name>[A-Za-z0-9_+=,.@-]{1,64})"
)


class Kind(StrEnum):
    """Where the policy stands."""

    USER_INLINE = "user-inline"
    ROLE_INLINE = "role-inline"
    GROUP_INLINE = "group-inline"
    MANAGED = "managed"


# Roles belong to no groups (IAM user guide, "IAM user groups").
_KINDS = {
    "user": (Kind.USER_INLINE, Kind.GROUP_INLINE, Kind.MANAGED),
    "role": (Kind.ROLE_INLINE, Kind.MANAGED),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """An IAM user or role, by the parts of its ARN.

    Attributes:
        arn: the whole of it.
        partition: such as ``aws-us-gov``.
        account: 12 digits.
        what: ``user`` or ``role``.
        path: ``/``, or more between slashes.
        name: the last part.
    """

    arn: str
    partition: str
    account: str
    what: str
    path: str
    name: str

    @classmethod
    def of(cls, arn: str) -> Principal:
        """Read an ARN.

        Raises:
            InputError: it isn't the ARN of an IAM user or role in one of the three public partitions.
        """
        found = _PRINCIPAL.fullmatch(arn)
        if found is None:
            raise InputError(
                f"--principal {arn!r} isn't the ARN of an IAM user or role.\n"
                f"It looks like arn:aws:iam::111122223333:user/ocp-installer{_hint(arn)}"
            )
        return cls(arn=arn, **found.groupdict())

    def kind_of_policy(self, asked: Kind | None) -> Kind:
        """The kind that was asked for, or where the principal's own inline policy stands.

        Raises:
            InputError: such a principal has no policies of the kind.
        """
        kinds = _KINDS[self.what]
        if asked is None:
            return kinds[0]
        if asked not in kinds:
            raise InputError(f"--kind {asked} doesn't go with {self.arn}.\nA {self.what} can have: {', '.join(kinds)}.")
        return asked


def _hint(arn: str) -> str:
    if ":assumed-role/" in arn:
        return "; give the role itself, not a session of it."
    return "."
