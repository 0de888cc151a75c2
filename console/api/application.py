"""The API as one application, mounted under ``/api/v1``."""

import re
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount

from console.api import problems
from console.api.agents import AgentApi
from console.api.campaigns import CampaignApi
from console.api.contacts import ContactApi
from console.api.conversations import ConversationApi
from console.api.door import Door, GuardedRoute, Operation
from console.api.feedback import FeedbackApi
from console.api.files import FileApi
from console.api.offers import OfferApi
from console.api.once import Once
from console.api.rate import Rate
from console.api.reference import Reference
from console.api.services import ApiServices
from console.api.tickets import TicketApi
from desk.access.audit import Audit
from desk.errors import FrontdeskError

PREFIX = "/api/v1"
_ABOUT = (
    "Contacts, conversations, messages, tickets, ratings, agents, campaigns and offers for your own programs. "
    "Times are UTC. "
    "Lists come in pages: send `next` as `after`. Fields may be added; what is there does not change its meaning."
)


def mount(services: ApiServices) -> list[BaseRoute]:
    """Return the API as a route of the web process; the imports under the same prefix must come before it."""
    here = Mount(PREFIX, build(services))
    # The framework's own pattern lets an address with a line break slip by, to somebody else's 404.
    here.path_regex = re.compile(here.path_regex.pattern, re.DOTALL)
    return [here]


def operations(services: ApiServices) -> tuple[Operation, ...]:
    """Return everything the API can do."""
    once = Once(services.clock)
    return (
        *ContactApi(services, once).operations(),
        *ConversationApi(services, once).operations(),
        *FileApi(services).operations(),
        *TicketApi(services, once).operations(),
        *FeedbackApi(services).operations(),
        *AgentApi(services).operations(),
        *CampaignApi(services, once).operations(),
        *OfferApi(services, once).operations(),
    )


def build(services: ApiServices) -> FastAPI:
    """Return the application."""
    known = operations(services)
    app = FastAPI(
        title="Frontdesk",
        version="1",
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        exception_handlers={
            FrontdeskError: problems.refused,
            RequestValidationError: problems.malformed,
            HTTPException: problems.of_http,
            DBAPIError: problems.no_database,
            OSError: problems.no_database,
        },
    )
    for one in known:
        _add(app, one)
    app.state.door = Door(
        {one.name: one for one in known},
        principal_of=services.principal_of,
        rate=Rate(services.rate),
        audit=Audit(services.database, services.clock),
    )
    app.openapi_schema = description(app, known)
    app.router.routes.extend(Reference(app.openapi_schema, problems.CODES).routes())
    return app


def _add(app: FastAPI, one: Operation) -> None:
    status = 201 if one.creates else 200
    app.router.add_api_route(
        one.path,
        one.endpoint,
        methods=[one.method],
        status_code=status,
        response_model=one.answer,
        response_class=Response if one.answer is None else JSONResponse,
        response_description="Made." if one.creates else "Done.",
        responses=one.answers(),
        operation_id=one.name,
        summary=one.name.replace("_", " ").capitalize(),
        tags=[one.path.split("/")[1]],
        openapi_extra={"security": [{"token": []}], "x-scope": one.deed.value},
        route_class_override=GuardedRoute,
    )


def description(app: FastAPI, known: Sequence[Operation]) -> dict[str, Any]:
    """Return the OpenAPI document: with the tokens, our problems, and the headers of every answer."""
    found = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        servers=app.servers,
    )
    parts = found["components"]
    parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for name in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(name, None)
    template = "#/components/schemas/{model}"
    parts["schemas"]["FieldProblem"] = problems.FieldProblem.model_json_schema()
    parts["schemas"]["Problem"] = problems.Problem.model_json_schema(ref_template=template)
    parts["schemas"]["Problem"].pop("$defs", None)
    parts["headers"] = _HEADERS
    for one in known:
        _headers(found["paths"][one.path][one.method.lower()]["responses"])
    return found


_HEADERS = {
    name: {"description": words, "schema": {"type": "string"}}
    for name, words in {
        "RateLimit": "how many requests are left, and for how many seconds",
        "RateLimit-Policy": "how many requests are allowed in how many seconds",
        "Retry-After": "after how many seconds to come again",
        "WWW-Authenticate": "how to say who you are",
    }.items()
}
_TOLD = {"401": ("WWW-Authenticate",), "429": ("RateLimit", "RateLimit-Policy", "Retry-After")}
_TOLD |= {"503": ("Retry-After",), "200": ("RateLimit", "RateLimit-Policy")}
_TOLD |= {"201": ("RateLimit", "RateLimit-Policy")}


def _headers(answers: dict[str, Any]) -> None:
    for status, answer in answers.items():
        names = _TOLD.get(status, ())
        if names:
            answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
