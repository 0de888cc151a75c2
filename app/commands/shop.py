"""``frontdesk shop``: the shop's customers, products, orders, invoices and refunds."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands import file_import, segments_suggested
from app.commands.campaigns import opened_campaigns
from app.commands.file_import import DryRun, Encoding, File, Report
from app.commands.opened import Opened, run
from app.commands.output import AsJson, print_json, print_table, say
from app.commands.segments import opened_segments
from app.intake import SHOP_KINDS
from desk.commerce import repository
from desk.commerce.demo import load_demo
from desk.commerce.importing import Importer, Kind
from desk.commerce.model import Order
from desk.commerce.money import format_money
from desk.commerce.numbers import normalise_invoice_number, normalise_order_number
from desk.errors import ConflictError, InvalidError, NotFoundError
from desk.imports.report import ImportReport

if TYPE_CHECKING:
    from analytics.segments.suggestions import Suggestion

app = typer.Typer(help="The shop's customers, products and orders.", no_args_is_help=True)

_NICE = 10
_PATIENCE = 300
"""Seconds to wait for another process that refreshes analytics."""


@app.command("import", epilog="Example: frontdesk shop import orders orders.csv --dry-run")
def import_(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"One of: {', '.join(SHOP_KINDS)}.")],
    path: File,
    encoding: Encoding = "utf-8-sig",
    zone: Annotated[str, typer.Option(help="The zone of times without one.")] = "UTC",
    dry_run: DryRun = False,
    report: Report = None,
    new_customers: Annotated[
        bool,
        typer.Option(help="Make customers who are not known of what their orders say of them."),
    ] = False,
    segments: Annotated[
        bool, typer.Option(help="Then group the customers and suggest segments with their rules.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Import what the shop knows; a row whose id or number is known updates it.

    Customers come first, then products and orders, then invoices, refunds and behaviour (page views, opened e-mails).

    An orders file has a row for each order line. Files are CSV, Parquet or JSON lines, by their ending.

    An import that was cut goes on where it was when the same file is imported again.

    The exit code is 1 when rows were rejected; the others are imported.
    """

    async def work(opened: Opened) -> "tuple[ImportReport, Sequence[Suggestion]]":
        _check_options(kind, new_customers=new_customers, segments=segments, dry_run=dry_run)
        outcome = await file_import.read_in(
            opened,
            _kind(kind),
            path,
            encoding=encoding,
            zone=file_import.zone_named(zone),
            dry_run=dry_run,
            report=report,
            new_customers=new_customers,
        )
        return outcome, await segments_suggested.of_new_groups(opened) if segments else ()

    outcome, found = run(work)
    if not segments:
        file_import.show(outcome, path, as_json=as_json, dry_run=dry_run)
        return
    if as_json:
        told = {"dry_run": dry_run, "segments": segments_suggested.plain(found)}
        print_json(file_import.plain(outcome) | told)
    else:
        file_import.tell(outcome, path, dry_run=dry_run)
        segments_suggested.show(found)
    file_import.leave(outcome)


def _check_options(kind: str, *, new_customers: bool, segments: bool, dry_run: bool) -> None:
    for name, is_given in (("--new-customers", new_customers), ("--segments", segments)):
        if is_given and kind != Kind.ORDERS:
            raise InvalidError(f"{name} goes with orders")
    if segments and dry_run:
        raise InvalidError("a dry run keeps nothing that --segments could group; leave one out")


def _kind(name: str) -> str:
    if name in ("order-lines", "order_lines", "lines"):
        raise InvalidError(
            "order lines are imported with their orders: the orders file has a row for each line"
        )
    if name not in SHOP_KINDS:
        raise InvalidError(f"{name!r} is none of: {', '.join(SHOP_KINDS)}")
    return name


@app.command(epilog="Example: frontdesk shop demo")
def demo(as_json: AsJson = False) -> None:
    """Fill the shop with 2,000 made-up customers and their orders of two and a half years, and score everybody.

    With them come a segment and the draft of a campaign, unless there are any.

    Done again, it adds nothing and brings the dates up to today. ``frontdesk up --demo`` does it by itself.
    """
    # Neither what draws the years nor the engine should be waited for by other commands.
    from analytics.insight.scoring.everybody import is_scored, score_everybody  # noqa: PLC0415
    from analytics.warehouse.place import Warehouse  # noqa: PLC0415
    from analytics.warehouse.service import refresh_warehouse  # noqa: PLC0415
    from app import demo_marketing  # noqa: PLC0415
    from desk.commerce.demo_store import FIRST_ID, load_years  # noqa: PLC0415

    async def work(opened: Opened) -> bool:
        now = opened.clock()
        await load_demo(Importer(opened.database), now)
        where = Warehouse(opened.settings.data_dir, opened.settings.analytics_url)
        # A run that was cut may have loaded everybody and scored nobody.
        if not await load_years(opened.database, now) and is_scored(where, f"c:{FIRST_ID}"):
            return False
        # Not before: who is slow while others wait for the database keeps them all waiting.
        os.nice(_NICE)
        await _when_free(lambda: refresh_warehouse(opened.database, where))
        await _when_free(lambda: asyncio.to_thread(score_everybody, where, now))
        await demo_marketing.prepare(opened_segments(opened), opened_campaigns(opened), now)
        return True

    is_new = run(work)
    if as_json:
        print_json({"new": is_new})
    else:
        say("The demo shop is there." if is_new else "The demo shop was there already.")


async def _when_free(work: Callable[[], Awaitable[object]]) -> None:
    """Do it when no other process writes the engine's tables; the hourly round may be at it."""
    for _ in range(_PATIENCE):
        try:
            await work()
        except ConflictError:
            await asyncio.sleep(1)
        else:
            return
    await work()


@app.command(epilog="Example: frontdesk shop show 10023")
def show(
    number: Annotated[
        str, typer.Argument(metavar="ORDER", help="The order's number or its invoice's.")
    ],
    as_json: AsJson = False,
) -> None:
    """Show an order with its lines, invoices and refunds."""

    async def work(opened: Opened) -> list[Order]:
        async with opened.database.read() as session:
            found = await repository.orders_numbered(
                session,
                order_number=normalise_order_number(number),
                invoice_number=normalise_invoice_number(number),
            )
        if not found:
            raise NotFoundError(f"there is no order {number!r}, nor an invoice with that number")
        return found

    orders = run(work)
    if as_json:
        print_json(orders[0])
        return
    _show(orders[0])
    for other in orders[1:]:
        _show(other)


def _show(order: Order) -> None:
    parts = ("lines", "invoices", "refunds", "total_cents", "currency")
    facts = [(n, getattr(order, n)) for n in Order.__dataclass_fields__ if n not in parts]
    facts.append(("total", format_money(order.total_cents, order.currency, "en")))
    print_table(f"Order {order.number}", ("", ""), facts)
    lines = [
        (
            n.position,
            n.sku,
            n.name_en,
            n.quantity,
            format_money(n.price_cents, order.currency, "en"),
        )
        for n in order.lines
    ]
    print_table("Lines", ("", "sku", "name", "quantity", "price"), lines)
    if order.invoices:
        invoices = [
            (i.number, i.status, format_money(i.total_cents, i.currency, "en"), i.issued_at)
            for i in order.invoices
        ]
        print_table("Invoices", ("number", "status", "total", "issued"), invoices)
    if order.refunds:
        refunds = [
            (r.id, r.status, format_money(r.amount_cents, r.currency, "en"), r.reason)
            for r in order.refunds
        ]
        print_table("Refunds", ("id", "status", "amount", "reason"), refunds)
