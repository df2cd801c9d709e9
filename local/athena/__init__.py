"""The Amazon Athena API on one machine; stands alone, imports nothing of the rest of the project."""
