"""awswrangler with nothing but environment variables."""

from __future__ import annotations

from typing import Any

import awswrangler as wr
import pandas as pd
import pytest

from .conftest import LAKE, RESULTS, Endpoint

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("client_environment"),
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),  # awswrangler's own
]
OUTPUT = f"s3://{RESULTS}/wrangler"


@pytest.fixture(scope="module")
def table(endpoint: Endpoint) -> str:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in endpoint.environment.items():
            patch.setenv(name, value)
        wr.catalog.create_database("wrangled", exist_ok=True)
        wr.s3.to_parquet(
            pd.DataFrame({"id": [1, 2, 3], "kind": ["a", "b", "a"]}),
            path=f"s3://{LAKE}/wrangled/",
            dataset=True,
            database="wrangled",
            table="things",
            partition_cols=["kind"],
            mode="overwrite",
        )
    return "things"


@pytest.mark.parametrize(
    "how",
    [
        {"ctas_approach": True},
        {"ctas_approach": False, "unload_approach": True, "s3_output": f"{OUTPUT}/unloaded/"},
        {"ctas_approach": False},
    ],
    ids=["ctas", "unload", "plain"],
)
def test_read_sql_query_gives_the_rows_whichever_way(table: str, how: dict[str, Any]) -> None:
    frame = wr.athena.read_sql_query(
        "select id, kind from things where kind = 'a' order by id",
        database="wrangled",
        **{"s3_output": f"{OUTPUT}/", **how},
    )
    assert frame.values.tolist() == [[1, "a"], [3, "a"]]


def test_parameters_and_chunks(table: str) -> None:
    chunks = wr.athena.read_sql_query(
        "select id from things where id > :least",
        database="wrangled",
        s3_output=f"{OUTPUT}/",
        ctas_approach=False,
        params={"least": 0},
        chunksize=2,
    )
    assert [len(c) for c in chunks] == [2, 1]


def test_describe_and_repair_read_the_text_result(table: str) -> None:
    described = wr.athena.describe_table("things", database="wrangled", s3_output=f"{OUTPUT}/")
    assert described["Column Name"].tolist() == ["id", "kind"]
    assert described["Partition"].tolist() == [False, True]
    assert (
        wr.athena.repair_table("things", database="wrangled", s3_output=f"{OUTPUT}/") == "SUCCEEDED"
    )
