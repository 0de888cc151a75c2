"""What people do on Telegram, as updates; a number makes it unique and says when it was."""

from typing import Any

from tests.platforms.telegram.server import BOT_ID, USERNAME

MARCH = 1_772_452_800
"""Noon of 2 March 2026, in seconds."""
GROUP = -1_001_700_000_000


def user_of(chat: int) -> int:
    """Return the id of the customer with a number; it is also the id of the private chat with them."""
    return 5_000_000_000 + chat


def message(n: int, chat: int, **content: Any) -> dict[str, Any]:
    """Return the update of a message in a private chat."""
    return {"update_id": 700_000 + n, "message": _message(n, chat, content)}


def edited(n: int, chat: int, *, of: int, **content: Any) -> dict[str, Any]:
    """Return the update of an edit of message ``of``."""
    body = {**_message(of, chat, content), "edit_date": MARCH + n}
    return {"update_id": 700_000 + n, "edited_message": body}


def pressed(n: int, chat: int, data: str, *, in_message: bool = True) -> dict[str, Any]:
    """Return the update of a press on a button."""
    query = {
        "id": f"query-{n}",
        "from": _person(chat),
        "chat_instance": "1",
        "data": data,
    }
    if in_message:
        query["message"] = {**_message(n, chat, {"text": "Which?"}), "from": _bot()}
    return {"update_id": 700_000 + n, "callback_query": query}


def in_group(
    n: int, chat: int, text: str, *, mark: str | None = None, **more: Any
) -> dict[str, Any]:
    """Return the update of a text in a group; ``mark`` is what kind of entity its first ``@`` or ``/`` begins."""
    content: dict[str, Any] = {"text": text, **more}
    if mark is not None:
        start = min(at for at in (text.find("@"), text.find("/")) if at >= 0)
        units = len(text[:start].encode("utf-16-le")) // 2
        content["entities"] = [
            {"type": mark, "offset": units, "length": len(text[start:].split(" ")[0])}
        ]
    body = _message(n, chat, content)
    body["chat"] = {"id": GROUP, "type": "supergroup", "title": "Example group"}
    return {"update_id": 700_000 + n, "message": body}


def membership(n: int, chat: int, status: str, *, group: bool = False) -> dict[str, Any]:
    """Return the update that says what the bot is in a chat now."""
    where = {"id": GROUP, "type": "supergroup", "title": "Example group"} if group else _chat(chat)
    change = {
        "chat": where,
        "from": _person(chat),
        "date": MARCH + n,
        "old_chat_member": {"user": _bot(), "status": "member"},
        "new_chat_member": {"user": _bot(), "status": status},
    }
    return {"update_id": 700_000 + n, "my_chat_member": change}


def reply_to_bot() -> dict[str, Any]:
    """Return what a reply to a message of the bot carries."""
    return {"reply_to_message": {"message_id": 3, "date": MARCH, "from": _bot()}}


def file(file_id: str, **more: Any) -> dict[str, Any]:
    """Return a file of a message."""
    return {"file_id": file_id, "file_unique_id": f"u-{file_id}", **more}


def _message(n: int, chat: int, content: dict[str, Any]) -> dict[str, Any]:
    known = {"message_id": n, "from": _person(chat), "chat": _chat(chat), "date": MARCH + n}
    return {**known, **content}


def _person(chat: int) -> dict[str, Any]:
    return {
        "id": user_of(chat),
        "is_bot": False,
        "first_name": f"C{chat}",
        "username": f"customer_{chat}",
        "language_code": "en",
    }


def _chat(chat: int) -> dict[str, Any]:
    return {"id": user_of(chat), "type": "private", "first_name": f"C{chat}"}


def _bot() -> dict[str, Any]:
    return {"id": BOT_ID, "is_bot": True, "first_name": "Example Desk", "username": USERNAME}
