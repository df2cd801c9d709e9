from __future__ import annotations

import pytest

from ingestion.errors import MissingSetting
from ingestion.settings import load

GIVEN = {
    "HEYBLUE_PREFIX": "blue",
    "HEYBLUE_LAKE_BUCKET": "blue-lake",
    "HEYBLUE_ATHENA_BUCKET": "blue-athena",
}


def test_names_follow_from_the_prefix() -> None:
    settings = load(GIVEN)
    assert settings.stream("users") == "blue-users"
    assert settings.delivery_stream("users") == "blue-lake-users"
    assert settings.ledger_table == "blue-ledger"


@pytest.mark.parametrize("name", GIVEN)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_setting_is_named(name: str, value: str | None) -> None:
    environ = {**GIVEN, name: value or ""}
    with pytest.raises(MissingSetting, match=name):
        load(environ)
