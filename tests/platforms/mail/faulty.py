"""An SMTP server that takes mails as the rules say, and fails as told."""

import asyncio
import ssl
from collections import Counter, deque
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.platforms.mail.servers import free_ports

ANSWERS = {
    "429": "450 4.7.1 slow down",
    "500": "451 4.3.0 try later",
    "blocked": "550 5.1.1 no such user",
    "refused": "554 5.7.1 we do not want this",
}
"""What a recipient is answered when the fault strikes."""
_UNIQUE = ("From", "To", "Date", "Message-ID", "Subject", "Reply-To", "In-Reply-To", "References")
_NEEDED = ("From", "To", "Date", "Message-ID", "Subject")


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A mail that was accepted, and its envelope."""

    sender: str
    recipient: str
    mail: EmailMessage
    source: bytes


class FaultySmtp:
    """A server on a free port; ``will`` makes the next mail fail, ``struck`` counts what did.

    ``violations`` names what breaks RFC 5321 and 5322 in a mail that was sent to it.
    """

    def __init__(self, tls: ssl.SSLContext, password: str) -> None:
        self.taken: list[Taken] = []
        self.violations: list[str] = []
        self.struck: Counter[str] = Counter()
        self._faults: deque[str] = deque()
        self._patience: dict[str, str] = {}
        self._password = password
        (self.port,) = free_ports(1)
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            server_hostname="mx.example.org",
            data_size_limit=40 * 2**20,
            enable_SMTPUTF8=True,
            authenticator=self._login,
            auth_required=True,
            auth_exclude_mechanism=[
                "LOGIN"
            ],  # a client that may try two ways to log in would do so
            tls_context=tls,
            require_starttls=True,
            ready_timeout=20,
        )

    def start(self) -> None:
        """Listen, in a thread of its own."""
        self._controller.start()

    def stop(self) -> None:
        """Stop listening."""
        self._controller.stop()

    def will(self, fault: str, *, retry_after: float = 0) -> None:
        """Make the next mail meet a fault: one of :data:`ANSWERS`, "revoked", "timeout" or "dropped".

        When to come back is said in words, as greylists do.
        """
        self._faults.append(fault)
        if retry_after:
            wait = f"451 4.7.1 Greylisting in action, please come back in {retry_after:g} seconds"
            self._patience[fault] = wait

    def _next(self, *names: str) -> str | None:
        if self._faults and self._faults[0] in names:
            fault = self._faults.popleft()
            self.struck[fault] += 1
            return fault
        return None

    def _login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password.decode() == self._password
        return AuthResult(success=right and not self._next("revoked"), handled=False)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or refuse as told."""
        fault = self._next(*ANSWERS)
        if fault:
            return self._patience.pop(fault, ANSWERS[fault])
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a mail; then say so, or say nothing, as told."""
        source = envelope.content if isinstance(envelope.content, bytes) else b""
        mail = message_from_bytes(source, policy=policy.default)
        self._look(mail, source, envelope)
        self.taken.append(
            Taken(
                sender=envelope.mail_from or "",
                recipient=envelope.rcpt_tos[0],
                mail=mail,
                source=source,
            )
        )
        fault = self._next("timeout", "dropped")
        if fault == "dropped" and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        if fault:
            await asyncio.sleep(3600)
        return "250 2.0.0 taken"

    def _look(self, mail: EmailMessage, source: bytes, envelope: Envelope) -> None:
        head, _, _ = source.partition(b"\r\n\r\n")
        found = [f"{name} is missing" for name in _NEEDED if not mail[name]]
        found += [f"{name} twice" for name in _UNIQUE if len(mail.get_all(name, [])) > 1]
        found += ["a line of more than 998 bytes"] * any(
            len(x) > 998 for x in source.split(b"\r\n")
        )
        found += ["a bare line end"] * (source.count(b"\n") != source.count(b"\r\n"))
        found += ["8-bit headers without SMTPUTF8"] * (
            not head.isascii() and not envelope.smtp_utf8
        )
        found += [f"defect {type(defect).__name__}" for p in mail.walk() for defect in p.defects]
        self.violations += found
