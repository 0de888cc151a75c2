"""Reads and checks the body of a turn request."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

LONGEST_TEXT = 65_536
LONGEST_ID = 255


class TurnRequestError(ValueError):
    """The request cannot be understood; carries the HTTP status that says so."""

    def __init__(self, status: int, detail: str) -> None:
        """400 for something that is not JSON, 422 for JSON that breaks the contract."""
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True)
class TurnRequest:
    """One message of a customer."""

    conversation_id: str
    message_id: str
    text: str
    language: str
    metadata: dict[str, Any] = field(default_factory=dict)


def read(body: bytes) -> TurnRequest:
    """The request in a body; raises TurnRequestError."""
    data = _object(body)
    return TurnRequest(
        conversation_id=_text(data, "conversation_id", LONGEST_ID),
        message_id=_text(data, "message_id", LONGEST_ID),
        text=_text(data, "text", LONGEST_TEXT),
        language=_text(data, "language", LONGEST_ID),
        metadata=_metadata(data),
    )


def read_words(body: bytes) -> tuple[str, str]:
    """The text and the language of a request to read words; raises TurnRequestError."""
    data = _object(body)
    return _text(data, "text", LONGEST_TEXT), _text(data, "language", LONGEST_ID)


def _object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise TurnRequestError(400, "The body is not JSON.") from error
    if not isinstance(data, dict):
        raise TurnRequestError(422, "The body must be a JSON object.")
    return data


def _text(data: dict[str, Any], key: str, longest: int) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise TurnRequestError(422, f"{key} must be a text that is not empty.")
    if len(value) > longest:
        raise TurnRequestError(422, f"{key} is longer than {longest} characters.")
    # JSON can carry half a surrogate pair; nothing behind this can.
    return value.encode("utf-8", "replace").decode()


def _metadata(data: dict[str, Any]) -> dict[str, Any]:
    value = data.get("metadata")
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TurnRequestError(422, "metadata must be a JSON object.")
    return value
