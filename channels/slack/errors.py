"""Slack's refusals in our words."""

from collections.abc import Awaitable, Mapping
from datetime import timedelta
from typing import Any

from aiohttp import ClientConnectorError, ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from desk.channel import ChannelDownError, UnreachableError
from desk.errors import FrontdeskError, RejectedError, RetryableError


class UncertainError(RetryableError):
    """Slack may have done what it was asked for, or not."""


_GONE = {
    "channel_not_found": "the channel is gone, or the bot is not in it",
    "not_in_channel": "the bot is not in the channel",
    "is_archived": "the channel is archived",
    "user_disabled": "the person's account is closed",
    "user_not_found": "there is no such person",
    "user_not_visible": "the person cannot be seen any more",
    "cannot_dm_bot": "it is a bot",
    "cannot_dm_deactivated": "the person's account is closed",
}
_DOWN = {
    "not_authed": "no token was sent",
    "invalid_auth": "the token is wrong",
    "account_inactive": "the app was removed from the workspace",
    "token_revoked": "the token was revoked",
    "token_expired": "the token has expired",
    "no_permission": "the token may not do this",
    "not_allowed_token_type": "it is the wrong kind of token",
    "missing_scope": "the token lacks a scope",
    "team_access_not_granted": "the app may not act in this workspace",
    "org_login_required": "the workspace is being moved",
    "ekm_access_denied": "an administrator stopped posting",
    "access_denied": "the app may not do this",
    "accesslimited": "the workspace forbids our network address",
    "messages_tab_disabled": "direct messages to the app are off: turn on the Messages tab of App Home",
}
_LATER = {
    "ratelimited": RetryableError,
    "rate_limited": RetryableError,
    "message_limit_exceeded": RetryableError,
    "request_timeout": RetryableError,
    "team_added_to_org": RetryableError,
    "external_channel_migrating": RetryableError,
    "service_unavailable": UncertainError,
    # Slack says of these two that a part of it may have succeeded.
    "internal_error": UncertainError,
    "fatal_error": UncertainError,
}


async def asked(answer: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
    """Return Slack's answer to a call, or raise what its failure means to us."""
    try:
        return await answer
    except SlackApiError as error:
        raise of_answer(error.response) from error
    except ClientConnectorError as error:
        raise RetryableError("Slack cannot be reached") from error
    except (ClientError, TimeoutError, SlackClientError) as error:
        raise UncertainError(f"Slack did not answer: {type(error).__name__}") from error
    except (AttributeError, ValueError) as error:  # the SDK's way to say that it was not JSON
        raise UncertainError("Slack's answer could not be read") from error


def of_answer(response: Any) -> FrontdeskError:
    """Return our error for a refused call; the SDK hands over a response of its own or of aiohttp."""
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    data = getattr(response, "data", None)
    answer = data if isinstance(data, Mapping) else {}
    code = str(answer.get("error") or "")
    if status == 429:
        return RetryableError("Slack asks us to wait", retry_in=retry_in(response.headers))
    if code in _GONE:
        return UnreachableError(f"Slack: {_GONE[code]} ({code})")
    if code in _DOWN:
        needed = answer.get("needed")
        return ChannelDownError(f"Slack: {_DOWN[code]} ({code}{f': {needed}' if needed else ''})")
    if code in _LATER:
        return _LATER[code](f"Slack: {code}")
    if code:
        return RejectedError(f"Slack refused: {code}")
    return of_status(status)


def of_status(status: int) -> FrontdeskError:
    """Return our error for an HTTP status without a word of Slack's."""
    if 400 <= status < 500:
        return RejectedError(f"Slack refused: HTTP {status}")
    return UncertainError(f"Slack failed: HTTP {status}")


def retry_in(headers: Mapping[str, str]) -> timedelta | None:
    """Return what ``Retry-After`` asks for: whole seconds."""
    value = headers.get("Retry-After", "")
    return timedelta(seconds=int(value)) if value.isascii() and value.isdigit() else None
