"""JSON and XML without a known schema: values are written behind their names, records as tables.

Both are converted to the same structure: a value is either text or a sequence of (name, value)
pairs. Consecutive pairs with the same name form a list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from index.errors import DocumentError
from index.loading.readers.sheets import cell_text
from index.loading.readers.text import Block, Content, compose, local_name, plain_text

Value = str | list[tuple[str, "Value"]]

PROSE = 80
"""A text with more characters than this, or that ends a sentence, is written without its name."""

COLUMNS = 50
"""Records with more fields than this are not written as a table: nobody could read it."""

DEEP = "{name} is nested too deeply to be read. Save the part that you need as a file of its own."


def read_json(data: bytes, charset: str | None = None) -> Content:
    """Read JSON, or JSON Lines (one value per line)."""
    text = plain_text(data, charset)
    try:
        return _composed(_of_json(_loaded(text)))
    except RecursionError as error:
        raise DocumentError(DEEP) from error


def _composed(value: Value) -> Content:
    return replace(compose(_blocks(value)), title=None)


def _loaded(text: str) -> Any:
    try:
        return _parsed(text)
    except json.JSONDecodeError as error:
        lines = [each for each in enumerate(text.split("\n"), 1) if each[1].strip()]
        if len(lines) < 2 or error.msg != "Extra data":
            raise _damaged(error.lineno, error.msg) from error
    values = []
    for number, line in lines:
        try:
            values.append(_parsed(line))
        except json.JSONDecodeError as error:
            raise _damaged(number, error.msg) from error
    return values


def _damaged(line: int, reason: str) -> DocumentError:
    return DocumentError(
        f"{{name}} is not valid JSON from line {line} on: {reason}. Correct it there."
    )


def _parsed(text: str) -> Any:
    """Parse JSON, keeping numbers as written and all values of a repeated name."""
    return json.loads(
        text, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_Pairs
    )


class _Pairs(list[tuple[str, Any]]):
    """The names and values of a JSON object, to tell it from a list of values."""


def _of_json(value: Any, name: str = "") -> Value:
    if isinstance(value, _Pairs):
        return [pair for key, each in value for pair in _named(key, each)]
    if isinstance(value, list):
        return _named(name, value)
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _named(name: str, value: Any) -> list[tuple[str, Value]]:
    """Return a value with its name; for a list, one pair per item."""
    if isinstance(value, list) and not isinstance(value, _Pairs):
        return [(name, _of_json(each, name)) for each in value]
    return [(name, _of_json(value, name))]


def read_xml(data: bytes, charset: str | None = None) -> Content:
    """Read XML. Entities are not resolved, and nothing is fetched."""
    from lxml import etree

    parser = etree.XMLParser(
        encoding=charset,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
        if local_name(root) == "html":
            from index.loading.readers.html import read_html

            return read_html(data, charset)
        return _composed(_of_xml(root))
    except RecursionError as error:
        raise DocumentError(DEEP) from error
    except (etree.LxmlError, LookupError) as error:
        if "depth" in str(error).lower():
            raise DocumentError(DEEP) from error
        raise DocumentError("{name} is damaged, or is not XML.") from error


def _of_xml(element: Any) -> Value:
    """Return the value of an element; mixed content becomes a single text."""
    children = [child for child in element if local_name(child)]
    words = [element.text or "", *(child.tail or "" for child in element)]
    if not element.attrib and (not children or any(each.strip() for each in words)):
        return " ".join("".join(element.itertext()).split())
    pairs: list[tuple[str, Value]] = [
        (name.rpartition("}")[2], " ".join(value.split())) for name, value in element.attrib.items()
    ]
    if any(each.strip() for each in words):
        return [*pairs, ("", " ".join("".join(element.itertext()).split()))]
    return pairs + [(local_name(child), _of_xml(child)) for child in children]


# --- as blocks of text


def _blocks(value: Value, path: str = "") -> Iterator[Block]:
    """Yield a table for similar records, and a line with its path for any other value."""
    if isinstance(value, str):
        yield from _line(path, value)
        return
    for name, group in groupby(value, key=lambda pair: pair[0]):
        values = [each for _, each in group]
        inner = f"{path}.{name}" if path and name else path or name
        texts = [each for each in values if isinstance(each, str)]
        if len(texts) == len(values):
            if any(map(_is_prose, texts)):
                yield from (block for text in texts for block in _line(inner, text))
            else:
                listed = " ".join(", ".join(filter(None, texts)).split())
                yield from [Block(f"{inner}: {listed}" if inner else listed)] if listed else []
        elif columns := _columns(values):
            if inner:
                yield Block(inner, 2)
            yield Block(" | ".join(cell_text(column) or "value" for column in columns))
            for each in values:
                cells = dict(each)  # type: ignore[arg-type]  # Records alone have columns.
                yield Block(" | ".join(cell_text(str(cells.get(key, ""))) for key in columns))
            yield Block("")
        else:
            for number, each in enumerate(values, 1):
                yield from _blocks(each, f"{inner}[{number}]" if len(values) > 1 else inner)
                yield Block("")


def _line(path: str, text: str) -> Iterator[Block]:
    text = " ".join(text.split())
    if text and (not path or _is_prose(text)):
        yield Block(text)
    elif text:
        yield Block(f"{path}: {text}")


def _is_prose(text: str) -> bool:
    return " " in text and (len(text) > PROSE or re.search(r"[.!?。！？]$", text) is not None)


def _columns(values: Sequence[Value]) -> list[str]:
    """Return the field names of records; nothing if they are not records, or not similar."""
    names: dict[str, None] = {}
    filled = 0
    for each in values:
        if isinstance(each, str) or not all(isinstance(value, str) for _, value in each):
            return []
        own = dict(each)
        if len(own) < len(each):
            return []
        names |= dict.fromkeys(own)
        filled += len(own)
    alike = len(values) > 1 and 1 < len(names) <= COLUMNS and 2 * filled >= len(names) * len(values)
    return list(names) if alike else []
