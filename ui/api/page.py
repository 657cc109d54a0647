"""The API's page, made from its OpenAPI description; it loads nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ui.drawing.jinja import draw


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a request or a response."""

    name: str
    type: str
    required: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class Operation:
    """A method on a path."""

    method: str
    path: str
    description: str
    fields: list[Field]
    answers: dict[str, str]
    answer: list[Field]


def page_of(spec: dict[str, Any]) -> str:
    """Return the HTML page that shows an OpenAPI description."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            for tag in operation.get("tags", ["Other"]):
                groups.setdefault(tag, []).append(_operation(spec, method, path, operation))
    types = {
        name: list(_fields(spec, schema))
        for name, schema in spec["components"]["schemas"].items()
        if name not in _OTHERS and "properties" in schema
    }
    return draw("api.html", "page", spec["info"], groups, types)


_OTHERS = ("HTTPValidationError", "ValidationError")
"""FastAPI's own schemas, for the body of a 422 response."""


def _operation(spec: dict[str, Any], method: str, path: str, given: dict[str, Any]) -> Operation:
    fields = [
        Field(
            each["name"], _type(each["schema"]), each.get("required", False), f"in the {each['in']}"
        )
        for each in given.get("parameters", ())
    ]
    for content in given.get("requestBody", {}).get("content", {}).values():
        fields += _fields(spec, content["schema"])
    answers = {code: each.get("description", "") for code, each in given["responses"].items()}
    good: dict[str, Any] = next(
        (each for code, each in given["responses"].items() if code.startswith("2")), {}
    )
    came = good.get("content", {}).get("application/json", {}).get("schema", {})
    return Operation(
        method.upper(),
        path,
        given.get("description", "").replace("`", ""),
        fields,
        answers,
        list(_fields(spec, came)),
    )


def _fields(spec: dict[str, Any], schema: dict[str, Any]) -> Iterator[Field]:
    found = _named(spec, schema.get("items", schema))
    for name, each in found.get("properties", {}).items():
        required = name in found.get("required", ())
        yield Field(name, _type(each), required, each.get("description", "").replace("`", ""))


def _named(spec: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        named: dict[str, Any] = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return named
    return schema


def _type(schema: dict[str, Any]) -> str:
    """Return a schema in a few words, with its bounds."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return " or ".join(f"“{each}”" for each in schema.get("enum", [schema.get("const")]))
    name = str(schema.get("type", "anything"))
    if name == "array":
        name = f"list of {_type(schema.get('items', {}))}"
    bounds = {
        "minimum": "at least {}",
        "maximum": "at most {}",
        "maxLength": "up to {:,} characters",
        "maxItems": "up to {:,}",
    }
    limits = [words.format(schema[key]) for key, words in bounds.items() if key in schema]
    return f"{name} ({', '.join(limits)})" if limits else name
