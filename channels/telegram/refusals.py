"""What Telegram refuses and why, in our errors."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from desk.channel import ChannelDownError, UnreachableError
from desk.errors import FrontdeskError, RejectedError, RetryableError

_GONE = (
    "chat not found",
    "user not found",
    "user is deactivated",
    "peer_id_invalid",
    "user_is_blocked",
    "input_user_deactivated",
    "have no rights to send",
    "not enough rights to send",
    "chat_write_forbidden",
    "chat_restricted",
)
"""Reasons of a 400 that concern the chat and not the message."""
_REVOKED = (
    "Telegram refuses the bot's token: it was revoked or mistyped;"
    " set FRONTDESK_TELEGRAM_TOKEN to the one that @BotFather shows, and FRONTDESK_TELEGRAM_API_URL, if any, to a"
    " Bot API server"
)
_CONFLICT = (
    "somebody else takes this bot's updates: another Frontdesk or program polls with the same token,"
    " or a webhook is set; stop the other one, or give this one a bot of its own"
)
_CONFLICT_WAIT = timedelta(seconds=10)
"""Each poll ends the other's: asking at once again would keep both from any update."""
_TOO_LARGE = "request entity too large"


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the vendor raises into our errors."""
    try:
        yield
    except TelegramError as error:
        raise translate(error) from error


def translate(error: TelegramError) -> FrontdeskError:
    """Return our error for one of theirs; what is unknown is tried again."""
    reason = error.message[:300]
    if isinstance(error, RetryAfter):
        return RetryableError(reason, retry_in=_wait(error.retry_after))
    for kind, ours in _TABLE:
        if isinstance(error, kind):
            return ours(reason)
    return RetryableError(reason)


def _wait(asked: int | timedelta) -> timedelta:
    return asked if isinstance(asked, timedelta) else timedelta(seconds=asked)


def _bad_request(reason: str) -> FrontdeskError:
    gone = any(words in reason.lower() for words in _GONE)
    return UnreachableError(reason) if gone else RejectedError(reason)


def _network(reason: str) -> FrontdeskError:
    # Only these words remain of a 413: the library tells no other status codes apart.
    too_large = reason.lower().startswith(_TOO_LARGE)
    return RejectedError(reason) if too_large else RetryableError(reason)


_TABLE: tuple[tuple[type[TelegramError], Callable[[str], FrontdeskError]], ...] = (
    (InvalidToken, lambda _: ChannelDownError(_REVOKED)),
    (Conflict, lambda _: RetryableError(_CONFLICT, retry_in=_CONFLICT_WAIT)),
    (Forbidden, UnreachableError),
    (ChatMigrated, RejectedError),
    (BadRequest, _bad_request),  # before NetworkError, of which it is a kind
    (NetworkError, _network),
)
