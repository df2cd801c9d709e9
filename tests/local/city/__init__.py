"""Tests of the city: its plan in memory, its life on a real platform."""
