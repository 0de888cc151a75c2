"""Whose order is it, where is it, and what is there to buy."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.clock import Clock
from desk.commerce import repository
from desk.commerce.model import Customer, Match, MatchStatus, Order
from desk.commerce.numbers import normalise_invoice_number, normalise_order_number
from desk.commerce.products import Found, best, terms
from desk.commerce.proof import proves
from desk.errors import NotFoundError
from desk.events import Event
from desk.store.database import Database
from desk.tables.contact import ContactRow
from desk.tables.shop import MatchAttemptRow

__all__ = ["Commerce", "Customer", "Match", "MatchLimits", "MatchStatus", "Order"]


@dataclass(frozen=True, kw_only=True)
class MatchLimits:
    """How many wrong attempts are borne within ``window``, and how long a proof holds.

    ``wrong_per_number`` stops someone who starts a new conversation for every guess.
    """

    wrong_per_contact: int = 3
    wrong_per_number: int = 30
    window: timedelta = timedelta(hours=24)
    verified_for: timedelta = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class _Claim:
    """What somebody says: this number is mine, and this proves it."""

    order_number: str | None
    invoice_number: str | None
    proof: str

    @property
    def number(self) -> str:
        return self.order_number or self.invoice_number or "unreadable"


class Commerce:
    """Answers about orders, to the person they belong to."""

    def __init__(
        self, database: Database, clock: Clock, limits: MatchLimits | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits or MatchLimits()

    async def match(self, *, conversation_id: str, number: str, proof: str, key: str) -> Match:
        """Compare an order or invoice number with the e-mail or phone on the order.

        The answer does not tell a wrong number from a wrong proof. From the third wrong attempt in 24 hours on it is
        LOCKED, even for what would be right. The same ``key`` gives the same answer and counts once.

        Raises:
            NotFoundError: there is no such conversation.
        """
        claim = _Claim(
            order_number=normalise_order_number(number),
            invoice_number=normalise_invoice_number(number),
            proof=proof,
        )
        async with self._database.write() as session:
            # The lock lines up attempts of one contact, so that racing guesses are all counted.
            contact = await repository.contact_of(session, conversation_id, lock=True)
            if contact is None:
                raise NotFoundError(f"There is no conversation {conversation_id}.")
            earlier = await repository.attempt(session, key)
            if earlier is not None:
                return await self._repeat(session, earlier)
            return await self._attempt(session, contact, conversation_id, claim, key)

    async def verified(self, *, conversation_id: str) -> Customer | None:
        """Return the customer whom this conversation's contact proved to be in the last 24 hours."""
        async with self._database.read() as session:
            contact = await repository.contact_of(session, conversation_id)
            if contact is None or not self._is_fresh(contact):
                return None
            return await repository.customer(session, contact.customer_id or "")

    async def orders_of(self, *, customer_id: str, limit: int = 5) -> list[Order]:
        """Return a customer's orders, newest first, each with lines, invoices and refunds."""
        async with self._database.read() as session:
            return await repository.orders_of(session, customer_id, limit)

    async def order(self, *, customer_id: str, number: str) -> Order | None:
        """Return an order by its own or its invoice's number in any spelling, only if it is theirs."""
        async with self._database.read() as session:
            found = await repository.orders_numbered(
                session,
                order_number=normalise_order_number(number),
                invoice_number=normalise_invoice_number(number),
            )
        return next((order for order in found if order.customer_id == customer_id), None)

    async def locked(self, *, conversation_id: str) -> bool:
        """Say whether this conversation's contact has used up its attempts to match an order."""
        async with self._database.read() as session:
            contact = await repository.contact_of(session, conversation_id)
            if contact is None:
                return False
            since = self._clock() - self._limits.window
            wrong = await repository.wrong_by_contact(session, contact.id, since)
        return wrong >= self._limits.wrong_per_contact

    async def products(self, *, words: str) -> Found:
        """Return the products that a customer's words may mean; anybody may ask."""
        wanted = terms(words)
        if not wanted:
            return Found()
        async with self._database.read() as session:
            return best(await repository.products_named(session, wanted), wanted)

    def _is_fresh(self, contact: ContactRow) -> bool:
        if contact.customer_id is None or contact.verified_at is None:
            return False
        return self._clock() - contact.verified_at < self._limits.verified_for

    async def _attempt(
        self,
        session: AsyncSession,
        contact: ContactRow,
        conversation_id: str,
        claim: _Claim,
        key: str,
    ) -> Match:
        now = self._clock()
        since = now - self._limits.window
        wrong = await repository.wrong_by_contact(session, contact.id, since)
        on_number = await repository.wrong_on_number(session, claim.number, since)
        order: Order | None = None
        matched: bool | None = None
        if wrong < self._limits.wrong_per_contact and on_number < self._limits.wrong_per_number:
            order = await _proven(session, claim)
            matched = order is not None
            wrong += not matched
        status = decide(matched, wrong, self._limits)
        repository.add_attempt(
            session,
            key=key,
            conversation_id=conversation_id,
            number=claim.number,
            order_number=order.number if order else None,
            matched=matched,
            status=status,
            wrong_attempts=wrong,
            attempted_at=now,
        )
        if order is None:
            _note_failure(session, contact, conversation_id, status, wrong, now)
            return Match(status=status, wrong_attempts=wrong)
        contact.customer_id, contact.verified_at = order.customer_id, now
        customer = await repository.customer(session, order.customer_id)
        segment = customer.account_type if customer else None
        _note_verified(session, contact, conversation_id, order, segment, now)
        return Match(status=status, customer=customer, order=order, wrong_attempts=wrong)

    async def _repeat(self, session: AsyncSession, earlier: MatchAttemptRow) -> Match:
        if earlier.order_number is None:
            return Match(status=earlier.status, wrong_attempts=earlier.wrong_attempts)
        found = await repository.orders_numbered(
            session, order_number=earlier.order_number, invoice_number=None
        )
        order = found[0] if found else None
        customer = await repository.customer(session, order.customer_id) if order else None
        return Match(
            status=earlier.status,
            customer=customer,
            order=order,
            wrong_attempts=earlier.wrong_attempts,
        )


