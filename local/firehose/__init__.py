"""Amazon Data Firehose on one machine: its API and the data plane behind it, delivering to S3."""
