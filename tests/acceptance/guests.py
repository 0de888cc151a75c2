"""A customer on each platform, at a keyboard of their own, who waits for the desk's answers."""

import asyncio
import json
import re
import smtplib
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from typing import Any
from uuid import uuid4

import httpx
from standardwebhooks import Webhook

from desk.clock import now
from tests.channels.mail.subject import Place, new_place
from tests.channels.webhook.subject import SECRET as WEBHOOK_SECRET
from tests.channels.x.making import dm, mention
from tests.customer import Customer
from tests.platforms.matrix.people import Person
from tests.platforms.matrix.server import shared as synapse
from tests.platforms.slack.server import SlackPlatform, titles
from tests.platforms.telegram import people
from tests.platforms.telegram.server import TelegramPlatform
from tests.platforms.webhook.receiver import Receiver
from tests.platforms.x.server import XServer

PATIENCE = 60.0


async def until(so: Callable[[], Awaitable[bool]], otherwise: Callable[[], str]) -> None:
    """Wait until something is so; fail with these words when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not await so():
        assert time.monotonic() < deadline, otherwise()
        await asyncio.sleep(0.05)


@dataclass(frozen=True)
class Said:
    """What the desk said to a customer, as their platform has it; ``place`` is what a press or a reply refers to."""

    text: str
    buttons: tuple[str, ...] = ()
    place: Any = None


class Guest(ABC):
    """A customer on one platform, who waits for answers."""

    leave: Callable[[], None] = staticmethod(lambda: None)
    """Hangs up."""

    def __init__(self) -> None:
        self._before = 0

    @abstractmethod
    async def say(self, text: str) -> None:
        """Write."""

    @abstractmethod
    async def heard(self) -> list[Said]:
        """Return all that the desk has said to them."""

    async def press(self, title: str) -> None:
        """Press the newest button of that title."""
        raise NotImplementedError("there are no buttons on this platform")

    async def asks(self, text: str, *words: str) -> str:
        """Write, and return the answer once it holds these words."""
        self._before = len(await self.heard())
        await self.say(text)
        return await self.hears(*words)

    async def presses(self, title: str, *words: str) -> str:
        """Press a button, and return the answer once it holds these words."""
        self._before = len(await self.heard())
        await self.press(title)
        return await self.hears(*words)

    async def hears(self, *words: str) -> str:
        """Return what was said since the customer spoke, once it holds these words."""
        answer = ""

        async def complete() -> bool:
            nonlocal answer
            answer = "\n".join(one.text for one in (await self.heard())[self._before :])
            return bool(answer) and all(word in answer for word in words)

        await until(complete, lambda: f"not {words} but {answer!r}")
        return answer

    async def offered(self, title: str) -> Said:
        """Return the newest message with a button of that title, once there is one."""
        found: list[Said] = []

        async def there() -> bool:
            found[:] = [said for said in await self.heard() if title in said.buttons]
            return bool(found)

        await until(there, lambda: f"no button {title!r}")
        return found[-1]


class OnTelegram(Guest):
    """In a private chat with the bot."""

    def __init__(self, platform: TelegramPlatform, chat: int) -> None:
        super().__init__()
        self._platform = platform
        self._chat = chat
        self.user_id = people.user_of(chat)

    async def say(self, text: str) -> None:
        """Write."""
        self._platform.put(people.message(self._number(), self._chat, text=text))

    async def press(self, title: str) -> None:
        """Press an inline button."""
        said = await self.offered(title)
        (data,) = [b["callback_data"] for b in said.place.buttons if b["text"] == title]
        self._platform.put(people.pressed(self._number(), self._chat, data))

    async def heard(self) -> list[Said]:
        """Return all that the bot sent here."""
        found = [m for m in self._platform.accepted if m.chat == self.user_id]
        return [Said(m.text, tuple(b["text"] for b in m.buttons), m) for m in found]

    def _number(self) -> int:
        return self._platform.number() - 700_000


class OnSlack(Guest):
    """Of another company, in a direct message with the bot."""

    def __init__(self, platform: SlackPlatform, name: str) -> None:
        super().__init__()
        self._person = platform.person(name, team="T0ACME")
        self._room = platform.direct(self._person)

    async def say(self, text: str) -> None:
        """Write."""
        await self._person.says(self._room, text)

    async def press(self, title: str) -> None:
        """Click a button of Block Kit."""
        said = await self.offered(title)
        reply = await self._person.clicks(self._room, said.place.ts, title)
        assert reply.status == 200

    async def heard(self) -> list[Said]:
        """Return all that the bot wrote here."""
        found = [message for message in self._room.messages if message.bot]
        return [Said(message.text, tuple(titles(message)), message) for message in found]


class OnX(Guest):
    """Writes direct messages, or mentions us in public."""

    def __init__(self, platform: XServer, user: str, *, public: bool) -> None:
        super().__init__()
        self._platform = platform
        self._user = user
        self._public = public
        self._root = ""

    async def say(self, text: str) -> None:
        """Write; in public below our newest answer, if there is one."""
        if not self._public:
            dm(self._platform, text, by=self._user)
            return
        own = [post for post in self._platform.world.own_posts() if post.root == self._root]
        below = {"root": self._root, "above": own[0].id} if own else {}
        post = mention(self._platform, f"@frontdesk {text}", by=self._user, **below)
        self._root = post.root or post.id

    async def heard(self) -> list[Said]:
        """Return what our account said to them."""
        place = f"post:{self._root}/{self._user}" if self._public else f"dm:{self._user}"
        return [Said(text) for thread, text, _ in self._platform.accepted if thread == place]


class ByMail(Guest):
    """Has a mailbox, and answers below the mail that came last."""

    def __init__(self, desk: Place) -> None:
        super().__init__()
        self._desk = desk
        self._own = Place(desk.servers, new_place(desk.servers).address.replace(".com", ".org"))
        self.address = self._own.address

    async def say(self, text: str) -> None:
        """Send a mail through the SMTP server."""
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"], mail["To"] = self.address, self._desk.address
        mail["Subject"], mail["Date"] = "A question", datetime.now(UTC)
        mail["Message-ID"] = f"<{uuid4().hex}@example.org>"
        if heard := await self.heard():
            last = heard[-1].place
            mail.replace_header("To", last["Reply-To"])
            mail["In-Reply-To"] = last["Message-ID"]
        mail.set_content(text)
        await asyncio.to_thread(self._send, mail)

    async def code(self) -> str:
        """Return the code in the newest mail, once one has come."""
        (code,) = re.findall(r"\b\d{6}\b", await self.hears("code"))
        return str(code)

    def _send(self, mail: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", self._desk.servers.smtp, timeout=10) as smtp:
            smtp.send_message(mail)

    async def heard(self) -> list[Said]:
        """Return what is in the mailbox."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> list[Said]:
        files = sorted(
            (self._own.folder / "new").glob("*"), key=lambda one: one.stat().st_mtime_ns
        )
        mails = [message_from_bytes(one.read_bytes(), policy=policy.default) for one in files]
        return [Said(_plain(mail), place=mail) for mail in mails]


