"""The only way into Rasa: one turn for each message id, answered once and the same each time."""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakValueDictionary

import structlog
from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from bot import parent, turn, turn_request
from bot.journal import Journal
from bot.memory import resident_bytes
from bot.replies import replies_of
from bot.tracker_store import journal_of
from bot.turn import Turn
from bot.turn_request import TurnRequest, TurnRequestError

OnNewMessage = Callable[[UserMessage], Awaitable[Any]]

logger = structlog.get_logger(__name__)

# Rasa waits five minutes for an action and offers no setting, so the turn as a whole has a limit. It should be
# shorter than the time the application waits for an answer.
TURN_SECONDS = 15.0

NO_MODEL = (
    "The assistant's model cannot be loaded, see above. Train it again: frontdesk train --force"
)
NO_MODEL_EXIT = 3


class Unsent(OutputChannel):
    """Sends nothing: the replies are taken from the turn's events, the first time as well as the second."""

    @classmethod
    def name(cls) -> str:
        """Responses may be written for this channel by name."""
        return "frontdesk"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Every bot message is an event of the turn already."""


class FrontdeskInput(InputChannel):
    """POST /webhooks/frontdesk/turn and GET /webhooks/frontdesk/health, both behind a bearer token."""

    def __init__(self, token: str, turn_seconds: float = TURN_SECONDS) -> None:
        """`turn_seconds` is how long one turn may take, actions included."""
        self._expected = f"Bearer {token}".encode()
        self._turn_seconds = turn_seconds
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[HTTPResponse]] = set()

    @classmethod
    def name(cls) -> str:
        """Part of the address, and the input channel in the tracker."""
        return "frontdesk"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> FrontdeskInput:
        """Refuses to start without a token."""
        settings = credentials or {}
        token = str(settings.get("token") or "").strip()
        if not token:
            raise RasaException("The frontdesk channel needs a token: set FRONTDESK_RASA_TOKEN.")
        return cls(token, float(settings.get("turn_seconds") or TURN_SECONDS))

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """The two routes; Rasa asks for them once, when the server starts."""
        turn.watch_processor()
        parent.watch(os.environ)
        routes = Blueprint("frontdesk")

        @routes.listener("after_server_start")
        async def refuse_to_serve_without_a_model(app: Any, _: Any) -> None:
            # Rasa has said why in its log, and would now answer everybody with "not ready" for ever.
            agent = getattr(app.ctx, "agent", None)
            if agent is None or not agent.is_ready():
                print(NO_MODEL, file=sys.stderr, flush=True)  # noqa: T201 - the last line of the log
                os._exit(NO_MODEL_EXIT)

        @routes.get("/health")
        async def health(request: Request) -> HTTPResponse:
            return self._health(request)

        @routes.post("/turn")
        async def take_turn(request: Request) -> HTTPResponse:
            if not self._is_allowed(request):
                return _refusal(401, "unauthorized", "Send the token as a bearer token.")
            journal = _ready_journal(request)
            if journal is None:
                return _refusal(503, "not_ready", "No model is loaded.")
            try:
                wanted = turn_request.read(request.body)
            except TurnRequestError as error:
                return _refusal(error.status, "bad_request", str(error))
            return await self._finish(self._answer(wanted, journal, on_new_message))

        return routes

    def _health(self, request: Request) -> HTTPResponse:
        if not self._is_allowed(request):
            return _refusal(401, "unauthorized", "Send the token as a bearer token.")
        if _ready_journal(request) is None:
            return _refusal(503, "not_ready", "No model is loaded.")
        model = request.app.ctx.agent.processor.model_filename
        return _answered(200, {"status": "ok", "model": model, "memory_bytes": resident_bytes()})

    def _is_allowed(self, request: Request) -> bool:
        given = request.headers.get("authorization", "").encode("utf-8", "backslashreplace")
        return hmac.compare_digest(given, self._expected)

    async def _finish(self, answer: Awaitable[HTTPResponse]) -> HTTPResponse:
        """Lets a turn come to its end even if the caller hangs up: its retry then gets the finished answer."""
        task = asyncio.ensure_future(answer)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _answer(
        self, wanted: TurnRequest, journal: Journal, on_new_message: OnNewMessage
    ) -> HTTPResponse:
        # In front of Rasa's own lock, which looks only once a second whether its turn has come.
        lock = self._locks.setdefault(wanted.conversation_id, asyncio.Lock())
        async with lock:
            current = Turn(wanted.conversation_id, wanted.message_id)
            try:
                answered = journal.turn(wanted.conversation_id, wanted.message_id)
                if answered is not None:
                    return _reply(wanted.message_id, answered, replayed=True)
                with turn.run(current):
                    await asyncio.wait_for(on_new_message(_message(wanted)), self._turn_seconds)
            except asyncio.TimeoutError:
                current.fail(f"not finished after {self._turn_seconds:g} seconds")
            except Exception as error:
                current.fail(f"{type(error).__name__}: {error}")
        if current.failure is not None or current.saved_events is None:
            return _failed(current)
        return _reply(wanted.message_id, current.saved_events, replayed=False)


def _message(wanted: TurnRequest) -> UserMessage:
    own = {"language": wanted.language, "message_id": wanted.message_id}
    return UserMessage(
        wanted.text,
        Unsent(),
        wanted.conversation_id,
        input_channel=FrontdeskInput.name(),
        message_id=wanted.message_id,
        metadata={**wanted.metadata, **own},
    )


def _ready_journal(request: Request) -> Journal | None:
    agent = getattr(request.app.ctx, "agent", None)
    return journal_of(agent.tracker_store) if agent is not None and agent.is_ready() else None


def _reply(message_id: str, events: list[dict[str, Any]], *, replayed: bool) -> HTTPResponse:
    body = {"message_id": message_id, "replies": replies_of(events), "replayed": replayed}
    return _answered(200, body)


def _failed(current: Turn) -> HTTPResponse:
    reason = current.failure or "the turn was not saved"
    logger.warning(
        "turn.failed",
        conversation_id=current.conversation_id,
        message_id=current.message_id,
        reason=reason,
    )
    return _refusal(503, "turn_failed", reason)


def _refusal(status: int, error: str, detail: str) -> HTTPResponse:
    return _answered(status, {"error": error, "detail": detail})


def _answered(status: int, body: dict[str, Any]) -> HTTPResponse:
    # Sanic's own encoder fails on half a surrogate pair, after the turn has been saved.
    return json_response(body, status=status, dumps=json.dumps)
