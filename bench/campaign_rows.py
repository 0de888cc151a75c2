"""People who agreed to be written to, and a segment of them all: what a campaign of any size needs."""

from datetime import UTC, datetime
from itertools import batched

from sqlalchemy import insert

from desk.store import bulk
from desk.store.database import Database
from desk.tables.consent import ConsentRow
from desk.tables.contact import ContactIdentityRow, ContactRow
from desk.tables.conversation import ConversationRow
from desk.tables.segment import SegmentMemberRow, SegmentRow

CHANNEL = "null"
_KNOWN_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
_PAGE = 5_000


async def fill(database: Database, people: int) -> int:
    """Let people come who gave their consent; return the segment of all of them."""
    async with database.write() as session:
        segment = SegmentRow(
            name="Everybody",
            rule={},
            created_at=_KNOWN_SINCE,
            created_by="bench",
            updated_at=_KNOWN_SINCE,
            updated_by="bench",
        )
        session.add(segment)
        await session.flush()
        segment_id = segment.id
    for numbers in batched(range(people), _PAGE):
        async with database.write() as session:
            for table, rows in _rows(numbers, segment_id):
                await session.execute(insert(table), rows)
    async with database.write() as session:
        await bulk.count_anew(session, people)
    return segment_id


def _rows(numbers: tuple[int, ...], segment_id: int) -> list[tuple[type, list[dict[str, object]]]]:
    ids = {number: f"{number:032x}" for number in numbers}
    at = {"created_at": _KNOWN_SINCE}
    handle = {"channel": CHANNEL, "account": "a"}
    said = {"purpose": "marketing", "granted": True, "said_at": _KNOWN_SINCE}
    return [
        (ContactRow, [{"id": one, "name": f"C. {n}", **at} for n, one in ids.items()]),
        (
            ContactIdentityRow,
            [
                {"id": one, "contact_id": one, "external_id": f"u{n}", **handle, **at}
                for n, one in ids.items()
            ],
        ),
        (
            ConversationRow,
            [
                {
                    "id": one,
                    "contact_id": one,
                    "thread": f"u{n}",
                    "handle": f"u{n}",
                    **handle,
                    **at,
                }
                | {"updated_at": _KNOWN_SINCE, "owner_since": _KNOWN_SINCE}
                for n, one in ids.items()
                if n % 2
            ],
        ),
        (ConsentRow, [{"key": f"bench {n}", "contact_id": one, **said} for n, one in ids.items()]),
        (
            SegmentMemberRow,
            [
                {"segment_id": segment_id, "person_id": f"p:{one}", "since": _KNOWN_SINCE}
                for one in ids.values()
            ],
        ),
    ]
