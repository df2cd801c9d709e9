"""S3 prefixes with `!{namespace:value}` expressions: read once, evaluated for each object.

Rules: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from local.firehose.errors import ExpressionError
from local.firehose.timestamps import compile_pattern, format_instant

LAMBDA = "partitionKeyFromLambda"
QUERY = "partitionKeyFromQuery"
NAMESPACES = ("firehose", "timestamp", LAMBDA, QUERY)
RANDOM_STRING = "random-string"
ERROR_OUTPUT_TYPE = "error-output-type"
LONGEST_PREFIX = 512
DEFAULT_TIME = "!{timestamp:yyyy/MM/dd/HH/}"


@dataclass(frozen=True)
class Situation:
    """What one evaluation may use; `keys` maps (namespace, name) to partition key values."""

    instant: datetime
    random_string: Callable[[], str]
    keys: Mapping[tuple[str, str], str] = field(default_factory=dict)
    error_type: str | None = None


@dataclass(frozen=True)
class Piece:
    """One literal (namespace None) or one expression of a prefix."""

    namespace: str | None
    value: str

    def evaluate(self, situation: Situation) -> str:
        """The text of this piece; raises ExpressionError when the situation lacks its value."""
        if self.namespace is None:
            return self.value
        if self.namespace == "timestamp":
            return format_instant(compile_pattern(self.value), situation.instant)
        if self.namespace == "firehose":
            return self._from_firehose(situation)
        return self._from_keys(situation)

    def _from_firehose(self, situation: Situation) -> str:
        if self.value == RANDOM_STRING:
            return situation.random_string()
        if situation.error_type is None:
            raise ExpressionError("!{firehose:error-output-type} stands outside an error prefix")
        return situation.error_type

    def _from_keys(self, situation: Situation) -> str:
        assert self.namespace is not None
        try:
            return situation.keys[self.namespace, self.value]
        except KeyError:
            raise ExpressionError(f"partition key {self.value!r} has no value") from None


@dataclass(frozen=True)
class Prefix:
    """A prefix that has been read."""

    text: str
    pieces: tuple[Piece, ...]

    @property
    def has_expressions(self) -> bool:
        """Whether anything in it is evaluated."""
        return any(piece.namespace for piece in self.pieces)

    def uses(self, namespace: str, value: str | None = None) -> bool:
        """Whether an expression of the namespace (and value) stands in it."""
        return any(
            piece.namespace == namespace and value in (None, piece.value) for piece in self.pieces
        )

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """The (namespace, name) of each partition key, in order of appearance."""
        return tuple(
            (piece.namespace, piece.value)
            for piece in self.pieces
            if piece.namespace in (LAMBDA, QUERY)
        )

    def evaluate(self, situation: Situation) -> str:
        """The prefix of one object; raises ExpressionError beyond 512 characters."""
        text = "".join(piece.evaluate(situation) for piece in self.pieces)
        if len(text) > LONGEST_PREFIX:
            raise ExpressionError(
                f"the evaluated prefix has {len(text)} characters, more than {LONGEST_PREFIX}"
            )
        return text


def read_prefix(text: str) -> Prefix:
    """Read a prefix; raises ExpressionError for anything but documented expressions."""
    pieces: list[Piece] = []
    rest = text
    while rest:
        literal, opened, rest = rest.partition("!{")
        if literal:
            pieces.append(Piece(None, literal))
        if opened:
            body, closed, rest = rest.partition("}")
            if not closed:
                raise ExpressionError(f"'!{{' in prefix {text!r} never closes")
            pieces.append(_expression(body, text))
    return Prefix(text, tuple(pieces))


def _expression(body: str, text: str) -> Piece:
    namespace, colon, value = body.partition(":")
    if not colon or namespace not in NAMESPACES or not value:
        raise ExpressionError(
            f"!{{{body}}} in prefix {text!r} is not of the form !{{namespace:value}} with a"
            f" namespace of {', '.join(NAMESPACES)}"
        )
    if namespace == "timestamp":
        compile_pattern(value)
    if namespace == "firehose" and value not in (RANDOM_STRING, ERROR_OUTPUT_TYPE):
        raise ExpressionError(f"firehose:{value} in prefix {text!r} is not a documented value")
    return Piece(namespace, value)
