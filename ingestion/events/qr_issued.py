from __future__ import annotations

from ingestion.contract import Event, contract
from ingestion.fields import Instant, Uuid


@contract(stream="activity", version=1, owner="qr", key="officer_id", keep_days=90)
class QrIssued(Event, frozen=True, kw_only=True):
    """A signed QR was made for an officer to show; scanning it before `expires_at` proves a meeting."""

    qr_id: Uuid
    officer_id: Uuid
    expires_at: Instant
