"""Ratings: list."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from fastapi import Query

from console.api.door import Operation
from console.api.fields import Id, PageQuery, Shown, ShownPage, Time, Word
from console.api.services import ApiServices
from desk.access.policy import Deed
from desk.tables.conversation import Owner
from desk.tables.feedback import FeedbackKind


class FeedbackShown(Shown):
    """A rating, or a question for one that was not answered."""

    id: int
    kind: FeedbackKind
    conversation_id: str
    contact_id: str
    owner: Owner | None
    agent: str | None
    team: str | None
    channel: str | None
    topic: str | None
    segment: str | None
    language: str | None
    score: int | None
    comment: str | None
    surveyed_at: datetime | None
    answered_at: datetime | None


class FeedbackQuery(PageQuery):
    """Which ratings; ``since`` and ``until`` say when they were given."""

    kind: FeedbackKind | None = None
    agent: Word | None = None
    team: Word | None = None
    contact_id: Id | None = None
    conversation_id: Id | None = None
    since: Time | None = None
    until: Time | None = None


class FeedbackApi:
    """What programs read of ratings."""

    def __init__(self, services: ApiServices) -> None:
        self._services = services

    def operations(self) -> Iterator[Operation]:
        """Return what there is."""
        yield Operation(
            method="GET",
            path="/feedback",
            endpoint=self.list_feedback,
            deed=Deed.FEEDBACK_SEE,
            answer=ShownPage[FeedbackShown],
        )

    async def list_feedback(
        self, asked: Annotated[FeedbackQuery, Query()]
    ) -> ShownPage[FeedbackShown]:
        """List ratings, the newest first."""
        page = await self._services.listing.feedback(
            asked.wanted("kind", "agent", "team", "contact_id", "conversation_id"),
            since=asked.since,
            until=asked.until,
            after=asked.after,
            limit=asked.limit,
        )
        items = [FeedbackShown.model_validate(row) for row in page.rows]
        return ShownPage(items=items, next=page.next)
