"""A stream in memory that keeps the protocol's promises and can be told to refuse records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from ingestion.envelope import Message
from ingestion.errors import NotSent
from ingestion.streams import Record


class MemoryStream:
    """`refuse` names positions (from 0, over all puts) at which a message is refused once."""

    def __init__(self, shard_count: int = 1, refuse: Iterable[int] = ()) -> None:
        self._shards: dict[str, list[Record]] = {f"shard-{n}": [] for n in range(shard_count)}
        self._refuse = set(refuse)
        self._offered = 0

    def put(self, messages: Sequence[Message]) -> None:
        """Append; once a message is refused, so is every later one of its partition key."""
        unsent: list[Message] = []
        for message in messages:
            refused = self._offered in self._refuse
            self._offered += 1
            if refused or any(m.partition_key == message.partition_key for m in unsent):
                unsent.append(message)
            else:
                self._append(message)
        if unsent:
            raise NotSent(unsent, "told to refuse")

    def shards(self) -> list[str]:
        return list(self._shards)

    def read(self, shard: str, after: str | None = None) -> Iterator[Record]:
        records = self._shards[shard]
        return iter(records[int(after) + 1 :] if after is not None else list(records))

    def _append(self, message: Message) -> None:
        digest = hashlib.md5(message.partition_key.encode(), usedforsecurity=False).digest()
        shard = f"shard-{int.from_bytes(digest, 'big') % len(self._shards)}"
        log = self._shards[shard]
        log.append(Record(shard, str(len(log)), message.partition_key, message.body))
