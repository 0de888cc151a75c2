"""What the Bot API takes, cut to the methods that we use: names, types and limits as its documentation states them.

Source: the official Bot API documentation, version 10.1 of June 2026. A parameter that is not listed here is one that
we have no reason to send, so it is a violation, too; ``parse_mode`` is the one that matters.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MEGABYTE = 1024 * 1024
LONGEST_TEXT, LONGEST_CAPTION, LONGEST_DATA = 4096, 1024, 64
LARGEST_PHOTO, LARGEST_UPLOAD, LARGEST_DOWNLOAD = 10 * MEGABYTE, 50 * MEGABYTE, 20 * MEGABYTE
MOST_BUTTONS, MOST_IN_A_ROW = 100, 8

_SENDING = {
    "chat_id": "integer!",
    "message_thread_id": "integer",
    "reply_parameters": "reply_parameters",
    "reply_markup": "keyboard",
}
METHODS: Mapping[str, Mapping[str, str]] = {
    "getMe": {},
    "getWebhookInfo": {},
    "getUpdates": {
        "offset": "integer",
        "limit": "limit",
        "timeout": "integer",
        "allowed_updates": "strings",
    },
    "setWebhook": {
        "url": "string!",
        "secret_token": "string",
        "allowed_updates": "strings",
        "max_connections": "integer",
        "drop_pending_updates": "boolean",
    },
    "deleteWebhook": {"drop_pending_updates": "boolean"},
    "sendMessage": {**_SENDING, "text": "string!"},
    "sendPhoto": {**_SENDING, "photo": "file!", "caption": "string"},
    "sendDocument": {**_SENDING, "document": "file!", "caption": "string"},
    "answerCallbackQuery": {"callback_query_id": "string!", "text": "string"},
    "getFile": {"file_id": "string!"},
}
"""Method -> parameter -> type; ``!`` marks the required ones."""


@dataclass(frozen=True)
class Upload:
    """A file in a request."""

    name: str
    content: bytes


def units(text: str) -> int:
    """Return the length of a text as Telegram counts it."""
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text)


def read(method: str, given: Mapping[str, str | Upload]) -> tuple[dict[str, Any], list[str]]:
    """Return the parameters of a call in their types, and what is wrong with them."""
    rules, read, wrong = METHODS[method], {}, []
    for name, value in given.items():
        if name not in rules:
            wrong.append(f"{method}: no parameter {name}")
            continue
        try:
            read[name] = _TYPES[rules[name].rstrip("!")](value)
        except (ValueError, TypeError, KeyError) as error:
            wrong.append(f"{method}.{name}: {error}")
    missing = [name for name, kind in rules.items() if kind.endswith("!") and name not in given]
    return read, wrong + [f"{method}: {name} is missing" for name in missing]


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value


def _integer(value: Any) -> int:
    return int(_string(value))


def _limit(value: Any) -> int:
    if not 1 <= (number := _integer(value)) <= 100:
        raise ValueError("not within 1 to 100")
    return number


def _boolean(value: Any) -> bool:
    return {"true": True, "false": False}[_string(value)]


def _file(value: Any) -> Upload:
    if not isinstance(value, Upload) or not value.name:
        raise TypeError("not a file with a name")
    return value


def _strings(value: Any) -> list[str]:
    found = json.loads(_string(value))
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise ValueError("not an array of strings")
    return found


def _reply_parameters(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_string(value))
    if not isinstance(found["message_id"], int):
        raise TypeError("message_id is not an integer")
    if extra := set(found) - {"message_id", "chat_id", "allow_sending_without_reply"}:
        raise ValueError(f"unknown: {extra}")
    return found


def _keyboard(value: Any) -> list[list[dict[str, str]]]:
    markup = json.loads(_string(value))
    if set(markup) != {"inline_keyboard"}:
        raise ValueError("not an inline keyboard")
    rows: list[list[dict[str, str]]] = markup["inline_keyboard"]
    if not rows or any(not 1 <= len(row) <= MOST_IN_A_ROW for row in rows):
        raise ValueError("a row of no or too many buttons")
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise ValueError("too many buttons")
    for button in (button for row in rows for button in row):
        _check_button(button)
    return rows


def _check_button(button: Mapping[str, str]) -> None:
    if not button["text"]:
        raise ValueError("a button without a text")
    if len(set(button) - {"text"}) != 1 or not set(button) <= {"text", "url", "callback_data"}:
        raise ValueError("a button is either a link or gives data")
    if not 1 <= len(button.get("callback_data", "-").encode()) <= LONGEST_DATA:
        raise ValueError("BUTTON_DATA_INVALID")
    if "url" in button and "." not in button["url"].split("/")[2]:
        raise ValueError("Wrong HTTP URL")


_TYPES: Mapping[str, Callable[[Any], Any]] = {
    "string": _string,
    "integer": _integer,
    "limit": _limit,
    "boolean": _boolean,
    "file": _file,
    "strings": _strings,
    "reply_parameters": _reply_parameters,
    "keyboard": _keyboard,
}
