"""Tables in the Glue catalogue, files in S3, what of them a query reads and what that costs."""
