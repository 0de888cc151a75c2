"""What Slack sends to an app, in its shapes."""

from collections.abc import Mapping
from typing import Any

from tests.platforms.slack.world import (
    APP,
    BOT,
    BOT_ID,
    HOME,
    Ephemeral,
    File,
    Message,
    Room,
    User,
    World,
)

_KINDS = {"channel": "channel", "group": "group", "im": "im", "mpim": "mpim"}


def wrapped(world: World, event: Mapping[str, Any], *, shared: bool = False) -> dict[str, Any]:
    """Return an event as the Events API delivers it."""
    number = world.number()
    return {
        "token": "verification-token",
        "team_id": HOME,
        "context_team_id": HOME,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": dict(event),
        "type": "event_callback",
        "event_id": f"Ev{number:08d}",
        "event_time": int(world.clock().timestamp()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": HOME,
                "user_id": BOT,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": shared,
        "event_context": f"4-context-{number}",
    }


def said(world: World, room: Room, message: Message, kind: str = "message") -> dict[str, Any]:
    """Return the event of a new message; with ``app_mention`` the one that an app gets besides."""
    event = {**stored(world, room, message), "type": kind, "channel": room.id}
    event["event_ts"] = message.ts
    if kind == "message":
        event["channel_type"] = _KINDS[room.kind]
    else:
        event.pop("subtype", None)
        event.pop("client_msg_id", None)
    return event


def changed(
    world: World, room: Room, before: Mapping[str, Any], message: Message
) -> dict[str, Any]:
    """Return the event of a changed message."""
    ts = world.ts()
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": stored(world, room, message),
        "previous_message": dict(before),
        "channel": room.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "channel_type": _KINDS[room.kind],
    }


def deleted(world: World, room: Room, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event of a deleted message."""
    ts = world.ts()
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": dict(before),
        "channel": room.id,
        "hidden": True,
        "deleted_ts": before["ts"],
        "ts": ts,
        "event_ts": ts,
        "channel_type": _KINDS[room.kind],
    }


def stored(
    world: World, room: Room, message: Message, *, metadata: bool = False
) -> dict[str, Any]:
    """Return a message as history, replies and changes show it; of metadata only the type unless all is asked for."""
    shown: dict[str, Any] = {
        "type": "message",
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        **_author(world, room, message),
        **_thread(room, message),
    }
    if message.subtype:
        shown["subtype"] = message.subtype
    if message.blocks:
        shown["blocks"] = message.blocks
    if message.edited_ts:
        shown["edited"] = {"user": message.user, "ts": message.edited_ts}
    if message.reactions:
        shown["reactions"] = [
            {"name": n, "users": u, "count": len(u)} for n, u in message.reactions.items()
        ]
    if message.metadata:
        little = {"event_type": message.metadata["event_type"], "event_payload": {}}
        shown["metadata"] = message.metadata if metadata else little
    return shown


def _author(world: World, room: Room, message: Message) -> dict[str, Any]:
    files = [shown_file(world, room, world.files[one]) for one in message.files]
    if message.bot:
        bot: dict[str, Any] = {"bot_id": BOT_ID, "app_id": APP, "team": HOME}
        if message.username:
            bot |= {"subtype": "bot_message", "username": message.username}
        return {**bot, "files": files} if files else bot
    typed: dict[str, Any] = {"client_msg_id": f"client-{message.ts}"}
    if files:  # then Slack does not name the author's team
        return {**typed, "subtype": "file_share", "upload": False, "files": files}
    team = world.users[message.user].team
    if room.shared:
        typed |= {"user_team": team, "source_team": team}
    return {**typed, "team": team}


def _thread(room: Room, message: Message) -> dict[str, str]:
    if message.thread_ts and message.thread_ts != message.ts:
        root = room.message(message.thread_ts)
        began = {"parent_user_id": root.user} if root else {}
        return {"thread_ts": message.thread_ts, **began}
    answered = any(one.thread_ts == message.ts for one in room.messages)
    return {"thread_ts": message.ts} if answered else {}


def shown_file(world: World, room: Room | None, file: File) -> dict[str, Any]:
    """Return a file; in a shared channel Slack says where it is only when asked (files.info)."""
    owner = world.users[file.user]
    if room is not None and room.shared and owner.team != HOME:
        return {
            "id": file.id,
            "mode": "file_access",
            "file_access": "check_file_info",
            "user_team": owner.team,
        }
    return {
        "id": file.id,
        "name": file.name,
        "title": file.name,
        "mimetype": file.mimetype,
        "mode": "hosted",
        "is_external": False,
        "size": file.size,
        "user": file.user,
        "user_team": owner.team,
        "url_private": f"{{base}}/files-pri/{file.id}/{file.name}",
        "url_private_download": f"{{base}}/files-pri/{file.id}/download/{file.name}",
    }


def pressed(
    world: World,
    room: Room,
    user: User,
    message: Message | Ephemeral,
    block_id: str,
    button: Mapping[str, Any],
) -> dict[str, Any]:
    """Return a press of a button in a message; one that only a person sees is not shown with the press."""
    number = world.number()
    container: dict[str, Any] = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": room.id,
        "is_ephemeral": isinstance(message, Ephemeral),
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    shown = {}
    if isinstance(message, Ephemeral):
        message.responses.append(number)
    else:
        shown = {"message": stored(world, room, message)}
    return {
        **_press(world, user, block_id, button),
        **shown,
        "container": container,
        "channel": {"id": room.id, "name": room.name},
        "response_url": f"{{base}}/response/{number}",
    }


def pressed_in_view(
    world: World, user: User, view: Mapping[str, Any], block_id: str, button: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a press of a button in a home tab: there is no channel."""
    return {
        **_press(world, user, block_id, button),
        "container": {"type": "view", "view_id": view["id"]},
        "view": dict(view),
    }


def _press(world: World, user: User, block_id: str, button: Mapping[str, Any]) -> dict[str, Any]:
    action = {
        "action_id": button["action_id"],
        "block_id": block_id,
        "text": button["text"],
        "type": "button",
        "action_ts": world.ts(),
    }
    action |= {name: button[name] for name in ("value", "url", "style") if name in button}
    return {
        "type": "block_actions",
        "user": _user(user),
        "api_app_id": APP,
        "token": "verification-token",
        "trigger_id": world.trigger(),
        "team": {"id": HOME, "domain": "home"},
        "enterprise": None,
        "is_enterprise_install": False,
        "state": {"values": {}},
        "actions": [action],
    }


def submitted(
    world: World, user: User, view: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a filled-in modal."""
    return {
        "type": "view_submission",
        "team": {"id": HOME, "domain": "home"},
        "user": _user(user),
        "api_app_id": APP,
        "token": "verification-token",
        "trigger_id": world.trigger(),
        "view": {**view, "state": {"values": dict(values)}},
        "response_urls": [],
    }


def command(world: World, room: Room, user: User, name: str, text: str) -> dict[str, str]:
    """Return a slash command; it is a form."""
    return {
        "token": "verification-token",
        "team_id": HOME,
        "team_domain": "home",
        "channel_id": room.id,
        "channel_name": room.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": f"{{base}}/response/{world.number()}",
        "trigger_id": world.trigger(),
    }


def _user(user: User) -> dict[str, str]:
    return {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team}
