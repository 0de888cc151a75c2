"""The assistant behind Rasa's HTTP contract (``bot/connector.py``)."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import httpx
import msgspec
import structlog

from desk.clock import Clock
from desk.dialogue.breaker import Breaker
from desk.dialogue.port import Button, DialogueUnavailableError, Reply, Turn, TurnFailedError

log = structlog.get_logger()


class _Choice(msgspec.Struct):
    title: str
    payload: str | None = None
    url: str | None = None


class _Reply(msgspec.Struct):
    text: str | None = None
    choices: list[_Choice] = []
    custom: dict[str, Any] | None = None


class _Answer(msgspec.Struct):
    message_id: str
    replies: list[_Reply]


_decoder = msgspec.json.Decoder(_Answer)


class RasaDialogue:
    """Calls Rasa on loopback; every failure is an error that can be retried with the same message id."""

    def __init__(
        self, *, url: str, token: str, clock: Clock, timeout: timedelta = timedelta(seconds=20)
    ) -> None:
        self._breaker = Breaker(clock)
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(timeout.total_seconds(), connect=2.0),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=32),
            trust_env=False,
        )

    async def turn(self, turn: Turn) -> list[Reply]:
        """Send one message and return the assistant's replies.

        Raises:
            DialogueUnavailableError: nothing answered, or not yet.
            TurnFailedError: this message made the assistant fail.
        """
        if not self._breaker.allows():
            raise DialogueUnavailableError("the assistant is away; trying again soon")
        try:
            response = await self._client.post(
                "/webhooks/frontdesk/turn",
                json={
                    "conversation_id": turn.conversation_id,
                    "message_id": turn.message_id,
                    "text": turn.payload or turn.text,
                    "language": turn.language,
                    "metadata": turn.metadata,
                },
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            self._breaker.failed()
            raise DialogueUnavailableError(f"cannot reach the assistant: {error}") from error
        except httpx.HTTPError as error:
            # It broke off in the middle: perhaps this very message is the reason.
            self._breaker.failed()
            raise TurnFailedError(f"the assistant broke off: {type(error).__name__}") from error
        replies = _read(turn, response)
        self._breaker.succeeded()
        return replies

    async def ready(self) -> bool:
        """Say whether Rasa has loaded its model."""
        try:
            response = await self._client.get("/webhooks/frontdesk/health", timeout=2.0)
        except httpx.HTTPError:
            return False
        return response.status_code == HTTPStatus.OK

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _read(turn: Turn, response: httpx.Response) -> list[Reply]:
    if response.status_code != HTTPStatus.OK:
        raise TurnFailedError(f"the assistant answered {response.status_code}")
    try:
        answer = _decoder.decode(response.content)
    except msgspec.DecodeError as error:
        raise TurnFailedError(f"the assistant's answer cannot be read: {error}") from error
    if answer.message_id != turn.message_id:
        raise TurnFailedError("the assistant answered another message")
    return [_reply(reply) for reply in answer.replies]


def _reply(reply: _Reply) -> Reply:
    command = reply.custom if reply.custom and "command" in reply.custom else None
    return Reply(
        text=reply.text or "",
        buttons=tuple(Button(title=c.title, payload=c.payload, url=c.url) for c in reply.choices),
        command=command,
    )
