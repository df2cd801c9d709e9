"""Who may do what with whom: the one table. Balances and other conditions do not belong here."""

from __future__ import annotations

from typing import Literal

from ingestion.fields import UserKind
from services.errors import NotAllowed

Act = Literal["meet", "donate", "give", "redeem", "settle", "sell"]

# act -> kind of the one who acts -> kinds it may act towards; nobody (None) where it acts alone
MATRIX: dict[Act, dict[UserKind, frozenset[UserKind | None]]] = {
    "meet": {"civilian": frozenset({"officer"})},
    "donate": {
        "civilian": frozenset({"charity", "family"}),
        "officer": frozenset({"charity", "family"}),
    },
    "give": {"civilian": frozenset({"officer"}), "officer": frozenset({"officer"})},
    "redeem": {"civilian": frozenset({"merchant"}), "family": frozenset({"merchant"})},
    "settle": {"merchant": frozenset({None})},
    "sell": {"merchant": frozenset({None})},
}


def permit(act: Act, actor: UserKind, towards: UserKind | None = None) -> None:
    """Raise NotAllowed unless a user of kind `actor` may do `act` towards one of kind `towards`."""
    if towards not in MATRIX[act].get(actor, frozenset()):
        target = f" towards the kind {towards}" if towards else ""
        raise NotAllowed(
            "role", f"the kind {actor} may not {act}{target}", act=act, actor=actor, towards=towards
        )
