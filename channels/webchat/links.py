"""Going on elsewhere, over HTTP: links to other channels, and an e-mail address that the visitor proves."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from channels.webchat.adapter import ACCOUNT, WebChat
from channels.webchat.limits import RateLimit
from channels.webchat.routes import address_of, as_webhook, body_of
from desk.channel import Channel
from desk.contacts.email_code import EmailCodes
from desk.contacts.links import ContactLinks, LinkedChannel
from desk.contacts.repository import Place
from desk.errors import InvalidError, NotFoundError, RetryableError

type Endpoint = Callable[[Request], Awaitable[Response]]


class _Email(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=300)]
    language: Annotated[str, Field(max_length=8)] = "en"


class _Code(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(max_length=32)]


class LinkRoutes:
    """The routes by which a visitor stays the same person on another channel; ``codes`` is None without e-mail.

    ``guard`` wraps an endpoint in the chat's check of the origin.
    """

    def __init__(
        self,
        *,
        channel: WebChat,
        channels: Mapping[str, Channel],
        links: ContactLinks,
        codes: EmailCodes | None,
        guard: Callable[[Endpoint], Endpoint],
        address_rate: str = "30/hour",
    ) -> None:
        self._channel = channel
        self._linked = [one for one in channels.values() if isinstance(one, LinkedChannel)]
        self._links = links
        self._codes = codes
        self._guard = guard
        self._limit = RateLimit(address_rate)

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        table = (
            ("links", self.links, "GET"),
            ("email", self.email, "POST"),
            ("email/code", self.code, "POST"),
        )
        return [
            Route(f"/chat/v1/{path}", self._guard(endpoint), methods=[method, "OPTIONS"])
            for path, endpoint, method in table
        ]

    async def links(self, request: Request) -> Response:
        """Give the visitor an address for each channel on which they can go on; a new one each time."""
        visitor = self._channel.visitor(as_webhook(request, b""))
        found = [
            {"channel": channel.name, "title": channel.name.capitalize(), "url": url}
            for channel in self._linked
            if (url := self._url(channel, visitor))
        ]
        body = {"links": found, "email": self._codes is not None}
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    def _url(self, channel: LinkedChannel, visitor: str) -> str | None:
        try:
            return channel.deep_link(self._links.for_visitor(visitor))
        except RetryableError:  # its platform has not yet told us how we are called there
            return None

    async def email(self, request: Request) -> Response:
        """Send a code to an address."""
        codes, visitor, body = await self._asked(request)
        asked = _read(_Email, body)
        await codes.start(self._place(visitor), asked.email, language=asked.language)
        return JSONResponse({}, HTTPStatus.ACCEPTED)

    async def code(self, request: Request) -> Response:
        """Take the code: from now on the address is the visitor's own."""
        codes, visitor, body = await self._asked(request)
        email = await codes.confirm(self._place(visitor), _read(_Code, body).code)
        return JSONResponse({"email": email})

    async def _asked(self, request: Request) -> tuple[EmailCodes, str, bytes]:
        if self._codes is None:
            raise NotFoundError("no e-mail channel is set up here")
        wait = self._limit.wait_for(address_of(request))
        if wait:
            raise HTTPException(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too many attempts; wait a while",
                headers={"Retry-After": str(wait)},
            )
        body = await body_of(request)
        return self._codes, self._channel.visitor(as_webhook(request, body)), body

    def _place(self, visitor: str) -> Place:
        return Place(self._channel.name, ACCOUNT, visitor)


def _read[M: BaseModel](model: type[M], body: bytes) -> M:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "body"
        raise InvalidError(f"{place}: {first['msg']}") from error
