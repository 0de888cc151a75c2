"""The demo shop: the same every time, and what the documentation says about it."""

from collections import Counter
from datetime import timedelta

from desk.clock import StoppedClock
from desk.commerce.demo import demo_shop, load_demo
from desk.commerce.importing import Importer
from desk.commerce.model import InvoiceStatus, OrderStatus, RefundStatus
from desk.commerce.service import Commerce
from desk.store.database import Database
from desk.tables.shop import CustomerRow, InvoiceRow, OrderLineRow, OrderRow, ProductRow, RefundRow
from tests.world import World

_TABLES = (CustomerRow, ProductRow, OrderRow, OrderLineRow, InvoiceRow, RefundRow)


def test_the_demo_is_the_same_every_time(clock: StoppedClock) -> None:
    assert demo_shop(clock()) == demo_shop(clock())


def test_the_demo_has_everything(clock: StoppedClock) -> None:
    shop = demo_shop(clock())
    assert [len(rows) for rows in shop.by_kind().values()][:4] == [40, 25, 121, 121]
    assert set(Counter(order["status"] for order in shop.orders)) == set(OrderStatus)
    assert set(Counter(invoice["status"] for invoice in shop.invoices)) == set(InvoiceStatus)
    assert set(Counter(refund["status"] for refund in shop.refunds)) == set(RefundStatus)
    assert [int(order["number"]) for order in shop.orders] == list(range(10_001, 10_122))
    assert all(not product["name_zh"].isascii() for product in shop.products)
    for key in ("email", "phone"):
        assert len({customer[key] for customer in shop.customers}) == 40


def test_no_date_is_impossible(clock: StoppedClock) -> None:
    now = clock()
    for order in demo_shop(now).orders:
        known = [order.get(name) for name in ("placed_at", "shipped_at", "delivered_at")]
        passed = [at for at in known if at is not None]
        assert passed == sorted(passed)
        assert passed[-1] <= now
        shipped = order["status"] in ("shipped", "out_for_delivery", "delivered", "returned")
        assert (order.get("shipped_at") is not None) is shipped
        assert (order.get("tracking_number") is not None) is shipped
        if order["status"] in ("processing", "packed", "shipped", "out_for_delivery"):
            assert order["expected_at"] > now


async def test_the_documented_customers(
    database: Database, world: World, clock: StoppedClock
) -> None:
    await load_demo(Importer(database), clock())
    shop, now = Commerce(database, clock), clock()
    shipped = await shop.order(customer_id="C-1001", number="10023")
    delivered = await shop.order(customer_id="C-1001", number="INV-2031")
    processing = await shop.order(customer_id="C-1002", number="10042")
    assert shipped is not None
    assert delivered is not None
    assert processing is not None
    assert (shipped.status, shipped.expected_at) == ("shipped", now + timedelta(days=2))
    assert shipped.tracking_number is not None
    assert (delivered.number, delivered.status) == ("10031", "delivered")
    assert [refund.status for refund in delivered.refunds] == ["paid"]
    assert processing.status == "processing"
    assert "上海" in processing.ship_address
    proofs = {
        "10023": ("ana@example.com", "+1 555 0123"),
        "10031": ("ana@example.com", "+1 555 0123"),
        "10042": ("li@example.com", "+86 138 0000 0042"),
    }
    for number, both in proofs.items():
        for proof in both:
            talk = await world.talk()
            match = await shop.match(
                conversation_id=talk.id, number=number, proof=proof, key=f"{number}{proof}"
            )
            assert match.status == "matched"


async def test_loading_again_adds_nothing_and_moves_the_dates(
    database: Database, world: World, clock: StoppedClock
) -> None:
    importer = Importer(database)
    first = await load_demo(importer, clock())
    before = [len(await world.rows(table)) for table in _TABLES]
    clock.advance(timedelta(days=30))
    second = await load_demo(importer, clock())
    assert all(report.rejected == () for report in (*first, *second))
    assert all(report.created == 0 for report in second)
    assert [len(await world.rows(table)) for table in _TABLES] == before
    order = await Commerce(database, clock).order(customer_id="C-1001", number="10023")
    assert order is not None
    assert order.expected_at == clock() + timedelta(days=2)
