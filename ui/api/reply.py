"""JSON that can always be sent, even if a request contained lone surrogates."""

from __future__ import annotations

import json
from typing import Any

from fastapi.responses import JSONResponse


class Reply(JSONResponse):
    """A JSON response in which a lone surrogate becomes “?”."""

    def render(self, content: Any) -> bytes:
        """Return the content as bytes."""
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")
