"""Tokens: only the exact one that was sealed opens, and KMS is asked only about what has a token's shape."""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from airlock.adapters.links import PageLinks
from airlock.adapters.seals import TOKEN_LIMIT, BadTokenError, Claim, KmsSeals
from airlock.grants.approval import Form
from tests.page.people import START, People, some_people
from tests.reconcile.interference import refusal

CLAIM = Claim("prod-7xk2q-0a1b2c3d", Form.SCOPED, START)
ALPHABET = string.ascii_letters + string.digits + "-_=.+/ \n"
claims = st.builds(
    Claim,
    grant=st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=64),
    form=st.sampled_from(Form),
    until=st.datetimes(datetime(2020, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - Hypothesis adds the zone
)
often = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(scope="module")
def people() -> Iterator[People]:
    """One key for all tests."""
    with some_people() as made:
        yield made


@pytest.fixture
def seals(people: People) -> KmsSeals:
    """Seals whose calls are seen."""
    people.calls.forget()
    return KmsSeals(lambda: people.acting.kms, people.key)


def made_by_hand(people: People, payload: bytes, domain: bytes = b"bootstrap-airlock approval v1\n") -> str:
    """A token over any payload, signed with the right key."""
    answer = people.aside.kms.generate_mac(KeyId=people.key, MacAlgorithm="HMAC_SHA_256", Message=domain + payload)
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (payload, answer["Mac"]))


def reason(seals: KmsSeals, token: str) -> str:
    """Why a token doesn't open."""
    with pytest.raises(BadTokenError) as caught:
        seals.open(token)
    return caught.value.reason


@given(claim=claims)
@often
def test_a_token_opens_to_what_was_sealed(seals: KmsSeals, claim: Claim) -> None:
    """Grant, form and time come back, the time in whole seconds; so does the same token if it is sealed again."""
    token = seals.seal(claim)
    opened = seals.open(token)
    assert opened == Claim(claim.grant, claim.form, claim.until.replace(microsecond=0))
    assert seals.seal(opened) == token
    assert len(token) <= TOKEN_LIMIT


@given(claim=claims, data=st.data())
@often
def test_only_the_exact_token_opens(seals: KmsSeals, claim: Claim, data: st.DataObject) -> None:
    """A token with any character changed, put in, left out or moved doesn't open."""
    token = seals.seal(claim)
    place = data.draw(st.integers(0, len(token) - 1))
    length = data.draw(st.integers(0, 3))
    other = token[:place] + data.draw(st.text(ALPHABET, max_size=3)) + token[place + length :]
    assume(other != token)
    assert reason(seals, other) in ("malformed", "forged")


def test_no_character_of_a_token_can_be_another(seals: KmsSeals) -> None:
    """At every place, a neighbour in the alphabet and an odd character are refused."""
    token = seals.seal(CLAIM)
    letters = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    for place, character in enumerate(token):
        near = letters[letters.index(character) ^ 1] if character in letters else "-"
        for other in (near, "=", "é", ""):
            assert reason(seals, token[:place] + other + token[place + 1 :]) in ("malformed", "forged")


def test_a_tokens_parts_belong_together(seals: KmsSeals) -> None:
    """The code of one claim doesn't make another one true, whichever forms they are about."""
    tokens = [seals.seal(Claim(CLAIM.grant, form, START)).split(".") for form in Form]
    for (payload, _), (_, code) in permutations(tokens, 2):
        assert reason(seals, f"{payload}.{code}") == "forged"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b'{"expires":1795485600,"form":"scoped","grant":"a-b","version":2}',
        b'{"expires":1795485600,"form":"widest","grant":"a-b","version":1}',
        b'{"expires":1795485600,"form":"any-other-network","grant":"a-b","version":1}',
        b'{"expires":1795485600,"form":"scoped","grant":"a-b","version":1,"more":1}',
        b'{"expires":1795485600,"form":"scoped","grant":"a-b","grant":"c-d","version":1}',
        b'{"expires": 1795485600, "form": "scoped", "grant": "a-b", "version": 1}',
        b'{"expires":1795485600.0,"form":"scoped","grant":"a-b","version":1}',
        b'{"expires":01795485600,"form":"scoped","grant":"a-b","version":1}',
        b'{"expires":-1,"form":"scoped","grant":"a-b","version":1}',
        b'{"expires":1795485600,"form":"scoped","grant":"a#b","version":1}',
        b'{"expires":1795485600,"form":"scoped","grant":"a-b","version":1}\n',
        b"[" * 700,
        b"\xff\xfe",
    ],
)
def test_a_payload_that_isnt_written_in_the_one_way_is_malformed(
    people: People, seals: KmsSeals, payload: bytes
) -> None:
    """Even with a true code it doesn't open, and KMS isn't asked."""
    assert reason(seals, made_by_hand(people, payload)) == "malformed"
    assert people.calls.made == []


