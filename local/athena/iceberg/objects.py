"""Metadata files of Iceberg in S3, through the endpoint's own storage."""

from __future__ import annotations

import io
from typing import Any

from pyiceberg.io import FileIO, InputFile, OutputFile

from local.athena.lake.storage import Storage


class Objects(FileIO):  # type: ignore[misc]
    """pyiceberg's way to files; each is read and written whole, none is large."""

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self._storage = storage

    def new_input(self, location: str) -> Object:
        return Object(self._storage, location)

    def new_output(self, location: str) -> Object:
        return Object(self._storage, location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        self._storage.remove(location if isinstance(location, str) else location.location)


class Object(InputFile, OutputFile):  # type: ignore[misc]
    """One object, to be read or to be written."""

    def __init__(self, storage: Storage, location: str) -> None:
        super().__init__(location)
        self._storage = storage
        self._size: int | None = None

    def __len__(self) -> int:
        if self._size is None:
            self._size = len(self._storage.read(self.location))
        return self._size

    def exists(self) -> bool:
        return self._storage.exists(self.location)

    def open(self, seekable: bool = True) -> Any:
        return io.BytesIO(self._storage.read(self.location))

    def to_input_file(self) -> Object:
        return self

    def create(self, overwrite: bool = False) -> Any:
        """A buffer that becomes the object when it is closed."""
        if not overwrite and self.exists():
            raise FileExistsError(f"{self.location} is there already")
        return _Buffer(self)

    def write(self, content: bytes) -> None:
        self._storage.put(self.location, content)
        self._size = len(content)


class _Buffer(io.BytesIO):
    def __init__(self, target: Object) -> None:
        super().__init__()
        self._target = target

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is None:
            self.close()
        super().close()  # without having been written

    def close(self) -> None:
        if not self.closed:
            self._target.write(self.getvalue())
        super().close()
