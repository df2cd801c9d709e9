"""The compact signed token inside an officer's QR: made by one service and verified by others."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from ingestion.settings import load
from services.clients import client
from services.errors import Expired, Unacceptable

# format, QR id, officer id, issued and expiring in milliseconds since 1970
_CLAIMS = struct.Struct(">B16s16sQQ")
_FORMAT = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class QrClaims:
    """What a QR states: scanning it between the two times proves a meeting with the officer."""

    qr_id: str
    officer_id: str
    issued_at: datetime
    expires_at: datetime


def sign(claims: QrClaims, secret: bytes) -> str:
    """The token: URL-safe base64 without padding of the claims and their HMAC-SHA256."""
    packed = _CLAIMS.pack(
        _FORMAT,
        uuid.UUID(claims.qr_id).bytes,
        uuid.UUID(claims.officer_id).bytes,
        (claims.issued_at - _EPOCH) // _MILLISECOND,
        (claims.expires_at - _EPOCH) // _MILLISECOND,
    )
    return base64.urlsafe_b64encode(packed + _signature(packed, secret)).rstrip(b"=").decode()


def verify(token: str, secret: bytes, at: datetime) -> QrClaims:
    """The claims of a token scanned at `at`.

    Raises Unacceptable for a token that is not ours or was issued later, Expired for an old one.
    """
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unacceptable("qr_token", "the token is not base64") from error
    packed, signature = raw[: _CLAIMS.size], raw[_CLAIMS.size :]
    if len(packed) < _CLAIMS.size or not hmac.compare_digest(signature, _signature(packed, secret)):
        raise Unacceptable("qr_token", "the token does not carry our signature")
    claims = _unpack(packed)
    if at > claims.expires_at:
        raise Expired(
            "qr_expired",
            f"the QR expired at {claims.expires_at.isoformat()}",
            expiresAt=claims.expires_at,
        )
    if at < claims.issued_at:
        raise Unacceptable("qr_token", f"the QR was issued at {claims.issued_at.isoformat()}")
    return claims


@cache
def secret() -> bytes:
    """The signing secret `<prefix>-qr`, read from Secrets Manager once."""
    name = f"{load().prefix}-qr"
    value: str = client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    return value.encode()


def _signature(packed: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, packed, hashlib.sha256)


def _unpack(packed: bytes) -> QrClaims:
    _, qr_id, officer_id, issued, expires = _CLAIMS.unpack(packed)
    return QrClaims(
        str(uuid.UUID(bytes=qr_id)),
        str(uuid.UUID(bytes=officer_id)),
        _EPOCH + issued * _MILLISECOND,
        _EPOCH + expires * _MILLISECOND,
    )
