"""One file per group of assets, checks, schedules or sensors, each with a `defs()` of its own.

`pipelines.definitions` scans them.
"""
