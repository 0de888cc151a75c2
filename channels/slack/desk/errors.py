"""Slack's refusals as the desk understands them: a thread or a channel that is gone is begun anew elsewhere."""

from collections.abc import Awaitable, Mapping

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from channels.slack.errors import asked
from desk.agentdesk.port import PlaceGoneError
from desk.errors import FrontdeskError

_GONE = {
    "channel_not_found": "the channel is gone, or the bot is not in it",
    "not_in_channel": "the bot is not in the channel",
    "is_archived": "the channel is archived",
    "message_not_found": "the card was deleted",
    "thread_not_found": "the thread was deleted",
    "cannot_reply_to_message": "the thread was deleted",
    # After the app was installed anew under another bot, the old one's cards are not ours any more.
    "cant_update_message": "the card is not ours any more",
}


async def told(answer: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
    """Return Slack's answer to a call about a place of the desk; PlaceGoneError when it is not there any more."""
    try:
        return await asked(answer)
    except FrontdeskError as error:
        code = code_of(error)
        if code in _GONE:
            raise PlaceGoneError(f"Slack: {_GONE[code]} ({code})") from error
        raise


def code_of(error: BaseException) -> str:
    """Return Slack's word for a refusal; the empty text when it said none."""
    cause = error.__cause__
    if isinstance(cause, FrontdeskError):  # one of ours made into another
        return code_of(cause)
    data = getattr(cause.response, "data", None) if isinstance(cause, SlackApiError) else None
    return str(data.get("error") or "") if isinstance(data, Mapping) else ""
