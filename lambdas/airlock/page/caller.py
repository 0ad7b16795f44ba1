"""Who signed a request, and whether that is the one whom it is about. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airlock.page.orders import OrderError

# IAM user guide, "IAM identifiers": what aws:PrincipalArn's neighbours look like in a caller's ARN.
_CALLER = re.compile(
    r"arn:[a-z-]+:(?:iam::(?P<iam>[0-9]{12}):(?:root|user/\S+)|"
    r"sts::(?P<sts>[0-9]{12}):(?:assumed-role/(?P<role>[^\s/]+)/\S+|(?P<federated>federated-user/\S+)))"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed.

    Attributes:
        arn: of the user, or of the session of a role.
        role: name of the role, if it is a session of one.
        federated: whether it is a federated user, whose name whoever made the session chose.
    """

    arn: str
    role: str | None
    federated: bool

    def must_be_another_than(self, principal: str) -> None:
        """Make sure that nobody approves what they asked for.

        A role's session is known by the role's name, which is unique in the account whatever its path, and regardless
        of case (IAM user guide, "IAM and AWS STS quotas": names).

        Raises:
            OrderError: the caller is the principal, or might be.
        """
        if self.federated:
            raise OrderError(
                403,
                "own-request",
                "a federated user's ARN doesn't tell whose session it is, so it could be the installer's own; "
                "approve as a user or as a role",
            )
        name = principal.rpartition("/")[2]
        same_role = self.role is not None and ":role/" in principal and self.role.casefold() == name.casefold()
        if same_role or self.arn.casefold() == principal.casefold():
            raise OrderError(
                403, "own-request", f"{principal} can't approve its own installs; somebody else has to sign this"
            )


def caller_of(event: Mapping[str, Any], account: str) -> Caller:
    """Read from the event of a function's URL, or of an HTTP API, who signed the request.

    Args:
        event: as Lambda or API Gateway made it of the request. It is believed, so nobody may be able to call the
            function directly.
        account: that the caller must be of.

    Raises:
        OrderError: it doesn't tell, or somebody of another account signed.
    """
    told: Any = event
    for name in ("requestContext", "authorizer", "iam"):
        told = told.get(name) if isinstance(told, Mapping) else None
    arn = told.get("userArn") if isinstance(told, Mapping) else None
    found = _CALLER.fullmatch(arn) if isinstance(arn, str) else None
    if found is None or not isinstance(told, Mapping):
        raise OrderError(
            403, "unsigned", "AWS doesn't tell who signed this; call the function's URL or API, signed with SigV4"
        )
    if {told.get("accountId"), found["iam"] or found["sts"]} != {account}:
        raise OrderError(403, "other-account", f"only principals of the account {account} give orders here")
    return Caller(found[0], found["role"], found["federated"] is not None)
