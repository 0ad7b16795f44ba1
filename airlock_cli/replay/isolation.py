"""Keeping a replay apart from whoever starts it: no credentials, no settings, no network, no stray output."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

# What boto3, moto and powertools read. TEST_SERVER_MODE and its kin would send moto's calls to a server.
_READ_BY_OTHERS = ("AWS_", "BOTO_", "MOTO_", "POWERTOOLS_", "TEST_SERVER_MODE", "TEST_PROXY_MODE")
_ALSO = frozenset({"LOG_LEVEL", "INITIAL_NO_AUTH_ACTION_COUNT", "NO_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})
# Nothing listens there (RFC 863's port, on this machine): a call that moto doesn't answer ends here, not at AWS.
_NOWHERE = "http://127.0.0.1:9"
# moto tells the partition by the region in the host's name; GovCloud's IAM has none in iam.us-gov.amazonaws.com.
_ENDPOINTS = {"aws-us-gov": {"AWS_ENDPOINT_URL_IAM": "https://iam.us-gov-west-1.amazonaws.com"}}


@contextmanager
def apart_from_the_caller(account: str, partition: str) -> Iterator[None]:
    """Take the caller's AWS settings away for a while, and put a replay's own in their place.

    Args:
        account: the account that moto is to play, 12 digits.
        partition: the partition that it is in.
    """
    away = {name: value for name, value in os.environ.items() if _is_read_by_others(name.upper())}
    ours = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **_ENDPOINTS.get(partition, {}),
        "MOTO_ACCOUNT_ID": account,
        "HTTP_PROXY": _NOWHERE,
        "HTTPS_PROXY": _NOWHERE,
    }
    for name in away:
        del os.environ[name]
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)
        os.environ.update(away)


@contextmanager
def handlers_log_to(stream: TextIO | None) -> Iterator[None]:
    """Send the handlers' own log, which goes to stdout on Lambda, elsewhere.

    Args:
        stream: where to; None for nowhere.
    """
    # Not before the caller's settings are away: powertools reads its settings when it is loaded.
    from airlock.handlers.observability import logger  # noqa: PLC0415

    handler = logger.registered_handler
    if not isinstance(handler, logging.StreamHandler):
        raise TypeError(f"the handlers' log is expected to go to a stream, not to {handler!r}")
    # Not by setStream, which flushes the stream that was: it may be closed by now, as a test's often is.
    level, before = handler.level, handler.stream
    if stream is None:
        handler.setLevel(logging.CRITICAL + 1)
    else:
        handler.stream = stream
    try:
        yield
    finally:
        handler.setLevel(level)
        handler.stream = before


def _is_read_by_others(name: str) -> bool:
    return name.startswith(_READ_BY_OTHERS) or name in _ALSO
