"""What posts, direct messages and news about them mean to us."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from channels.x import media, render
from channels.x.ids import dm_thread, post_thread
from channels.x.written import Written, of_milliseconds
from desk.contacts.stop_words import Stop, understood
from desk.message import (
    DeliveryStatus,
    Gone,
    Ignored,
    InboundEdit,
    InboundMessage,
    StatusUpdate,
    Update,
)

NAME = "x"
type Raw = Mapping[str, Any]


class Reader:
    """Reads what concerns one account."""

    def __init__(self, account: str) -> None:
        self._account = account

    def post(self, post: Written, raw: Raw) -> list[Update]:
        """Return what a post says; only one that mentions us is for us."""
        if post.author == self._account:
            return [self._ignored("own_post")]
        if post.repost:
            return [self._ignored("repost")]
        if self._account not in post.mentioned:
            return [self._ignored("post_without_mention")]
        # X's automation rules ask for a way out: who stops us in public gets no answer any more.
        meant = understood(render.received(post.text), "")
        if isinstance(meant, Stop) and not meant.as_answer:
            reason = "asked us in public to stop"
            return [Gone(**self._us, sender=post.author, reason=reason, at=post.at)]
        first = post.versions[0] if post.versions else post.id
        root = first if post.root in ("", post.id) else post.root
        context = {"reply_to": post.id, "handle": post.handle}
        thread = post_thread(root, post.author)
        message = self._message(post, f"post:{first}", thread, context, raw)
        if first == post.id:
            return [message]
        # Whoever has the first version skips the message and takes the edit; all others take the message.
        edit = InboundEdit(
            **self._us,
            external_id=f"post:{post.id}",
            thread=thread,
            sender=post.author,
            sent_at=post.at,
            edited=f"post:{first}",
            text=message.text,
            raw=raw,
        )
        return [message, edit]

    def dm(self, dm: Written, raw: Raw) -> list[Update]:
        """Return what a direct message says."""
        if dm.author == self._account:
            return [self._ignored("own_message")]
        return [self._message(dm, f"dm:{dm.id}", dm_thread(dm.author), {}, raw)]

    def deleted(self, post: str, author: str, at: datetime, raw: Raw) -> list[Update]:
        """Return that a customer took a post back."""
        if author == self._account:
            return [self._ignored("own_post_deleted")]
        edit = InboundEdit(
            **self._us,
            external_id=f"post:{post}:deleted",
            thread=post_thread(post, author),
            sender=author,
            sent_at=at,
            edited=f"post:{post}",
            text=None,
            raw=raw,
        )
        return [edit]

    def seen(self, event: Raw) -> list[Update]:
        """Return that a customer has read a direct message of ours."""
        if str(event["sender_id"]) == self._account:
            return [self._ignored("own_read")]
        news = StatusUpdate(
            **self._us,
            external_id=str(event["last_read_event_id"]),
            status=DeliveryStatus.READ,
            at=of_milliseconds(event["created_timestamp"]),
        )
        return [news]

    def _message(
        self, one: Written, external_id: str, thread: str, context: Raw, raw: Raw
    ) -> InboundMessage:
        return InboundMessage(
            **self._us,
            external_id=external_id,
            thread=thread,
            sender=one.author,
            sent_at=one.at,
            text=render.received(one.text, with_media=bool(one.media)),
            sender_name=one.author_name,
            language=one.language,
            attachments=media.attachments(one.media),
            unsupported=one.other or media.unknown(one.media),
            context={name: value for name, value in context.items() if value},
            raw=raw,
        )

    @property
    def _us(self) -> dict[str, Any]:
        return {"channel": NAME, "account": self._account}

    @staticmethod
    def _ignored(kind: str) -> Ignored:
        return Ignored(channel=NAME, kind=kind)
