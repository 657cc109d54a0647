"""Fetch http and https addresses, within limits of size and time."""

from __future__ import annotations

import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from index.documents import source_name
from index.errors import DocumentError, reason
from index.loading.formats import ALL_TEXT, ENDINGS, MEDIA_TYPES, Limits
from index.printable import title_line

if TYPE_CHECKING:
    import httpx

FETCH_SECONDS = 120.0
"""The time limit for a whole download."""

MAX_REDIRECTS = 5


class Fetched(NamedTuple):
    """The data at an address, its format, the final address, and the declared charset."""

    data: bytes
    kind: str
    address: str
    charset: str | None


def fetch(address: str, limits: Limits, *, private: bool = False) -> Fetched:
    """Fetch an address, following a few redirects.

    Addresses of this machine and of its network are fetched only if `private` allows it: otherwise
    anyone who can request a fetch, or redirect one, could read what is meant for this machine only.

    Raises DocumentError if it cannot be fetched.
    """
    import httpx

    from index.loading.public import PublicTransport

    shown = title_line(address)
    try:
        with (
            httpx.Client(
                follow_redirects=True,
                max_redirects=MAX_REDIRECTS,
                timeout=httpx.Timeout(30, connect=10),
                headers={"User-Agent": _user_agent()},
                transport=None if private else PublicTransport(),
            ) as client,
            client.stream("GET", address) as response,
        ):
            return _received(shown, response, limits)
    except httpx.TooManyRedirects as error:
        raise DocumentError(
            f"{shown} redirects more than {MAX_REDIRECTS} times. Give the final address."
        ) from error
    except httpx.TimeoutException as error:
        raise DocumentError(f"{shown} does not answer in time. Try again later.") from error
    except httpx.ConnectError as error:
        raise DocumentError(
            f"{shown} cannot be reached ({reason(error)}). Check the address and the connection."
        ) from error
    # UnicodeError: an invalid host name, which httpx leaves to the codec.
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise DocumentError(
            f"{shown} cannot be read: {reason(error)}. Check the address."
        ) from error


def name_of(address: str) -> str:
    """Return the last part of an address, or its host."""
    parts = urlsplit(address)
    return title_line(unquote(source_name(parts.path)).strip("/")) or parts.netloc


def _received(address: str, response: httpx.Response, limits: Limits) -> Fetched:
    if response.status_code != 200:
        raise _refused(address, response)
    # The library must not store a user name and password from an address.
    final = str(response.url.copy_with(fragment=None, username=None, password=None))
    kind = _kind(response.headers.get("Content-Type", ""), final)
    deadline = time.monotonic() + FETCH_SECONDS
    data = bytearray()
    for chunk in response.iter_bytes():
        data += chunk
        limits.check_size(address, kind, len(data))
        if time.monotonic() > deadline:
            raise DocumentError(
                f"{address} could not be downloaded within {FETCH_SECONDS:.0f} seconds."
                " Download it another way and give the file."
            )
    return Fetched(bytes(data), kind, final, response.charset_encoding)


def _refused(address: str, response: httpx.Response) -> DocumentError:
    reason = {
        401: "it asks for a password",
        403: "access to it is restricted",
        404: "there is no such page",
        410: "the page is gone",
        429: "it has had too many requests",
    }.get(response.status_code, response.reason_phrase or "no page")
    return DocumentError(
        f"{address} answers {response.status_code}: {reason}."
        " If a browser can open it, save the page and give the file."
    )


def _kind(content_type: str, address: str) -> str:
    media_type = content_type.partition(";")[0].strip().lower()
    by_ending = ENDINGS.get(PurePosixPath(name_of(address)).suffix.lower())
    if media_type == "text/plain" and by_ending in ALL_TEXT - {"html"}:  # As code hosts send it.
        return by_ending
    kind = MEDIA_TYPES.get(media_type)
    if kind is None and media_type in ("", "application/octet-stream", "binary/octet-stream"):
        kind = by_ending
    if kind is None:
        raise DocumentError(
            f"{address} is of the type {media_type or 'unknown'}, which cannot be read."
            f" These can be read: web pages and {', '.join(ENDINGS)}."
        )
    return kind


def _user_agent() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"footnoted/{version('footnoted')}"
    except PackageNotFoundError:  # Run from a source folder that is not installed.
        return "footnoted/source"
