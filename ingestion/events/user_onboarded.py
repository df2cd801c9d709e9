from __future__ import annotations

from ingestion.contract import Event, contract
from ingestion.fields import Key, ShortText, State, UserKind, Uuid, ZipCode


@contract(
    stream="users",
    version=1,
    owner="onboarding",
    key="user_id",
    keep_days=2557,
    route="business",
    personal=("display_name", "email"),
)
class UserOnboarded(Event, frozen=True, kw_only=True):
    """A civilian, officer, merchant, charity or family joined HeyBlue.

    Charities and families name the catalogue entry that vouches for them.
    """

    user_id: Uuid
    kind: UserKind
    display_name: ShortText
    email: ShortText
    zip_code: ZipCode
    state: State
    catalog_entry_id: Key | None = None
