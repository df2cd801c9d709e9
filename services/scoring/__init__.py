"""Receives every transaction between parties and moves points in the ledger."""
