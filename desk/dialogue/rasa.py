"""One process of the assistant, behind Rasa's HTTP contract (``bot/connector.py``)."""

import asyncio
from contextvars import Context
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
import msgspec
import structlog

from desk.clock import Clock
from desk.dialogue.breaker import Breaker
from desk.dialogue.port import (
    Button,
    DialogueUnavailableError,
    ProcessHealth,
    Reading,
    Reply,
    Turn,
    TurnBrokeOffError,
    TurnFailedError,
)

log = structlog.get_logger()


class _Choice(msgspec.Struct):
    title: str
    payload: str | None = None
    url: str | None = None


class _Reply(msgspec.Struct):
    text: str | None = None
    choices: list[_Choice] = []
    custom: dict[str, Any] | None = None


class _Reading(msgspec.Struct):
    intent: str | None = None
    confidence: float = 1.0
    mood: float | None = None
    anger: float = 0.0
    fallback: bool = False
    form: bool = False
    asks: bool = False
    slots: dict[str, Any] = {}


class _Answer(msgspec.Struct):
    message_id: str
    replies: list[_Reply]
    reading: _Reading | None = None


class _Health(msgspec.Struct):
    memory_bytes: int | None = None


_decoder = msgspec.json.Decoder(_Answer)
_reading_decoder = msgspec.json.Decoder(_Reading)
_health_decoder = msgspec.json.Decoder(_Health)
_encoder = msgspec.json.Encoder()
_KEPT_SECONDS = 3.0
"""How long an idle connection is kept: Rasa's server hangs up after five."""
_HEALTH_SECONDS = 2.0
_AWAY = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Answers that say nothing about the message: a wrong token, another server, nobody behind a proxy."""


class RasaDialogue:
    """Calls Rasa on loopback; every failure is an error that can be retried with the same message id."""

    def __init__(
        self,
        *,
        url: str,
        token: str,
        clock: Clock,
        timeout: timedelta = timedelta(seconds=20),
        name: str = "1",
    ) -> None:
        self.url = url
        self.name = name
        self._timeout = timeout.total_seconds()
        self._health_timeout = min(_HEALTH_SECONDS, self._timeout)
        self._breaker = Breaker(clock, probe=timeout)
        self._turn_url = f"{url}/webhooks/frontdesk/turn"
        self._read_url = f"{url}/webhooks/frontdesk/read"
        self._health_url = f"{url}/webhooks/frontdesk/health"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._session: aiohttp.ClientSession | None = None
        self._looking: asyncio.Task[None] | None = None

    @property
    def is_away(self) -> bool:
        """Whether so many turns failed that others should go elsewhere."""
        return self._breaker.is_open

    def look_again(self) -> None:
        """If it is away and time to look, see in the background whether it is back: no turn waits for that."""
        if self._breaker.is_open and self._breaker.allows():
            # In a context of its own: it logs for itself, not for the conversation that made it look.
            self._looking = asyncio.create_task(self._see(), context=Context())

    async def _see(self) -> None:
        if await self._ready():
            self._breaker.half_open()
            log.info("assistant_is_back", process=self.name)
        else:
            self._breaker.failed()

    def _client(self) -> aiohttp.ClientSession:
        # Not made in the constructor: it belongs to the loop that runs then.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=_KEPT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=self._timeout, connect=2.0),
            )
        return self._session

    async def turn(self, turn: Turn) -> list[Reply]:
        """Send one message and return the assistant's replies.

        Raises:
            DialogueUnavailableError: nothing answered, or nobody is answered at present.
            TurnFailedError: this message made the assistant fail, or it broke off.
        """
        await self._look(turn)
        try:
            async with self._client().post(
                self._turn_url, data=_body(turn), allow_redirects=False
            ) as response:
                status, body = response.status, await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            self._breaker.failed(turn.conversation_id)
            raise DialogueUnavailableError(f"cannot reach the assistant: {error}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            # It broke off in the middle: perhaps this very message is the reason, so it always counts.
            self._breaker.failed(turn.conversation_id)
            raise TurnBrokeOffError(f"the assistant broke off: {type(error).__name__}") from error
        return self._judge(turn, status, body)

    async def _look(self, turn: Turn) -> None:
        """Let the turn go out if the assistant seems to be there; no message is risked to find out that it is not."""
        if not self._breaker.allows():
            raise DialogueUnavailableError("the assistant is away; trying again soon")
        if self._breaker.is_open and not await self._ready():
            self._breaker.failed(turn.conversation_id)
            raise DialogueUnavailableError("the assistant is not ready")

    def _judge(self, turn: Turn, status: int, body: bytes) -> list[Reply]:
        try:
            replies = _read(turn, status, body)
        except DialogueUnavailableError:
            self._breaker.failed(turn.conversation_id)
            raise
        except TurnFailedError as error:
            self._breaker.failed(turn.conversation_id)
            if self._breaker.is_widespread:
                raise DialogueUnavailableError(f"{error}, to everybody") from error
            raise
        self._breaker.succeeded()
        return replies

    async def read(self, text: str, language: str) -> Reading:
        """Return how a text is understood that is no turn, whose failure says nothing about turns.

        Raises:
            DialogueUnavailableError: nobody reads at present.
            TurnFailedError: this text cannot be read.
        """
        body = _encoder.encode({"text": text, "language": language})
        try:
            async with self._client().post(
                self._read_url, data=body, allow_redirects=False
            ) as response:
                status, found = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise DialogueUnavailableError(f"cannot reach the assistant: {error}") from error
        if status in _AWAY or _is_loading(status, found):
            raise DialogueUnavailableError(f"the assistant answered {status}")
        try:
            if status != HTTPStatus.OK:
                raise TurnFailedError(f"the assistant answered {status}")
            return Reading(**msgspec.structs.asdict(_reading_decoder.decode(found)))
        except msgspec.DecodeError as error:
            raise TurnFailedError(f"the assistant's reading cannot be read: {error}") from error

    async def look(self) -> ProcessHealth:
        """Ask the process how it is: ready once Rasa has loaded its model."""
        patience = aiohttp.ClientTimeout(total=self._health_timeout)
        try:
            async with self._client().get(self._health_url, timeout=patience) as response:
                body = await response.read()
                if response.status != HTTPStatus.OK:
                    return ProcessHealth(name=self.name, ready=False)
            memory = _health_decoder.decode(body).memory_bytes
        except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError):
            return ProcessHealth(name=self.name, ready=False)
        return ProcessHealth(name=self.name, ready=True, memory_bytes=memory)

    async def _ready(self) -> bool:
        return (await self.look()).ready

    async def close(self) -> None:
        """Close the connections."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        if self._session is not None:
            await self._session.close()


