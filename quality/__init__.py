"""What is promised about the data and checked with Great Expectations at the lake's two borders.

Rules inside the warehouse are dbt tests; the shape of a single event is its contract.
"""
