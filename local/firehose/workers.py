"""The data plane of one delivery stream: a thread that reads, transforms, buffers and delivers."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.firehose.buffers import Buffer
from local.firehose.clients import Clients
from local.firehose.conversion import Converter
from local.firehose.destinations import Destination, read_destination
from local.firehose.errors import Interruption, SchemaUnavailable, SourceMissing, Stopped
from local.firehose.records import ReadyRecord, instant
from local.firehose.rounds import Planner
from local.firehose.settings import Settings
from local.firehose.sources import KinesisSource, PutSource, Source
from local.firehose.store import Store, Totals
from local.firehose.transformation import Outcome, Transformer

LOG = logging.getLogger("heyblue.firehose")
IDLE_FACTOR = 5
FLUSH_SECONDS = 60.0
STOP_SECONDS = 10.0
Document = dict[str, Any]


@dataclass(eq=False)
class Flush:
    """One caller that waits until all that is in the source has been delivered."""

    done: Future[None] = field(default_factory=Future)
    asked_at: float = field(default_factory=time.time)

    def expects_more(self) -> bool:
        """Whether it may still wait for something that does not answer."""
        return time.time() - self.asked_at < FLUSH_SECONDS


class Worker:
    """Runs one delivery stream until it is stopped; `trouble` says what keeps it from working."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        name: str,
        document: Document,
    ) -> None:
        self.trouble: str | None = None
        self._settings = settings
        self._store = store
        self._name = name
        self._document = document
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._flushes: list[Flush] = []
        self._taken: list[Flush] = []
        self._ended = False
        self._renewed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"firehose-{name}", daemon=True)
        self._idle_rounds = 0
        self._counts = threading.Lock()
        self._configure(document)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Stop where it stands; what is not durable is read again by the next start."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(STOP_SECONDS)

    def reconfigure(self) -> None:
        """Go on with the stream's stored version, once what is buffered is delivered."""
        self._renewed.set()
        self._wake.set()

    def flush(self) -> Future[None]:
        """Ask to deliver all that is in the source now; the future ends when it is in S3.

        It fails with an Interruption when something missing makes that impossible.
        """
        request = Flush()
        with self._lock:
            if self._ended:
                request.done.set_exception(self._end())
            else:
                self._flushes.append(request)
        self._wake.set()
        return request.done

    def totals(self) -> Totals:
        """Counts of all rounds, the open and the buffered included."""
        with self._counts:
            counted = self._store.totals(self._name)
            open_rounds = sum(intent.totals.incoming for intent in self._store.intents(self._name))
            return counted + Totals(incoming=open_rounds + self._buffered())

    def _buffered(self) -> int:
        return self._buffer.incoming if self._source_arn else 0

    def _configure(self, document: Document) -> None:
        self._document = document
        self._destination: Destination = read_destination(
            self._document["destination"], self._settings.region
        )
        source = self._document.get("source")
        self._source_arn: str | None = source["KinesisStreamARN"] if source else None
        self._planner = Planner(self._name, self._document["version"], self._destination)
        self._buffer = Buffer(self._destination)

    def _run(self) -> None:
        clients = Clients(self._settings)
        try:
            self._serve(clients)
        except Stopped:
            LOG.debug("delivery stream %s stopped in a round", self._name)
        except BaseException as error:  # the thread ends here: whoever flushes is to learn why
            self.trouble = f"the worker died: {error!r}"
            self._stopping.set()
            raise
        finally:
            self._refuse_flushes()
            clients.close()

    def _serve(self, clients: Clients) -> None:
        source = self._source(clients)
        checked = False
        while not self._stopping.is_set():
            self._take_flushes()
            try:
                checked = checked or self._check_source(source)
                self._round(clients, source)
                self.trouble = None
            except SourceMissing as error:
                if self._document["status"] == "CREATING":
                    self._fail_creation(error)
                    return
                self._interrupted(error)
                checked = False
            except (Interruption, BotoCoreError, ClientError) as error:
                self._interrupted(error)
            self._pause()

    def _fail_creation(self, error: SourceMissing) -> None:
        self.trouble = str(error)
        failure = {"Type": "UNKNOWN_ERROR", "Details": self.trouble[:1024]}
        self._change(status="CREATING_FAILED", failure=failure)

    def _change(self, **changes: Any) -> None:
        self._document = self._store.change_stream(self._name, changes)

    def _source(self, clients: Clients) -> Source:
        if self._source_arn is None:
            return PutSource(self._store, self._name)
        return KinesisSource(
            clients.kinesis,
            self._source_arn,
            self._document["created_at"],
            self._store,
            self._name,
        )

    def _check_source(self, source: Source) -> bool:
        """Notice a stream that is not the one the checkpoints belong to; then become ACTIVE."""
        if isinstance(source, KinesisSource):
            self._check_stream(source)
        if self._document["status"] == "CREATING":
            self._change(status="ACTIVE")
        return True

    def _check_stream(self, source: KinesisSource) -> None:
        created, known = source.created_at(), self._document.get("source_created_at")
        if known is not None and created != known:
            self._notice(
                f"source {self._source_arn} was recreated ({_time(created)}, before"
                f" {_time(known)}): its records are read from the oldest one; what the former"
                " stream held and was not yet delivered is gone"
            )
            source.restart()
            self._buffer = Buffer(self._destination)
        if created != known:
            self._change(source_created_at=created)
        for shard in source.lost():
            self._notice(
                f"the checkpoint of {shard} has left source {self._source_arn}: records between"
                " it and the oldest one that is left may be lost"
            )

    def _notice(self, text: str) -> None:
        LOG.warning("delivery stream %s: %s", self._name, text)
        self._store.add_notice(self._name, text)

    def _round(self, clients: Clients, source: Source) -> None:
        self._write_open_intents(clients)
        transformer = self._transformer(clients)
        before = self._buffer.incoming
        self._read(clients, source, transformer)
        self._idle_rounds = self._idle_rounds + 1 if self._buffer.incoming == before else 0
        if self._taken or self._renewed.is_set() or self._buffer.is_due:
            self._deliver(clients, transformer)
        if self._renewed.is_set():
            self._renewed.clear()
            self._configure(self._store.streams()[self._name])
        while self._taken:
            self._taken.pop().done.set_result(None)

    def _read(self, clients: Clients, source: Source, transformer: Transformer | None) -> None:
        until_ms = round(time.time() * 1000) if self._taken else None
        for page in source.read(until_ms):
            with self._counts:
                self._buffer.take(page)
            self._transform(transformer)
            if self._buffer.is_due:
                self._deliver(clients, transformer)
        self._transform(transformer)

    def _transformer(self, clients: Clients) -> Transformer | None:
        function = self._destination.processors.function
        if function is None:
            return None
        return Transformer(
            clients.functions,
            function,
            self._document["arn"],
            self._source_arn,
            self._settings.region,
            self._stopping,
        )

    def _transform(self, transformer: Transformer | None, everything: bool = False) -> None:
        if transformer is None:
            ready = [ReadyRecord(record, record.data) for record in self._buffer.waiting]
            self._buffer.settle(len(ready), Outcome(ready=ready))
        elif everything or self._buffer.transformable:
            for batch in list(transformer.batches(self._buffer.waiting)):
                self._continue()
                self._buffer.settle(len(batch), transformer.transform(batch))

    def _continue(self) -> None:
        if self._stopping.is_set():
            raise Stopped

    def _deliver(self, clients: Clients, transformer: Transformer | None) -> None:
        self._transform(transformer, everything=True)
        if not self._buffer.incoming:
            return
        self._continue()
        objects, totals = self._planner.plan(self._buffer, self._converter(clients))
        if self._source_arn is None:
            totals = Totals(**{**vars(totals), "incoming": 0})
        with self._counts:
            self._store.commit_intent(self._name, self._buffer.covers, objects, totals)
            self._buffer = Buffer(self._destination)
        self._write_open_intents(clients)

    def _converter(self, clients: Clients) -> Converter | None:
        conversion = self._destination.conversion
        if conversion is None:
            return None
        return Converter(clients.glue, conversion, self._settings.account_id)

    def _write_open_intents(self, clients: Clients) -> None:
        for intent in self._store.intents(self._name):
            for item in self._store.objects(intent.id):
                self._continue()
                encryption = (
                    {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": item.kms_key}
                    if item.kms_key
                    else {}
                )
                clients.s3.put_object(
                    Bucket=item.bucket, Key=item.key, Body=item.body, **encryption
                )
            with self._counts:
                self._store.close_intent(self._name, intent)

    def _take_flushes(self) -> None:
        self._wake.clear()
        with self._lock:
            self._taken += self._flushes
            self._flushes = []

    def _interrupted(self, error: Exception) -> None:
        if self.trouble != str(error):
            LOG.warning("delivery stream %s waits: %s", self._name, error)
        self.trouble = str(error)
        hopeless = isinstance(error, SchemaUnavailable | SourceMissing)
        waiting = [flush for flush in self._taken if not hopeless and flush.expects_more()]
        for flush in self._taken:
            if flush not in waiting:
                flush.done.set_exception(Interruption(f"{self._name}: {error}"))
        self._taken = waiting

    def _refuse_flushes(self) -> None:
        with self._lock:
            self._ended = True
        self._take_flushes()
        for flush in self._taken:
            flush.done.set_exception(self._end())

    def _end(self) -> Stopped:
        return Stopped(f"delivery stream {self._name} does not run: {self.trouble or 'stopped'}")

    def _pause(self) -> None:
        if self.trouble is not None:
            self._stopping.wait(self._settings.retry_seconds)
        else:
            idle = min(1 + self._idle_rounds, IDLE_FACTOR)
            self._wake.wait(self._settings.poll_seconds * idle)


def _time(seconds: float) -> str:
    return instant(round(seconds * 1000)).isoformat()
