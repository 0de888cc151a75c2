"""A mailbox over IMAP: one connection, used by one thread."""

import imaplib
import re
import socket
import ssl
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from imap_tools import BaseMailBox, ImapToolsError

from channels.mail.cursor import Cursor
from channels.mail.imap import Answer, RefusedError, checked, connected, refusal
from channels.mail.letter import Letter
from channels.mail.settings import MailSettings
from desk.clock import Clock

_MOST_MAILS = 20
_MOST_BYTES = 32 * 1024 * 1024
_OF_TOO_LARGE = 256 * 1024
"""How much of a mail that is too large is fetched: its headers and, as a rule, its text."""
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_RECEIVED = re.compile(rb'\bINTERNALDATE "([^"]+)"')
_MOST_TRIES = 3
"""How often a mail is asked for that the server does not give; then it is set aside, and others go on."""


class Inbox:
    """Reads new mails. Everything here waits; only :meth:`interrupt` may be called from another thread."""

    def __init__(
        self,
        settings: MailSettings,
        tls: ssl.SSLContext,
        clock: Clock,
        *,
        timeout: float,
    ) -> None:
        self._settings = settings
        self._tls = tls
        self._clock = clock
        self._timeout = timeout
        self._box: BaseMailBox | None = None
        self._read: list[int] = []
        self._refused: Counter[int] = Counter()

    def news(self, cursor: Cursor | None, wait: float) -> tuple[Sequence[Letter], Cursor]:
        """Return mails after the cursor and the cursor after them, waiting some seconds if there are none.

        Errors as ``Channel.send``; the next call connects anew.
        """
        with self._errors():
            box = self._open()
            now = self._looked(box)
            if cursor is None:
                return [], Cursor.first(*now, self._clock())
            cursor = cursor.at(*now)
            self._mark(box, cursor)
            if now[1] - 1 <= cursor.uid and self.can_idle(box):
                with box.idle as idle:
                    idle.poll(wait)
                now = self._looked(box)
                cursor = cursor.at(*now)
            return self._after(box, cursor, now[1]) if now[1] - 1 > cursor.uid else ([], cursor)

    def can_idle(self, box: BaseMailBox | None = None) -> bool:
        """Return whether the server of an open connection tells about new mails by itself."""
        box = box or self._box
        return box is not None and "IDLE" in box.client.capabilities

    def capabilities(self) -> Sequence[str]:
        """Log in, look into the mailbox, and return what the server can do."""
        with self._errors():
            box = self._open()
            self._looked(box)
            return tuple(box.client.capabilities)

    def interrupt(self) -> None:
        """Break the connection under whoever waits on it."""
        box = self._box
        if box is not None:
            with suppress(OSError):
                box.client.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Log out."""
        box, self._box = self._box, None
        if box is not None:
            with suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
                box.logout()
            with suppress(OSError):
                box.client.shutdown()  # logging out leaves the socket open when it fails

    def _open(self) -> BaseMailBox:
        if self._box is None:
            self._box = connected(self._settings, self._tls, self._timeout)
        return self._box

    def _looked(self, box: BaseMailBox) -> tuple[int, int]:
        """Return UIDVALIDITY and UIDNEXT as they are now: selecting again is the only way to know both."""
        box.folder.set(self._settings.mailbox, readonly=not self._settings.mark_seen)
        found = [box.client.response(name)[1][0] for name in ("UIDVALIDITY", "UIDNEXT")]
        if None in found:
            raise RefusedError("the server does not tell UIDVALIDITY and UIDNEXT")
        return int(found[0]), int(found[1])

    def _after(
        self, box: BaseMailBox, cursor: Cursor, uidnext: int
    ) -> tuple[Sequence[Letter], Cursor]:
        # "5:*" is also the last one when that is 4.
        uids = sorted(
            uid
            for uid in map(int, box.uids(f"UID {cursor.uid + 1}:*", charset=None))
            if uid > cursor.uid
        )[:_MOST_MAILS]
        if not uids:
            return [], cursor.after(uidnext - 1, None)
        letters: list[Letter] = []
        total = 0
        for uid, size, received_at in self._described(box, uids):
            total += min(size, self._settings.largest)
            if letters and total > _MOST_BYTES:
                break
            if cursor.takes(uid, received_at):
                letters += self._fetched(box, cursor.uidvalidity, uid, size, received_at)
            cursor = cursor.after(uid, received_at)
        else:
            cursor = cursor.after(uids[-1], None)  # the last ones may have gone meanwhile
        self._read = [letter.uid for letter in letters]
        return letters, cursor

    def _described(
        self, box: BaseMailBox, uids: Sequence[int]
    ) -> Iterator[tuple[int, int, datetime]]:
        wanted = ",".join(map(str, uids))
        answer = box.client.uid("FETCH", wanted, "(UID RFC822.SIZE INTERNALDATE)")
        found = []
        for item in checked(answer):
            line = item[0] if isinstance(item, tuple) else item
            uid, size, at = (form.search(line or b"") for form in (_UID, _SIZE, _RECEIVED))
            if uid and size:
                found.append((int(uid[1]), int(size[1]), self._time(at)))
        yield from sorted(found)

    def _time(self, found: re.Match[bytes] | None) -> datetime:
        try:
            return parsedate_to_datetime((found[1] if found else b"").decode()).astimezone(UTC)
        except ValueError:
            return self._clock()

    def _fetched(
        self, box: BaseMailBox, uidvalidity: int, uid: int, size: int, received_at: datetime
    ) -> Iterator[Letter]:
        part = f"<0.{_OF_TOO_LARGE}>" if size > self._settings.largest else ""
        for item in self._asked(box, uid, f"(BODY.PEEK[]{part})"):
            if isinstance(item, tuple):
                yield Letter(
                    uidvalidity=uidvalidity,
                    uid=uid,
                    received_at=received_at,
                    # Some servers count other line ends than they send.
                    size=size if part or not item[1] else len(item[1]),
                    source=item[1],
                )

    def _asked(self, box: BaseMailBox, uid: int, parts: str) -> Answer:
        try:
            return checked(box.client.uid("FETCH", str(uid), parts))
        except RefusedError:
            self._refused[uid] += 1
            if self._refused[uid] < _MOST_TRIES:
                raise
            return [(b"", b"")]

    def _mark(self, box: BaseMailBox, cursor: Cursor) -> None:
        """Mark as read what we were asked to go on after: it is stored now."""
        done = [str(uid) for uid in self._read if uid <= cursor.uid]
        self._read = []
        if done and self._settings.mark_seen:
            # Not the library's own way, which also deletes for good what others have marked.
            checked(box.client.uid("STORE", ",".join(done), "+FLAGS.SILENT", r"(\Seen)"))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, imaplib.IMAP4.error, ImapToolsError) as error:
            box, self._box = self._box, None
            if box is not None:
                with suppress(OSError):
                    box.client.shutdown()
            raise refusal(error, self._settings.mailbox) from error
