"""Databases of the Data Catalog, and the functions that nobody can define in them.

Public methods that take one request are the operations of the API under their snake-case names.
"""

from __future__ import annotations

import time

from local.glue.errors import AlreadyExistsError, EntityNotFoundError, InvalidInputError
from local.glue.requests import folded, with_token
from local.glue.store import Record, Store, decode, encode, page_size, position_of, take_page


class Databases:
    """Database operations; names are folded to lower case as Glue does."""

    def __init__(self, store: Store, account: str) -> None:
        self._store = store
        self._account = account

    def create_database(self, request: Record) -> Record:
        given = request["DatabaseInput"]
        name = folded(given["Name"])
        if self._find(name) is not None:
            raise AlreadyExistsError(f"Database {name} already exists")
        body = {**given, "Name": name, "CreateTime": time.time(), "CatalogId": self._account}
        self._store.write("insert into databases values (?, ?)", name, encode(body))
        return {}

    def get_database(self, request: Record) -> Record:
        return {"Database": self.database(folded(request["Name"]))}

    def get_databases(self, request: Record) -> Record:
        after = position_of(request.get("NextToken"), "")
        found = self._store.rows(
            "select name, body from databases where name > ? order by name", after
        )
        page, token = take_page(
            ((name, decode(body)) for name, body in found), page_size(request, 100, 100)
        )
        return with_token({"DatabaseList": page}, token)

    def update_database(self, request: Record) -> Record:
        current = self.database(folded(request["Name"]))
        given = request["DatabaseInput"]
        if folded(given["Name"]) != current["Name"]:
            raise InvalidInputError(f"Database {current['Name']} cannot be renamed")
        kept = {key: current[key] for key in ("Name", "CreateTime", "CatalogId")}
        self._store.write(
            "update databases set body = ? where name = ?",
            encode({**given, **kept}),
            current["Name"],
        )
        return {}

    def delete_database(self, request: Record) -> Record:
        name = self.database(folded(request["Name"]))["Name"]
        for table in ("tables", "table_versions", "partitions"):
            self._store.write(f"delete from {table} where database = ?", name)
        self._store.write("delete from databases where name = ?", name)
        return {}

    def get_user_defined_function(self, request: Record) -> Record:
        raise EntityNotFoundError(
            f"Function {request['FunctionName']} does not exist in database"
            f" {request['DatabaseName']}: this catalog stores no functions"
        )

    def get_user_defined_functions(self, request: Record) -> Record:
        if request.get("DatabaseName"):
            self.database(folded(request["DatabaseName"]))
        return {"UserDefinedFunctions": []}

    def database(self, name: str) -> Record:
        """The stored database of a folded name. Raises EntityNotFoundError."""
        found = self._find(name)
        if found is None:
            raise EntityNotFoundError(f"Database {name} not found")
        return found

    def _find(self, name: str) -> Record | None:
        found = self._store.row("select body from databases where name = ?", name)
        return None if found is None else decode(found[0])
