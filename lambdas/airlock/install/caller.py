"""Who made a call: from CloudTrail's userIdentity alone, which AWS writes and the caller can't."""

import re

from airlock.install.fields import MalformedError, NoSignalError, account_id, dig, shown, text

# A path may hold most printable ASCII (IAM API reference, CreateRole, Path). "*", "?" and "$" are refused: the ARN goes
# into conditions where they would match more than this one principal.
_PRINCIPAL = re.compile(
    r"arn:(?P<partition>aws(?:-[a-z]{1,8}){0,3}):iam::(?P<account>[0-9]{12}):(?P<type>user|role)/"
    r"(?:[!-#%-)+->@-~]{1,510}/)?[A-Za-z0-9_+=,.@-]{1,64}"
)


def caller(detail: object, account: str) -> tuple[str, str]:
    """Read the caller's ARN and partition from a CloudTrail record.

    Args:
        detail: the record.
        account: the envelope's account, 12 digits. An install is its own account's business: a record that names
            another one anywhere is refused.

    Returns:
        The ARN of the IAM user, or of the role behind the session (with its path, which the session's own ARN lacks;
        CloudTrail user guide, "userIdentity element"); and the partition in it.

    Raises:
        MalformedError: the record names no such ARN, or accounts that differ.
        NoSignalError: the caller is neither an IAM user nor a role's session.
    """
    identity = dig(detail, "userIdentity")
    kind = text(dig(identity, "type"), "userIdentity.type")
    if kind == "IAMUser":
        arn = text(dig(identity, "arn"), "userIdentity.arn")
        expected = "user"
    elif kind == "AssumedRole":
        issuer = dig(identity, "sessionContext", "sessionIssuer")
        if text(dig(issuer, "type"), "sessionIssuer.type") != "Role":
            raise NoSignalError("the session's issuer is not a role")
        arn = text(dig(issuer, "arn"), "sessionIssuer.arn")
        expected = "role"
        _require_account(dig(issuer, "accountId"), "sessionIssuer.accountId", account)
    else:
        raise NoSignalError(f"the caller is neither an IAM user nor a role: {shown(kind)}")
    _require_account(dig(identity, "accountId"), "userIdentity.accountId", account)
    _require_account(dig(detail, "recipientAccountId"), "recipientAccountId", account)
    found = _PRINCIPAL.fullmatch(arn)
    if found is None or found["type"] != expected:
        raise MalformedError(f"expected the ARN of an IAM {expected}, got {shown(arn)}")
    _require_account(found["account"], "the principal's ARN", account)
    return arn, found["partition"]


def _require_account(value: object, what: str, account: str) -> None:
    if value is not None and account_id(value, what) != account:
        raise MalformedError(f"{what} names another account than the envelope")
