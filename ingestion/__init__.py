"""Contracts and the path from a handler to the lake; knows nothing of services, warehouse or local machinery."""
