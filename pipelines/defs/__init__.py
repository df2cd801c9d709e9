"""One file per group of assets, checks, schedules or sensors; `pipelines.definitions` scans them."""
