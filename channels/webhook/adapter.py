"""The signed webhook as a channel: JSON events in, JSON events out, both signed."""

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from channels.webhook import answers, render
from channels.webhook.events import ACCOUNT, EVENTS, NAME, TYPES
from channels.webhook.files import Files
from channels.webhook.signature import Signer
from desk.channel import Check, Feature, Pace, TextLimit
from desk.clock import Clock
from desk.errors import RejectedError, RetryableError
from desk.message import (
    Ignored,
    OutboundMessage,
    Sent,
    Unread,
    Update,
    WebhookAnswer,
    WebhookRequest,
    read_each,
)
from desk.posting import Post, PostRules, Published


class SignedWebhook:
    """Another system on the other end, whatever it is; it shows what we send as it likes."""

    name = NAME
    account = ACCOUNT
    features = frozenset({Feature.BUTTONS, Feature.LINKS, Feature.ATTACHMENTS})
    pace = Pace()
    limit: TextLimit | None = None
    # The receiver says what it takes by refusing; what is larger than this would be too much for a request.
    post_rules = PostRules(images=render.IMAGES, largest_image=10 * 2**20)

    def __init__(
        self, url: str, signer: Signer, files: Files, clock: Clock, *, timeout: float
    ) -> None:
        self._url = url
        self._signer = signer
        self._files = files
        self._clock = clock
        self._timeout = timeout
        self._client = httpx.AsyncClient(timeout=None)  # noqa: S113 - _post has one of its own

    def verify(self, request: WebhookRequest) -> None:
        """Raise SignatureError unless the other system signed this within 5 minutes."""
        self._signer.verify(request.headers, request.body, self._clock())

    def answer(self, request: WebhookRequest) -> WebhookAnswer | None:
        """Return None: there is no handshake."""
        return None

    def parse(self, request: WebhookRequest) -> Sequence[Update | Unread]:
        """Return what the one event of the request says."""
        return read_each(NAME, ACCOUNT, [json.loads(request.body)], self.read)

    def read(self, raw: Mapping[str, Any]) -> Sequence[Update]:
        """Return what an event says; one of a type that we do not know says nothing."""
        if raw["type"] not in TYPES:
            return [Ignored(channel=NAME, kind=str(raw["type"])[:64])]
        return [EVENTS.validate_python(raw).update(self._clock())]

    async def send(self, message: OutboundMessage) -> Sent:
        """Post the message; the receiver knows a repeated one by its id."""
        await self._post(message.id, render.message(message))
        return Sent(external_id=message.id)

    async def publish(self, post: Post) -> Published:
        """Post what is to be published; the receiver may answer with the ``url`` where it is."""
        answer = await self._post(post.id, render.post(post))
        return Published(external_id=post.id, url=answers.url_of(answer))

    async def fetch(self, reference: str, most: int) -> bytes:
        """Return a file from one of the hosts that the operator named."""
        return await self._files.fetch(reference, most)

    async def start(self) -> None:
        """Do nothing: the other system knows our address from its operator."""

    async def check(self) -> Check:
        """Post a ``ping`` and tell how it was received."""
        problems: tuple[str, ...] = ()
        try:
            await self._post(f"ping_{secrets.token_hex(12)}", render.event("ping", {}))
        except RejectedError as error:
            problems = (f"{error} to a ping; it should answer 2xx to every event",)
        return Check(account=urlsplit(self._url).hostname or ACCOUNT, problems=problems)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()
        await self._files.close()

    async def _post(self, message_id: str, body: bytes) -> httpx.Response:
        now = self._clock()
        headers = self._signer.headers(message_id, body, now)
        headers["content-type"] = "application/json"
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._client.post(self._url, content=body, headers=headers)
        except (TimeoutError, httpx.HTTPError) as error:
            raise RetryableError(f"the receiver: {type(error).__name__}") from error
        failed = answers.failure(answer, now)
        if failed is not None:
            raise failed
        return answer
