"""The only way into Rasa: one turn for each message id, answered once and the same each time."""

from __future__ import annotations

import asyncio
import gc
import hmac
import json
import os
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

import async_timeout
import structlog
from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from bot import meanwhile, parent, turn, turn_request
from bot.journal import Journal
from bot.memory import resident_bytes
from bot.replies import reading_of, replies_of
from bot.tracker_store import journal_of
from bot.turn import Turn
from bot.turn_request import TurnRequest, TurnRequestError

OnNewMessage = Callable[[UserMessage], Awaitable[Any]]
Answer = tuple[int, bytes]  # status and JSON

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
    """Turns, the reading of words that are no turn, and health, all below /webhooks/frontdesk and behind a token."""

    def __init__(self, token: str, turn_seconds: float = TURN_SECONDS) -> None:
        """`turn_seconds` is how long one turn may take, actions included."""
        self._expected = f"Bearer {token}".encode()
        self._turn_seconds = turn_seconds
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[Answer]] = set()

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
        """The routes; Rasa asks for them once, when the server starts."""
        turn.watch_processor()
        meanwhile.watch_processor()
        parent.watch(os.environ)
        routes = Blueprint("frontdesk")

        async def take(app: Any, authorization: str, body: bytes) -> Answer:
            return await self._take(app, authorization, body, on_new_message)

        @routes.listener("after_server_start")
        async def open_for_turns(app: Any, _: Any) -> None:
            # Rasa has said why in its log, and would now answer everybody with "not ready" for ever.
            agent = getattr(app.ctx, "agent", None)
            if agent is None or not agent.is_ready():
                print(NO_MODEL, file=sys.stderr, flush=True)  # noqa: T201 - the last line of the log
                os._exit(NO_MODEL_EXIT)
            # What is loaded by now stays. To look through it for garbage stood still for 150 ms, again and again.
            gc.collect()
            gc.freeze()
            # Where bot/runtime/server.py looks for it.
            app.ctx.take_turn = partial(take, app)

        @routes.get("/health")
        async def health(request: Request) -> HTTPResponse:
            return _response(self._health(request.app, _authorization(request)))

        @routes.post("/turn")
        async def take_turn(request: Request) -> HTTPResponse:
            answer = take(request.app, _authorization(request), request.body)
            return _response(await self._finish(answer))

        @routes.post("/read")
        async def read_words(request: Request) -> HTTPResponse:
            answer = self._read(request.app, _authorization(request), request.body)
            return _response(await answer)

        return routes

    async def _read(self, app: Any, authorization: str, body: bytes) -> Answer:
        """How words are understood that nobody waits to be answered; no tracker hears of them."""
        if not self._is_allowed(authorization):
            return UNAUTHORIZED
        if _ready_journal(app) is None:
            return NOT_READY
        try:
            text, language = turn_request.read_words(body)
        except TurnRequestError as error:
            return _refusal(error.status, "bad_request", str(error))
        # A slash in front would be an intent that is already understood.
        words = UserMessage(text.lstrip("/／ \n\t") or "-", metadata={"language": language})
        parsed = await app.ctx.agent.processor.parse_message(words)
        return _answered(200, reading_of([{"event": "user", "parse_data": parsed}]) or {})

    async def _take(
        self, app: Any, authorization: str, body: bytes, on_new_message: OnNewMessage
    ) -> Answer:
        if not self._is_allowed(authorization):
            return UNAUTHORIZED
        journal = _ready_journal(app)
        if journal is None:
            return NOT_READY
        try:
            wanted = turn_request.read(body)
        except TurnRequestError as error:
            return _refusal(error.status, "bad_request", str(error))
        return await self._answer(wanted, journal, on_new_message)

    def _health(self, app: Any, authorization: str) -> Answer:
        if not self._is_allowed(authorization):
            return UNAUTHORIZED
        if _ready_journal(app) is None:
            return NOT_READY
        model = app.ctx.agent.processor.model_filename
        return _answered(200, {"status": "ok", "model": model, "memory_bytes": resident_bytes()})

    def _is_allowed(self, authorization: str) -> bool:
        given = authorization.encode("utf-8", "backslashreplace")
        return hmac.compare_digest(given, self._expected)

    async def _finish(self, answer: Awaitable[Answer]) -> Answer:
        """Lets a turn come to its end even if the caller hangs up: its retry then gets the finished answer."""
        task = asyncio.ensure_future(answer)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _answer(
        self, wanted: TurnRequest, journal: Journal, on_new_message: OnNewMessage
    ) -> Answer:
        # In front of Rasa's own lock, which looks only once a second whether its turn has come.
        lock = self._locks.setdefault(wanted.conversation_id, asyncio.Lock())
        async with lock:
            current = Turn(wanted.conversation_id, wanted.message_id)
            current.meanwhile = wanted.metadata.get(meanwhile.KEY)
            try:
                place = journal.place(wanted.conversation_id, wanted.message_id)
                if place.answered is not None:
                    return _reply(wanted.message_id, place.answered, replayed=True)
                current.next_seq = place.next_seq
                with turn.run(current):
                    async with async_timeout.timeout(self._turn_seconds):
                        await on_new_message(_message(wanted))
            except asyncio.TimeoutError:
                current.fail(f"not finished after {self._turn_seconds:g} seconds")
            except Exception as error:
                current.fail(f"{type(error).__name__}: {error}")
        if current.failure is not None or current.saved_events is None:
            return _failed(current)
        return _reply(wanted.message_id, current.saved_events, replayed=False)


def _message(wanted: TurnRequest) -> UserMessage:
    own = {"language": wanted.language, "message_id": wanted.message_id}
    given = {key: value for key, value in wanted.metadata.items() if key != meanwhile.KEY}
    return UserMessage(
        wanted.text,
        Unsent(),
        wanted.conversation_id,
        input_channel=FrontdeskInput.name(),
        message_id=wanted.message_id,
        metadata={**given, **own},
    )


def _ready_journal(app: Any) -> Journal | None:
    agent = getattr(app.ctx, "agent", None)
    return journal_of(agent.tracker_store) if agent is not None and agent.is_ready() else None


def _reply(message_id: str, events: list[dict[str, Any]], *, replayed: bool) -> Answer:
    body = {
        "message_id": message_id,
        "replies": replies_of(events),
        "reading": reading_of(events),
        "replayed": replayed,
    }
    return _answered(200, body)


def _failed(current: Turn) -> Answer:
    reason = current.failure or "the turn was not saved"
    logger.warning(
        "turn.failed",
        conversation_id=current.conversation_id,
        message_id=current.message_id,
        reason=reason,
    )
    return _refusal(503, "turn_failed", reason)


def _refusal(status: int, error: str, detail: str) -> Answer:
    return _answered(status, {"error": error, "detail": detail})


def _answered(status: int, body: dict[str, Any]) -> Answer:
    # ASCII: half a surrogate pair, which JSON can carry, would not survive UTF-8 after the turn has been saved.
    return status, json.dumps(body).encode()


def _authorization(request: Request) -> str:
    return request.headers.get("authorization", "")


def _response(answer: Answer) -> HTTPResponse:
    status, body = answer
    return HTTPResponse(body, status, content_type="application/json")


UNAUTHORIZED = _refusal(401, "unauthorized", "Send the token as a bearer token.")
NOT_READY = _refusal(503, "not_ready", "No model is loaded.")
