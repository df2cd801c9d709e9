"""The QR function. It keeps no store: a repeated request has the same id and a newer expiry."""

from __future__ import annotations

import base64
import io
from typing import Any

import segno
from msgspec import Struct

from ingestion import envelope
from ingestion.events.qr_issued import QrIssued
from ingestion.fields import ShortText, Uuid
from services import qr_token
from services.desk import producer
from services.http import Answer, Api, Body, Call, reply
from services.qr_token import QrClaims
from services.rules import QR_VALID_FOR

PIXELS_PER_MODULE = 4

api = Api(__name__)


class Order(Body, frozen=True, kw_only=True):
    """The officer who will show the QR."""

    officer_id: Uuid


class Scan(Body, frozen=True, kw_only=True):
    """What a scanned QR holds."""

    token: ShortText


class Code(Struct, frozen=True, kw_only=True, rename="camel"):
    """A QR: `png` is the image in base64, `token` what it holds."""

    qr_id: str
    token: str
    png: str
    expires_at: str


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry point."""
    return api.answer(event)


@api.post("/codes", Order)
def issue(order: Order, call: Call) -> Answer:
    claims = QrClaims(call.event_id, order.officer_id, call.now, call.now + QR_VALID_FOR)
    token = qr_token.sign(claims, qr_token.secret())
    event = QrIssued(qr_id=claims.qr_id, officer_id=claims.officer_id, expires_at=claims.expires_at)
    producer().put([call.message(event, actor=order.officer_id)])
    expires = envelope.instant(claims.expires_at)
    return reply(201, Code(qr_id=claims.qr_id, token=token, png=draw(token), expires_at=expires))


@api.post("/verifications", Scan)
def verify(scan: Scan, call: Call) -> Answer:
    claims = qr_token.verify(scan.token, qr_token.secret(), call.now)
    return reply(
        200,
        {"officerId": claims.officer_id, "expiresAt": envelope.instant(claims.expires_at)},
    )


def draw(token: str) -> str:
    """A PNG of the token as a QR, in base64; it can be read with 15 % of it damaged (level M)."""
    image = io.BytesIO()
    segno.make_qr(token, error="m", boost_error=False).save(
        image, kind="png", scale=PIXELS_PER_MODULE
    )
    return base64.b64encode(image.getvalue()).decode()
