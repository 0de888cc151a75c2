"""The API's reference as a page for people, made of the OpenAPI document; nothing is loaded from elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

_HERE = Path(__file__).parent
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, kw_only=True)
class Field:
    """A part of a request or an answer."""

    name: str
    kind: str
    about: str
    is_needed: bool


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An operation as the page shows it."""

    id: str
    method: str
    path: str
    tag: str
    about: str
    scope: str
    asked: tuple[Field, ...]
    body: tuple[Field, ...]
    answer: tuple[Field, ...]
    statuses: tuple[tuple[str, str], ...]


class Reference:
    """Serves the page and its style; both are the same for everybody."""

    def __init__(
        self, document: Mapping[str, Any], codes: Mapping[str, tuple[HTTPStatus, str]]
    ) -> None:
        templates = Environment(
            loader=FileSystemLoader(_HERE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        templates.filters["coded"] = coded
        entries = list(entries_of(document))
        self._page = templates.get_template("reference.html").render(
            about=document["info"]["description"],
            groups={one.tag: [e for e in entries if e.tag == one.tag] for one in entries},
            codes=[(code, int(status), words) for code, (status, words) in codes.items()],
        )

    def routes(self) -> list[BaseRoute]:
        """Return the page and its style."""
        return [Route("/docs", self.show), Route("/docs.css", self.style)]

    async def show(self, _: Request) -> Response:
        """Show the reference."""
        return HTMLResponse(self._page, headers=_HEADERS)

    async def style(self, _: Request) -> Response:
        """Give the page's style."""
        return FileResponse(_HERE / "reference.css", headers=_HEADERS)


def coded(text: str) -> Markup:
    """Return a text, escaped, in which what stands between `backticks` is code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


def entries_of(document: Mapping[str, Any]) -> Iterator[Entry]:
    """Return the operations of an OpenAPI document."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield _entry(document, path, method, item[method])


def _entry(document: Mapping[str, Any], path: str, method: str, found: Mapping[str, Any]) -> Entry:
    body = found.get("requestBody", {}).get("content", {}).get("application/json", {})
    done = next(status for status in found["responses"] if status.startswith("2"))
    # Of a file there are no fields to tell.
    answer = found["responses"][done]["content"].get("application/json", {"schema": {}})
    return Entry(
        id=found["operationId"],
        method=method.upper(),
        path=document["servers"][0]["url"] + path,
        tag=found["tags"][0],
        about=found["description"],
        scope=found["x-scope"],
        asked=tuple(_parameter(document, one) for one in found.get("parameters", ())),
        body=tuple(_fields(document, body.get("schema", {}))),
        answer=tuple(_fields(document, answer["schema"])),
        statuses=tuple((code, one["description"]) for code, one in found["responses"].items()),
    )


def _parameter(document: Mapping[str, Any], found: Mapping[str, Any]) -> Field:
    return Field(
        name=found["name"],
        kind=_kind(document, found["schema"]),
        about=found.get("description", found["schema"].get("description", "")),
        is_needed=found.get("required", False),
    )


def _fields(
    document: Mapping[str, Any], schema: Mapping[str, Any], within: str = ""
) -> Iterator[Field]:
    """Return the fields of an object, and of the objects in its lists."""
    schema = _resolved(document, schema)
    needed = schema.get("required", ())
    for name, found in schema.get("properties", {}).items():
        inner = _resolved(document, found.get("items", {}))
        if "properties" in inner:
            yield from _fields(document, inner, f"{within}{name}[].")
            continue
        yield Field(
            name=f"{within}{name}",
            kind=_kind(document, found),
            about=found.get("description", ""),
            is_needed=name in needed,
        )


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    found: Mapping[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _kind(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    schema = _resolved(document, schema)
    if "anyOf" in schema:
        return " or ".join(_kind(document, one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_kind(document, schema['items'])}"
    if schema.get("type") == "object":
        return str(schema.get("title", "object"))
    return str(schema.get("format", schema.get("type", "any")))
