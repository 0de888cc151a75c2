"""The one door to Telegram: python-telegram-bot as a client, nothing of its updater or its queues."""

import asyncio
import json
import os
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import structlog
from telegram import Bot
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from channels.telegram.refusals import translated
from desk.channel import ChannelDownError
from desk.errors import RejectedError, RetryableError

log = structlog.get_logger()

HEARD = ("message", "edited_message", "callback_query", "my_chat_member")
"""The kinds of updates that we ask for."""
MOST_UPDATES = 100
_MOST_ANSWERS = 100


@dataclass(frozen=True)
class Timing:
    """Seconds: ``hold`` is how long a poll waits for news, the others how long we wait for the platform."""

    hold: int = 22
    connect: float = 5.0
    read: float = 8.0
    upload: float = 30.0


class _Request(HTTPXRequest):
    """Requests as the library makes them, without writing answers that are no JSON to the log."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Return the answer; TelegramError when it is none, as of a proxy in between."""
        try:
            answer: dict[str, Any] = json.loads(payload)
        except ValueError as error:
            raise TelegramError("the answer is not JSON") from error
        return answer


class Client:
    """A bot's connections; ``bot`` has the library's methods, whose errors :func:`translated` turns into ours."""

    def __init__(
        self, *, token: str, api_url: str, file_url: str, timing: Timing | None = None
    ) -> None:
        # Without this the library warns at each 429; it reads the environment every time.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        self._timing = timing or Timing()
        self._files = f"{file_url}/bot{token}/"
        trusted = httpx.create_ssl_context()  # slow to make, so one for all
        self._requests = (self._request(1, trusted), self._request(32, trusted))
        wait = httpx.Timeout(self._timing.read, connect=self._timing.connect)
        self._web = httpx.AsyncClient(timeout=wait, follow_redirects=False, verify=trusted)
        self._answers: set[asyncio.Task[None]] = set()
        self.bot = Bot(
            token,
            base_url=f"{api_url}/bot",
            base_file_url=f"{file_url}/bot",
            get_updates_request=self._requests[0],
            request=self._requests[1],
        )

    async def updates(self, offset: int | None) -> list[dict[str, Any]]:
        """Return what is new from an offset on, raw: the library's own reading fails whole batches for one update."""
        asked = {
            "timeout": self._timing.hold,
            "limit": MOST_UPDATES,
            "allowed_updates": list(HEARD),
        } | ({} if offset is None else {"offset": offset})
        patience = self._timing.hold + self._timing.read
        with translated():
            # Spelt so that the library neither parses the answer nor warns of a method that it has, too.
            raws = await self.bot.do_api_request("get_Updates", asked, read_timeout=patience)
        return list(raws)

    def answer_soon(self, query_ids: Iterable[str]) -> None:
        """Tell customers' apps that a button was heard, in the background.

        It ends the spinner on the button, for which Telegram gives a few seconds: so not with the reply, which may be
        an agent's in ten minutes, and never in the way of accepting an update. Lost, it costs a spinner; not repeated.
        """
        for query_id in query_ids:
            if len(self._answers) < _MOST_ANSWERS and self._is_running():
                task = asyncio.create_task(self._answer(query_id))
                self._answers.add(task)
                task.add_done_callback(self._answers.discard)

    async def download(self, file_id: str, most: int) -> bytes:
        """Return a file of at most ``most`` bytes from the platform's own file host, without redirects."""
        with translated():
            file = await self.bot.get_file(file_id)
        if (file.file_size or 0) > most:
            raise RejectedError(f"the file has {file.file_size} bytes; at most {most} are taken")
        # A path of the platform's could name a file of this machine, which the library would read.
        if not (file.file_path or "").startswith(self._files):
            raise RejectedError("Telegram names no address below its file host for this file")
        try:
            return await self._get(str(file.file_path), most)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RetryableError(f"the file did not come: {type(error).__name__}") from error

    async def close(self) -> None:
        """Let go of the connections."""
        for task in tuple(self._answers):
            task.cancel()
        await asyncio.gather(*self._answers, return_exceptions=True)
        await asyncio.gather(*(request.shutdown() for request in self._requests))
        await self._web.aclose()

    def _request(self, connections: int, trusted: ssl.SSLContext) -> HTTPXRequest:
        timing = self._timing
        return _Request(
            connection_pool_size=connections,
            connect_timeout=timing.connect,
            read_timeout=timing.read,
            pool_timeout=timing.connect,
            media_write_timeout=timing.upload,
            httpx_kwargs={"verify": trusted},
        )

    @staticmethod
    def _is_running() -> bool:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return False
        return True

    async def _answer(self, query_id: str) -> None:
        try:
            await self.bot.answer_callback_query(query_id)
        except TelegramError as error:
            log.info("telegram_button_unanswered", error=type(error).__name__)

    async def _get(self, url: str, most: int) -> bytes:
        async with self._web.stream("GET", url) as answer:
            _refuse_status(answer.status_code)
            content = bytearray()
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > most:
                    raise RejectedError(f"the file is larger than {most} bytes")
            return bytes(content)


def _refuse_status(code: int) -> None:
    if code == httpx.codes.UNAUTHORIZED:
        raise ChannelDownError("Telegram refuses the bot's token")
    if code >= 500 or code == httpx.codes.TOO_MANY_REQUESTS:
        raise RetryableError(f"the file did not come: HTTP {code}")
    if code != httpx.codes.OK:
        raise RejectedError(f"the file is gone: HTTP {code}")


def query_ids(raws: Sequence[Any]) -> list[str]:
    """Return the ids of the buttons that were pressed, from updates that may be anything."""
    queries = [raw.get("callback_query") for raw in raws if isinstance(raw, dict)]
    found = [query.get("id") for query in queries if isinstance(query, dict)]
    return [query_id for query_id in found if isinstance(query_id, str)]
