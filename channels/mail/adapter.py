"""The e-mail channel: IMAP in, SMTP out."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from channels.mail.automatic import Ourselves
from channels.mail.compose import Composer, address_of, source
from channels.mail.cursor import Cursor
from channels.mail.loops import Loops
from channels.mail.mailbox import Inbox
from channels.mail.post import Post
from channels.mail.reader import NAME, Reader
from channels.mail.secure import tls_context
from channels.mail.settings import MailSettings, Security
from channels.mail.threads import Threads
from channels.spec import Tools
from desk.channel import Check, Feature, Pace, Polled, Rate, Scope, TextLimit
from desk.errors import FrontdeskError
from desk.message import OutboundMessage, Sent, Update, read_each

WAIT = 25.0
_WITHOUT_IDLE = timedelta(seconds=30)


class MailChannel:
    """One mailbox. ``account`` is its address, ``sender`` the customer's, ``thread`` see :class:`Threads`."""

    name = NAME
    features = frozenset({Feature.ATTACHMENTS})
    limit: TextLimit | None = None

    def __init__(
        self, settings: MailSettings, tools: Tools, *, wait: float = WAIT, timeout: float = 30.0
    ) -> None:
        tls = tls_context(settings.ca_file)
        threads = Threads(settings.address, tools.secret)
        self.account = settings.address
        # Who asks us to wait is as a rule the recipient's server, so only their chat stands still.
        rate = Rate(settings.per_minute, timedelta(minutes=1))
        self.pace = Pace(account=(rate,), at_once=4, pause=Scope.CHAT)
        self._settings = settings
        self._clock = tools.clock
        self._wait = wait
        self._inbox = Inbox(settings, tls, tools.clock, timeout=timeout)
        self._spare = Inbox(settings, tls, tools.clock, timeout=timeout)
        self._post = Post(settings, tls, timeout=timeout)
        self._composer = Composer(
            address=settings.address,
            name=settings.from_name,
            threads=threads,
            plus_address=settings.plus_address,
        )
        us = Ourselves(address=settings.address, own_list=settings.own_list, threads=threads)
        self._reader = Reader(us, Loops(settings.most_per_hour))
        # The IMAP library waits for the server; its connection belongs to this one thread.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="imap")

    async def poll(self, cursor: str | None) -> Polled:
        """Return the mails after a cursor, waiting 25 seconds for one."""
        known = None if cursor is None else Cursor.loads(cursor)
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, self._polled, known)
        except asyncio.CancelledError:
            self._inbox.interrupt()
            raise

    def _polled(self, known: Cursor | None) -> Polled:
        letters, after = self._inbox.news(known, self._wait)
        raws = [letter.to_raw() for letter in letters]
        goes_on = known is None or letters or self._inbox.can_idle()
        return Polled(
            # Here and not in the loop: a mail of many megabytes takes seconds to read.
            updates=tuple(read_each(self.name, self.account, raws, self.read)),
            cursor=after.dumps(),
            wait=timedelta() if goes_on else _WITHOUT_IDLE,
        )

    def read(self, raw: Mapping[str, Any]) -> Sequence[Update]:
        """Return what one mail says."""
        return self._reader.read(raw)

    async def send(self, message: OutboundMessage) -> Sent:
        """Hand a message to the mail server; its Message-ID is the external id."""
        mail = self._composer.mail(message, self._clock())
        await self._post.send(source(mail), address_of(message))
        return Sent(external_id=mail["Message-ID"])

    async def start(self) -> None:
        """Do nothing: a mail server need not be told about us."""

    async def check(self) -> Check:
        """Log in to both servers and look at the mailbox."""
        problems, notes = [], []
        for ask in (self._check_imap, self._check_smtp):
            try:
                notes += await ask()
            except FrontdeskError as error:
                problems.append(str(error))
        return Check(account=self.account, problems=tuple(problems), notes=tuple(notes))

    async def _check_imap(self) -> list[str]:
        can = await asyncio.to_thread(self._look)
        idle = "tells us about new mails at once" if "IDLE" in can else "is asked every 30 seconds"
        return [
            f"IMAP: {self._settings.imap_host} ({_words(self._settings.imap_security)}), "
            f"mailbox {self._settings.mailbox}; the server {idle}"
        ]

    def _look(self) -> Sequence[str]:
        try:
            return self._spare.capabilities()
        finally:
            self._spare.close()

    async def _check_smtp(self) -> list[str]:
        async with self._post.connected() as client:
            await client.ehlo()
            size = client.esmtp_extensions.get("size", "")
        most = f"; takes mails of up to {int(size) // 2**20} MB" if size.isdigit() else ""
        security = _words(self._settings.smtp_security)
        return [f"SMTP: {self._settings.smtp_host} ({security}){most}"]

    async def close(self) -> None:
        """End the wait for mails and log out."""
        self._inbox.interrupt()
        await asyncio.to_thread(self._thread.shutdown, wait=True, cancel_futures=True)
        self._inbox.close()


def _words(security: Security) -> str:
    return "not encrypted" if security is Security.NONE else security.upper()
