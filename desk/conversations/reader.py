"""What a customer may read of their conversation."""

from dataclasses import dataclass
from datetime import datetime

from desk.conversations import repository
from desk.media import repository as media
from desk.media.shown import ShownFile, shown
from desk.message import Choice
from desk.store.database import Database
from desk.tables.conversation import Author


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A message as the customer sees it; ``seq`` counts from 1 without gaps or reordering."""

    seq: int
    author: Author
    author_name: str | None
    text: str
    choices: tuple[Choice, ...]
    attachments: tuple[ShownFile, ...]
    external_id: str | None
    created_at: datetime


class Reader:
    """Reads conversations by their thread on a channel."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def shown_after(
        self, *, channel: str, account: str, thread: str, after: int, limit: int = 100
    ) -> list[Shown]:
        """Return the messages after a place, in order; empty when there are none or no conversation."""
        async with self._database.read() as session:
            rows = await repository.shown_in_thread(
                session, channel=channel, account=account, thread=thread, after=after, limit=limit
            )
            with_files = [row.id for row in rows if row.files]
            files = await media.of_messages(session, with_files)
        return [
            Shown(
                seq=row.seq or 0,
                author=row.author,
                author_name=row.author_name,
                text=row.text,
                choices=tuple(
                    Choice(id=choice["id"], title=choice["title"], url=choice.get("url"))
                    for choice in row.choices
                ),
                attachments=shown(files, row.id),
                external_id=row.external_id,
                created_at=row.created_at,
            )
            for row in rows
        ]
