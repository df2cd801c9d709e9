"""The Athena API: requests in, answers out, what survives a restart."""
