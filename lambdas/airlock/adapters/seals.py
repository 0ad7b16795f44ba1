"""Seals: texts that say which request their holder may answer, signed by a key that never leaves KMS.

The functions hold no secret that could leak: KMS computes and checks the code (AWS KMS API reference, "GenerateMac"
and "VerifyMac"), and only the page's function may ask it to check one.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from airlock.grants.approval import Form

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

TOKEN_LIMIT = 1_000
"""Characters; a token has about 200."""
MAC_BYTES = 32
"""Of HMAC with SHA-256."""
_ALGORITHM: Final = "HMAC_SHA_256"
_DOMAIN = b"bootstrap-airlock approval v1\n"
"""Begins what is signed, so that a code made with the same key for something else is never one of these."""
_SHAPE = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})")
# The one way in which each claim is written. It is JSON, yet read by this pattern: JSON would allow other spellings.
_PAYLOAD = re.compile(
    rb'\{"expires":([1-9][0-9]{0,10}),"form":"([a-z-]{1,32})","grant":"([A-Za-z0-9-]{1,64})","version":1\}'
)


class BadTokenError(Exception):
    """A token doesn't open.

    Attributes:
        reason: ``malformed``, where it isn't of a token's shape; ``forged``, where KMS doesn't know the code.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token lets its holder do.

    Attributes:
        grant: ID of the grant that the request is about.
        form: what was asked.
        until: the last second at which the token counts, UTC; who opens a token compares it with the clock.
    """

    grant: str
    form: Form
    until: datetime


class KmsSeals:
    """Seals and opens tokens by one HMAC key.

    A token is the claim and its code, both in base64url without padding, with a full stop between. Of each claim there
    is exactly one token.
    """

    def __init__(self, kms: Callable[[], KMSClient], key_arn: str) -> None:
        self._kms = kms
        self._key_arn = key_arn

    def seal(self, claim: Claim) -> str:
        """Make the token of a claim; parts of a second are cut off.

        Raises:
            ValueError: the grant's ID or the time can't stand in a token.
        """
        text = f'{{"expires":{int(claim.until.timestamp())},"form":"{claim.form}","grant":"{claim.grant}","version":1}}'
        payload = text.encode()
        if _claim_of(payload) is None:
            raise ValueError(f"no token can say {text!r}")
        answer = self._kms().generate_mac(KeyId=self._key_arn, MacAlgorithm=_ALGORITHM, Message=_DOMAIN + payload)
        return f"{_encoded(payload)}.{_encoded(answer['Mac'])}"

    def open(self, token: str) -> Claim:
        """Give the claim of a token that this key sealed; whether its time is over is for the caller to see.

        Raises:
            BadTokenError: it is no such token. KMS is asked only about what has a token's shape.
        """
        shape = _SHAPE.fullmatch(token) if len(token) <= TOKEN_LIMIT else None
        payload, mac = (_decoded(part) for part in shape.groups()) if shape else (None, None)
        claim = _claim_of(payload) if payload is not None else None
        if payload is None or mac is None or claim is None:
            raise BadTokenError("malformed")
        kms = self._kms()
        try:
            answer = kms.verify_mac(KeyId=self._key_arn, MacAlgorithm=_ALGORITHM, Message=_DOMAIN + payload, Mac=mac)
        except kms.exceptions.KMSInvalidMacException:
            raise BadTokenError("forged") from None
        if answer["MacValid"] is not True:
            raise BadTokenError("forged")
        return claim


def _claim_of(payload: bytes) -> Claim | None:
    found = _PAYLOAD.fullmatch(payload)
    if found is None:
        return None
    expires, form, grant = (part.decode() for part in found.groups())
    if form not in list(Form):
        return None
    return Claim(grant, Form(form), datetime.fromtimestamp(int(expires), UTC))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes | None:
    """The bytes, or None where they aren't written in the one way: a last character may hold bits that mean nothing."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if _encoded(raw) == text else None
