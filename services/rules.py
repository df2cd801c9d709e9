"""The constants of the business; a rule that needs code stands in its service."""

from __future__ import annotations

from datetime import timedelta

POINTS_EACH = 10
REACH_FT = 10.0
GEOFENCE_RADIUS_M = 150.0
VISIBLE_FOR = timedelta(minutes=15)
QR_VALID_FOR = timedelta(minutes=2)
# A phone's clock may run ahead of ours by this much before its times are refused.
CLOCK_SKEW = timedelta(minutes=5)
