"""What Slack tells of the desk's threads and channels, as actions. Pure: an event always means the same."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from channels.slack.desk.emoji import with_emoji
from channels.slack.files import attachments, elsewhere
from channels.slack.text import readable
from desk.agentdesk.port import Action, Changed, Deed, HomeOpened, Person, Place, RootGone, Wrote

type Raw = Mapping[str, Any]

_SPOKEN = frozenset({None, "file_share", "me_message", "thread_broadcast"})


def read_event(raw: Raw, bot: str | None) -> Sequence[Action]:
    """Return what an event says; ``bot`` is our user id, used where the event does not say it itself."""
    event, me = raw["event"], _bot(raw) or bot
    read = _READERS.get(event["type"])
    return read(raw, event, me) if read else ()


def _message(raw: Raw, event: Raw, me: str | None) -> Sequence[Action]:
    subtype = event.get("subtype")
    if subtype == "message_changed":
        return _changed(event, me)
    if subtype == "message_deleted":
        return _deleted(event, event.get("previous_message"), me)
    # Who typed into a client is a person, whatever Slack calls it.
    spoken = subtype in _SPOKEN or event.get("client_msg_id")
    if not spoken or not _is_reply(event, me) or _is_bots(event, me):
        return ()
    return [_wrote(event, me)]


def _wrote(event: Raw, me: str | None) -> Action:
    files = event.get("files") or ()
    place = Place(channel=event["channel"], thread=event["thread_ts"])
    words = "\n".join(filter(None, [_text(event, me), *elsewhere(files)]))
    deed = Wrote(place=place, message=event["ts"], text=words, attachments=attachments(files))
    return _action(event["user"], event["ts"], deed, place, f"said:{_id(event)}")


def _changed(event: Raw, me: str | None) -> Sequence[Action]:
    message, before = event["message"], event.get("previous_message") or {}
    if message.get("subtype") == "tombstone":  # a message with replies was deleted
        return _deleted(event, before or message, me)
    if _is_bots(message, me) or not _is_reply(message, me):
        return ()
    # Slack also "changes" a message when it shows a preview of a link, or when it is answered.
    same = message.get("text") == before.get("text") if before else "edited" not in message
    if same:
        return ()
    at = (message.get("edited") or {}).get("ts") or event["ts"]
    place = Place(channel=event["channel"], thread=message["thread_ts"])
    deed = Changed(place=place, message=message["ts"], text=_text(message, me))
    external_id = f"changed:{event['channel']}:{message['ts']}:{at}"
    return [_action(message["user"], event["ts"], deed, place, external_id)]


def _deleted(event: Raw, before: Raw | None, me: str | None) -> Sequence[Action]:
    channel = event["channel"]
    gone = before or {"ts": event["deleted_ts"]}
    if not _is_within(gone):
        # A root: ours by its author; Slack does not always say whose it was, and others' are nobody's place.
        ours = "user" not in gone or _is_bots(gone, me)
        place = Place(channel=channel, thread=gone["ts"])
        return [_gone(event, place, f"{channel}:{gone['ts']}")] if ours else ()
    if _is_bots(gone, me) or not _is_reply(gone, me):
        return ()
    place = Place(channel=channel, thread=gone["thread_ts"])
    deed = Changed(place=place, message=gone["ts"], text=None)
    external_id = f"deleted:{channel}:{gone['ts']}"
    return [_action(gone["user"], event["ts"], deed, place, external_id)]


def _closed(raw: Raw, event: Raw, me: str | None) -> Sequence[Action]:
    channel = event["channel"]
    place = Place(channel=channel)
    return [
        _gone(event, place, f"{channel}:{event['type']}:{_when(raw, event)}", _when(raw, event))
    ]


def _left(raw: Raw, event: Raw, me: str | None) -> Sequence[Action]:
    return _closed(raw, event, me) if event["user"] == me else ()


def _renumbered(raw: Raw, event: Raw, me: str | None) -> Sequence[Action]:
    return _closed(raw, {**event, "channel": event["old_channel_id"]}, me)


def _home(raw: Raw, event: Raw, me: str | None) -> Sequence[Action]:
    if event.get("tab") != "home":
        return ()
    person, at = event["user"], _when(raw, event)
    return [_action(person, at, HomeOpened(), Place(channel=""), f"home:{person}:{at}")]


_READERS: Mapping[str, Callable[[Raw, Raw, str | None], Sequence[Action]]] = {
    "message": _message,
    "app_home_opened": _home,
    "channel_archive": _closed,
    "group_archive": _closed,
    "channel_deleted": _closed,
    "group_deleted": _closed,
    "channel_left": _closed,
    "group_left": _closed,
    "member_left_channel": _left,
    "channel_id_changed": _renumbered,
}


def when(ts: str) -> datetime:
    """Return one of Slack's times."""
    return datetime.fromtimestamp(float(ts), UTC)


def _action(user: str, at: str, deed: Deed, place: Place, external_id: str) -> Action:
    person = Person(external_id=user)
    return Action(external_id=external_id, person=person, at=when(at), deed=deed, place=place)


def _gone(event: Raw, place: Place, which: str, at: str | None = None) -> Action:
    user = event.get("user") or event.get("actor_id") or ""
    return _action(user, at or event["ts"], RootGone(place=place), place, f"gone:{which}")


def _when(raw: Raw, event: Raw) -> str:
    return str(event.get("event_ts") or raw["event_time"])


def _bot(raw: Raw) -> str | None:
    for one in raw.get("authorizations") or ():
        if one.get("is_bot"):
            return str(one["user_id"])
    return None


def _is_within(message: Raw) -> bool:
    return message.get("thread_ts") not in (None, message["ts"])


def _is_reply(message: Raw, me: str | None) -> bool:
    """Say whether a message is in a thread that we began: by the root and not by a list of channels.

    So threads go on after the desk moved to another channel.
    """
    return _is_within(message) and message.get("parent_user_id") in (None, me)


def _is_bots(message: Raw, me: str | None) -> bool:
    user = message.get("user")
    bots = (
        message.get("subtype") == "bot_message",
        message.get("bot_id"),
        user in (None, "USLACKBOT"),
    )
    return any(bots) or user == me


def _text(message: Raw, me: str | None) -> str:
    # The characters go in first: what is in angle brackets may hold names, but no emoji.
    return readable(with_emoji(message.get("text") or "", message.get("blocks")), me)


def _id(event: Raw) -> str:
    # Not event_id: a message that mentions us is two events, and a shared channel's may come twice, too.
    return f"{event['channel']}:{event['ts']}"
