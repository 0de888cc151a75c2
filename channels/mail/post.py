"""Mails to the SMTP server."""

import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectResponseError,
    SMTPException,
    SMTPHeloError,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from channels.mail import bounces
from channels.mail.secure import TRUST, is_distrust
from channels.mail.settings import MailSettings, Security
from channels.spec import secret_of
from desk.channel import ChannelDownError, UnreachableError
from desk.errors import FrontdeskError, RejectedError, RetryableError

_OURS = (SMTPAuthenticationError, SMTPSenderRefused, SMTPConnectResponseError, SMTPHeloError)
"""Refusals that are about us and not about this mail or its recipient."""
_TOO_LARGE = 552
_LOGIN_WANTED = 530
_WAIT = re.compile(
    r"\b(?:in|after|for) (?:(\d{1,2}):(\d\d):(\d\d)|(\d{1,5}) ?(s|m)(?:ec\w*|in\w*)?\b)",
    re.IGNORECASE,
)
_LONGEST_WAIT = timedelta(hours=1)
_QUOTA = "5.4.5"
"""How large providers say that the account has sent enough for a day."""


class Post:
    """Hands mails to one SMTP server, each over a connection of its own."""

    def __init__(self, settings: MailSettings, tls: ssl.SSLContext, *, timeout: float) -> None:
        self._settings = settings
        self._tls = tls
        self._timeout = timeout

    async def send(self, mail: bytes, recipient: str) -> None:
        """Hand a mail over; errors as ``Channel.send``."""
        options = [] if recipient.isascii() else ["SMTPUTF8"]
        async with self.connected() as client:
            await client.sendmail(self._settings.address, recipient, mail, mail_options=options)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[SMTP]:
        """Give a connection on which we are logged in; the library's errors become ours."""
        try:
            async with self._client() as client:
                yield client
        except (SMTPException, OSError, ValueError) as error:
            raise refusal(error) from error

    def _client(self) -> SMTP:
        settings = self._settings
        password = secret_of(settings.smtp_password)
        return SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port_used,
            use_tls=settings.smtp_security is Security.TLS,
            start_tls=settings.smtp_security is Security.STARTTLS,
            tls_context=self._tls,
            username=(settings.smtp_user or settings.address) if password else None,
            password=password or None,
            # Looking up the name of this machine may take seconds, and says nothing to the server.
            local_hostname=settings.address.rpartition("@")[2],
            timeout=self._timeout,
        )


def refusal(error: Exception) -> FrontdeskError:
    """Return what an error of the SMTP library means to us."""
    if is_distrust(error):
        return ChannelDownError(f"the mail server's certificate: {TRUST}")
    if isinstance(error, SMTPNotSupported):  # it takes addresses in ASCII only
        return RejectedError(f"the mail server: {error.message}")
    if type(error) is SMTPException:  # no STARTTLS, no login
        return ChannelDownError(f"the mail server: {error.message}")
    if isinstance(error, SMTPRecipientsRefused):
        return refusal(error.recipients[0])
    if isinstance(error, SMTPResponseException):
        return _answered(error)
    if isinstance(error, ValueError):
        return RejectedError(f"the mail cannot be sent: {type(error).__name__}")
    return RetryableError(f"the mail server: {type(error).__name__}")


def asked_to_wait(words: str) -> timedelta | None:
    """Return how long a server's words ask us to wait: SMTP has no other way to say it, and greylists do."""
    found = _WAIT.search(words)
    if found is None:
        return None
    hours, minutes, seconds, count, unit = found.groups(default="0")
    step = timedelta(minutes=1) if unit.lower().startswith("m") else timedelta(seconds=1)
    asked = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    return min(asked + int(count) * step, _LONGEST_WAIT)


def _answered(error: SMTPResponseException) -> FrontdeskError:
    words = f"the mail server: {error.code} {error.message}"[:300]
    if error.code < 500:
        return RetryableError(words, retry_in=asked_to_wait(error.message))
    if bounces.enhanced(error.message) == _QUOTA:
        return RetryableError(words, retry_in=_LONGEST_WAIT)
    if error.code == _LOGIN_WANTED or (isinstance(error, _OURS) and error.code != _TOO_LARGE):
        return ChannelDownError(words)
    if isinstance(error, SMTPRecipientRefused) and bounces.is_gone(error.message):
        return UnreachableError(words)
    return RejectedError(words)
