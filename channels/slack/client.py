"""Slack's Web API and files with one token and one pool of connections; whoever of us talks to Slack uses this."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from channels.slack.errors import UncertainError, asked, of_status, retry_in
from desk.channel import ChannelDownError
from desk.errors import RejectedError, RetryableError

_FILE_TIMEOUT = ClientTimeout(total=25)
"""Seconds for a file up or down: a send must end before its lease of 30 seconds does."""


def silent_logger() -> logging.Logger:
    """Return a logger that says nothing: the SDK writes what people wrote, and addresses with secrets in them."""
    return logging.Logger("slack_sdk", logging.CRITICAL + 1)


@dataclass(frozen=True)
class Identity:
    """Who a token is: the workspace, the bot's user id, and what it may do."""

    team: str
    team_name: str
    user: str
    user_name: str
    scopes: frozenset[str]


class SlackClient:
    """Calls Slack. Nothing is repeated in here: the SDK's own retries would post twice, or sleep on a 429."""

    def __init__(
        self, *, token: str, api_url: str, timeout: timedelta = timedelta(seconds=10)
    ) -> None:
        self._web = AsyncWebClient(
            token=token, base_url=api_url, logger=silent_logger(), retry_handlers=[]
        )
        self._timeout = ClientTimeout(total=timeout.total_seconds())
        self._session: ClientSession | None = None
        api = URL(api_url).origin()
        # The token goes to nobody else. A stand-in or a gateway serves files where it serves the API.
        self._file_origins = {api, URL.build(scheme="https", host=f"files.{api.host}")}

    @property
    def web(self) -> AsyncWebClient:
        """Return the SDK's client; wrap its calls in :func:`asked`. Needs a running event loop."""
        self._web.session = self._open()
        return self._web

    async def identity(self) -> Identity:
        """Ask Slack who we are."""
        answer = await asked(self.web.auth_test())
        scopes = str(answer.headers.get("x-oauth-scopes", ""))
        return Identity(
            team=str(answer["team_id"]),
            team_name=str(answer["team"]),
            user=str(answer["user_id"]),
            user_name=str(answer["user"]),
            scopes=frozenset(filter(None, (one.strip() for one in scopes.split(",")))),
        )

    async def download(self, url: str, most: int) -> bytes:
        """Return a file of Slack's of at most ``most`` bytes."""
        if not self._is_slacks(url):
            raise RejectedError("the file is not at Slack")
        headers = {"Authorization": f"Bearer {self._web.token}"}
        try:
            async with self._open().get(
                url, headers=headers, allow_redirects=False, timeout=_FILE_TIMEOUT
            ) as response:
                _accept(response.status, response.headers)
                # A token that may not read files is shown the sign-in page, with status 200.
                if response.content_type == "text/html" and not url.endswith((".html", ".htm")):
                    raise RejectedError("no file but a sign-in page: is files:read missing?")
                content = bytearray()
                async for chunk in response.content.iter_chunked(1 << 16):
                    content += chunk
                    if len(content) > most:
                        raise RejectedError(f"the file is larger than {most} bytes")
                return bytes(content)
        except (ClientError, TimeoutError) as error:
            raise RetryableError(f"the file did not come: {type(error).__name__}") from error

    async def upload(self, name: str, content: bytes) -> str:
        """Hand a file to Slack and return its id; nobody sees it yet."""
        place = await asked(
            self.web.files_getUploadURLExternal(filename=name, length=len(content))
        )
        url = str(place["upload_url"])
        if not self._is_slacks(url):
            raise RejectedError("Slack wants the file somewhere else")
        try:
            async with self._open().post(url, data=content, timeout=_FILE_TIMEOUT) as response:
                _accept(response.status, response.headers)
        except ClientConnectorError as error:
            raise RetryableError("Slack cannot be reached") from error
        except (ClientError, TimeoutError) as error:
            raise UncertainError(f"the file did not go: {type(error).__name__}") from error
        return str(place["file_id"])

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> ClientSession:
        if self._session is None or self._session.closed:
            self._session = ClientSession(timeout=self._timeout)
        return self._session

    def _is_slacks(self, url: str) -> bool:
        try:
            return URL(url).origin() in self._file_origins
        except ValueError:
            return False


def _accept(status: int, headers: Mapping[str, str]) -> None:
    if status == 429:
        raise RetryableError("Slack asks us to wait", retry_in=retry_in(headers))
    if status == 401:
        raise ChannelDownError("Slack: the token is wrong (HTTP 401)")
    if 300 <= status < 400:
        raise RejectedError("the file is somewhere else")
    if status != 200:
        raise of_status(status)
