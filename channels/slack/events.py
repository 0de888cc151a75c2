"""What Slack tells us, as updates. Pure: an event always means the same."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from channels.slack.files import attachments, elsewhere
from channels.slack.place import THREAD_TS, is_direct, thread_of
from channels.slack.render import pressed
from channels.slack.text import mentions, readable
from desk.message import Gone, Ignored, InboundEdit, InboundMessage, Update

NAME = "slack"
ACCOUNT = "default"
"""One bot token is one account, and there is one."""

_SPOKEN = frozenset({None, "file_share", "me_message", "thread_broadcast"})


class Reader:
    """Reads events; ``bot`` is our user id, used when an event does not say it itself."""

    def __init__(self, channels: frozenset[str]) -> None:
        self._channels = channels
        self.bot: str | None = None

    def read(self, raw: Mapping[str, Any]) -> Sequence[Update]:
        """Return what one event or one press of a button says."""
        kind = raw.get("type")
        if kind == "event_callback":
            return [self._event(raw, raw["event"])]
        if kind == "block_actions":
            return [_pressed(raw, action) for action in raw["actions"]]
        return [_ignored(str(kind))]

    def _event(self, raw: Mapping[str, Any], event: Mapping[str, Any]) -> Update:
        kind = event["type"]
        if kind == "member_left_channel" and event["channel"] in self._channels:
            return _left(raw, event) if event["user"] != self._bot(raw) else _ignored(kind)
        if kind not in ("message", "app_mention"):
            return _ignored(kind)
        subtype = event.get("subtype")
        if subtype == "message_changed":
            return self._changed(raw, event)
        if subtype == "message_deleted":
            return self._deleted(raw, event, event.get("previous_message"))
        # Who typed into a client is a person, whatever Slack calls it.
        if subtype not in _SPOKEN and subtype != "bot_message" and not event.get("client_msg_id"):
            return _ignored(f"message.{subtype}")
        return self._not_for_us(raw, event, event) or self._message(raw, event)

    def _message(self, raw: Mapping[str, Any], event: Mapping[str, Any]) -> InboundMessage:
        channel, sender, bot = event["channel"], _sender(raw, event), self._bot(raw)
        files = event.get("files") or ()
        written = event.get("text") or _quoted(event)
        text = "\n".join(filter(None, [readable(written, bot), *elsewhere(files)]))
        kept = attachments(files)
        nothing = not (written or text or kept)
        return InboundMessage(
            channel=NAME,
            account=ACCOUNT,
            external_id=_id(channel, event["ts"]),
            thread=thread_of(channel, event, sender, bot),
            sender=sender,
            sent_at=_at(event["ts"]),
            text=text,
            sender_name=_name(event),
            attachments=kept,
            unsupported=(event.get("subtype") or "message") if nothing else None,
            context=_context(channel, event),
            raw=raw,
        )

    def _changed(self, raw: Mapping[str, Any], event: Mapping[str, Any]) -> Update:
        message, before = event["message"], event.get("previous_message") or {}
        if message.get("subtype") == "tombstone":  # a message with replies was deleted
            return self._deleted(raw, event, before)
        # Slack also "changes" a message when it shows a preview of a link, or when it is answered.
        same = message.get("text") == before.get("text") if before else "edited" not in message
        if same:
            return _ignored("message_changed")
        edited_at = (message.get("edited") or {}).get("ts") or event["ts"]
        return self._not_for_us(raw, event, message, before) or self._edit(
            raw,
            event,
            message,
            external_id=f"{_id(event['channel'], message['ts'])}:{edited_at}",
            text=readable(message.get("text") or "", self._bot(raw)),
        )

    def _deleted(
        self, raw: Mapping[str, Any], event: Mapping[str, Any], before: Mapping[str, Any] | None
    ) -> Update:
        if not before or "user" not in before:
            return _ignored("message_deleted")
        return self._not_for_us(raw, event, before) or self._edit(
            raw,
            event,
            before,
            external_id=f"{_id(event['channel'], before['ts'])}:deleted",
            text=None,
        )

    def _edit(
        self,
        raw: Mapping[str, Any],
        event: Mapping[str, Any],
        message: Mapping[str, Any],
        *,
        external_id: str,
        text: str | None,
    ) -> InboundEdit:
        channel, sender = event["channel"], _sender(raw, message)
        return InboundEdit(
            channel=NAME,
            account=ACCOUNT,
            external_id=external_id,
            thread=thread_of(channel, message, sender, self._bot(raw)),
            sender=sender,
            sent_at=_at(event.get("event_ts") or event["ts"]),
            edited=_id(channel, message["ts"]),
            text=text,
            raw=raw,
        )

    def _not_for_us(
        self, raw: Mapping[str, Any], event: Mapping[str, Any], *versions: Mapping[str, Any]
    ) -> Ignored | None:
        """Say why nobody turned to the bot with this message, in any of its versions."""
        message, bot, channel = versions[0], self._bot(raw), event["channel"]
        user = message.get("user")
        bots = (message.get("subtype") == "bot_message", bool(message.get("bot_id")))
        if any(bots) or user == "USLACKBOT" or (bot is not None and user == bot):
            return _ignored("bot_message")
        if is_direct(channel) or event["type"] == "app_mention":
            return None
        if any(mentions(one.get("text") or "", bot) for one in versions):
            return None
        began = message.get("parent_user_id")
        # In a channel of customers a thread belongs to who began it; others talk to each other there.
        if channel in self._channels and began in (None, bot, user):
            return None
        return _ignored("unaddressed")

    def _bot(self, raw: Mapping[str, Any]) -> str | None:
        for one in raw.get("authorizations") or ():
            if one.get("is_bot"):
                return str(one["user_id"])
        return self.bot


def _pressed(raw: Mapping[str, Any], action: Mapping[str, Any]) -> Update:
    choice = pressed(action)
    if choice is None:
        return _ignored("block_actions")
    user = raw["user"]
    if choice.recipient.rpartition(":")[2] not in ("", user["id"]):
        return _ignored("button_of_another")
    container, at = raw["container"], action["action_ts"]
    message = {THREAD_TS: container.get(THREAD_TS) or (raw.get("message") or {}).get(THREAD_TS)}
    return InboundMessage(
        channel=NAME,
        account=ACCOUNT,
        external_id=f"{user['id']}:{at}:{container['message_ts']}:{action['action_id']}",
        thread=choice.thread,
        sender=choice.recipient or f"{user.get('team_id') or raw['team']['id']}:{user['id']}",
        sent_at=_at(at),
        choice=choice.id,
        sender_name=user.get("name"),
        context=_context(container["channel_id"], message),
        raw=raw,
    )


def _left(raw: Mapping[str, Any], event: Mapping[str, Any]) -> Gone:
    return Gone(
        channel=NAME,
        account=ACCOUNT,
        sender=_sender(raw, event),
        reason="left the channel",
        at=_at(event["event_ts"]),
    )


def _ignored(kind: str) -> Ignored:
    return Ignored(channel=NAME, kind=kind)


def _id(channel: str, ts: str) -> str:
    # Not event_id: a mention is two events (message, app_mention). Without the team: channel ids are Slack-wide, and a
    # message in a shared channel may come under the one or the other company's team.
    return f"{channel}:{ts}"


def _sender(raw: Mapping[str, Any], message: Mapping[str, Any]) -> str:
    # A message with files names its author's team only in the files.
    file: Mapping[str, Any] = next(iter(message.get("files") or ()), {})
    places = (
        message.get("user_team"),
        message.get("source_team"),
        message.get("team"),
        file.get("user_team"),
        raw.get("team_id"),
    )
    return f"{next(filter(None, places))}:{message['user']}"


def _name(event: Mapping[str, Any]) -> str | None:
    profile = event.get("user_profile") or {}
    return profile.get("display_name") or profile.get("real_name") or None


def _context(channel: str, message: Mapping[str, Any]) -> Mapping[str, Any]:
    thread_ts = message.get(THREAD_TS)
    return {THREAD_TS: thread_ts} if thread_ts and is_direct(channel) else {}


def _quoted(event: Mapping[str, Any]) -> str:
    """Return the text of messages that somebody passed on without a word of their own."""
    shared = (one.get("text") or one.get("fallback") for one in event.get("attachments") or ())
    return "\n".join(filter(None, shared))


def _at(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)
