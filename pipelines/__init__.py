"""Orchestration: one Dagster code location from raw objects to boards; what a step does lives elsewhere."""
