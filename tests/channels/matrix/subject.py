"""The Matrix channel as the contract suite drives it: a faulty proxy, and a real synapse behind it."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Self

import httpx

from channels.matrix.adapter import Matrix
from channels.matrix.homeserver import Homeserver
from channels.matrix.invitations import Invitations
from channels.matrix.reading import Reader, thread_of
from channels.matrix.rooms import Rooms
from desk.clock import Clock
from desk.message import WebhookRequest
from tests.platforms.matrix.people import CLIENT, Person
from tests.platforms.matrix.proxy import Proxy
from tests.platforms.matrix.server import APP_ID, AS_TOKEN, BOT, HS_TOKEN, Synapse, shared

TIMEOUT = 2.0
ADDRESS = "https://desk.example.com/channels/matrix"


class NoGroups(Rooms):
    """Rooms of one customer each, unless a test says otherwise; none has to be asked about."""

    def is_group(self, room: str) -> bool:
        """Tell whether a test said so."""
        return bool(super().is_group(room))


def build(address: str, rooms_of: type[Rooms] = Rooms, timeout: float = TIMEOUT) -> Matrix:
    """Return an adapter."""
    homeserver = Homeserver(address, AS_TOKEN, timeout=timeout)
    rooms = rooms_of(homeserver, BOT)
    reader = Reader(BOT, rooms.is_group)
    return Matrix(
        homeserver,
        rooms,
        reader,
        Invitations(homeserver, BOT, patience=5, pause=0.05),
        user=BOT,
        app_id=APP_ID,
        hs_token=HS_TOKEN,
        address=ADDRESS,
    )


class MatrixSubject:
    """The adapter, the proxy and the server; a chat is a person in a room of their own, opened when first named."""

    name = "matrix"
    kinds = frozenset({"webhook"})

    def __init__(self, channel: Matrix, platform: Proxy, synapse: Synapse, clock: Clock) -> None:
        self.channel = channel
        self.platform = platform
        self._synapse = synapse
        self._clock = clock
        self._chats: dict[int, tuple[Person, str]] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, clock: Clock) -> AsyncIterator[Self]:
        """Run all three."""
        synapse = shared()
        async with Proxy.open(synapse.url) as proxy:
            channel = build(proxy.url, NoGroups)
            await channel.start()
            subject = cls(channel, proxy, synapse, clock)
            try:
                yield subject
            finally:
                await channel.close()
                for person, _ in subject._chats.values():
                    person.close()

    @property
    def struck(self) -> Counter[str]:
        """How often each fault happened."""
        return self.platform.struck

    def chat(self, number: int) -> tuple[Person, str]:
        """Return who is in a chat, and its room."""
        if number not in self._chats:
            person = Person(self._synapse)
            room = person.room()
            joined = httpx.post(
                f"{self._synapse.url}{CLIENT}/rooms/{room}/join",
                headers={"Authorization": f"Bearer {AS_TOKEN}"},
                json={},
            )
            joined.raise_for_status()
            self._chats[number] = (person, room)
        return self._chats[number]

    def event(self, n: int | str, chat: int, kind: str, **content: Any) -> dict[str, Any]:
        """Return an event as synapse pushes it."""
        person, room = self.chat(chat)
        offset = n if isinstance(n, int) else 0
        at = self._clock() + timedelta(milliseconds=offset)
        return {
            "type": kind,
            "event_id": f"$event-{n}",
            "room_id": room,
            "sender": person.id,
            "user_id": person.id,
            "origin_server_ts": int(at.timestamp() * 1000),
            "age": 12,
            "unsigned": {"age": 12},
            "content": content,
        }

    def text(self, *, n: int, chat: int, words: str) -> dict[str, Any]:
        """Return a customer's text."""
        return self.event(n, chat, "m.room.message", msgtype="m.text", body=words)

    def thread_of(self, chat: int) -> str:
        """Return the thread of a chat."""
        person, room = self.chat(chat)
        return thread_of(room, person.id)

    def oddities(self) -> dict[str, dict[str, Any]]:
        """Return events other than a plain text."""
        file = {"url": "mxc://example.org/abcdef", "body": "a.png"}
        edit = {"rel_type": "m.replace", "event_id": "$event-1"}

        def message(name: str, **content: Any) -> dict[str, Any]:
            return self.event(name, 1, "m.room.message", **content)

        return {
            "edit": message(
                "edit",
                msgtype="m.text",
                body="* changed",
                **{
                    "m.relates_to": edit,
                    "m.new_content": {"msgtype": "m.text", "body": "changed"},
                },
            ),
            "redaction": self.event("redaction", 1, "m.room.redaction", redacts="$event-1"),
            "redaction at the top": {
                **self.event("redaction-2", 1, "m.room.redaction"),
                "redacts": "$event-1",
            },
            "redacted": message("redacted"),
            "reaction": self.event(
                "reaction",
                1,
                "m.reaction",
                **{"m.relates_to": {"rel_type": "m.annotation", "event_id": "$1", "key": "👍"}},
            ),
            "sticker": self.event("sticker", 1, "m.sticker", body="😀", url=file["url"], info={}),
            "emote": message("emote", msgtype="m.emote", body="waves"),
            "notice": message("notice", msgtype="m.notice", body="I am a bot"),
            "voice": message("voice", msgtype="m.audio", **file, info={"mimetype": "audio/ogg"}),
            "photo": message(
                "photo", msgtype="m.image", **file, info={"mimetype": "image/png", "size": 5}
            ),
            "photo with words": message(
                "photo-2", msgtype="m.image", **file | {"body": "It broke", "filename": "a.png"}
            ),
            "file": message("file", msgtype="m.file", **file, info=None),
            "encrypted file": message("file-2", msgtype="m.file", body="a.png", file={}),
            "location": message(
                "location", msgtype="m.location", body="Here", geo_uri="geo:52.5,13.4"
            ),
            "encrypted": self.event(
                "encrypted", 1, "m.room.encrypted", algorithm="m.megolm.v1.aes-sha2", ciphertext=""
            ),
            "long": message("long", msgtype="m.text", body="long text " * 1000),
            "null fields": message(
                "null",
                msgtype="m.text",
                body="hi",
                formatted_body=None,
                **{"m.relates_to": None, "m.mentions": None},
            ),
            "reply": message(
                "reply",
                msgtype="m.text",
                body=f"> <{BOT}> Shall I?\n> really\n\nyes",
                **{"m.relates_to": {"m.in_reply_to": {"event_id": "$event-1"}}},
            ),
            "unknown text": message("unknown", msgtype="org.example.quiz", body="Which colour?"),
            "unknown": self.event("unknown-2", 1, "org.example.event", some=["thing"]),
            "typing": {"type": "m.typing", "sender": "@x:example.org", "content": {}},
            "our own": self.text(n=77, chat=1, words="hi") | {"sender": BOT},
            "customer left": self.event("left", 1, "m.room.member", membership="leave")
            | {"state_key": self.chat(1)[0].id},
            "we are invited": self.event("invited", 1, "m.room.member", membership="invite")
            | {"state_key": BOT},
            "we are put out": self.event("kicked", 1, "m.room.member", membership="leave")
            | {"state_key": BOT},
        }

    def poison(self) -> dict[str, Any]:
        """Return an event that cannot be read."""
        return self.event("poison", 1, "m.room.message", msgtype=["m.text"], body=5)

    def signed(self, *raws: Mapping[str, Any], at: datetime | None = None) -> WebhookRequest:
        """Return a transaction; Matrix signs with a token and no time."""
        return self.request(json.dumps({"events": raws}).encode())

    def request(self, body: bytes, **changed: Any) -> WebhookRequest:
        """Return a transaction with any body."""
        request = {
            "method": "PUT",
            "headers": {"authorization": f"Bearer {HS_TOKEN}"},
            "query": {"path": "_matrix/app/v1/transactions/1"},
            "body": body,
        }
        return WebhookRequest(**request | changed)

    def forged(self, raw: Mapping[str, Any]) -> dict[str, WebhookRequest]:
        """Return requests that must be refused."""
        body = json.dumps({"events": [raw]}).encode()
        tokens = {
            "no token": None,
            "empty": "Bearer ",
            "another token": "Bearer nobody",
            "half a token": f"Bearer {HS_TOKEN[:-1]}",
            "our own token": f"Bearer {AS_TOKEN}",
            "basic": f"Basic {HS_TOKEN}",
            "bare": HS_TOKEN,
            "beyond ASCII": "Bearer \u00e9\u6587",
        }
        place = self.request(body).query
        legacy = {**place, "access_token": HS_TOKEN}
        return {
            name: self.request(body, headers={"authorization": token} if token else {})
            for name, token in tokens.items()
        } | {
            "in the address": self.request(body, headers={}, query=legacy),
            "in both": self.request(body, query=legacy),
        }

    def delivered(self) -> list[tuple[str, str, list[str]]]:
        """Return what the server accepted, by its own clock."""
        found = [
            (event["origin_server_ts"], thread_of(room, person.id), event["content"]["body"])
            for person, room in self._chats.values()
            for event in person.heard(room)
        ]
        found.sort(key=lambda one: one[0])
        return [(thread, body, []) for _, thread, body in found]

    def will(self, fault: str, *, retry_after: float = 0) -> None:
        """Let the next message meet a fault."""
        self.platform.will(fault, retry_after=retry_after)
