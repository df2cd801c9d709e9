"""The token in an officer's QR: whose it is, and for how long."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from services.errors import Expired, Unacceptable
from services.qr_token import QrClaims, sign, verify

SECRET = b"a secret of sixteen characters and more"
ISSUED = datetime(2026, 3, 2, 18, 0, 0, 250_000, tzinfo=UTC)
CLAIMS = QrClaims(
    "11111111-1111-5111-8111-111111111111",
    "22222222-2222-5222-8222-222222222222",
    ISSUED,
    ISSUED + timedelta(minutes=2),
)


def test_a_token_gives_back_its_claims_within_its_time() -> None:
    token = sign(CLAIMS, SECRET)
    assert verify(token, SECRET, ISSUED) == CLAIMS
    assert verify(token, SECRET, CLAIMS.expires_at) == CLAIMS
    assert len(token) < 150


def test_an_old_token_has_expired() -> None:
    with pytest.raises(Expired):
        verify(sign(CLAIMS, SECRET), SECRET, CLAIMS.expires_at + timedelta(milliseconds=1))


def test_a_scan_before_the_token_was_issued_proves_nothing() -> None:
    with pytest.raises(Unacceptable, match="issued at"):
        verify(sign(CLAIMS, SECRET), SECRET, ISSUED - timedelta(seconds=1))


def test_every_changed_byte_breaks_the_signature() -> None:
    raw = base64.urlsafe_b64decode(sign(CLAIMS, SECRET) + "==")
    for position in range(len(raw)):
        forged = bytearray(raw)
        forged[position] ^= 1
        token = base64.urlsafe_b64encode(bytes(forged)).rstrip(b"=").decode()
        with pytest.raises(Unacceptable, match="our signature"):
            verify(token, SECRET, ISSUED)


def test_another_secret_does_not_verify() -> None:
    with pytest.raises(Unacceptable, match="our signature"):
        verify(sign(CLAIMS, b"another secret"), SECRET, ISSUED)


@pytest.mark.parametrize("token", ["", "abc", "not a token", "ÄÖÜ", "A" * 10_000])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(Unacceptable):
        verify(token, SECRET, ISSUED)
