"""What AWS's refusals and silences mean to an operator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own name for it
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from airlock.errors import LedgerTooNewError
from airlock_cli.operators.page import clean
from airlock_cli.problems import AwsError, CommandError, InputError

_SERVICES = {
    "DescribeStacks": ("cloudformation", "on the stack"),
    "Query": ("dynamodb", "on the ledger's table and its indexes"),
    "BatchGetItem": ("dynamodb", "on the ledger's table"),
    "GetItem": ("dynamodb", "on the ledger's table"),
    "FilterLogEvents": ("logs", "on the audit log group"),
}
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_BAD_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_SIGN_IN = "Sign in again, or name a profile with --profile."


@contextmanager
def troubles_told() -> Iterator[None]:
    """Turn what botocore raises, and what a newer release has written, into one or two lines for an operator.

    Raises:
        AwsError: AWS can't be reached, denies the call, or doesn't take the credentials; or the ledger is newer.
        InputError: there is no such profile, or no region.
    """
    try:
        yield
    except ClientError as error:
        raise trouble_of(error) from error
    except ProfileNotFound as error:
        raise InputError(f"{error}.\nGive one of your AWS configuration's with --profile.") from error
    except NoRegionError as error:
        raise InputError("it isn't known which region the airlock is in.\nGive it with --region.") from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise AwsError(f"no AWS credentials were found.\n{_SIGN_IN}", "no-credentials") from error
    except (ConnectionError, HTTPClientError) as error:
        raise AwsError(f"AWS can't be reached: {error}\nLook at the network, --region and proxies.") from error
    except BotoCoreError as error:
        raise AwsError(f"AWS can't be asked: {error}\n{_SIGN_IN}") from error
    except LedgerTooNewError as error:
        raise AwsError(
            f"a newer airlock wrote to the ledger, and this command line, {version('bootstrap-airlock')}, can't read "
            "that.\nUse the command line of the release that is deployed, or of a later one.",
            "other-version",
        ) from error


def trouble_of(error: ClientError) -> CommandError:
    """What an error that AWS answered with means."""
    code = error.response.get("Error", {}).get("Code", "")
    message = clean(error.response.get("Error", {}).get("Message", ""))
    operation = error.operation_name
    service, where = _SERVICES.get(operation, ("aws", ""))
    if code in _DENIED:
        permission = f"{service}:{operation}"
        return AwsError(
            f"AWS denies {permission} {where}.\n"
            'Ask for that permission; docs/configuration.md lists them under "What an operator needs".',
            "access-denied",
            {"permission": permission},
        )
    if code in _BAD_CREDENTIALS:
        return AwsError(f"AWS doesn't take the credentials ({code}).\n{_SIGN_IN}", "bad-credentials")
    if code == "ResourceNotFoundException":
        return AwsError(f"{service}:{operation} found nothing {where}: {message}\nIs the stack whole?")
    return AwsError(f"{service}:{operation} failed ({code}): {message}\nTry again in a minute.")
