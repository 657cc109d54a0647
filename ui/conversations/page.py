"""A self-contained HTML page, from a template."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ui.words.languages import spoken
from ui.words.words import _


def draw_page(template: Path, filters: Mapping[str, Any], **values: Any) -> str:
    """Render a template with values, all of which are escaped."""
    environment = Environment(
        loader=FileSystemLoader(template.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= filters
    environment.globals |= {"_": _, "spoken": spoken}
    return environment.get_template(template.name).render(**values)
