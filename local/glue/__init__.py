"""The Glue API, Data Catalog and Schema Registry, over SQLite; knows nothing of the project."""

from local.glue.app import GlueApp, Settings, create_app

__all__ = ["GlueApp", "Settings", "create_app"]
