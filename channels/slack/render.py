"""Our messages as Slack's: a text that is taken literally, and buttons."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from channels.slack.place import Place
from channels.slack.text import escaped
from desk.message import Choice, OutboundMessage

EVENT_TYPE = "frontdesk_message"
"""The metadata by which we find a message of ours again."""

_MOST_BUTTONS = 25
_LONGEST_TITLE = 75
_LONGEST_URL = 3_000
_LONGEST_PIECE = 3_000
_LONGEST_NAME = 80
_BLOCK = "choices"
_ACTION = "choice:"
_LINK = re.compile(r"(https?://[^\s<>\"]*[^\s<>\"').,;:!?])")


@dataclass(frozen=True)
class Pressed:
    """A button of ours that somebody pressed: what it means, and in which conversation it was offered to whom."""

    id: str
    thread: str
    recipient: str


def arguments(message: OutboundMessage, place: Place) -> dict[str, Any]:
    """Return what chat.postMessage is given."""
    text = _complete(message)
    given: dict[str, Any] = {
        "channel": place.channel,
        "text": escaped(text),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {"event_type": EVENT_TYPE, "event_payload": {"id": message.id}},
    }
    if place.thread_ts:
        given["thread_ts"] = place.thread_ts
    if message.author_name:
        given["username"] = message.author_name[:_LONGEST_NAME]
    if message.choices:
        given["blocks"] = [*_paragraphs(text), *_buttons(message)]
    return given


def is_ours(shown: Mapping[str, Any], message_id: str) -> bool:
    """Tell whether a message in Slack is the one of that id."""
    metadata = shown.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return metadata.get("event_type") == EVENT_TYPE and payload.get("id") == message_id


def pressed(action: Mapping[str, Any]) -> Pressed | None:
    """Return what a pressed button means; None if it is not one of these, or only a link."""
    block, _, rest = str(action.get("block_id")).partition(" ")
    if block != _BLOCK or not str(action.get("action_id")).startswith(_ACTION):
        return None
    thread, _, recipient = rest.partition(" ")
    return Pressed(id=action["value"], thread=thread, recipient=recipient)


def _complete(message: OutboundMessage) -> str:
    """Return the text, and what does not fit into buttons: nothing is dropped."""
    numbered = enumerate(message.choices, 1)
    rest = [f"{n}. {_spelled(one)}" for n, one in numbered if n > _MOST_BUTTONS or not _fits(one)]
    return "\n".join(filter(None, [message.text, *rest]))


def _fits(choice: Choice) -> bool:
    return len(choice.title) <= _LONGEST_TITLE and len(choice.url or "") <= _LONGEST_URL


def _spelled(choice: Choice) -> str:
    return f"{choice.title}: {choice.url}" if choice.url else choice.title


def _paragraphs(text: str) -> list[dict[str, Any]]:
    # Rich text, as people's own messages are: its text is never parsed, and only what we call a link is one.
    # In a section, plain text has dead links and mrkdwn has live markup.
    elements = [
        {"type": "link", "url": piece} if at % 2 else {"type": "text", "text": piece}
        for at, part in enumerate(_LINK.split(text))
        for piece in (_pieces(part) if not at % 2 else [part])
    ]
    if not elements:
        return []
    return [
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}
    ]


def _pieces(text: str) -> Sequence[str]:
    return [text[at : at + _LONGEST_PIECE] for at in range(0, len(text), _LONGEST_PIECE)]


def _buttons(message: OutboundMessage) -> list[dict[str, Any]]:
    fitting = [c for c in message.choices[:_MOST_BUTTONS] if len(c.url or "") <= _LONGEST_URL]
    if not fitting:
        return []
    # The block's id comes back with a press, signed by Slack: where this was offered, and to whom.
    block = f"{_BLOCK} {message.thread} {message.recipient}"
    buttons = [_button(at, choice) for at, choice in enumerate(fitting)]
    return [{"type": "actions", "block_id": block, "elements": buttons}]


def _button(at: int, choice: Choice) -> dict[str, Any]:
    title = choice.title
    if len(title) > _LONGEST_TITLE:
        title = title[: _LONGEST_TITLE - 1] + "…"
    button = {
        "type": "button",
        "text": {"type": "plain_text", "text": title, "emoji": False},
    }
    if choice.url:
        return {**button, "action_id": f"link:{at}", "url": choice.url}
    return {**button, "action_id": f"{_ACTION}{at}", "value": choice.id}
