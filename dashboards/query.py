"""The real query function of the boards: Athena through PyAthena.

The endpoint, the region and the credentials come from the AWS SDK's own environment.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from pyathena import connect
from pyathena.error import Error as PyAthenaError
from pyathena.pandas.cursor import PandasCursor

from dashboards.errors import QueryError
from dashboards.frames import Query

# PyAthena's default of one second would be most of the time a board takes; Athena allows 100 looks a
# second (GetQueryExecution).
_POLL_SECONDS = 0.05


def athena_query(workgroup: str, database: str) -> Query:
    """A function that answers SQL with all of its rows, run in the workgroup.

    The workgroup has to have an output location. Raises QueryError when Athena refuses
    or fails the query.
    """
    connection: Any = connect(
        work_group=workgroup,
        schema_name=database,
        s3_staging_dir="",  # the workgroup decides, not a variable of the environment
        cursor_class=PandasCursor,
        poll_interval=_POLL_SECONDS,
    )

    def run(sql: str) -> pd.DataFrame:
        try:
            frame: pd.DataFrame = connection.cursor().execute(sql).as_pandas()
        except PyAthenaError as error:
            raise QueryError(str(error)) from error
        return frame

    return run
