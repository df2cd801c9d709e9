"""A seeded city that lives through the platform's own HTTP API. What is made up here is nowhere else."""
