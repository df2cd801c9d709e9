"""Tests of the Firehose plane; a package so that they can share their servers."""
