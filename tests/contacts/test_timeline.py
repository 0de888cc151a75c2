"""Everything that happened with a contact, in one order, whatever the page size."""

from datetime import timedelta

from sqlalchemy import update

from app.wiring import Desk
from desk.clock import StoppedClock
from desk.contacts.merging import Merging
from desk.contacts.timeline import Kind, Moment, Spot, Timeline
from desk.tables.consent import ConsentRow
from desk.tables.contact import ContactRow
from desk.tables.shop import CustomerRow, OrderRow, OrderStatus
from tests.conftest import NOON
from tests.talk import conversation, says


async def _busy(desk: Desk, clock: StoppedClock) -> str:
    await says(desk, "human", "ada")
    talk = await conversation(desk)
    await desk.handoff.take_over(talk.id, agent="Mo")
    await desk.tickets.open(
        key="k", conversation_id=talk.id, topic="refund", title="A lamp", description="dim"
    )
    clock.advance(timedelta(hours=1))
    await desk.handoff.resolve(talk.id, agent="Mo")
    await desk.feedback.record(conversation_id=talk.id, score=5, key="r")
    await says(desk, "hello", "ada2")
    other = await conversation(desk, "ada2")
    async with desk.database.write() as session:
        session.add(CustomerRow(id="c", name="A.", account_type="standard", created_at=NOON))
        await session.flush()
        session.add_all(
            OrderRow(
                number=number,
                customer_id="c",
                status=OrderStatus.SHIPPED,
                placed_at=NOON,
                total_cents=100,
                currency="USD",
                ship_name="A.",
                ship_address="1 Example Street",
            )
            for number in ("10023", "9")
        )
        session.add(
            ConsentRow(
                key="c",
                contact_id=talk.contact_id,
                purpose="newsletter",
                granted=True,
                said_at=NOON,
            )
        )
        await session.execute(
            update(ContactRow).where(ContactRow.id == talk.contact_id).values(customer_id="c")
        )
    await Merging(desk.database, clock).merge(talk.contact_id, other.contact_id, by="Mo")
    return talk.contact_id


async def test_every_kind_is_there_once_and_in_order(desk: Desk, clock: StoppedClock) -> None:
    contact = await _busy(desk, clock)
    timeline = Timeline(desk.database)
    everything, earlier = await timeline.of(contact, limit=100)
    assert earlier is None
    assert {moment.kind for moment in everything} == set(Kind)
    spots = [moment.spot for moment in everything]
    assert spots == sorted(set(spots))
    # Events of before the merge, and the other's messages, are there too.
    assert "hello" in [moment.said for moment in everything]
    for size in (1, 2, 3, 7):
        before: Spot | None = None
        pages = list[list[Moment]]()
        for _ in range(len(everything) + 1):
            page, before = await timeline.of(contact, before=before, limit=size)
            pages.insert(0, page)
            if before is None:
                break
        assert [moment for page in pages for moment in page] == everything, size
    some, _ = await timeline.of(contact, kinds=(Kind.ORDER, Kind.RATING))
    assert [moment.kind for moment in some] == ["order", "order", "rating"]
    assert await timeline.of("nobody") == ([], None)
