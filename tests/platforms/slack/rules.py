"""What Slack's methods take: a small table of our own.

Names, required fields and kinds were taken from Slack's published OpenAPI description of the Web API (2021), newer
ones (metadata, files by external upload, views, user groups) from its method reference.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST_TEXT = 40_000
TRIGGER_SECONDS = 3

_SHAPES = {
    "str": re.compile(r".*", re.DOTALL),
    "int": re.compile(r"\d+"),
    "bool": re.compile(r"true|false|True|False|0|1"),
    "ts": re.compile(r"\d{1,10}(\.\d{1,6})?"),
    "channel": re.compile(r"[CDG][A-Z0-9]+"),
    "target": re.compile(r"[CDGUW][A-Z0-9]+"),  # a person's id is their direct message
    "user": re.compile(r"[UW][A-Z0-9]+"),
    "file": re.compile(r"F[A-Z0-9]+"),
}


@dataclass(frozen=True)
class Method:
    """One method: its scopes (any of them will do), and its arguments by kind; ``!`` marks required ones."""

    scopes: tuple[str, ...] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)
    verbs: tuple[str, ...] = ("GET", "POST")


def _method(scopes: str = "", arguments: str = "", verbs: str = "GET POST") -> Method:
    pairs = (one.partition(":")[::2] for one in arguments.split())
    return Method(tuple(scopes.split()), dict(pairs), tuple(verbs.split()))


_HISTORY = "channels:history groups:history im:history mpim:history"
_READ = "channels:read groups:read im:read mpim:read"
_PAGE = "oldest:ts latest:ts inclusive:bool limit:int cursor:str"
_LOOK = (
    "attachments:json blocks:json icon_emoji:str icon_url:str link_names:bool parse:str text:str "
    "username:str as_user:bool"
)

METHODS: Mapping[str, Method] = {
    "auth.test": _method(),
    "apps.connections.open": _method("connections:write", verbs="POST"),
    "chat.postMessage": _method(
        "chat:write",
        f"channel:target! {_LOOK} mrkdwn:bool reply_broadcast:bool thread_ts:ts unfurl_links:bool "
        "unfurl_media:bool metadata:json markdown_text:str",
        "POST",
    ),
    "chat.postEphemeral": _method(
        "chat:write", f"channel:channel! user:user! thread_ts:ts {_LOOK}", "POST"
    ),
    "chat.update": _method(
        "chat:write",
        "channel:channel! ts:ts! text:str blocks:json attachments:json link_names:bool parse:str "
        "as_user:bool metadata:json reply_broadcast:bool file_ids:json markdown_text:str",
        "POST",
    ),
    "chat.delete": _method("chat:write", "channel:channel! ts:ts! as_user:bool", "POST"),
    "chat.getPermalink": _method("", "channel:channel! message_ts:ts!"),
    "conversations.history": _method(
        _HISTORY, f"channel:channel! include_all_metadata:bool {_PAGE}"
    ),
    "conversations.replies": _method(
        _HISTORY, f"channel:channel! ts:ts! include_all_metadata:bool {_PAGE}"
    ),
    "conversations.info": _method(
        _READ, "channel:channel! include_locale:bool include_num_members:bool"
    ),
    "conversations.members": _method(_READ, "channel:channel! limit:int cursor:str"),
    "conversations.open": _method(
        "im:write mpim:write", "users:str channel:channel return_im:bool", "POST"
    ),
    "conversations.join": _method("channels:join", "channel:channel!", "POST"),
    "reactions.add": _method(
        "reactions:write", "channel:channel! name:str! timestamp:ts!", "POST"
    ),
    "reactions.remove": _method(
        "reactions:write", "name:str! channel:channel timestamp:ts file:file", "POST"
    ),
    "users.info": _method("users:read", "user:user! include_locale:bool"),
    "usergroups.users.list": _method(
        "usergroups:read", "usergroup:str! include_disabled:bool team_id:str"
    ),
    "views.open": _method("", "view:json! trigger_id:str interactivity_pointer:str"),
    "views.update": _method("", "view:json! view_id:str external_id:str hash:str"),
    "views.publish": _method("", "user_id:user! view:json! hash:str"),
    "files.getUploadURLExternal": _method(
        "files:write", "filename:str! length:int! alt_txt:str snippet_type:str"
    ),
    "files.completeUploadExternal": _method(
        "files:write",
        "files:json! channel_id:channel channels:str initial_comment:str thread_ts:ts blocks:json",
        "POST",
    ),
    "files.info": _method("files:read", "file:file! count:int page:int limit:int cursor:str"),
}


def faults(method: Method, given: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the arguments of a call."""
    kinds = {name: kind.rstrip("!") for name, kind in method.arguments.items()}
    missing = [n for n, kind in method.arguments.items() if kind.endswith("!") and n not in given]
    unknown = [name for name in given if name not in kinds]
    wrong = [n for n, value in given.items() if n in kinds and not _is(kinds[n], value)]
    return (
        [f"missing {name}" for name in missing]
        + [f"unknown {name}" for name in unknown]
        + [f"{name} is no {kinds[name]}" for name in wrong]
    )


def structured(value: Any) -> Any:
    """Return an argument that is an object or a list; in a form it comes as JSON."""
    return json.loads(value) if isinstance(value, str) else value


def _is(kind: str, value: Any) -> bool:
    if kind == "json":
        try:
            return isinstance(structured(value), dict | list)
        except ValueError:
            return False
    if isinstance(value, bool):
        return kind == "bool"
    if isinstance(value, int) and kind == "int":
        return value >= 0
    return isinstance(value, str) and bool(_SHAPES[kind].fullmatch(value))