def _plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


class OnMatrix(Guest):
    """Has an account on the homeserver, and a room with the bot."""

    def __init__(self) -> None:
        super().__init__()
        self._person = Person(synapse())
        self._room = self._person.room()
        self.leave = self._person.close

    async def say(self, text: str) -> None:
        """Write."""
        await asyncio.to_thread(self._person.say, self._room, text)

    async def heard(self) -> list[Said]:
        """Return what the bot wrote here."""
        events = await asyncio.to_thread(self._person.heard, self._room)
        return [Said(event["content"]["body"]) for event in events]


class OverWebhook(Guest):
    """In somebody else's app, whose server posts what they write and receives what they are told."""

    def __init__(self, receiver: Receiver, address: str, thread: str) -> None:
        super().__init__()
        self._receiver = receiver
        self._address = address
        self._thread = thread
        self._numbers = count(1)

    async def say(self, text: str) -> None:
        """Write."""
        await self._post(text=text)

    async def press(self, title: str) -> None:
        """Take a choice by its id."""
        said = await self.offered(title)
        (choice,) = [c["id"] for c in said.place["choices"] if c["title"] == title]
        await self._post(choice=choice)

    async def heard(self) -> list[Said]:
        """Return what the server was sent for them."""
        found = [data for data in self._receiver.accepted if data["thread"] == self._thread]
        return [Said(d["text"], tuple(c["title"] for c in d["choices"]), d) for d in found]

    async def _post(self, **content: str) -> None:
        event_id, at = f"{self._thread}-{next(self._numbers)}", now()
        data = {"id": event_id, "thread": self._thread, "sender": self._thread, **content}
        body = json.dumps({"type": "message.received", "data": data})
        headers = {
            "webhook-id": event_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(WEBHOOK_SECRET).sign(event_id, at, body),
        }
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            answer = await client.post(self._address, content=body, headers=headers)
        assert answer.status_code == 200, answer.text


class Visitor(Customer):
    """Somebody on the web page who wants to go on elsewhere."""

    async def links(self) -> Any:
        """Return what is offered."""
        answer = await self._client.get("/chat/v1/links", headers=self._headers)
        answer.raise_for_status()
        return answer.json()

    async def proves(self, mailbox: ByMail) -> None:
        """Prove an address: ask for a code, read it in the mailbox, and type it."""
        await self._posts("email", email=mailbox.address)
        assert await self._posts("email/code", code=await mailbox.code()) == {
            "email": mailbox.address
        }

    async def _posts(self, path: str, **body: str) -> Any:
        answer = await self._client.post(f"/chat/v1/{path}", headers=self._headers, json=body)
        answer.raise_for_status()
        return answer.json()
