"""Webhooks: who is told what, what was delivered, and once more."""

from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.errors import ConflictError, InvalidError, NotFoundError, SettingsError
from desk.ids import new_id
from desk.store import json
from desk.store.database import Database
from desk.tables.webhook import WebhookDeliveryRow, WebhookRow, WebhookState
from desk.tickets.words import one_line, one_of
from desk.webhooks import repository
from desk.webhooks.kinds import KINDS, TESTED, Wish, wish
from desk.webhooks.model import Delivery, Webhook, delivery_of, webhook_of
from desk.webhooks.post import Post
from desk.webhooks.signing import secret_of
from desk.webhooks.telling import new_delivery, of_event

_BOTH_SECRETS = timedelta(hours=24)
_LARGEST_PAGE = 200
_LARGEST_PAYLOAD = 64 * 1024
_FARTHEST_BACK = timedelta(days=30)
_BATCH = 500


class OutgoingWebhooks:
    """Adds, changes and removes webhooks, and sends again what did not arrive.

    ``secret`` is our own key, of which the webhooks' secrets are made.
    """

    def __init__(self, *, database: Database, post: Post, secret: str, clock: Clock) -> None:
        self._database = database
        self._post = post
        self._secret = secret
        self._clock = clock

    async def list(self) -> tuple[Webhook, ...]:
        """Return all webhooks, oldest first."""
        async with self._database.read() as session:
            return tuple(map(webhook_of, await repository.every(session)))

    async def get(self, webhook_id: str) -> Webhook:
        """Return a webhook, or raise NotFoundError."""
        async with self._database.read() as session:
            return webhook_of(await _row(session, webhook_id))

    async def add(
        self, *, url: str, kinds: tuple[str, ...], name: str = "", with_text: bool = False, by: str
    ) -> tuple[Webhook, str]:
        """Add a webhook; return it with its secret, which is not shown again.

        Raises:
            InvalidError: nothing can be sent there, or there is no such kind of event.
        """
        wanted, address = wish(kinds), await self._post.allow(url)
        row = WebhookRow(
            id=new_id(),
            url=address,
            name=one_line(name, longest=100) or (urlsplit(address).hostname or "")[:100],
            wanted={"kinds": list(wanted.kinds)},
            with_text=with_text,
            salt=token_hex(32),
            enabled=True,
            created_at=self._clock(),
            created_by=one_line(by, longest=128),
        )
        secret = self._secret_of(row.salt)
        async with self._database.write() as session:
            session.add(row)
        return webhook_of(row), secret

    async def change(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        kinds: tuple[str, ...] | None = None,
        name: str | None = None,
        with_text: bool | None = None,
        enabled: bool | None = None,
    ) -> Webhook:
        """Change what is given; one that is switched on again begins without a past.

        Raises:
            NotFoundError: there is none.
            InvalidError: as for :meth:`add`.
        """
        address = await self._post.allow(url) if url is not None else None
        wanted = wish(kinds) if kinds is not None else None
        async with self._database.write() as session:
            row = await _row(session, webhook_id, lock=True)
            row.url = address or row.url
            row.wanted = {"kinds": list(wanted.kinds)} if wanted else row.wanted
            row.name = one_line(name or "", longest=100) or row.name
            row.with_text = row.with_text if with_text is None else with_text
            if enabled is not None:
                row.enabled, row.off_reason, row.failing_since = enabled, None, None
        return webhook_of(row)

    async def rotate(self, webhook_id: str) -> str:
        """Return a new secret; for a day messages are signed with the one before, too."""
        async with self._database.write() as session:
            row = await _row(session, webhook_id, lock=True)
            row.old_salt, row.old_until = row.salt, self._clock() + _BOTH_SECRETS
            row.salt = token_hex(32)
            return self._secret_of(row.salt)

    async def remove(self, webhook_id: str) -> None:
        """Remove a webhook and the record of its deliveries."""
        async with self._database.write() as session:
            if not await repository.remove(session, webhook_id):
                raise _no_webhook(webhook_id)

    async def test(self, webhook_id: str) -> int:
        """Queue a message that says nothing; return the delivery's id."""
        async with self._database.write() as session:
            return await self.queue(
                session, webhook_id, TESTED, {"webhook_id": webhook_id, "test": True}
            )

    async def queue(
        self, session: AsyncSession, webhook_id: str, kind: str, payload: dict[str, Any]
    ) -> int:
        """Queue a message in the caller's transaction; return the delivery's id.

        Raises:
            NotFoundError: there is no such webhook.
            InvalidError: the payload is larger than 64 kB.
        """
        row = await _row(session, webhook_id)
        if len(json.dumps(payload)) > _LARGEST_PAYLOAD:
            raise InvalidError("a message has at most 64 kB")
        now = self._clock()
        values = new_delivery(row.id, kind[:64], payload, occurred_at=now, now=now)
        delivery = WebhookDeliveryRow(**values)
        session.add(delivery)
        await session.flush()
        return delivery.id

    async def deliveries(
        self,
        webhook_id: str,
        *,
        state: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> tuple[Delivery, ...]:
        """Return 1 to 200 deliveries, newest first; ``before`` is the id of the last one of the page before."""
        chosen = one_of(WebhookState, state) if state else None
        async with self._database.read() as session:
            await _row(session, webhook_id)
            rows = await repository.listing(
                session,
                webhook_id,
                state=chosen,
                before=before,
                limit=max(1, min(limit, _LARGEST_PAGE)),
            )
        return tuple(map(delivery_of, rows))

    async def delivery(self, delivery_id: int) -> Delivery:
        """Return one delivery, or raise NotFoundError."""
        async with self._database.read() as session:
            row = await repository.delivery(session, delivery_id)
        if row is None:
            raise NotFoundError(f"there is no delivery {delivery_id}")
        return delivery_of(row)

    async def replay(self, delivery_id: int) -> Delivery:
        """Send one again, under the same id.

        Raises:
            ConflictError: it has not come to its end yet.
        """
        found = await self.delivery(delivery_id)
        async with self._database.write() as session:
            if not await repository.replay(session, delivery_id, self._clock()):
                raise ConflictError(f"delivery {delivery_id} is under way already")
        return found

    async def replay_since(self, webhook_id: str, since: datetime) -> int:
        """Send what did not arrive since a time: what was given up, and what happened while it was switched off.

        Return how many messages. Nothing that arrived is sent again.

        Raises:
            InvalidError: the time lies more than 30 days back.
        """
        now = self._clock()
        if not now - _FARTHEST_BACK <= since <= now:
            raise InvalidError("choose a time within the last 30 days")
        async with self._database.write() as session:
            row = await _row(session, webhook_id, lock=True)
            found = await repository.replay_dead(session, webhook_id, since, now)
        wanted = Wish(tuple(row.wanted["kinds"]))
        kinds = [kind for kind in KINDS if wanted.fits(kind)]
        last = 0
        while True:
            async with self._database.write() as session:
                rows = await repository.untold(
                    session, webhook_id, kinds, since=since, after=last, limit=_BATCH
                )
                told = [of_event(row, event, now) for event in rows]
                await repository.add_deliveries(session, told)
            if not rows:
                return found
            found, last = found + len(rows), rows[-1].id

    def _secret_of(self, salt: str) -> str:
        if not self._secret:
            raise SettingsError(
                "FRONTDESK_SECRET_KEY: missing; secrets of webhooks are made of it"
            )
        return secret_of(self._secret, salt)


async def _row(session: AsyncSession, webhook_id: str, *, lock: bool = False) -> WebhookRow:
    row = await repository.get(session, webhook_id, lock=lock)
    if row is None:
        raise _no_webhook(webhook_id)
    return row


def _no_webhook(webhook_id: str) -> NotFoundError:
    return NotFoundError(f"there is no webhook {one_line(webhook_id, longest=40)!r}")