def _body(turn: Turn) -> bytes:
    return _encoder.encode(
        {
            "conversation_id": turn.conversation_id,
            "message_id": turn.message_id,
            "text": turn.payload or turn.text,
            "language": turn.language,
            "metadata": turn.metadata,
        }
    )


def _read(turn: Turn, status: int, body: bytes) -> list[Reply]:
    if status in _AWAY or _is_loading(status, body):
        raise DialogueUnavailableError(f"the assistant answered {status}")
    if status != HTTPStatus.OK:
        raise TurnFailedError(f"the assistant answered {status}")
    try:
        answer = _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise TurnFailedError(f"the assistant's answer cannot be read: {error}") from error
    if answer.message_id != turn.message_id:
        raise TurnFailedError("the assistant answered another message")
    replies = [_reply(reply) for reply in answer.replies]
    if answer.reading is not None:
        replies.append(Reply(reading=Reading(**msgspec.structs.asdict(answer.reading))))
    return replies


def _is_loading(status: int, body: bytes) -> bool:
    return status == HTTPStatus.SERVICE_UNAVAILABLE and b'"not_ready"' in body


def _reply(reply: _Reply) -> Reply:
    command = reply.custom if reply.custom and "command" in reply.custom else None
    return Reply(
        text=reply.text or "",
        buttons=tuple(Button(title=c.title, payload=c.payload, url=c.url) for c in reply.choices),
        command=command,
    )