def decide(matched: bool | None, wrong: int, limits: MatchLimits) -> MatchStatus:
    """Return the answer to an attempt; ``matched`` is None when nothing was compared.

    A match does not forgive wrong attempts: who owns one order could else guess at others for ever.
    """
    if matched:
        return MatchStatus.MATCHED
    if matched is None or wrong >= limits.wrong_per_contact:
        return MatchStatus.LOCKED
    return MatchStatus.WRONG


async def _proven(session: AsyncSession, claim: _Claim) -> Order | None:
    found = await repository.orders_numbered(
        session, order_number=claim.order_number, invoice_number=claim.invoice_number
    )
    for order in found:
        owner = await repository.customer(session, order.customer_id)
        emails = (order.email, owner.email if owner else None)
        phones = (order.phone, owner.phone if owner else None)
        if proves(claim.proof, emails=emails, phones=phones):
            return order
    return None


def _note_failure(
    session: AsyncSession,
    contact: ContactRow,
    conversation_id: str,
    status: MatchStatus,
    wrong: int,
    now: datetime,
) -> None:
    data = {"status": status.value, "wrong_attempts": wrong}
    events.append(
        session,
        Event(
            name="contact.match_failed",
            occurred_at=now,
            contact_id=contact.id,
            conversation_id=conversation_id,
            data=data,
        ),
    )


def _note_verified(
    session: AsyncSession,
    contact: ContactRow,
    conversation_id: str,
    order: Order,
    segment: str | None,
    now: datetime,
) -> None:
    data = {
        "customer_id": order.customer_id,
        "order_number": order.number,
        "segment": segment,
    }
    events.append(
        session,
        Event(
            name="contact.verified",
            occurred_at=now,
            contact_id=contact.id,
            conversation_id=conversation_id,
            data=data,
        ),
    )
