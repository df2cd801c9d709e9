"""The exceptions of this package."""


class QualityError(Exception):
    """Root of everything this package raises on purpose."""


class SuiteError(QualityError):
    """A suite cannot be run as written. The message names the suite and what is wrong with it."""
