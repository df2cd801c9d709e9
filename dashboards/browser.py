"""Headless Chromium, driven over its DevTools protocol: open a page as a given device, ask, picture.

Chromium is a tool of the machine, not a dependency of the boards: only screenshots and tests need
it. https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from dashboards.errors import BrowserError

Theme = Literal["light", "dark"]

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--hide-scrollbars",
    "--no-first-run",
    "--remote-debugging-port=0",
)
_START_SECONDS = 30.0
_ANSWER_SECONDS = 60.0
_DRAWN = "document.documentElement.dataset.drawn === 'true'"


@dataclass(frozen=True)
class Device:
    """What the page believes it is shown on; sizes in CSS pixels."""

    width: int
    height: int
    is_phone: bool = False
    pixel_ratio: float = 1.0


DESKTOP = Device(1280, 900)
PHONE = Device(390, 844, is_phone=True, pixel_ratio=2.0)


def find_chromium() -> Path:
    """The Chromium on the search path; raises BrowserError saying what to install."""
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    raise BrowserError(
        f"none of {', '.join(_NAMES)} is on PATH; install Chromium, on Debian or Ubuntu with"
        " `apt-get install chromium`"
    )


@contextlib.contextmanager
def open_browser() -> Iterator[Browser]:
    """A Chromium of its own with an empty profile, ended with everything it started."""
    with tempfile.TemporaryDirectory(prefix="heyblue-chromium-") as profile:
        process = _start(find_chromium(), Path(profile))
        try:
            address = _wait_for_address(process, Path(profile))
            with connect(address, max_size=None, compression=None) as socket:
                yield Browser(socket)
        finally:
            process.terminate()
            _end(process)
            _wait_until_released(Path(profile))


def _start(chromium: Path, profile: Path) -> subprocess.Popen[bytes]:
    # Chromium refuses to run as root with its sandbox on.
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    return subprocess.Popen(
        [chromium, *_FLAGS, *sandbox, f"--user-data-dir={profile}", "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_released(profile: Path) -> None:
    """Chromium's children may write for a moment longer; a busy folder cannot be removed."""
    for _ in range(50):
        shutil.rmtree(profile, ignore_errors=True)
        if not profile.exists():
            profile.mkdir()
            return
        time.sleep(0.1)


def _wait_for_address(process: subprocess.Popen[bytes], profile: Path) -> str:
    announced = profile / "DevToolsActivePort"
    ends = time.monotonic() + _START_SECONDS
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise BrowserError(f"{process.args!r} ended at once with status {process.returncode}")
        lines = announced.read_text().splitlines() if announced.exists() else []
        if len(lines) >= 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.05)
    raise BrowserError(f"Chromium opened no DevTools port within {_START_SECONDS:.0f} seconds")


class Browser:
    """A running Chromium; pages are opened one at a time."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._events: list[dict[str, Any]] = []

    @contextlib.contextmanager
    def open(self, file: Path, device: Device = DESKTOP, theme: Theme = "light") -> Iterator[Page]:
        """The page of a file, drawn; `file` may carry a `#fragment` in its name.

        Raises BrowserError when the page reports no end of drawing.
        """
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        self.call("Target.activateTarget", targetId=target)
        page.emulate(device, theme)
        page.visit(file)
        yield page
        self.call("Target.closeTarget", targetId=target)

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """One protocol command; events that arrive meanwhile are kept for `events`."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters}
        with _as_browser_error(method):
            self._socket.send(json.dumps(command | ({"sessionId": session} if session else {})))
            while (message := self._receive()).get("id") != number:
                self._events.append(message)
        if "error" in message:
            raise BrowserError(f"Chromium refused {method}: {message['error']['message']}")
        result: dict[str, Any] = message["result"]
        return result

    def events(self, session: str, method: str) -> list[dict[str, Any]]:
        """The parameters of the events of one kind seen so far in one session."""
        return [
            each["params"]
            for each in self._events
            if each.get("sessionId") == session and each.get("method") == method
        ]

    def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._socket.recv(timeout=_ANSWER_SECONDS))
        return message


@contextlib.contextmanager
def _as_browser_error(method: str) -> Iterator[None]:
    try:
        yield
    except (TimeoutError, WebSocketException) as error:
        raise BrowserError(f"Chromium gave no answer to {method}: {error}") from error


class Page:
    """One page in one tab."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def emulate(self, device: Device, theme: Theme) -> None:
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=device.width,
            height=device.height,
            deviceScaleFactor=device.pixel_ratio,
            mobile=device.is_phone,
        )
        self._call("Emulation.setTouchEmulationEnabled", enabled=device.is_phone)
        scheme = {"name": "prefers-color-scheme", "value": theme}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def visit(self, file: Path) -> None:
        path, _, fragment = str(file).partition("#")
        self._call("Network.enable")
        self._call("Runtime.enable")
        self._call("Page.enable")
        address = Path(path).resolve().as_uri() + (f"#{fragment}" if fragment else "")
        answer = self._call("Page.navigate", url=address)
        if "errorText" in answer:
            raise BrowserError(f"Chromium could not open {address}: {answer['errorText']}")
        self.wait(_DRAWN)

    def wait(self, condition: str, seconds: float = 30.0) -> None:
        """Until the JavaScript condition holds; raises BrowserError with the page's own errors."""
        ends = time.monotonic() + seconds
        while not self.evaluate(f"document.readyState === 'complete' && ({condition})"):
            if time.monotonic() > ends:
                raise BrowserError(f"{condition!r} did not hold in {seconds:.0f} s: {self.errors}")
            time.sleep(0.05)

    def evaluate(self, expression: str) -> Any:
        """The expression's value as JSON gives it; a promise is awaited."""
        answer = self._call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if thrown := answer.get("exceptionDetails"):
            raise BrowserError(f"{expression!r} threw {_describe(thrown)}")
        return answer["result"].get("value")

    @property
    def errors(self) -> list[str]:
        """What the page's scripts threw and nobody caught."""
        thrown = self._browser.events(self._session, "Runtime.exceptionThrown")
        return [_describe(each["exceptionDetails"]) for each in thrown]

    @property
    def requests(self) -> list[str]:
        """The address of every request the page has tried, its own first."""
        sent = self._browser.events(self._session, "Network.requestWillBeSent")
        return [each["request"]["url"] for each in sent]

    def swipe(self, selector: str, distance: int) -> float:
        """Draws a finger up from the middle of an element; returns how far the page scrolled."""
        node = f"document.querySelector({selector!r})"
        self.evaluate(f"{node}.scrollIntoView({{block: 'center'}})")
        box = self.evaluate(f"{node}.getBoundingClientRect().toJSON()")
        before = self.evaluate("scrollY")
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self._touch("touchStart", {"x": x, "y": y})
        for step in range(1, 11):
            self._touch("touchMove", {"x": x, "y": y - distance * step / 10})
        self._touch("touchEnd")
        # Two frames: the page scrolls in the first after the last touch.
        self.evaluate("new Promise(d => requestAnimationFrame(() => requestAnimationFrame(d)))")
        return float(self.evaluate("scrollY") - before)

    def picture(self, *, whole: bool = True) -> bytes:
        """A PNG of the whole page, or of the first screen."""
        answer = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(answer["data"])

    def _touch(self, kind: str, *points: dict[str, float]) -> None:
        self._call("Input.dispatchTouchEvent", type=kind, touchPoints=points)

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)


def _describe(thrown: dict[str, Any]) -> str:
    exception = thrown.get("exception", {})
    return str(exception.get("description") or thrown.get("text"))
