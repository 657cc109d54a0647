"""What the page of a window sends, sent by hand: for tests of what the server does with it."""

from __future__ import annotations

from typing import Any

import httpx


class Visitor:
    """A user's program that sends what the page would send."""

    def __init__(self, address: str, token: str) -> None:
        self.http = httpx.Client(
            base_url=address, headers={"authorization": f"Bearer {token}"}, timeout=120
        )
        self.session = token[:10]
        self.config = self.http.get("config").json()

    def dependency(self, event: str, at: str) -> dict[str, Any]:
        """Return what Gradio knows of an event of the component with an element id."""
        ids = {each["id"]: each["props"].get("elem_id") for each in self.config["components"]}
        [dependency, *_] = [
            each
            for each in self.config["dependencies"]
            if any(name == event and ids.get(of) == at for of, name in each["targets"])
        ]
        return dependency

    def send(self, event: str, *data: Any, at: str, about: Any = None) -> str:
        """Send an event; return all that came of it."""
        dependency = self.dependency(event, at)
        asked = {
            "fn_index": dependency["id"],
            "session_hash": self.session,
            "data": [*data, *[None] * (len(dependency["inputs"]) - len(data))],
            "event_data": about,
        }
        joined = self.http.post("gradio_api/queue/join", json=asked)
        assert joined.status_code == 200, joined.text
        stream = {"session_hash": self.session}
        return self.http.get("gradio_api/queue/data", params=stream).text

    def upload(self, name: str, data: bytes) -> dict[str, Any]:
        [path] = self.http.post("gradio_api/upload", files={"files": (name, data)}).json()
        return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}
