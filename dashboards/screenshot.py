"""Pictures of rendered boards, in light and dark, as a desktop and a phone show them.

`python -m dashboards.screenshot FOLDER OUT` photographs every page of a folder.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from dashboards.browser import DESKTOP, PHONE, Device, Theme, open_browser
from dashboards.errors import BrowserError

_DEVICES: dict[str, Device] = {"desktop": DESKTOP, "phone": PHONE}
_THEMES: tuple[Theme, ...] = ("light", "dark")


def take_screenshots(
    pages: Sequence[Path],
    folder: Path,
    *,
    devices: Sequence[str] = tuple(_DEVICES),
    themes: Sequence[Theme] = _THEMES,
    whole: bool = True,
) -> tuple[Path, ...]:
    """Writes `<page>-<device>-<theme>.png` for each combination and returns the paths.

    `devices` are named `desktop` (1280 wide) and `phone` (390 wide); `whole` takes the page down
    to its end, else its first screen. Raises BrowserError without Chromium or a drawn page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    with open_browser() as browser:
        for page in pages:
            for name in devices:
                for theme in themes:
                    picture = folder / f"{page.stem}-{name}-{theme}.png"
                    with browser.open(page, _DEVICES[name], theme) as shown:
                        picture.write_bytes(shown.picture(whole=whole))
                    taken.append(picture)
    return tuple(taken)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; status 1 with one sentence when there is nothing to photograph it with."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.screenshot", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder of rendered pages")
    parser.add_argument("out", type=Path, help="where the PNG files go")
    parser.add_argument("--device", choices=list(_DEVICES), help="only this one")
    parser.add_argument("--theme", choices=_THEMES, help="only this one")
    parser.add_argument("--first-screen", action="store_true", help="do not scroll to the end")
    chosen = parser.parse_args(arguments)
    pages = sorted(chosen.folder.glob("*.html"))
    if not pages:
        parser.error(f"{chosen.folder} holds no .html file; render the boards first")
    try:
        taken = take_screenshots(
            pages,
            chosen.out,
            devices=[chosen.device] if chosen.device else tuple(_DEVICES),
            themes=[chosen.theme] if chosen.theme else _THEMES,
            whole=not chosen.first_screen,
        )
    except BrowserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(f"{picture}\n" for picture in taken)
    return 0


if __name__ == "__main__":
    sys.exit(main())
