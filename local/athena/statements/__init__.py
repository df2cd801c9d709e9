"""Kinds of statements, and those that are no plain query."""
