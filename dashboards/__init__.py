"""Boards: what people read, one YAML file per board, drawn from marts by any target."""
