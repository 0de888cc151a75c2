"""People with an ordinary account on the Matrix server, and the rooms that they open."""

import secrets
from typing import Any
from urllib.parse import quote

import httpx

from tests.platforms.matrix.server import BOT, Synapse

CLIENT = "/_matrix/client/v3"


class Person:
    """Somebody with a Matrix client. It waits for each answer: the tests are its only user."""

    def __init__(self, synapse: Synapse, name: str = "anna") -> None:
        self._http = httpx.Client(base_url=synapse.url, timeout=30)
        registered = self._call(
            "POST",
            "register",
            username=f"{name}-{secrets.token_hex(4)}",
            password=secrets.token_hex(8),
            auth={"type": "m.login.dummy"},
        )
        self.id = str(registered["user_id"])
        self._http.headers["Authorization"] = f"Bearer {registered['access_token']}"

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def room(self, *others: str, direct: bool = True) -> str:
        """Open a room and invite others into it, by default the desk alone."""
        made = self._call(
            "POST",
            "createRoom",
            preset="trusted_private_chat" if direct else "private_chat",
            is_direct=direct,
            invite=list(others or [BOT]),
        )
        return str(made["room_id"])

    def join(self, room: str) -> None:
        """Accept an invitation."""
        self._call("POST", f"rooms/{quote(room)}/join")

    def leave(self, room: str) -> None:
        """Leave a room."""
        self._call("POST", f"rooms/{quote(room)}/leave")

    def kick(self, room: str, who: str) -> None:
        """Put somebody out of a room."""
        self._call("POST", f"rooms/{quote(room)}/kick", user_id=who)

    def say(self, room: str, words: str, **more: Any) -> str:
        """Write a text; return the event's id."""
        return self.send(room, "m.room.message", {"msgtype": "m.text", "body": words, **more})

    def send(self, room: str, kind: str, content: dict[str, Any]) -> str:
        """Send any event; return its id."""
        place = f"rooms/{quote(room)}/send/{kind}/{secrets.token_hex(8)}"
        return str(self._call("PUT", place, **content)["event_id"])

    def edit(self, room: str, event: str, words: str) -> str:
        """Change a message."""
        return self.say(
            room,
            f"* {words}",
            **{
                "m.new_content": {"msgtype": "m.text", "body": words},
                "m.relates_to": {"rel_type": "m.replace", "event_id": event},
            },
        )

    def redact(self, room: str, event: str) -> None:
        """Take a message back."""
        place = f"rooms/{quote(room)}/redact/{quote(event)}/{secrets.token_hex(8)}"
        self._call("PUT", place)

    def upload(self, name: str, content_type: str, content: bytes) -> str:
        """Store a file; return its address."""
        answer = self._http.post(
            "/_matrix/media/v3/upload",
            params={"filename": name},
            content=content,
            headers={"Content-Type": content_type},
        )
        answer.raise_for_status()
        return str(answer.json()["content_uri"])

    def download(self, address: str) -> bytes:
        """Return a file."""
        place = address.removeprefix("mxc://")
        answer = self._http.get(f"/_matrix/client/v1/media/download/{place}")
        answer.raise_for_status()
        return answer.content

    def heard(self, room: str) -> list[dict[str, Any]]:
        """Return the desk's messages in a room, oldest first."""
        place = f"{CLIENT}/rooms/{quote(room)}/messages"
        answer = self._http.get(place, params={"dir": "b", "limit": "100"})
        answer.raise_for_status()
        events = [event for event in answer.json()["chunk"] if event["sender"] == BOT]
        return [e for e in reversed(events) if e["type"] == "m.room.message"]

    def members(self, room: str) -> set[str]:
        """Return who is in a room."""
        answer = self._http.get(f"{CLIENT}/rooms/{quote(room)}/joined_members")
        answer.raise_for_status()
        return set(answer.json()["joined"])

    def _call(self, method: str, place: str, **body: Any) -> dict[str, Any]:
        answer = self._http.request(method, f"{CLIENT}/{place}", json=body)
        answer.raise_for_status()
        return dict(answer.json())
