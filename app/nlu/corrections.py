"""Topics that agents corrected on tickets, as suggestions for the review: nothing is learnt before a person agrees."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.nlu.review import Decision, Suggestion
from desk.store.database import Database
from desk.tables.conversation import MessageRow
from desk.tables.ticket import TicketTopic, TopicCorrectionRow
from desk.tickets.topics import INTENT_OF


async def corrected(url: str, since: datetime, intents: frozenset[str]) -> list[Suggestion]:
    """Return what agents corrected since then, the most frequent first; nothing where there is no database yet."""
    database = Database(url)
    try:
        path = Path(database.url.database or "")
        # SQLite would create an empty file where there is none.
        if database.is_sqlite and not await asyncio.to_thread(path.is_file):
            return []
        return await suggested(database, since, intents)
    except (DBAPIError, OSError):
        # The assistant's own conversations are worth a look even when the desk's database is away or an older one.
        return []
    finally:
        await database.close()


async def suggested(
    database: Database, since: datetime, intents: frozenset[str]
) -> list[Suggestion]:
    """Return the corrections in a database, those of the same kind together; texts as the customers wrote them."""
    async with database.read() as session:
        rows = (
            await session.scalars(
                select(TopicCorrectionRow)
                .where(TopicCorrectionRow.created_at >= since)
                .order_by(TopicCorrectionRow.id)
            )
        ).all()
        ids = {id_ for row in rows for id_ in row.message_ids}
        found = await session.execute(
            select(MessageRow.id, MessageRow.text).where(MessageRow.id.in_(ids))
        )
        texts: dict[int, str] = {row[0]: row[1] for row in found}
    kinds: dict[tuple[TicketTopic, TicketTopic], list[TopicCorrectionRow]] = defaultdict(list)
    for row in rows:
        kinds[row.old, row.new].append(row)
    listed = sorted(kinds.items(), key=lambda one: -len(one[1]))
    return [_suggestion(old, new, of_kind, texts, intents) for (old, new), of_kind in listed]


def _suggestion(
    old: TicketTopic,
    new: TicketTopic,
    rows: Sequence[TopicCorrectionRow],
    texts: dict[int, str],
    intents: frozenset[str],
) -> Suggestion:
    intent = INTENT_OF.get(new, "")
    examples = [texts[id_] for row in rows for id_ in row.message_ids if id_ in texts]
    return Suggestion(
        # A ticket's topic names no intent for sure, and not each of its messages was about it.
        decision=Decision.DECIDE,
        intent=intent if intent in intents else "",
        why=f"agents corrected the topic from {old} to {new} {len(rows)}",
        also=(),
        messages=len(examples),
        conversations=len(rows),
        reasons={"corrected": len(rows)},
        examples=tuple(examples),
    )
