"""Offers: list, one, make, change, and which are for whom."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import Field, StrictBool, StrictInt
from starlette.responses import Response

from analytics.offers.model import Draft, Offer, Reason, Recommended, State
from analytics.offers.service import OfferChangedError
from console.api.campaign_shapes import LARGEST_ID, Edition, Number
from console.api.door import Caller, Operation
from console.api.fields import (
    Given,
    IdempotencyKey,
    Line,
    PageQuery,
    PathId,
    Shown,
    ShownPage,
    Text,
    Time,
    Word,
)
from console.api.once import Once
from console.api.problems import problem
from console.api.services import ApiServices
from desk.access.policy import Deed
from desk.errors import InvalidError

_OFFER = "/offers/{id}"
_CODE = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
_MOST = 20
OfferId = Annotated[
    int, Path(alias="id", ge=1, le=LARGEST_ID, description="the offer's number", examples=[7])
]
Code = Annotated[str, Field(pattern=_CODE, examples=["SPRING-10"])]
Words = Annotated[Text, Field(max_length=1_000)]
Link = Annotated[Word, Field(max_length=2_000, examples=["https://shop.example.com/tea"])]
Limit = Annotated[StrictInt, Field(ge=1, le=2_000_000_000)]


class OfferGiven(Given):
    """What an offer says in both languages, what it is about, and when and to how many it is shown."""

    sku: Annotated[Word, Field(max_length=64)] | None = None
    url: Link | None = None
    starts_at: Time | None = None
    ends_at: Time | None = None
    segment_id: Number | None = None
    most_shown: Limit | None = None
    most_taken: Limit | None = None


class NewOffer(OfferGiven):
    """Something that is offered; without a segment it is for everybody, without a limit there is none."""

    code: Code
    title_en: Line
    title_zh: Line
    text_en: Words
    text_zh: Words


class OfferChange(OfferGiven):
    """What becomes another; what is left out stays, null takes a limit away. Nobody sees one that is ``stopped``."""

    edition: Edition
    code: Code | None = None
    title_en: Line | None = None
    title_zh: Line | None = None
    text_en: Words | None = None
    text_zh: Words | None = None
    stopped: StrictBool | None = None

    def values(self) -> Mapping[str, Any]:
        """Return what was given of the offer itself."""
        return self.model_dump(include=self.model_fields_set - {"edition", "stopped"})


class OfferShown(Shown):
    """An offer with how often it was shown, clicked and led to a purchase; ``edition`` grows at every change."""

    id: int
    code: str
    title_en: str
    title_zh: str
    text_en: str
    text_zh: str
    sku: str | None
    url: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    segment_id: int | None
    most_shown: int | None
    most_taken: int | None
    shown: int
    clicked: int
    converted: int
    edition: int
    state: State
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


class RecommendQuery(Given):
    """How many offers."""

    limit: Annotated[int, Field(ge=1, le=_MOST)] = 3


class RecommendedShown(Shown):
    """An offer for somebody, with the chance of a click that is expected and why: for what they ``bought`` or saw."""

    offer: OfferShown
    score: float
    reason: Reason
    item: str | None


class RecommendedPage(Shown):
    """Offers for somebody, the best first."""

    items: list[RecommendedShown]


class OfferApi:
    """What programs do with offers."""

    def __init__(self, services: ApiServices, once: Once) -> None:
        self._services = services
        self._offers = services.offers
        self._once = once

    def operations(self) -> Iterator[Operation]:
        """Return what there is."""
        yield Operation(
            method="GET",
            path="/offers",
            endpoint=self.list_offers,
            deed=Deed.OFFER_SEE,
            answer=ShownPage[OfferShown],
        )
        yield Operation(
            method="POST",
            path="/offers",
            endpoint=self.add_offer,
            deed=Deed.OFFER_CHANGE,
            answer=OfferShown,
            creates=True,
            problems=("key_used",),
        )
        yield Operation(
            method="GET",
            path=_OFFER,
            endpoint=self.get_offer,
            deed=Deed.OFFER_SEE,
            answer=OfferShown,
        )
        yield Operation(
            method="PATCH",
            path=_OFFER,
            endpoint=self.change_offer,
            deed=Deed.OFFER_CHANGE,
            answer=OfferShown,
            problems=("stale",),
        )
        yield Operation(
            method="GET",
            path="/contacts/{id}/offers",
            endpoint=self.recommend_offers,
            deed=Deed.OFFER_SEE,
            answer=RecommendedPage,
        )

    async def list_offers(self, asked: Annotated[PageQuery, Query()]) -> ShownPage[OfferShown]:
        """List offers, the newest first."""
        page = await self._offers.page(after=asked.after, limit=asked.limit)
        return ShownPage(items=[self._shown(one) for one in page.rows], next=page.next)

    async def get_offer(self, id_: OfferId) -> OfferShown:
        """Get an offer."""
        return self._shown(await self._offers.get(id_))

    async def add_offer(
        self, request: Request, caller: Caller, given: NewOffer, _key: IdempotencyKey = None
    ) -> Response:
        """Add an offer; it is shown from now on, or from when it begins."""
        async with self._services.database.write() as session:

            async def work() -> OfferShown:
                made = await self._offers.add(
                    Draft(**given.model_dump()), by=caller.name, within=session, token=caller.id
                )
                return self._shown(made)

            return await self._once.create(session, request, given, work)

    async def change_offer(
        self, id_: OfferId, caller: Caller, given: OfferChange
    ) -> Response | OfferShown:
        """Change what is given of an offer that is still as you have seen it, stop it or show it again."""
        try:
            async with self._services.database.write() as session:
                changed = await self._offers.change(
                    id_,
                    _changed(await self._offers.get(id_), given.values()),
                    edition=given.edition,
                    by=caller.name,
                    within=session,
                    token=caller.id,
                )
                if given.stopped is not None:
                    changed = await self._offers.stop(
                        id_,
                        by=caller.name,
                        stopped=given.stopped,
                        within=session,
                        token=caller.id,
                    )
        except OfferChangedError as error:
            now = self._shown(await self._offers.get(id_))
            return problem("stale", str(error), current=now.model_dump(mode="json"))
        return self._shown(changed)

    async def recommend_offers(
        self, id_: PathId, asked: Annotated[RecommendQuery, Query()]
    ) -> RecommendedPage:
        """Recommend offers to a contact, with the reasons; nothing is noted as shown."""
        found = await self._services.recommender.recommend(id_, asked.limit)
        return RecommendedPage(items=[self._recommended(one) for one in found])

    def _recommended(self, one: Recommended) -> RecommendedShown:
        because = one.because
        return RecommendedShown(
            offer=self._shown(one.offer),
            score=one.score,
            reason=because.reason,
            item=because.item,
        )

    def _shown(self, one: Offer) -> OfferShown:
        return OfferShown(**_known(one), state=one.state(self._services.clock()))


def _known(one: Offer) -> dict[str, Any]:
    return {name: value for name, value in asdict(one).items() if name in OfferShown.model_fields}


def _changed(one: Offer, values: Mapping[str, Any]) -> Draft:
    """Return an offer as it is to be; what it cannot be without is not taken away."""
    kept = {field.name: getattr(one, field.name) for field in fields(Draft)}
    needed = {name for name, field in NewOffer.model_fields.items() if field.is_required()}
    for name in needed & values.keys():
        if values[name] is None:
            raise InvalidError(f"{name}: an offer cannot be without it")
    return Draft(**kept | dict(values))
