"""Retries for a language model that is unavailable for a moment: few, and not for long.

tenacity would only replace the loop in `Writer`. Which errors are temporary, how long a server asks
to wait, the limit over all requests of a question, and a wait that is announced and can be ended
would still be here.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from rag.turns import Queued

TRIES = 3
"""The most tries of one request."""

LONGEST = 30.0
"""The most seconds of waiting between tries, for all requests of one question."""

_BUSY = (429, 503)
_PASSES = (*_BUSY, 500, 502, 504)
_BROKEN = (httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The language model did not answer, and is asked again in `seconds`."""

    seconds: float
    why: str

    def __str__(self) -> str:
        return f"The language model {self.why}: trying again in {math.ceil(self.seconds)} s"


Wait = Callable[[Waiting | Queued], None]
"""Announces a wait, and waits: it returns when the language model may be asked again. A `Queued` is
only announced, since the turn comes by itself."""


def sleep(waiting: Waiting | Queued) -> None:
    """Wait without announcing it."""
    time.sleep(waiting.seconds)


class RetryBudget:
    """The time that is left for waiting for a language model while one question is answered."""

    def __init__(self, wait: Wait = sleep) -> None:
        self._wait = wait
        self._left = LONGEST

    def waits(self, error: BaseException | None, tries: int) -> bool:
        """Wait after a failure that may be temporary; return whether to ask again.

        False if the failure is permanent, if it was a time-out (the server had all the time that it
        gets), if there were too many tries, or if the server wants more time than is left.
        """
        why = _may_pass(error)
        if why is None or tries >= TRIES:
            return False
        asked = retry_after(error)
        seconds = 2.0 ** (tries - 1) if asked is None else asked
        if seconds > self._left:
            return False
        self._left -= seconds
        self._wait(Waiting(seconds, why))
        return True


def _may_pass(error: BaseException | None) -> str | None:
    """Return what is wrong with a language model if that may be temporary, else None."""
    import openai

    match error:
        case openai.APIStatusError(status_code=status) if status in _PASSES:
            return "is busy" if status in _BUSY else "has failed"
        case openai.APIConnectionError() if isinstance(error.__cause__, _BROKEN):
            return "cannot be reached"
        case _ if isinstance(error, _BROKEN):
            return "broke off"
    return None


def retry_after(error: BaseException | None) -> float | None:
    """Return the seconds after which a server asks to be asked again; None if it does not say."""
    import openai

    if not isinstance(error, openai.APIStatusError):
        return None
    value = error.response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), 1e9)
    try:
        then = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())
