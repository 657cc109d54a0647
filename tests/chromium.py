"""Where the browser of the tests is: Chromium, by Playwright."""

from __future__ import annotations

import shutil

from index.errors import UserError

CHROMIUM = (
    "--no-sandbox --disable-gpu --disable-background-networking --no-first-run "
    "--disable-component-update --disable-sync"
).split()


def chromium() -> str:
    """Return where the browser is.

    Raises UserError where there is none.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise UserError("Chromium is needed: install it (on Debian: apt install chromium).")
    return path
