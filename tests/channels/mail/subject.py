"""E-mail as the contract suite drives it: real IMAP, and an SMTP server that fails as told."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from channels.mail.adapter import MailChannel
from channels.mail.letter import Letter
from channels.mail.settings import MailSettings
from channels.mail.threads import Threads
from channels.spec import Tools
from desk.channel import Polled
from desk.clock import Clock
from tests.channels.mail import letters
from tests.platforms.mail.faulty import FaultySmtp
from tests.platforms.mail.servers import PASSWORD, MailServers, shared

SECRET = "a-secret-for-tests-only-0123456789abcdef"


@dataclass(frozen=True)
class Place:
    """A mailbox of ours on the servers."""

    servers: MailServers
    address: str

    @property
    def user(self) -> str:
        """The name of the mailbox."""
        return self.address.partition("@")[0]

    @property
    def folder(self) -> Path:
        """Where Dovecot keeps it."""
        return self.servers.folder / "mail" / self.user

    def deliver(
        self, mail: bytes, *, to: str | None = None, sender: str = "a@example.org"
    ) -> None:
        """Put a mail into it."""
        self.servers.deliver(mail, to or self.address, sender=sender)


def new_place(servers: MailServers) -> Place:
    """Return an empty mailbox that no other test has."""
    return Place(servers, f"{servers.new_name()}@example.com")


def channel_at(place: Place, clock: Clock, wait: float = 0.5, **settings: Any) -> MailChannel:
    """Return a channel for a mailbox; mails go out through Exim unless the settings say otherwise."""
    return MailChannel(_settings(place, settings), _tools(clock), wait=wait, timeout=5)


def _settings(place: Place, settings: Mapping[str, object]) -> MailSettings:
    values: dict[str, Any] = {
        "address": place.address,
        "imap_host": "127.0.0.1",
        "imap_port": place.servers.imaps,
        "imap_user": place.user,
        "imap_password": PASSWORD,
        "smtp_host": "127.0.0.1",
        "smtp_port": place.servers.smtp,
        "smtp_password": PASSWORD,
        "ca_file": place.servers.certificate,
        **settings,
    }
    return MailSettings(_env_file=None, **values)


def _tools(clock: Clock) -> Tools:
    return Tools(clock=clock, secret=SECRET, public_url=None)


class _Begun(MailChannel):
    """A channel whose first poll ever was before the test, for that one leaves out what is in the mailbox."""

    begun: str | None = None

    async def poll(self, cursor: str | None) -> Polled:
        return await super().poll(cursor or self.begun)


class MailSubject:
    """One mailbox, one channel, and its customers."""

    name = "email"
    kinds = frozenset({"polling"})

    def __init__(
        self, place: Place, channel: MailChannel, platform: FaultySmtp, clock: Clock
    ) -> None:
        self.channel = channel
        self.platform = platform
        self._place = place
        self._clock = clock
        self._threads = Threads(place.address, SECRET)

    @classmethod
    @asynccontextmanager
    async def open(cls, clock: Clock) -> AsyncIterator["MailSubject"]:
        """Give a subject with servers of its own behind it."""
        place = new_place(shared())
        platform = FaultySmtp(place.servers.server_tls(), PASSWORD)
        platform.start()
        smtp = {"smtp_port": platform.port, "most_per_hour": 100_000}
        channel = _Begun(_settings(place, smtp), _tools(clock), wait=0.5, timeout=1)
        try:
            channel.begun = (await channel.poll(None)).cursor
            yield cls(place, channel, platform, clock)
        finally:
            await channel.close()
            platform.stop()

    @property
    def struck(self) -> Counter[str]:
        """The faults that happened."""
        return self.platform.struck

    def text(self, *, n: int, chat: int, words: str) -> dict[str, Any]:
        """Return the mail number n: a customer's text in a conversation."""
        return self._raw(n, letters.source(words, self._head(n, chat)))

    def thread_of(self, chat: int) -> str:
        """Return the thread of a conversation."""
        return self._threads.begun(_root(chat), _customer(chat))

    def oddities(self) -> dict[str, dict[str, Any]]:
        """Return mails that are no plain text."""
        mixed = letters.parts
        pdf = ('application/pdf; name="a.pdf"', "%PDF-")
        odd: dict[str, tuple[dict[str, str | None], str | bytes]] = {
            "10k": ({}, "word " * 2000),
            "html only": ({"Content-Type": "text/html"}, "<p>Hi <b>you</b></p>"),
            "file": _typed(mixed("mixed", ("text/plain", "see file"), pdf)),
            "file only": _typed(mixed("mixed", pdf)),
            "picture": ({"Content-Type": "image/png; name=a.png"}, b"\x89PNG"),
            "voice": ({"Content-Type": "audio/ogg; name=a.ogg"}, b"OggS"),
            "calendar": _typed(
                mixed(
                    "alternative", ("text/plain", "invited"), ("text/calendar", "BEGIN:VCALENDAR")
                )
            ),
            "outlook": _typed(
                mixed("mixed", ("text/plain", "hi"), ("application/ms-tnef", b"\x78\x9f"))
            ),
            "mail in a mail": _typed(
                mixed(
                    "mixed",
                    ("text/plain", "see below"),
                    ("message/rfc822", letters.source("inner")),
                )
            ),
            "encrypted": _typed(
                mixed(
                    "encrypted",
                    ("application/pgp-encrypted", "Version: 1"),
                    ("application/octet-stream", "x"),
                )
            ),
            "auto reply": ({"Auto-Submitted": "auto-replied"}, "I am away"),
            "list": ({"List-Id": "<news.example.net>"}, "news"),
            "no subject": ({"Subject": None}, "hello"),
            "no message id": ({"Message-ID": None}, "hello"),
            "no date": ({"Date": None}, "hello"),
            "no sender": ({"From": None}, "hello"),
            "no content type": ({"Content-Type": None}, "hello"),
            "broken charset": ({"Content-Type": "text/plain; charset=nonsense"}, b"\xff\xfe\xc4"),
            "empty": ({"Subject": None}, ""),
        }
        return {
            name: self._raw(n, letters.source(body, self._head(n, chat=99) | head))
            for n, (name, (head, body)) in enumerate(odd.items(), 9000)
        }

    def poison(self) -> dict[str, Any]:
        """Return a mail that nobody can read: parts within parts, three thousand deep."""
        return self._raw(8999, letters.nested(3000))

    async def put(self, raw: Mapping[str, Any]) -> None:
        """Put a mail into the mailbox."""
        self._place.deliver(Letter.from_raw(raw).source)

    def delivered(self) -> list[tuple[str, str, list[str]]]:
        """Return the mails that were accepted, in order."""
        found = []
        for taken in self.platform.taken:
            plain = taken.mail.get_body(("plain",))
            assert plain is not None
            thread = self._threads.find([taken.mail["Reply-To"]], taken.recipient)
            text = plain.get_content().replace("\r\n", "\n").removesuffix("\n")
            found.append((thread or "", text, list[str]()))
        return found

    def will(self, fault: str, *, retry_after: float = 0) -> None:
        """Make the next mail fail."""
        self.platform.will(fault, retry_after=retry_after)

    def _head(self, n: int, chat: int) -> dict[str, str | None]:
        return {
            "From": _customer(chat),
            "To": self._place.address,
            "Date": format_datetime(self._clock()),
            "Message-ID": f"<mail-{n}-{chat}@example.org>",
            "References": _root(chat),
        }

    def _raw(self, n: int, mail: bytes) -> dict[str, Any]:
        return letters.raw(mail, uid=n, at=self._clock())


def _typed(multipart: tuple[str, bytes]) -> tuple[dict[str, str | None], bytes]:
    return {"Content-Type": multipart[0]}, multipart[1]


def _root(chat: int) -> str:
    return f"<chat-{chat}@example.org>"


def _customer(chat: int) -> str:
    return f"customer-{chat}@example.org"
