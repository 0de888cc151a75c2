"""Invoices: shown from the shop's data; one without a link is asked for by a ticket."""

from rasa_sdk.events import EventType

from actions.heard import Heard
from actions.services import Services
from actions.speaker import Speaker
from actions.titles import ticket_title
from actions.wording import day
from desk.commerce.model import Invoice, Order
from desk.commerce.money import format_money


class InvoiceAnswers:
    """What to say about an order's invoices."""

    def __init__(self, services: Services, action: str) -> None:
        self._services = services
        self._action = action

    async def show(self, speaker: Speaker, heard: Heard, order: Order) -> list[EventType]:
        """Say number, amount and state of each invoice."""
        for invoice in order.invoices:
            self._say(speaker, heard, f"utter_invoice_{invoice.status}", invoice)
        if not order.invoices:
            speaker.say("utter_no_invoice", order=order.number)
        return []

    async def send(self, speaker: Speaker, heard: Heard, order: Order) -> list[EventType]:
        """Give the link to each invoice; what has none is sent by a colleague."""
        for invoice in order.invoices:
            if invoice.url:
                self._say(speaker, heard, "utter_invoice_link", invoice)
        if not order.invoices or any(not invoice.url for invoice in order.invoices):
            await self._ask_for_it(speaker, heard, order)
        return []

    async def _ask_for_it(self, speaker: Speaker, heard: Heard, order: Order) -> None:
        ticket = await self._services.tickets.open(
            key=heard.key(self._action),
            conversation_id=heard.conversation_id,
            topic="question",
            title=ticket_title("get_invoice", heard.language, order.number),
            description=heard.text,
            contact_detail=order.email,
            order_number=order.number,
        )
        speaker.say("utter_invoice_by_ticket", order=order.number, ticket=ticket.number)

    def _say(self, speaker: Speaker, heard: Heard, response: str, invoice: Invoice) -> None:
        zone = self._services.policies.zone
        speaker.say(
            response,
            invoice=invoice.number,
            order=invoice.order_number,
            total=format_money(invoice.total_cents, invoice.currency, heard.language),
            issued=day(invoice.issued_at, heard.language, zone),
            due=day(invoice.due_at, heard.language, zone) or "—",
            url=invoice.url or "",
        )
