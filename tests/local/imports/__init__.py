"""Tests of the imports; those over real files are collected where the files are."""
