"""Where Slack calls the desk: one address for events, presses, forms and commands."""

from collections.abc import Sequence
from http import HTTPStatus

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from channels.slack.desk.socket import Ingest
from desk.agentdesk.port import Action, DeskIngress
from desk.errors import ForbiddenError, InvalidError
from desk.message import WebhookRequest

log = structlog.get_logger()

PATH = "/slack/desk"
_LARGEST_BODY = 2**20


class SlackDeskRoutes:
    """Checks who calls, has what they did made durable, then answers; on any doubt Slack is to call again."""

    def __init__(self, ingress: DeskIngress, ingest: Ingest) -> None:
        self._ingress = ingress
        self._ingest = ingest

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [Route(PATH, self.receive, methods=["POST"])]

    async def receive(self, request: Request) -> Response:
        """Answer one request."""
        asked = WebhookRequest(
            method=request.method,
            headers=request.headers,
            query=dict(request.query_params),
            body=await _body(request),
        )
        try:
            self._ingress.verify(asked)
        except ForbiddenError:
            log.warning("slack_desk_request_refused", bytes=len(asked.body))
            raise
        answer = self._ingress.answer(asked)
        if answer is None:
            if actions := self._read(asked):
                await self._ingest(actions)
            answer = await self._ingress.after(asked)
        if answer is None:
            return Response()
        return Response(answer.body, answer.status, media_type=answer.content_type)

    def _read(self, asked: WebhookRequest) -> Sequence[Action]:
        try:
            return self._ingress.parse(asked)
        except InvalidError as error:
            log.error("slack_desk_unreadable", reason=str(error))
            if not asked.body.startswith(b"{"):
                raise  # Slack shows whoever pressed something that it did not work
            return ()  # an event would be unreadable the next time, too


async def _body(request: Request) -> bytes:
    """Read the body, counting what comes and not what the header promises."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LARGEST_BODY:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "at most 1 MB")
    except ClientDisconnect as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the connection broke off") from error
    return bytes(body)
