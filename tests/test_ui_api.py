"""The window for programs: named endpoints, and MCP tools, each with a real client."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from index.documents import Document
from tests.browser import (
    SUMMIT,
)

pytestmark = [pytest.mark.browser, pytest.mark.weights]


def test_programs_ask_search_and_open_quotes(window_address: str, briefing: Document) -> None:
    client = Client(window_address, verbose=False)
    answer = client.predict(question=SUMMIT, api_name="/ask")
    assert answer["schema"] == 1
    [first, *_] = answer["citations"]
    assert briefing.text[first["start"] : first["end"]] == first["quote"]
    found = client.predict(question=SUMMIT, limit=2, api_name="/search")
    assert [each["rank"] for each in found] == [1, 2]
    opened = client.predict(
        document=briefing.id, start=first["start"], end=first["end"], api_name="/open_quote"
    )
    assert opened["quote"] == first["quote"]
    with pytest.raises(AppError, match="There is no place 5-5"):
        client.predict(document=briefing.id, start=5, end=5, api_name="/open_quote")
    checked = client.predict(
        text="The Tsugaru Strait is 20 kilometers wide. The Tsugaru Strait is 70 kilometers wide.",
        api_name="/check",
    )
    assert [each["verdict"] for each in checked["sentences"]] == ["supported", "contradicted"]
    with pytest.raises(AppError, match="The text is empty"):
        client.predict(text=" ", api_name="/check")
    assert {"/ask", "/check", "/search", "/open_quote"} == set(
        client.view_api(return_format="dict")["named_endpoints"]
    )


def test_an_mcp_client_finds_and_uses_the_tools(window_address: str, briefing: Document) -> None:
    async def use() -> tuple[set[str], dict[str, object]]:
        async with (
            streamable_http_client(f"{window_address}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = {tool.name for tool in (await session.list_tools()).tools}
            told = await session.call_tool("search", {"question": SUMMIT, "limit": 1})
            return tools, json.loads(told.content[0].text)

    with ThreadPoolExecutor(1) as pool:  # Playwright's own loop runs in this thread.
        tools, found = pool.submit(asyncio.run, use()).result(timeout=60)
    assert tools == {"ask", "check", "search", "open_quote"}
    [quote] = found if isinstance(found, list) else [found]
    assert briefing.text[quote["start"] : quote["end"]] == quote["quote"]
