"""Iceberg tables, through pyiceberg: it knows the metadata, DuckDB reads and writes the rows.

Imported when a query meets its first Iceberg table, because the library takes a second to import.
"""
