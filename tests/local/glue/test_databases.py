from __future__ import annotations

from collections.abc import Callable
from typing import Any

Call = Callable[..., Any]
Table = tuple[str, str]


def test_names_are_folded_to_lower_case(call: Call) -> None:
    call("CreateDatabase", DatabaseInput={"Name": "Lake"})
    call("CreateTable", DatabaseName="LAKE", TableInput={"Name": "Events"})
    assert call("GetTable", DatabaseName="lake", Name="EVENTS")["Table"]["Name"] == "events"


def test_a_second_database_or_table_of_one_name_is_refused(
    call: Call, refusal: Call, table: Table
) -> None:
    assert refusal("CreateDatabase", DatabaseInput={"Name": "lake"}) == "AlreadyExistsException"
    again = {"DatabaseName": "lake", "TableInput": {"Name": "Events"}}
    assert refusal("CreateTable", **again) == "AlreadyExistsException"


def test_deleting_a_database_deletes_what_is_in_it(call: Call, refusal: Call, table: Table) -> None:
    call("DeleteDatabase", Name="lake")
    call("CreateDatabase", DatabaseInput={"Name": "lake"})
    assert call("GetTables", DatabaseName="lake")["TableList"] == []


def test_there_are_no_user_defined_functions(call: Call, table: Table) -> None:
    answer = call("GetUserDefinedFunctions", DatabaseName="lake", Pattern="*")
    assert answer == {"UserDefinedFunctions": []}
