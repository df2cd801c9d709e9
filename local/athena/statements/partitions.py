"""ALTER TABLE ADD, DROP, RENAME and SET LOCATION of partitions: the catalogue changes, files stay."""

from __future__ import annotations

from local.athena.engine.query import Work
from local.athena.errors import QueryFailed
from local.athena.lake.catalog import Partition, Table
from local.athena.statements import ddl
from local.athena.statements.ddl import DDL_TASK
from local.athena.statements.files import folders
from local.athena.statements.kinds import Reader


def partitioned_by(table: Table, partition: Partition) -> dict[str, str]:
    """Its values by the names of the keys."""
    return dict(zip(table.keys, partition.values, strict=True))


def add(work: Work, reader: Reader, table: Table) -> None:
    quiet = reader.take_if("IF", "NOT", "EXISTS")
    known = {p.values for p in work.catalog.partitions(table)}
    made = []
    while not reader.done:
        values = _values(ddl.partition_spec(reader), table)
        folder = "/".join(folders(list(table.keys), values))
        location = reader.string() if reader.take_if("LOCATION") else f"{table.location}/{folder}"
        if values not in known:
            made.append(Partition(values, location.rstrip("/")))
        elif not quiet:
            raise _partition_exists(folder)
    work.catalog.add_partitions(table, made)


def drop(work: Work, reader: Reader, table: Table) -> None:
    """Each spec names all partitions that have its values, in Hive's way; all are read before one goes."""
    quiet = reader.take_if("IF", "EXISTS")
    specs = [_named(ddl.partition_spec(reader), table)]
    while reader.take_if(","):
        specs.append(_named(ddl.partition_spec(reader), table))
    reader.end()
    known = work.catalog.partitions(table)
    for spec in specs:
        found = [p for p in known if spec.items() <= partitioned_by(table, p).items()]
        gone = [work.catalog.drop_partition(table, p.values) for p in found]
        if not any(gone) and not quiet:
            raise _no_partition(spec)


def _no_partition(spec: dict[str, str]) -> QueryFailed:
    listed = " AND ".join(f"{k} = '{v}'" for k, v in spec.items())
    return QueryFailed(
        "", f"FAILED: SemanticException [Error 10006]: Partition not found ({listed})"
    )


def _partition_exists(folder: str) -> QueryFailed:
    return QueryFailed(
        "", f"{DDL_TASK} AlreadyExistsException(message:Partition already exists: {folder})"
    )


def change(work: Work, reader: Reader, table: Table) -> None:
    """`PARTITION (…) RENAME TO PARTITION (…)` and `PARTITION (…) SET LOCATION '…'`: files stay."""
    reader.at -= 1
    old = _values(ddl.partition_spec(reader), table)
    known = {p.values: p for p in work.catalog.partitions(table)}
    if old not in known:
        raise _no_partition(dict(zip(table.keys, old, strict=True)))
    if reader.take_if("SET", "LOCATION"):
        changed = Partition(old, reader.string().rstrip("/"))
    else:
        reader.expect("RENAME", "TO")
        changed = Partition(_values(ddl.partition_spec(reader), table), known[old].location)
        if changed.values in known:
            raise _partition_exists("/".join(folders(list(table.keys), changed.values)))
    reader.end()
    work.catalog.drop_partition(table, old)
    work.catalog.add_partitions(table, [changed])


def _values(spec: dict[str, str], table: Table) -> tuple[str, ...]:
    if set(_named(spec, table)) != set(table.keys):
        listed = ", ".join(f"{k}={v}" for k, v in spec.items())
        raise QueryFailed(
            "",
            f"FAILED: SemanticException partition spec {{{listed}}} doesn't contain all "
            f"({len(table.keys)}) partition columns",
        )
    return tuple(spec[k] for k in table.keys)


def _named(spec: dict[str, str], table: Table) -> dict[str, str]:
    """The spec; raises QueryFailed for a column that is no key."""
    for name in spec:
        if name not in table.keys:
            listed = ", ".join(f"{k}={v}" for k, v in spec.items())
            raise QueryFailed(
                "",
                f"FAILED: SemanticException [Error 10098]: {name} not found in table's partition "
                f"spec: {{{listed}}}",
            )
    return spec
