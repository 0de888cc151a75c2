"""The Telegram channel and its platform as the shared contract suite drives them."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from channels.telegram.adapter import PollingTelegram, TelegramChannel, WebhookTelegram
from channels.telegram.client import Client, Timing
from channels.telegram.me import Me
from desk.clock import Clock
from desk.message import WebhookRequest
from tests.platforms.telegram import people
from tests.platforms.telegram.server import BOT_ID, TOKEN, USERNAME, TelegramPlatform

SECRET = "a_secret_for_tests_only-0123456789"
WEBHOOK = "https://desk.example.com/channels/telegram"
_HEADER = "x-telegram-bot-api-secret-token"
_QUICK = Timing(connect=2.0, read=0.5, upload=5.0)


def client_of(
    platform: TelegramPlatform, *, token: str = TOKEN, timing: Timing = _QUICK
) -> Client:
    """Return a bot that talks to the stand-in."""
    file_url = f"{platform.url}/file"
    return Client(token=token, api_url=platform.url, file_url=file_url, timing=timing)


@dataclass
class TelegramSubject:
    """What both modes have in common."""

    name: ClassVar[str] = "telegram"
    kinds: ClassVar[frozenset[str]]
    channel: TelegramChannel
    platform: TelegramPlatform

    @classmethod
    def build(cls, client: Client, me: Me, clock: Clock) -> TelegramChannel:
        """Return the adapter of the mode."""
        raise NotImplementedError

    @classmethod
    @asynccontextmanager
    async def open(cls, clock: Clock) -> AsyncIterator[Self]:
        """Start the stand-in and build the real adapter against it."""
        async with TelegramPlatform(clock) as platform:
            channel = cls.build(client_of(platform), Me(id=BOT_ID, username=USERNAME), clock)
            try:
                yield cls(channel=channel, platform=platform)
            finally:
                await channel.close()

    def text(self, *, n: int, chat: int, words: str) -> dict[str, Any]:
        """Return update number ``n``: a customer's words in a chat."""
        return people.message(n, chat, text=words)

    def thread_of(self, chat: int) -> str:
        """Return the thread that the adapter must derive."""
        return str(people.user_of(chat))

    def oddities(self) -> dict[str, dict[str, Any]]:
        """Return updates that are no plain text, by name."""
        photo = [people.file("p1", width=90, height=60), people.file("p2", width=900, height=600)]
        return {
            "unknown kind": {"update_id": 1, "something_new": {"id": 1}},
            "no kind": {"update_id": 2},
            "channel post": {"update_id": 3, "channel_post": people.message(3, 1)["message"]},
            "edit": people.edited(4, 1, of=3, text="changed"),
            "live location": people.edited(5, 1, of=3, location={"latitude": 1, "longitude": 2}),
            "blocked": people.membership(6, 1, "kicked"),
            "unblocked": people.membership(7, 1, "member"),
            "sticker": people.message(8, 1, sticker=people.file("s", emoji="👍")),
            "voice": people.message(9, 1, voice=people.file("v", duration=2)),
            "photo": people.message(10, 1, photo=photo, caption="Look"),
            "file": people.message(11, 1, document=people.file("d", file_name="a.pdf")),
            "location": people.message(12, 1, location={"latitude": 1, "longitude": 2}),
            "contact": people.message(13, 1, contact={"phone_number": "+15550100"}),
            "new content": people.message(14, 1, hologram={"id": 1}),
            "10k text": people.message(15, 1, text="word " * 2_000),
            "no optional fields": {
                "update_id": 16,
                "message": {"message_id": 16, "date": 1, "chat": {"id": 1, "type": "private"}},
            },
            "null fields": people.message(
                17, 1, text=None, entities=None, photo=None, sticker=None
            ),
            "group, not for us": people.in_group(18, 1, "hello all"),
            "group, for us": people.in_group(19, 1, f"@{USERNAME} hello", mark="mention"),
            "button": people.pressed(20, 1, "choice-1"),
            "button of an old message": people.pressed(21, 1, "choice-1", in_message=False),
            "somebody joined": people.message(22, 1, new_chat_members=[{"id": 1}]),
        }

    def poison(self) -> dict[str, Any]:
        """Return an update that cannot be read."""
        return {"update_id": 99, "message": {"message_id": "x", "chat": 5}}

    def delivered(self) -> list[tuple[str, str, list[str]]]:
        """Return what the platform accepted: thread, text and titles of buttons."""
        return [
            (str(one.chat), one.text, [button["text"] for button in one.buttons])
            for one in self.platform.accepted
        ]

    def will(self, fault: str, *, retry_after: float = 0) -> None:
        """Let the next send meet a fault."""
        self.platform.will(fault, retry_after=retry_after)

    @property
    def struck(self) -> Counter[str]:
        """How often each fault struck."""
        return self.platform.struck


class PollingSubject(TelegramSubject):
    """The channel that asks."""

    kinds = frozenset({"polling"})

    @classmethod
    def build(cls, client: Client, me: Me, clock: Clock) -> TelegramChannel:
        """Return the adapter that polls."""
        return PollingTelegram(client=client, me=me, clock=clock)

    async def put(self, raw: dict[str, Any]) -> None:
        """Let the platform have an update for us; it gives out the numbers, which rise."""
        self.platform.put(raw | {"update_id": self.platform.number()})


class WebhookSubject(TelegramSubject):
    """The channel that is called."""

    kinds = frozenset({"webhook"})

    @classmethod
    def build(cls, client: Client, me: Me, clock: Clock) -> TelegramChannel:
        """Return the adapter that is called."""
        return WebhookTelegram(client=client, me=me, clock=clock, url=WEBHOOK, secret=SECRET)

    def signed(self, *raws: dict[str, Any], at: datetime | None = None) -> WebhookRequest:
        """Return the request that brings an update: one a request, and no time in its proof."""
        (raw,) = raws
        return self.request(json.dumps(raw).encode())

    def forged(self, raw: dict[str, Any]) -> dict[str, WebhookRequest]:
        """Return requests without the right proof; there is none over body or time to be forged."""
        proofs = {
            "missing": {},
            "empty": {_HEADER: ""},
            "wrong": {_HEADER: "x" * len(SECRET)},
            "cut short": {_HEADER: SECRET[:-1]},
            "longer": {_HEADER: f"{SECRET}x"},
            "of other letters": {_HEADER: SECRET.upper()},
            "beyond ASCII": {_HEADER: f"{SECRET}é"},
            "under another name": {"x-telegram-secret": SECRET},
        }
        body = json.dumps(raw).encode()
        return {name: self.request(body, proof) for name, proof in proofs.items()}

    def request(self, body: bytes, proof: dict[str, str] | None = None) -> WebhookRequest:
        """Return a request with any body, and our secret if no other proof is given."""
        given = {_HEADER: SECRET} if proof is None else proof
        headers = {"content-type": "application/json", **given}
        return WebhookRequest(method="POST", headers=headers, query={}, body=body)
