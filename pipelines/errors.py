"""The exceptions of this package."""


class PipelineError(Exception):
    """Root of everything this package raises on purpose."""


class ManifestError(PipelineError):
    """dbt could not read the project. The message ends with what dbt said."""