def test_kms_isnt_asked_about_what_has_no_tokens_shape(people: People, seals: KmsSeals) -> None:
    """Nothing, too much, paddings and stray bits cost no call."""
    token = seals.seal(CLAIM)
    people.calls.forget()
    payload, _, mac = token.partition(".")
    stray = mac[:-1] + chr(ord(mac[-1]) + 1) if mac[-1] not in "Zz9_-" else mac + "A"
    for bad in ("", ".", "a.b", payload, f"{payload}.", token + "=", token + "\n", f"{payload}.{stray}", "A" * 100_000):
        assert reason(seals, bad) == "malformed"
    assert people.calls.made == []


def test_what_the_key_signed_for_something_else_is_no_token(people: People, seals: KmsSeals) -> None:
    """The code covers what it is for."""
    payload = base64.urlsafe_b64decode(seals.seal(CLAIM).partition(".")[0] + "==")
    assert json.loads(payload)["grant"] == CLAIM.grant
    assert reason(seals, made_by_hand(people, payload, b"")) == "forged"
    assert reason(seals, made_by_hand(people, payload, b"bootstrap-airlock approval v2\n")) == "forged"


def test_another_keys_token_is_forged(people: People, seals: KmsSeals) -> None:
    """A stack doesn't take another stack's links."""
    other = people.aside.kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["Arn"]
    assert reason(seals, KmsSeals(lambda: people.aside.kms, other).seal(CLAIM)) == "forged"


def test_whether_time_is_over_is_told_only_of_a_true_token(people: People, seals: KmsSeals) -> None:
    """An old token opens, with its time; an old one that was changed is forged like any other."""
    old = Claim(CLAIM.grant, Form.SCOPED, START - timedelta(days=400))
    token = seals.seal(old)
    assert seals.open(token) == old
    later = made_by_hand(people, base64.urlsafe_b64decode(token.partition(".")[0] + "=="), b"x").partition(".")[2]
    assert reason(seals, token.partition(".")[0] + "." + later) == "forged"


def test_an_outage_of_kms_isnt_taken_for_a_forgery(people: People, seals: KmsSeals) -> None:
    """Whoever holds a true link isn't told that it is false."""
    token = seals.seal(CLAIM)
    people.calls.failures["VerifyMac", "before"] = [refusal("KMSInternalException")]
    with pytest.raises(ClientError, match="KMSInternalException"):
        seals.open(token)


@pytest.mark.parametrize("grant", ["", 'a","version":1', "a b", "ä", "x" * 65])
def test_what_cant_stand_in_a_token_isnt_sealed(people: People, seals: KmsSeals, grant: str) -> None:
    """No name can write claims of its own."""
    with pytest.raises(ValueError, match="no token can say"):
        seals.seal(Claim(grant, Form.SCOPED, START))
    assert people.calls.made == []


def test_a_link_is_the_pages_address_with_a_token(seals: KmsSeals) -> None:
    """With or without a slash at the address's end; no link where links are off."""
    for url in ("https://abc.lambda-url.us-east-1.on.aws/", "https://abc.lambda-url.us-east-1.on.aws"):
        link = PageLinks(lambda: seals, url).link(CLAIM.grant, CLAIM.form, CLAIM.until)
        assert link is not None
        address, _, token = link.partition("?token=")
        assert address == "https://abc.lambda-url.us-east-1.on.aws/"
        assert seals.open(token) == CLAIM
    assert PageLinks(None, "https://abc.example/").link(CLAIM.grant, CLAIM.form, CLAIM.until) is None
    assert PageLinks(lambda: seals, None).link(CLAIM.grant, CLAIM.form, CLAIM.until) is None
