"""What a message says: its words, its file, or the name of what we cannot read."""

import re
from collections.abc import Mapping
from typing import Any

from channels.telegram.me import Me
from desk.message import Attachment


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_MEDIA = (
    ("photo", "photo.jpg", "image/jpeg"),
    ("voice", "voice.ogg", "audio/ogg"),
    ("audio", "audio.mp3", "audio/mpeg"),
    ("video", "video.mp4", "video/mp4"),
    ("video_note", "video.mp4", "video/mp4"),
    ("animation", "animation.mp4", "video/mp4"),
    ("document", "document", "application/octet-stream"),
)
"""In this order: an animation comes as a document, too. With what a file is called and is if it does not say."""
_EMOJI = ("sticker", "dice")
_UNSUPPORTED = _names(
    """venue location contact poll story checklist game paid_media invoice rich_message sticker dice gift unique_gift
    successful_payment refunded_payment users_shared chat_shared passport_data web_app_data giveaway"""
)
_SERVICE = _names(
    """new_chat_members left_chat_member chat_owner_left chat_owner_changed new_chat_title new_chat_photo
    delete_chat_photo group_chat_created supergroup_chat_created channel_chat_created
    message_auto_delete_timer_changed migrate_to_chat_id migrate_from_chat_id pinned_message connected_website
    write_access_allowed proximity_alert_triggered boost_added chat_background_set checklist_tasks_done
    checklist_tasks_added forum_topic_created forum_topic_edited forum_topic_closed forum_topic_reopened
    general_forum_topic_hidden general_forum_topic_unhidden video_chat_scheduled video_chat_started video_chat_ended
    video_chat_participants_invited giveaway_created giveaway_completed"""
)
_COMMAND = re.compile(r"/(start|help|stop)(?:@(\w+))?(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HELLO = {"zh": "你好"}


def service_of(message: Mapping[str, Any]) -> str | None:
    """Return what a message reports about its chat, in which nobody says anything; None for all others."""
    return next((kind for kind in _SERVICE if message.get(kind) is not None), None)


def words_of(message: Mapping[str, Any], me: Me) -> str:
    """Return the text, the caption or the emoji of a message, without the bot's own name."""
    written = message.get("text") or message.get("caption") or ""
    emoji = ((message.get(kind) or {}).get("emoji") for kind in _EMOJI)
    if not written:
        return next(filter(None, emoji), "")
    return me.without_mention(message, written) or written  # nothing but our name is a call for us


def files_of(message: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """Return the file of a message; of a photo the largest of its sizes."""
    for kind, name, content_type in _MEDIA:
        if media := message.get(kind):
            file = max(media, key=_area) if kind == "photo" else media
            return (
                Attachment(
                    name=file.get("file_name") or name,
                    content_type=file.get("mime_type") or content_type,
                    reference=file["file_id"],
                    size=file.get("file_size"),
                ),
            )
    return ()


def unreadable(message: Mapping[str, Any]) -> str:
    """Return the name of what a message without words and files holds."""
    return next((kind for kind in _UNSUPPORTED if message.get(kind) is not None), "message")


def plain(text: str, me: Me, language: str | None) -> tuple[str, str | None]:
    """Return the words that a command stands for, and the proof that came with a ``/start``.

    ``/start`` is what a customer's first tap on the bot sends: a hello.
    """
    command = _COMMAND.fullmatch(text)
    if command is None or (command[2] and not me.is_named(command[2])):
        return text, None
    word, rest = command[1].lower(), command[3]
    if word != "start":
        return " ".join(filter(None, (word, rest))), None
    if rest and not _TOKEN.fullmatch(rest):
        return rest, None
    return _HELLO.get(language or "", "hello"), rest or None


def _area(size: Mapping[str, Any]) -> int:
    return int(size.get("width") or 0) * int(size.get("height") or 0)
