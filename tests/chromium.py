"""Where the browser of the tests is: Chromium, by Playwright."""

from __future__ import annotations

import shutil

from index.errors import UserError

# Without the last, each window loads two pages of Chromium's own address bar, which nobody sees.
CHROMIUM = (
    "--no-sandbox --disable-gpu --disable-background-networking --no-first-run "
    "--disable-component-update --disable-sync "
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup"
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
