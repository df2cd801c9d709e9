"""What the Glue plane refuses, each class carrying the error code that Glue's clients match on."""

from __future__ import annotations


class GlueError(Exception):
    """A refused request; `code` is the exception name of the Glue API reference."""

    code = "InternalServiceException"
    status = 400


class EntityNotFoundError(GlueError):
    code = "EntityNotFoundException"


class AlreadyExistsError(GlueError):
    code = "AlreadyExistsException"


class InvalidInputError(GlueError):
    code = "InvalidInputException"


class ValidationError(GlueError):
    code = "ValidationException"


class ConcurrentModificationError(GlueError):
    code = "ConcurrentModificationException"


class UnknownOperationError(GlueError):
    code = "UnknownOperationException"
