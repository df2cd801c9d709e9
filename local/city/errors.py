"""The exceptions of the city."""

from __future__ import annotations


class CityFailure(Exception):
    """Root of everything the city raises on purpose."""


class NoGateway(CityFailure):
    """The gateway does not answer."""


class TooFewCharities(CityFailure):
    """The catalogue holds fewer usable charities than the city needs."""
