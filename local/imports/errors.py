"""The exceptions of the imports. A bad line is not among them: it goes to quarantine."""

from __future__ import annotations


class ImportFailure(Exception):
    """Root of everything the imports raise on purpose; nothing further was sent."""


class UnreadableSource(ImportFailure):
    """A file or address cannot be read, or is not of the format it should have."""


class RefusedImport(ImportFailure):
    """The input can be read, but importing it would falsify what is there."""
