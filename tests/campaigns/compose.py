"""A small segment of people on a channel, and a campaign's form as a browser sends it."""

from sqlalchemy import insert, update

from console.pages import campaigns_compose_fields as fields
from desk.store.database import Database
from desk.tables.contact import ContactRow
from desk.tables.segment import SegmentMemberRow, SegmentRow
from tests.campaigns.people import contact, people
from tests.conftest import NOON

TEXT_EN = "Hi {name|there}, tea is half the price until Sunday. Reply STOP to unsubscribe."
TEXT_ZH = "{name|您好}，本周日前茶叶半价。回复退订即可取消订阅。"


async def tea_drinkers(database: Database, count: int = 6, channel: str = "memory") -> int:
    """Let people come who agreed to be written to, every third speaking Chinese; return their segment."""
    await people(database, count, channel=channel)
    async with database.write() as session:
        for number in range(0, count, 3):
            await session.execute(
                update(ContactRow)
                .where(ContactRow.id == contact(number))
                .values(language="zh", name=None if number else "陈女士")
            )
        row = SegmentRow(
            name="Tea drinkers",
            rule={"version": 1, "where": {"all": []}},
            size=count,
            created_at=NOON,
            created_by="Mo",
            updated_at=NOON,
            updated_by="Mo",
        )
        session.add(row)
        await session.flush()
        members = [
            {"segment_id": row.id, "person_id": f"p:{contact(number)}", "since": NOON}
            for number in range(count)
        ]
        await session.execute(insert(SegmentMemberRow), members)
        return row.id


def filled(segment_id: int, **more: str) -> dict[str, str]:
    """Return a form that is filled in; ``more`` names fields with ``__`` for a dot."""
    return {
        **fields.new(),
        "name": "Spring tea",
        "segment_id": str(segment_id),
        "channel.1": "memory",
        "once.at": "2026-03-03T09:00",
        "v1.en.text": TEXT_EN,
        "v1.en.b1.title": "Look at it",
        "v1.en.b1.to": "https://shop.example.com/tea",
        "v1.zh.text": TEXT_ZH,
        **{name.replace("__", "."): value for name, value in more.items()},
    }
