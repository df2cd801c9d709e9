from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ingestion.compatibility import violations
from local.glue import GlueApp, Settings, create_app


def _call(app: GlueApp, operation: str, **request: Any) -> Any:
    status, answer = app.answer(operation, json.dumps(request).encode())
    assert status == 200, answer
    return answer


def test_the_state_is_there_after_a_restart_without_a_clean_end(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "state" / "glue.sqlite", violations)
    first = create_app(settings)
    _call(first, "CreateDatabase", DatabaseInput={"Name": "lake"})
    _call(first, "CreateTable", DatabaseName="lake", TableInput={"Name": "events"})
    second = create_app(settings)
    tables = _call(second, "GetTables", DatabaseName="lake")["TableList"]
    assert [table["Name"] for table in tables] == ["events"]
    first.close()
    second.close()
