"""Trino SQL: its syntax, names and types, and what becomes of it in DuckDB."""
