"""``frontdesk shop``: the shop's customers, products, orders, invoices and refunds."""

from typing import Annotated

import typer

from app.commands import file_import
from app.commands.file_import import DryRun, Encoding, File
from app.commands.opened import Opened, run
from app.commands.output import AsJson, print_json, print_table
from app.intake import Outcome
from desk.commerce import repository
from desk.commerce.importing import Kind
from desk.commerce.model import Order
from desk.commerce.money import format_money
from desk.commerce.numbers import normalise_invoice_number, normalise_order_number
from desk.errors import InvalidError, NotFoundError

app = typer.Typer(help="The shop's customers, products and orders.", no_args_is_help=True)


@app.command("import", epilog="Example: frontdesk shop import orders orders.csv --dry-run")
def import_(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"One of: {', '.join(Kind)}.")],
    path: File,
    encoding: Encoding = "utf-8-sig",
    zone: Annotated[str, typer.Option(help="The zone of times without one.")] = "UTC",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Import what the shop knows; a row whose id or number is known updates it.

    Customers come first, then products and orders, then invoices and refunds.

    An orders file has a row for each order line.

    The exit code is 1 when rows were rejected; the others are imported.
    """

    async def work(opened: Opened) -> Outcome:
        return await file_import.read_in(
            opened,
            _kind(kind),
            path,
            encoding=encoding,
            zone=file_import.zone_named(zone),
            dry_run=dry_run,
        )

    file_import.show(run(work), path, as_json=as_json, dry_run=dry_run)


def _kind(name: str) -> Kind:
    if name in ("order-lines", "order_lines", "lines"):
        raise InvalidError(
            "order lines are imported with their orders: the orders file has a row for each line"
        )
    try:
        return Kind(name)
    except ValueError as error:
        raise InvalidError(f"{name!r} is none of: {', '.join(Kind)}") from error


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
