"""A real Trino to compare with; see `__main__`."""
