"""What may go wrong with a language model, told in one sentence that says what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from index.errors import UserError
from index.printable import shortened, visible
from rag.writing.retry import retry_after

SHORTEST_KEY = 8
"""Characters from which a key is a secret: an address without a key gets "none"."""

_NONSENSE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What the client may raise, at any place in it, if a response is not JSON, not UTF-8, or does not
have the expected form."""


class LLMUnavailable(UserError):
    """The language model cannot be loaded, or does not answer; answers are then made of quotes."""


@contextmanager
def answering(name: str, key: str, *, elsewhere: bool) -> Iterator[None]:
    """Turn the errors of a model's client into LLMUnavailable.

    `elsewhere` says whether the model is at an address that the user has named. The `key` is
    removed from what the client says.
    """
    import openai

    try:
        yield
    except (openai.OpenAIError, httpx.HTTPError) as error:
        raise LLMUnavailable(
            f"The language model {name} does not answer: {_reason(error, key)}."
            + _mends(error, elsewhere=elsewhere)
        ) from error
    except _NONSENSE as error:
        raise LLMUnavailable(
            f"The language model {name} does not answer as an OpenAI-compatible server does "
            f"({type(error).__name__})."
            + (" Check its address (FOOTNOTED_LLM_URL)." if elsewhere else "")
        ) from error


def _reason(error: Exception, key: str) -> str:
    """Return an error's own message, as a part of a sentence, without the key."""
    import openai

    if isinstance(error, openai.APIStatusError):
        kind = error.response.headers.get("Content-Type", "")
        if "html" in kind:  # A page for people, from some proxy in between.
            return f"HTTP {error.status_code} {error.response.reason_phrase}".strip()
    cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else None
    reason = shortened(redacted(key, visible(str(cause or error))), 200)
    return reason.rstrip(".") or type(error).__name__


def redacted(key: str, words: str) -> str:
    """Remove a key from a message: a server that rejects it may repeat it, whole or shortened."""
    if len(key) < SHORTEST_KEY:
        return words
    ends = re.escape(key[: SHORTEST_KEY // 2]), re.escape(key[-(SHORTEST_KEY // 2) :])
    return re.sub(rf"{re.escape(key)}|{ends[0]}\S*|\S*{ends[1]}", "…", words)


def _mends(error: Exception, *, elsewhere: bool) -> str:
    """Return advice on a failure of a model, which is at another address or in this process."""
    import openai

    match error:
        case openai.APITimeoutError() | httpx.TimeoutException():
            return " FOOTNOTED_LLM_TIMEOUT gives it more time."
        case openai.AuthenticationError() | openai.PermissionDeniedError() if elsewhere:
            return " Check its key (FOOTNOTED_LLM_KEY)."
        case openai.NotFoundError() if elsewhere:
            return " Check its name there (FOOTNOTED_LLM) and the address (FOOTNOTED_LLM_URL)."
        case openai.APIStatusError() if (seconds := retry_after(error)) is not None:
            return f" It says to ask again in {seconds:,.0f} s."
        case openai.APIStatusError(status_code=status) if elsewhere and 300 <= status < 400:
            return " It has moved to another address: give that one (FOOTNOTED_LLM_URL)."
        case openai.APIConnectionError() | httpx.TransportError() if elsewhere:
            return " Check its address (FOOTNOTED_LLM_URL)."
    return ""
