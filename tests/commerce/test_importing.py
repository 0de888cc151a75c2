"""A shop's data, from files and from the API."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from desk.clock import StoppedClock
from desk.commerce.importing import Importer
from desk.commerce.service import Commerce
from desk.errors import InvalidError
from desk.imports.report import ImportReport
from desk.store.database import Database
from desk.tables.shop import CustomerRow, InvoiceRow, OrderLineRow, OrderRow, ProductRow, RefundRow
from tests.world import World

_CUSTOMERS = """id,name,email,phone,account_type,created_at
C1,A. Customer,a@example.com,+1 555 0101,Premium,2026-01-02
C2,小王,,+86 555 0102,,2026-01-02T10:00:00+08:00
"""
_ORDER_COLUMNS = "number,customer_id,status,placed_at,total,currency,ship_name,ship_address,email"
_ORDERS = f"""{_ORDER_COLUMNS},sku,name_en,name_zh,quantity,price
#1001,C1,Out for delivery,2026-02-01 09:30,12.50,usd,A. Customer,"1 Example Street
Springfield",a@example.com,TEA,Tea,茶,2,5.00
#1001,,,,,,,,,CUP,Cup,杯子,1,2.5
1002,C2,processing,2026-02-02,3,USD,小王,样板路 1 号,w@example.com,TEA,Tea,茶,1,3
"""


@pytest.fixture
def importer(database: Database) -> Importer:
    return Importer(database)


def _file(tmp_path: Path, content: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "rows.csv"
    path.write_bytes(content.encode(encoding))
    return path


def _reasons(report: ImportReport) -> list[tuple[int, str]]:
    return [(rejection.line, rejection.reason) for rejection in report.rejected]


def _order(**changes: Any) -> dict[str, Any]:
    line = {"sku": "TEA", "name_en": "Tea", "quantity": 1, "price_cents": 500}
    order = {
        "number": 1001, "customer_id": "C1", "status": "shipped", "placed_at": "2026-02-01T09:30:00Z",
        "total_cents": 500, "currency": "USD", "ship_name": "A.", "ship_address": "1 Example Street",
        "email": "a@example.com", "lines": [line],
    }  # fmt: skip
    return order | changes


async def test_files_become_rows(
    importer: Importer, world: World, tmp_path: Path, database: Database, clock: StoppedClock
) -> None:
    customers = await importer.file("customers", _file(tmp_path, _CUSTOMERS))
    assert (customers.read, customers.created, customers.updated) == (2, 2, 0)
    orders = await importer.file(
        "orders", _file(tmp_path, _ORDERS), zone=ZoneInfo("Asia/Shanghai")
    )
    assert (orders.read, orders.created, orders.rejected) == (2, 2, ())
    [order] = await Commerce(database, clock).orders_of(customer_id="C1")
    assert (order.number, order.status, order.total_cents) == ("1001", "out_for_delivery", 1250)
    assert order.placed_at == datetime(2026, 2, 1, 1, 30, tzinfo=UTC)
    assert order.ship_address == "1 Example Street\nSpringfield"
    assert [(line.name_zh, line.quantity, line.price_cents) for line in order.lines] == [
        ("茶", 2, 500),
        ("杯子", 1, 250),
    ]
    first, second = sorted(await world.rows(CustomerRow), key=lambda row: row.id)
    assert (first.account_type, second.account_type, second.email) == ("premium", "standard", None)
    assert second.created_at == datetime(2026, 1, 2, 2, tzinfo=UTC)


async def test_the_same_file_again_changes_nothing(
    importer: Importer, world: World, tmp_path: Path
) -> None:
    await importer.file("customers", _file(tmp_path, _CUSTOMERS))
    for expected in ((2, 0), (0, 2)):
        report = await importer.file("orders", _file(tmp_path, _ORDERS))
        assert (report.created, report.updated) == expected
    assert len(await world.rows(OrderRow)) == 2
    assert len(await world.rows(OrderLineRow)) == 3


async def test_an_order_that_changed_is_updated_with_its_lines(
    importer: Importer, world: World, tmp_path: Path
) -> None:
    await importer.file("customers", _file(tmp_path, _CUSTOMERS))
    two = [{"sku": sku, "name_en": sku, "quantity": 1, "price": "1.00"} for sku in ("A", "B")]
    await importer.rows("orders", [_order(lines=two)])
    await importer.rows("orders", [_order(status="delivered")])
    [order] = await world.rows(OrderRow)
    [line] = await world.rows(OrderLineRow)
    assert (order.status, line.sku, line.name_zh) == ("delivered", "TEA", "Tea")


async def test_everything_else_comes_in_too(importer: Importer, world: World) -> None:
    await importer.rows("customers", [{"id": 7, "name": "A.", "created_at": "2026-01-01"}])
    await importer.rows("orders", [_order(customer_id=7)])
    invoice = {
        "number": "inv 77", "order_number": "#1001", "issued_at": "2026-02-01", "total": 5, "currency": "USD",
        "status": "PAID", "url": "https://shop.example.com/77.pdf",
    }  # fmt: skip
    refund = {
        "id": "R1", "order_number": "1001", "amount": "5.00", "currency": "USD", "status": "requested",
        "requested_at": "2026-02-03",
    }  # fmt: skip
    sold = {"sku": "TEA", "name_zh": "茶", "price": "500", "currency": "JPY"}
    for kind, row in (("invoices", invoice), ("refunds", refund), ("products", sold)):
        report = await importer.rows(kind, [row])
        assert (report.created, report.rejected) == (1, ()), kind
    [kept] = await world.rows(InvoiceRow)
    assert (kept.number, kept.order_number, kept.total_cents) == ("INV-77", "1001", 500)
    [back] = await world.rows(RefundRow)
    assert (back.amount_cents, back.paid_at) == (500, None)
    [item] = await world.rows(ProductRow)
    assert (item.name_en, item.price_cents) == ("茶", 500)


async def test_every_rejected_row_has_its_line_and_a_reason(
    importer: Importer, tmp_path: Path
) -> None:
    content = (
        "id,name,email,phone,created_at\n"
        "C1,A. Customer,not-an-address,,2026-01-02\n"
        '"C2","Two\nlines",,,2026-01-02\n'
        "C3,B. Customer,,12,yesterday\n"
        "\n"
        "C2,Again,,,2026-01-02\n"
        "C4,,,,2026-01-02\n"
        "C5,E. Customer,,,2026-01-02,more,cells\n"
        "C6,F. Customer,,,2026-01-02\n"
    )
    report = await importer.file("customers", _file(tmp_path, content))
    assert (report.read, report.created) == (7, 2)
    assert _reasons(report) == [
        (2, "email: not an e-mail address"),
        (
            5,
            "phone: not a phone number of 7 to 15 digits; "
            "created_at: not a time such as 2026-03-01T09:30:00+08:00 or 2026-03-01",
        ),
        (7, "id: C2 stands on line 3 already"),
        (8, "name: Field required"),
        (9, "7 cells in 5 columns"),
    ]


async def test_a_bad_order_line_rejects_the_whole_order_and_is_named(
    importer: Importer, world: World, tmp_path: Path
) -> None:
    await importer.file("customers", _file(tmp_path, _CUSTOMERS))
    broken = _ORDERS.replace("CUP,Cup,杯子,1,2.5", "CUP,Cup,杯子,1,2.555").replace(
        ",TEA,Tea,茶,1,3", ",TEA,Tea,茶,none,3"
    )
    report = await importer.file("orders", _file(tmp_path, broken))
    assert _reasons(report) == [
        (2, "line 4: price: '2.555' is not an amount with up to 2 decimals, such as 12.50"),
        (
            5,
            "line 5: quantity: Input should be a valid integer, unable to parse string as an integer",
        ),
    ]
    assert await world.rows(OrderRow) == []


async def test_a_line_that_does_not_fit_its_header_rejects_its_order(
    importer: Importer, world: World, tmp_path: Path
) -> None:
    await importer.file("customers", _file(tmp_path, _CUSTOMERS))
    report = await importer.file(
        "orders", _file(tmp_path, _ORDERS.replace("杯子,1,2.5", "杯子,1,2,5"))
    )
    assert _reasons(report) == [(2, "line 4: 15 cells in 14 columns")]
    assert [row.number for row in await world.rows(OrderRow)] == ["1002"]


async def test_what_belongs_to_nobody_is_rejected(importer: Importer, world: World) -> None:
    report = await importer.rows("orders", [_order()])
    assert _reasons(report) == [(1, "customer_id: there is no 'C1'")]
    refund = {
        "id": "R", "order_number": 9, "amount_cents": 1, "currency": "USD", "status": "paid",
        "requested_at": "2026-01-01",
    }  # fmt: skip
    assert _reasons(await importer.rows("refunds", [refund])) == [
        (1, "order_number: there is no '9'")
    ]
    assert await world.rows(RefundRow) == []


_WRONG: list[tuple[dict[str, Any], str]] = [
    ({"email": None}, "needs an e-mail or a phone number"),
    ({"lines": []}, "lines: an order has 1 to 1000 lines, not 0"),
    ({"number": "INV-1"}, "number: an order number is up to 20 digits"),
    ({"currency": "dollars"}, "currency: String should match"),
    ({"total_cents": None, "total": "1e999999999"}, "total: '1e999999999' is not an amount"),
    ({"total_cents": None, "total": "NaN"}, "total: 'NaN' is not an amount"),
    ({"total_cents": None, "total": "1,299.00"}, "total: '1,299.00' is not an amount"),
    ({"total_cents": -1}, "total_cents: Input should be greater than"),
    ({"total_cents": 2**31}, "total_cents: Input should be less than"),
    ({"placed_at": "0001-01-01T00:00:00+14:00"}, "placed_at: a time in the years"),
    ({"placed_at": 5}, "placed_at: not a time"),
    ({"ship_name": "A\x00"}, "ship_name contains a NUL"),
    ({"status": "lost"}, "status: Input should be 'processing'"),
    ({"lines": ["tea"]}, "lines: 0: Input should be"),
]


async def test_a_wrong_record_is_refused(importer: Importer) -> None:
    for changes, said in _WRONG:
        [rejection] = (await importer.rows("orders", [_order(**changes)])).rejected
        assert said in rejection.reason, changes


async def test_what_is_no_record_is_refused(importer: Importer) -> None:
    rows: list[Any] = ["text", None, 5, {}]
    report = await importer.rows("customers", rows)
    assert (report.read, len(report.rejected)) == (4, 4)


async def test_a_link_that_is_not_of_the_web_is_refused(importer: Importer) -> None:
    invoice = {
        "number": 1, "order_number": 1, "issued_at": "2026-01-01", "total": 1, "currency": "USD", "status": "open",
        "url": "javascript:alert(1)",
    }  # fmt: skip
    assert _reasons(await importer.rows("invoices", [invoice])) == [
        (1, "url: a link starts with https://")
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_files_of_any_spreadsheet(
    tmp_path: Path, encoding: str, delimiter: str, importer: Importer, world: World
) -> None:
    content = delimiter.join(("ID", " Name ", "created_at")) + "\r\n"
    content += delimiter.join(("C1", "小王", "2026-01-01")) + "\r\n"
    named = "utf-8-sig" if encoding.startswith("utf") else encoding
    report = await importer.file("customers", _file(tmp_path, content, encoding), encoding=named)
    assert report.rejected == ()
    [row] = await world.rows(CustomerRow)
    assert row.name == "小王"


async def test_a_file_that_cannot_be_read_says_why(importer: Importer, tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="gb18030"):
        await importer.file("customers", _file(tmp_path, "id,name\n1,小王\n", "gb18030"))
    with pytest.raises(InvalidError, match="no header"):
        await importer.file("customers", _file(tmp_path, ""))
    with pytest.raises(InvalidError, match="No such file"):
        await importer.file("customers", tmp_path / "none.csv")
    with pytest.raises(InvalidError, match="'people' is none of: customers"):
        await importer.file("people", _file(tmp_path, _CUSTOMERS))
    with pytest.raises(InvalidError, match="not klingon"):
        await importer.file("customers", _file(tmp_path, _CUSTOMERS), encoding="klingon")


async def test_long_files_are_read_in_batches(
    importer: Importer, world: World, tmp_path: Path
) -> None:
    rows = "".join(f"C{n},Customer,,,,2026-01-01\n" for n in range(450))
    header = "id,name,email,phone,account_type,created_at\n"
    seen: list[int] = []
    report = await importer.file("customers", _file(tmp_path, header + rows), progress=seen.append)
    assert (report.created, seen) == (450, [200, 400, 450])
    assert len(await world.rows(CustomerRow)) == 450


async def test_an_order_may_have_many_lines(
    importer: Importer, world: World, tmp_path: Path
) -> None:
    await importer.file("customers", _file(tmp_path, _CUSTOMERS))
    line = {"sku": "TEA", "name_en": "Tea", "quantity": 1, "price_cents": 500}
    orders = [_order(number=number, lines=[line] * 1000) for number in range(1, 7)]
    assert (await importer.rows("orders", orders)).created == 6
    assert len(await world.rows(OrderLineRow)) == 6000
