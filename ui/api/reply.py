"""JSON that can always be sent: what was sent here may hold signs that no text can have."""

from __future__ import annotations

import json
from typing import Any

from fastapi.responses import JSONResponse


class Reply(JSONResponse):
    """A response of JSON; half a character is told as “?”."""

    def render(self, content: Any) -> bytes:
        """Return the bytes."""
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")
