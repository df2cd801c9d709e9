"""The services: one folder a Lambda function, whose name is the function's and its events' source.

What several services need lies beside the folders; no service imports another.
"""
