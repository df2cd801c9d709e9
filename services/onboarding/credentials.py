"""What each kind of user proves itself with, and how it must be written."""

from __future__ import annotations

import re

from ingestion.fields import UserKind
from services.errors import Unacceptable, Unknown

# States, the federal district, territories and military codes of USPS Publication 28, appendix B.
STATES = (
    "AA AE AK AL AP AR AS AZ CA CO CT DC DE FL FM GA GU HI IA ID IL IN KS KY LA MA MD ME MH MI MN "
    "MO MP MS MT NC ND NE NH NJ NM NV NY OH OK OR PA PR PW RI SC SD TN TX UT VA VI VT WA WI WV WY"
)

_EIN = r"[0-9]{2}-?[0-9]{7}"
_PATTERNS: dict[UserKind, tuple[str, str]] = {
    "civilian": (r"[A-Z0-9][A-Z0-9 -]{2,23}[A-Z0-9]", "a driver licence of 4 to 25 characters"),
    "officer": (r"[A-Z0-9]{2,16}-[0-9]{1,8}", "a badge written <department>-<number>"),
    "merchant": (_EIN, "an EIN of nine digits"),
    "charity": (_EIN, "an EIN of nine digits"),
    "family": (r"[A-Za-z0-9][A-Za-z0-9-]{2,63}", "a case number of 3 to 64 characters"),
}
CATALOGS: dict[UserKind, str] = {"charity": "charities", "family": "families"}


def check_credential(kind: UserKind, credential: str) -> None:
    """Raise Unacceptable unless `credential` is written as its kind demands."""
    pattern, described = _PATTERNS[kind]
    if not re.fullmatch(pattern, credential):
        raise Unacceptable("credential", f"a {kind} signs up with {described}", kind=kind)


def check_state(state: str) -> None:
    """Raise Unacceptable for a code that is no state, district or territory of the USA."""
    if state not in STATES.split():
        raise Unacceptable("state", f"{state} is no USPS state code", state=state)


def check_entry(kind: UserKind, credential: str, entry_id: str | None) -> str | None:
    """The catalogue that must vouch for this kind, None where none does.

    Raises Unacceptable when the entry is missing, superfluous or not the credential's own.
    """
    catalog = CATALOGS.get(kind)
    if catalog is None and entry_id is not None:
        raise Unacceptable("catalog_entry", f"a {kind} has no catalogue entry", kind=kind)
    if catalog is not None and entry_id is None:
        raise Unacceptable("catalog_entry", f"a {kind} names its entry in {catalog}", kind=kind)
    if catalog is not None and credential.replace("-", "") != (entry_id or "").replace("-", ""):
        raise Unacceptable("catalog_entry", "catalogEntryId and credential differ", kind=kind)
    return catalog


def unlisted(catalog: str, entry_id: str) -> Unknown:
    """No such entry vouches for the user."""
    return Unknown(
        "catalog_entry", f"{catalog} has no entry {entry_id}", catalog=catalog, entryId=entry_id
    )
