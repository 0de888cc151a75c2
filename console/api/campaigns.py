"""Campaigns: list, make, change, check, launch, stop, and who got them."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from analytics.campaigns.model import Campaign, ChangedError
from console.api.campaign_shapes import (
    Because,
    CampaignChange,
    CampaignId,
    CampaignQuery,
    CampaignShown,
    Cancelled,
    EstimateShown,
    NewCampaign,
    RecipientQuery,
    RecipientShown,
    ResultsQuery,
    ResultsShown,
    RunShown,
    Seen,
)
from console.api.door import Caller, Operation
from console.api.fields import IdempotencyKey, PageQuery, ShownPage
from console.api.once import Once
from console.api.problems import problem
from console.api.services import ApiServices
from desk.access import audit
from desk.access.policy import Deed, Principal

_CAMPAIGN = "/campaigns/{id}"


class CampaignApi:
    """What programs do with campaigns."""

    def __init__(self, services: ApiServices, once: Once) -> None:
        self._services = services
        self._campaigns = services.campaigns
        self._once = once

    def operations(self) -> Iterator[Operation]:
        """Return what there is."""
        yield from self._reading()
        yield from self._writing()
        for name, endpoint in (("pause", self.pause_campaign), ("resume", self.resume_campaign)):
            yield Operation(
                method="POST",
                path=f"{_CAMPAIGN}/{name}",
                endpoint=endpoint,
                deed=Deed.CAMPAIGN_RUN,
                answer=CampaignShown,
            )
        yield Operation(
            method="POST",
            path=f"{_CAMPAIGN}/cancel",
            endpoint=self.cancel_campaign,
            deed=Deed.CAMPAIGN_RUN,
            answer=Cancelled,
        )

    def _reading(self) -> Iterator[Operation]:
        see = Deed.CAMPAIGN_SEE
        yield Operation(
            method="GET",
            path="/campaigns",
            endpoint=self.list_campaigns,
            deed=see,
            answer=ShownPage[CampaignShown],
        )
        yield Operation(
            method="GET",
            path=_CAMPAIGN,
            endpoint=self.get_campaign,
            deed=see,
            answer=CampaignShown,
        )
        yield Operation(
            method="GET",
            path=f"{_CAMPAIGN}/check",
            endpoint=self.check_campaign,
            deed=see,
            answer=EstimateShown,
        )
        yield Operation(
            method="GET",
            path=f"{_CAMPAIGN}/runs",
            endpoint=self.list_runs,
            deed=see,
            answer=ShownPage[RunShown],
        )
        yield Operation(
            method="GET",
            path=f"{_CAMPAIGN}/recipients",
            endpoint=self.list_recipients,
            deed=see,
            answer=ShownPage[RecipientShown],
        )
        yield Operation(
            method="GET",
            path=f"{_CAMPAIGN}/results",
            endpoint=self.get_results,
            deed=see,
            answer=ResultsShown,
        )

    def _writing(self) -> Iterator[Operation]:
        yield Operation(
            method="POST",
            path="/campaigns",
            endpoint=self.create_campaign,
            deed=Deed.CAMPAIGN_CHANGE,
            answer=CampaignShown,
            creates=True,
            problems=("key_used",),
        )
        yield Operation(
            method="PATCH",
            path=_CAMPAIGN,
            endpoint=self.change_campaign,
            deed=Deed.CAMPAIGN_CHANGE,
            answer=CampaignShown,
            problems=("stale",),
        )
        for name, endpoint, deed in (
            ("launch", self.launch_campaign, Deed.CAMPAIGN_RUN),
            ("approve", self.approve_campaign, Deed.CAMPAIGN_APPROVE),
        ):
            yield Operation(
                method="POST",
                path=f"{_CAMPAIGN}/{name}",
                endpoint=endpoint,
                deed=deed,
                answer=CampaignShown,
                problems=("stale",),
            )

    async def list_campaigns(
        self, asked: Annotated[CampaignQuery, Query()]
    ) -> ShownPage[CampaignShown]:
        """List campaigns, the newest first."""
        page = await self._services.campaign_listing.campaigns(
            asked.wanted("state"), after=asked.after, limit=asked.limit
        )
        return ShownPage(items=[_shown(one) for one in page.rows], next=page.next)

    async def get_campaign(self, id_: CampaignId) -> CampaignShown:
        """Get a campaign."""
        return _shown(await self._campaigns.get(id_))

    async def check_campaign(self, id_: CampaignId) -> EstimateShown:
        """Tell who would get a campaign now and who not and why, until when at the legal rate, and what it costs.

        Everybody of the segment is looked at, which takes half a minute for a million people; nothing is kept.
        """
        one = await self._campaigns.get(id_)
        found = await self._services.estimates.of(one.plan, campaign_id=one.id)
        return EstimateShown.model_validate(found)

    async def list_runs(
        self, id_: CampaignId, asked: Annotated[PageQuery, Query()]
    ) -> ShownPage[RunShown]:
        """List the times that a campaign went out, the newest first."""
        await self._campaigns.get(id_)
        page = await self._services.campaign_listing.runs(
            id_, after=asked.after, limit=asked.limit
        )
        items = [RunShown.model_validate(one) for one in page.rows]
        return ShownPage(items=items, next=page.next)

    async def list_recipients(
        self, id_: CampaignId, asked: Annotated[RecipientQuery, Query()]
    ) -> ShownPage[RecipientShown]:
        """List who is in the audience of a campaign's runs and what became of them, in the order of the plan."""
        await self._campaigns.get(id_)
        page = await self._services.campaign_listing.recipients(
            id_, asked.wanted("run_id", "state"), after=asked.after, limit=asked.limit
        )
        items = [RecipientShown.model_validate(one) for one in page.rows]
        return ShownPage(items=items, next=page.next)

    async def get_results(
        self, id_: CampaignId, asked: Annotated[ResultsQuery, Query()]
    ) -> ResultsShown:
        """Tell what came of a campaign so far, and what it adds to the holdout, with intervals true at any look."""
        return ResultsShown.model_validate(await self._services.results.of(id_, asked.run_id))

    async def create_campaign(
        self, request: Request, caller: Caller, given: NewCampaign, _key: IdempotencyKey = None
    ) -> Response:
        """Make a campaign; nothing is sent before it is launched."""
        async with self._services.database.write() as session:

            async def work() -> CampaignShown:
                made = await self._campaigns.create(
                    given.name, given.decided, by=caller.name, within=session
                )
                await self._note(session, caller, Deed.CAMPAIGN_CHANGE, made.id, did="created")
                return _shown(made)

            return await self._once.create(session, request, given, work)

    async def change_campaign(
        self, id_: CampaignId, caller: Caller, given: CampaignChange
    ) -> Response | CampaignShown:
        """Change what is to be sent of a draft, or of a campaign that has not begun, as you have seen it."""
        try:
            async with self._services.database.write() as session:
                changed = await self._campaigns.change(
                    id_,
                    given.decided,
                    edition=given.edition,
                    by=caller.name,
                    name=given.name,
                    within=session,
                )
                await self._note(session, caller, Deed.CAMPAIGN_CHANGE, id_, did="changed")
        except ChangedError as error:
            return await self._stale(id_, error)
        return _shown(changed)

    async def launch_campaign(
        self, id_: CampaignId, caller: Caller, given: Seen
    ) -> Response | CampaignShown:
        """Let a campaign go out at its times, as you have seen it; a large one needs somebody else's approval."""
        await self._campaigns.check_rank(id_)
        try:
            async with self._services.database.write() as session:
                launched = await self._campaigns.launch(
                    id_, by=caller.name, edition=given.edition, within=session
                )
                await self._note(session, caller, Deed.CAMPAIGN_RUN, id_, did="launched")
        except ChangedError as error:
            return await self._stale(id_, error)
        return _shown(launched)

    async def approve_campaign(
        self, id_: CampaignId, caller: Caller, given: Seen
    ) -> Response | CampaignShown:
        """Be the second pair of eyes for a campaign that somebody else wrote, as you have seen it."""
        try:
            async with self._services.database.write() as session:
                await self._campaigns.approve(
                    id_, by=caller.name, edition=given.edition, within=session
                )
                await self._note(session, caller, Deed.CAMPAIGN_APPROVE, id_, did="approved")
        except ChangedError as error:
            return await self._stale(id_, error)
        return _shown(await self._campaigns.get(id_))

    async def pause_campaign(
        self, id_: CampaignId, caller: Caller, given: Because
    ) -> CampaignShown:
        """Send nothing more for now; what is being sent at this moment still goes out."""
        async with self._services.database.write() as session:
            await self._campaigns.pause(id_, by=caller.name, reason=given.reason, within=session)
            await self._note(session, caller, Deed.CAMPAIGN_RUN, id_, did="paused")
        return _shown(await self._campaigns.get(id_))

    async def resume_campaign(self, id_: CampaignId, caller: Caller) -> CampaignShown:
        """Go on where it was paused; who has got it does not get it again."""
        async with self._services.database.write() as session:
            await self._campaigns.resume(id_, by=caller.name, within=session)
            await self._note(session, caller, Deed.CAMPAIGN_RUN, id_, did="resumed")
        return _shown(await self._campaigns.get(id_))

    async def cancel_campaign(self, id_: CampaignId, caller: Caller, given: Because) -> Cancelled:
        """End a campaign for good; who still waited is listed as skipped."""
        async with self._services.database.write() as session:
            waiting = await self._campaigns.cancel(
                id_, by=caller.name, reason=given.reason, within=session
            )
            await self._note(session, caller, Deed.CAMPAIGN_RUN, id_, did="cancelled")
        ended = _shown(await self._campaigns.get(id_))
        return Cancelled(**ended.model_dump(), waiting=waiting)

    async def _stale(self, campaign_id: int, error: ChangedError) -> Response:
        now = _shown(await self._campaigns.get(campaign_id))
        return problem("stale", str(error), current=now.model_dump(mode="json"))

    async def _note(
        self, session: AsyncSession, caller: Principal, deed: Deed, campaign_id: int, **detail: Any
    ) -> None:
        await audit.note(
            session,
            by=caller.name,
            deed=deed,
            thing=f"campaign:{campaign_id}",
            detail=detail | {"token": caller.id},
            now=self._services.clock(),
        )


def _shown(one: Campaign) -> CampaignShown:
    names = CampaignShown.model_fields.keys() - {"plan"}
    return CampaignShown(plan=one.plan.written(), **{name: getattr(one, name) for name in names})
