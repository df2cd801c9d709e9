"""Who may do what with whom."""

from __future__ import annotations

import itertools
from typing import get_args

import pytest

from ingestion.fields import UserKind
from services.errors import NotAllowed
from services.roles import Act, permit

# As the design states it, in words of its own: (act, actor, towards).
ALLOWED = {
    ("meet", "civilian", "officer"),
    ("donate", "civilian", "charity"),
    ("donate", "civilian", "family"),
    ("donate", "officer", "charity"),
    ("donate", "officer", "family"),
    ("give", "civilian", "officer"),
    ("give", "officer", "officer"),
    ("redeem", "civilian", "merchant"),
    ("redeem", "family", "merchant"),
    ("settle", "merchant", None),
    ("sell", "merchant", None),
}
EVERYTHING = sorted(
    itertools.product(get_args(Act), get_args(UserKind), [*get_args(UserKind), None]), key=str
)


@pytest.mark.parametrize(("act", "actor", "towards"), EVERYTHING)
def test_only_what_the_design_allows_is_permitted(
    act: Act, actor: UserKind, towards: UserKind | None
) -> None:
    if (act, actor, towards) in ALLOWED:
        permit(act, actor, towards)
    else:
        with pytest.raises(NotAllowed):
            permit(act, actor, towards)
