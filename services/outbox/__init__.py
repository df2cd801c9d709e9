"""Carries filed events from the ledger's table to their streams."""
