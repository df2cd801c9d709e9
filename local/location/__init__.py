"""Amazon Location's geofences over another's trackers: positions in, ENTER and EXIT events out."""

from local.location.app import LocationApp, Settings, create_app

__all__ = ["LocationApp", "Settings", "create_app"]
