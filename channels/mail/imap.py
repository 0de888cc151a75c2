"""Connections to IMAP servers, and what their errors mean."""

import imaplib
import re
import ssl

from imap_tools import (
    BaseMailBox,
    MailBox,
    MailboxFolderSelectError,
    MailboxLoginError,
    MailBoxStartTls,
    MailBoxUnencrypted,
)
from imap_tools.idle import IdleManager

from channels.mail.secure import TRUST, is_distrust
from channels.mail.settings import MailSettings, Security
from channels.spec import secret_of
from desk.channel import ChannelDownError
from desk.errors import FrontdeskError, RetryableError

#: The server says that it is its fault (RFC 5530), and not that the password is wrong.
_NOT_NOW = re.compile(rb"\[(UNAVAILABLE|INUSE|SERVERBUG|LIMIT)\]", re.IGNORECASE)
type Answer = list[bytes | tuple[bytes, bytes] | None]


class RefusedError(imaplib.IMAP4.error):
    """The server refused a command; the connection can be used on."""


class _Idle(IdleManager):
    """IDLE that sees what came together with the server's "go on": the socket has nothing more to tell then."""

    def poll(self, timeout: float | None) -> list[bytes]:
        sock = self.mailbox.client.sock
        before = sock.gettimeout()
        sock.settimeout(0)
        try:
            return [self.mailbox.client._get_line()]
        except (OSError, imaplib.IMAP4.abort):
            pass  # nothing there
        finally:
            sock.settimeout(before)
        found: list[bytes] = super().poll(timeout)
        return found


def connected(settings: MailSettings, tls: ssl.SSLContext, timeout: float) -> BaseMailBox:
    """Return a connection on which we are logged in; the errors are the library's."""
    place = (settings.imap_host, settings.imap_port_used)
    box: BaseMailBox
    if settings.imap_security is Security.NONE:
        box = MailBoxUnencrypted(*place, timeout=timeout)
    else:
        kind = MailBox if settings.imap_security is Security.TLS else MailBoxStartTls
        box = kind(*place, timeout=timeout, ssl_context=tls)
    box.idle = _Idle(box)
    user, password = settings.imap_user or settings.address, secret_of(settings.imap_password)
    try:
        login = box.login if (user + password).isascii() else box.login_utf8
        login(user, password, initial_folder=None)
        # What a server can do is more after the login, and Python asks only before it.
        answer = box.client.capability()[1][0] or b""
        box.client.capabilities = tuple(answer.decode("ascii", "replace").upper().split())
    except BaseException:
        box.client.shutdown()
        raise
    return box


def refusal(error: Exception, mailbox: str) -> FrontdeskError:
    """Return what an error of the IMAP library means to us."""
    words = str(error)[:300]
    if is_distrust(error):
        return ChannelDownError(f"the IMAP server's certificate: {TRUST}")
    if isinstance(error, MailboxFolderSelectError):
        return ChannelDownError(f"the IMAP server has no mailbox {mailbox} for us: {words}")
    if isinstance(error, MailboxLoginError) and not _NOT_NOW.search(words.encode()):
        return ChannelDownError(f"the IMAP server refuses the user or the password: {words}")
    return RetryableError(f"the IMAP server: {type(error).__name__}: {words}")


def checked(answer: tuple[str, Answer]) -> Answer:
    """Return what a command brought; RefusedError when the server does not do it."""
    if answer[0] != "OK":
        raise RefusedError(f"{answer[0]} {answer[1]}")
    return answer[1]
