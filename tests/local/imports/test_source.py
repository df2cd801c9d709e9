from __future__ import annotations

import gzip
import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from local.imports.errors import UnreadableSource
from local.imports.source import name_of, open_source


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            return

        def do_GET(self) -> None:
            if not self.path.endswith("cut.csv"):
                return super().do_GET()
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"EIN,NAME\n")
            return None

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_gzip_is_told_by_content_and_not_by_name(tmp_path: Path) -> None:
    (tmp_path / "packed.csv").write_bytes(gzip.compress(b"one\n"))
    (tmp_path / "plain.csv.gz").write_bytes(b"two\n")
    with open_source(str(tmp_path / "packed.csv")) as file:
        assert file.read() == b"one\n"
    with open_source(str(tmp_path / "plain.csv.gz")) as file:
        assert file.read() == b"two\n"


def test_an_address_is_read_like_a_path(served: str, tmp_path: Path) -> None:
    (tmp_path / "eo_dc.csv").write_bytes(gzip.compress(b"over http\n"))
    with open_source(f"{served}/eo_dc.csv") as file:
        assert list(file) == [b"over http\n"]
    assert name_of(f"{served}/eo_dc.csv?x=1") == "eo_dc.csv"


@pytest.mark.parametrize("path", ["absent.csv", "cut.csv"])
def test_an_address_that_fails_or_breaks_off_is_refused(served: str, path: str) -> None:
    with pytest.raises(UnreadableSource, match=path), open_source(f"{served}/{path}"):
        pass


def test_a_gzip_file_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(bytes(range(256)) * 40)[:-20])
    with pytest.raises(UnreadableSource, match=r"cut\.gz"), open_source(str(path)) as file:
        file.read()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match="nowhere"), open_source(str(tmp_path / "nowhere")):
        pass
