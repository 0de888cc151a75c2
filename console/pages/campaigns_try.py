"""A campaign before it is launched: how it reads, who gets it, what to look at, and a copy for oneself."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from analytics.campaigns.model import Campaign
from analytics.campaigns.schedule import Sequence as Steps
from analytics.campaigns.trial import Trials
from analytics.campaigns.trial_model import Myself, NotTestedError, Reader, Wish
from analytics.campaigns.trying import Trying
from console import campaign_words, shown
from console.campaign_pages import CampaignPages
from console.gate import Gate
from console.pages.campaigns_compose import CAMPAIGNS
from console.pages.campaigns_compose_fields import LANGUAGES
from console.render import Renderer, go
from console.services import ConsoleServices
from console.visit import Visit
from console.words import say
from desk.access.policy import Deed
from desk.errors import FrontdeskError, InvalidError, NotFoundError

AT_ONCE = 20_000
"""So many people are counted without being asked for: it takes a second or two."""


class TryPages:
    """Shows what a campaign would do, and sends a copy to whoever wrote it."""

    def __init__(
        self,
        desk: CampaignPages,
        trying: Trying,
        trials: Trials,
        services: ConsoleServices,
        render: Renderer,
    ) -> None:
        self._desk = desk
        self._trying = trying
        self._trials = trials
        self._services = services
        self._render = render

    async def preview(self, visit: Visit) -> Response:
        """Show how a campaign reads to some contacts or to one, and count who would get it."""
        one = await self._desk.campaigns.get(visit.row_id("number"))
        steps = _steps(one)
        step = visit.number("step", 1, steps)
        asked = visit.query("contact").strip()
        contact = await self._trying.person(asked) if asked else None
        plan = one.plan.at_step(step)
        size = await self._desk.watching.size(one)
        counted: Mapping[str, Any] = {"check": None, "estimate": None, "wrong": ""}
        if size and (size <= AT_ONCE or visit.query("count") == "yes"):
            counted = await self._counted(one)
        return await self._page(
            visit,
            "campaign_preview.html",
            campaign=one,
            step=step,
            steps=range(1, steps + 1),
            asked=asked,
            contact=contact,
            samples=await self._trying.samples(plan, contact_id=contact)
            if contact or not asked
            else (),
            noted=counted["check"].noted if counted["check"] else self._trying.noted(one.plan),
            size=size,
            why=lambda text: campaign_words.reason(text, visit.language),
            **counted,
        )

    async def _counted(self, one: Campaign) -> Mapping[str, Any]:
        try:
            check = await self._trying.check(one.plan)
            estimates = self._desk.estimates
            estimate = await estimates.of(one.plan, campaign_id=one.id) if estimates else None
        except InvalidError as error:
            # Nobody can be put in order yet: the texts are looked at all the same.
            return {"check": None, "estimate": None, "wrong": str(error)}
        return {"check": check, "estimate": estimate, "wrong": ""}

    async def ask(self, visit: Visit) -> Response:
        """Show the form that sends a copy to oneself."""
        one = await self._desk.campaigns.get(visit.row_id("number"))
        channels = [name for name in one.plan.channels if name in self._trials.channels]
        form = {"channel": next(iter(channels), ""), "to": (await self._myself(visit)).email or ""}
        return await self._test(visit, one, form)

    async def send(self, visit: Visit) -> Response:
        """Send it to oneself, or ask first whether somebody is that."""
        one = await self._desk.campaigns.get(visit.row_id("number"))
        myself, wish = await self._myself(visit), _wish(visit.form, _steps(one))
        try:
            reader = await self._trials.find(wish, myself)
            if not reader.is_sender and visit.form.get("sure") != "yes":
                return await self._test(visit, one, visit.form, reader=reader)
            await self._trials.send(one, wish, myself)
        except FrontdeskError as error:
            return await self._test(visit, one, visit.form, wrong=error)
        return go(f"{CAMPAIGNS}/{one.id}/test?said=sent")

    async def _myself(self, visit: Visit) -> Myself:
        try:
            user = await self._services.access.users.get(visit.principal.id)
        except NotFoundError:  # came with a console token
            return Myself(name=visit.agent)
        return Myself(name=visit.agent, email=user.email)

    async def _test(
        self,
        visit: Visit,
        one: Campaign,
        form: Mapping[str, str],
        *,
        reader: Reader | None = None,
        wrong: FrontdeskError | None = None,
    ) -> Response:
        language = visit.language
        own = ("", say("compose.test_own_language", language))
        return await self._page(
            visit,
            "campaign_test.html",
            wrong.status_code if wrong else HTTPStatus.OK,
            campaign=one,
            form=form,
            reader=reader,
            wrong=_words(wrong, language) if wrong else "",
            said=visit.query("said"),
            choices={
                "channel": [
                    (name, shown.word("channel", name, language)) for name in self._trials.channels
                ],
                "variant": [(each.name, each.name) for each in one.plan.variants],
                "step": [(str(number), str(number)) for number in range(1, _steps(one) + 1)],
                "language": [
                    own,
                    *((each, say(f"compose.language.{each}", language)) for each in LANGUAGES),
                ],
            },
        )

    async def _page(
        self, visit: Visit, template: str, status: int = HTTPStatus.OK, **known: Any
    ) -> Response:
        waiting = await self._services.view.waiting()
        return self._render.page(visit, template, status, waiting=waiting, **known)


def _steps(one: Campaign) -> int:
    schedule = one.plan.schedule
    return len(schedule.steps) if isinstance(schedule, Steps) else 1


def _wish(form: Mapping[str, str], steps: int) -> Wish:
    step = form.get("step", "1")
    known = int(step) if step.isascii() and step.isdigit() and len(step) < 3 else 1
    language = form.get("language", "")
    return Wish(
        channel=form.get("channel", ""),
        to=form.get("to", ""),
        variant=form.get("variant", ""),
        step=max(1, min(known, steps)),
        language=language if language in LANGUAGES else None,
    )


def _words(error: FrontdeskError, language: str) -> str:
    if isinstance(error, NotTestedError):
        return say(f"compose.untested.{error.word}", language, about=error.about)
    return say("compose.untested.failed", language, why=str(error))


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> Sequence[BaseRoute]:
    """Return where campaigns are tried; a test is noted by its service."""
    desk = services.campaigns
    if desk is None or desk.trying is None or desk.trials is None:
        return []
    pages = TryPages(desk, desk.trying, desk.trials, services, render)
    one, change = f"{CAMPAIGNS}/{{number:int}}", Deed.CAMPAIGN_CHANGE
    return [
        Route(f"{one}/preview", gate.page(pages.preview, Deed.CAMPAIGN_SEE), methods=["GET"]),
        Route(f"{one}/test", gate.page(pages.ask, change), methods=["GET"]),
        Route(f"{one}/test", gate.action(pages.send, change, noted=True), methods=["POST"]),
    ]
