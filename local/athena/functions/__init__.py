"""Trino's functions, a family a module."""
