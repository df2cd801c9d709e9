from __future__ import annotations

import pytest

from local.api import Api, ResourceError
from local.resources import OWNED, Permission


def test_each_type_that_is_ours_is_named_once() -> None:
    kinds = [owned.kind for owned in OWNED]
    assert len(kinds) == len(set(kinds)) == 12


def test_what_can_only_be_replaced_refuses_a_change_in_place_by_its_type() -> None:
    permission = Permission(Api("http://127.0.0.1:1", "us-east-1"))
    with pytest.raises(ResourceError, match=r"AWS::Lambda::Permission p1"):
        permission.update("p1", {}, {})
