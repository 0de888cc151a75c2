"""Tweepy as our client for X: in threads, with time-outs, at an address that can be changed, and our errors.

Tweepy's synchronous client is used: its asynchronous one brings two more packages and has the address of X built in,
while the session of this one takes an adapter, so that signatures stay those of the original address.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import tweepy  # type: ignore[import-untyped]
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError

from channels.x import windows
from channels.x.refusals import UnsureError, meaning
from channels.x.windows import Window
from desk.clock import Clock
from desk.errors import RejectedError, RetryableError

_THREADS = 4
_SLACK = 1.0
_TALKATIVE = ("tweepy", "oauthlib", "requests_oauthlib")
"""Loggers that would write tokens and what people say."""

type Work = Callable[[tweepy.Client], Any]
"""Calls one method of tweepy's client, which returns an answer of requests; tweepy has no types."""


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The keys of the app and of the account that it acts for."""

    api_key: str
    api_secret: str
    access_token: str
    access_secret: str
    bearer_token: str | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What X answered; ``access`` is what the keys allow (``read-write-directmessages``)."""

    body: Mapping[str, Any]
    window: Window | None
    access: str = ""

    def made(self, key: str) -> str:
        """Return a text that X must have told; UnsureError when it did not."""
        made = (self.body.get("data") or {}).get(key)
        if not isinstance(made, str):
            raise UnsureError("X answered without saying what it did")
        return made


class _Rebased(HTTPAdapter):
    """Sends requests to another address, as they were signed, and never waits for ever."""

    def __init__(self, address: str | None, timeout: float) -> None:
        super().__init__()
        self._address = urlsplit(address) if address else None
        self._timeout = timeout

    def send(
        self, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        if self._address is not None:
            there = urlsplit(request.url or "")
            path = self._address.path + there.path
            parts = (self._address.scheme, self._address.netloc, path, there.query, "")
            request.url = urlunsplit(parts)
        options["timeout"] = options.get("timeout") or self._timeout
        return super().send(request, *args, **options)


class XClient:
    """Calls X, one thread a call; ``timeout`` is in seconds."""

    def __init__(
        self, keys: Keys, clock: Clock, *, address: str | None = None, timeout: float = 8.0
    ) -> None:
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
        self._clock = clock
        self._timeout = timeout
        self._client = tweepy.Client(
            bearer_token=keys.bearer_token,
            consumer_key=keys.api_key,
            consumer_secret=keys.api_secret,
            access_token=keys.access_token,
            access_token_secret=keys.access_secret,
            return_type=requests.Response,
        )
        self._oauth = tweepy.OAuth1UserHandler(
            keys.api_key, keys.api_secret, keys.access_token, keys.access_secret
        )
        self.has_bearer = keys.bearer_token is not None
        session = self._client.session
        session.mount("https://", _Rebased(address, timeout))
        session.trust_env = address is None  # a proxy would be that of the original address
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="x")
        self._ahead = timedelta()

    def now_there(self) -> datetime:
        """Return the time by X's clock, as far as its latest answer told."""
        return self._clock() + self._ahead

    async def call(self, work: Work) -> Answer:
        """Do something with the client and return X's answer; our errors, as :meth:`Channel.send`."""
        try:
            response = await self._in_thread(lambda: work(self._client))
        except tweepy.HTTPException as error:
            raise meaning(error.response, self._clock()) from error
        body = _json(response)
        headers = {name.lower(): value for name, value in response.headers.items()}
        now = self._clock()
        self._ahead = windows.skew(headers, now)
        access = headers.get("x-access-level", "")
        return Answer(body=body, window=windows.window(headers, now), access=access)

    async def download(self, url: str, most: int, *, signed: bool) -> bytes:
        """Return a file of at most ``most`` bytes, from exactly this address."""
        content = await self._in_thread(lambda: self._download(url, most, signed))
        if len(content) > most:
            raise RejectedError("the file is too large")
        return content

    def _download(self, url: str, most: int, signed: bool) -> bytes:
        auth = self._oauth.apply_auth() if signed else None
        session = self._client.session
        with session.get(url, auth=auth, stream=True, allow_redirects=False) as response:
            if response.status_code != 200:
                raise meaning(response, self._clock())
            content = bytearray()
            for chunk in response.iter_content(65_536):
                content += chunk
                if len(content) > most:
                    break
            return bytes(content)

    async def _in_thread[T](self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            # The session's own time-out is for each read; this one is for all of it.
            async with asyncio.timeout(self._timeout + _SLACK):
                return await loop.run_in_executor(self._threads, work)
        except (TimeoutError, requests.RequestException) as error:
            unanswered = RetryableError if _never_reached(error) else UnsureError
            raise unanswered(f"X does not answer: {type(error).__name__}") from error
        except AttributeError as error:  # tweepy expects every refusal to be a JSON object
            raise UnsureError("X answered something unreadable") from error

    async def close(self) -> None:
        """Let go of the connections and threads."""
        self._client.session.close()
        self._threads.shutdown(wait=False, cancel_futures=True)


def _never_reached(error: Exception) -> bool:
    """Return whether X certainly got nothing: there was no connection."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _json(response: requests.Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except requests.JSONDecodeError as error:
        raise UnsureError("X answered something unreadable") from error
    if not isinstance(body, dict):
        raise UnsureError("X answered something unreadable")
    return body
