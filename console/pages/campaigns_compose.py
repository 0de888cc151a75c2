"""A campaign is written and changed: the form, its next shape after each press, and how it reads to real contacts."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from zoneinfo import available_timezones

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from analytics.campaigns.aims import Success
from analytics.campaigns.model import Campaign, ChangedError, NameTakenError
from analytics.campaigns.plan import Plan
from analytics.campaigns.rank import By
from analytics.campaigns.schedule import MOST_STEPS
from analytics.campaigns.schedule_words import EVENTS
from analytics.campaigns.service import CHANGEABLE
from analytics.campaigns.template import MOST_BUTTONS
from analytics.campaigns.trying import Sample, Trying
from console import campaign_words, shown
from console.campaign_pages import CampaignPages
from console.gate import Gate
from console.pages import campaigns_compose_fields as fields
from console.pages import campaigns_compose_moves as moves
from console.pages.campaigns_compose_form import read
from console.pages.campaigns_compose_said import MOST_VARIANTS
from console.pages.campaigns_compose_taking import Wrong
from console.render import Renderer, go
from console.services import ConsoleServices
from console.visit import Visit
from console.words import say
from desk.access.policy import Deed
from desk.errors import ConflictError, FrontdeskError

CAMPAIGNS = "/console/campaigns"
_BUTTONS = 3
_DIGITS = 9
_PLACE = {"en": 1, "zh": 2}
"""Where a language's words for an event stand."""


class ComposePages:
    """Writes campaigns."""

    def __init__(
        self, desk: CampaignPages, trying: Trying, services: ConsoleServices, render: Renderer
    ) -> None:
        self._desk = desk
        self._trying = trying
        self._services = services
        self._render = render

    async def begin(self, visit: Visit) -> Response:
        """Show an empty form, for a segment if the address names one."""
        first = next(iter(self._trying.channels), "")
        chosen = {"segment_id": visit.query("segment")[:_DIGITS], "channel.1": first}
        return await self._form(visit, {**fields.new(), **chosen})

    async def edit(self, visit: Visit) -> Response:
        """Show a campaign in the form."""
        one = await self._desk.campaigns.get(visit.row_id("number"))
        form = {**fields.of(one.plan), "name": one.name, "edition": str(one.edition)}
        wrong = {} if one.state in CHANGEABLE else {"form": Wrong("under_way")}
        return await self._form(visit, form, one, wrong=wrong, status=HTTPStatus.OK)

    async def add(self, visit: Visit) -> Response:
        """Keep a new campaign."""
        found = read(visit.form)
        wrong = {**found.wrong, **_title(visit)}
        if found.plan is None or wrong:
            return await self._form(visit, visit.form, wrong=wrong)
        try:
            made = await self._desk.campaigns.create(
                visit.form["name"], found.plan, by=visit.agent
            )
        except FrontdeskError as error:
            wrong = _refused(error)
            return await self._form(visit, visit.form, wrong=wrong, status=error.status_code)
        return go(f"{CAMPAIGNS}/{made.id}?said=saved")

    async def change(self, visit: Visit) -> Response:
        """Change a campaign that is as it was when the form was opened."""
        one = await self._desk.campaigns.get(visit.row_id("number"))
        found = read(visit.form, one.plan)
        wrong = {**found.wrong, **_title(visit)}
        if found.plan is None or wrong:
            return await self._form(visit, visit.form, one, wrong=wrong)
        edition, name = _number(visit.form.get("edition", "")), visit.form["name"]
        try:
            await self._desk.campaigns.change(
                one.id, found.plan, edition=edition, by=visit.agent, name=name
            )
        except FrontdeskError as error:
            wrong = _refused(error)
            return await self._form(visit, visit.form, one, wrong=wrong, status=error.status_code)
        return go(f"{CAMPAIGNS}/{one.id}?said=saved")

    async def look(self, visit: Visit) -> Response:
        """Show the form again: with one more part, one less, or with how it reads to real contacts."""
        number = _number(visit.form.get("number", ""))
        one = await self._desk.campaigns.get(number) if number else None
        verb, _, what = visit.form.get("do", "").partition(":")
        if verb in _MOVES:
            return await self._form(visit, _MOVES[verb](dict(visit.form), what), one)
        found = read(visit.form, one.plan if one else None)
        if found.unseen and what == "live":
            # Asked while it is typed: there is nothing to show yet, and nothing wrong with that.
            return Response(status_code=HTTPStatus.NO_CONTENT)
        if found.unseen:
            return await self._form(visit, visit.form, one, wrong=found.unseen)
        return await self._form(visit, visit.form, one, seen=found.seen)

    async def _form(
        self,
        visit: Visit,
        form: Mapping[str, str],
        one: Campaign | None = None,
        *,
        wrong: Mapping[str, Wrong] | None = None,
        status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
        seen: Plan | None = None,
    ) -> Response:
        variants = fields.places(form, "v", "name", MOST_VARIANTS)
        steps = fields.places(form, "s", "wait", MOST_STEPS)
        return self._render.page(
            visit,
            "campaign_compose.html",
            status if wrong else HTTPStatus.OK,
            waiting=await self._services.view.waiting(),
            form=form,
            one=one,
            wrong=_worded(wrong or {}, visit.language),
            segments=await self._segments(form.get("segment_id", ""), visit.language),
            channels=self._channels(form, visit.language),
            variants=[(place, _messages(form, place, max(1, len(steps)))) for place in variants],
            steps=steps,
            stops=fields.STOPS,
            may_more=(len(variants) < MOST_VARIANTS, len(steps) < MOST_STEPS),
            choices=_choices(form, variants, visit.language),
            events=[(name, said[_PLACE[visit.language]]) for name, said in EVENTS.items()],
            zones=_zones(),
            samples=await self._samples(seen, max(1, len(steps))) if seen else [],
            noted=self._trying.noted(seen) if seen else (),
            seen=seen is not None,
            why=lambda text: campaign_words.reason(text, visit.language),
        )

    async def _samples(self, plan: Plan, steps: int) -> Sequence[Sequence[Sample]]:
        """Return how each step reads."""
        return [await self._trying.samples(plan.at_step(number)) for number in range(1, steps + 1)]

    async def _segments(self, chosen: str, language: str) -> Sequence[tuple[str, str]]:
        found = [
            (str(one.id), one.name if one.size is None else f"{one.name} ({one.size:,})")
            for one in await self._desk.segments.list()
        ]
        if chosen and chosen not in dict(found):
            found.append((chosen, say("compose.segment_gone", language)))
        return [("", say("compose.choose", language)), *found]

    def _channels(
        self, form: Mapping[str, str], language: str
    ) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
        """Return a field for each channel that may be tried, with what may be chosen there."""
        names = list(self._trying.channels)
        used = [value for name, value in form.items() if name.startswith("channel.") and value]
        gone = [name for name in dict.fromkeys(used) if name not in names]
        options = [
            *((name, shown.word("channel", name, language)) for name in names),
            *((name, say("compose.channel_gone", language, channel=name)) for name in gone),
        ]
        none = ("", say("compose.no_channel", language))
        return [
            (f"channel.{place}", options if place == 1 and not gone else [none, *options])
            for place in range(1, len(options) + 1)
        ]


def _messages(
    form: Mapping[str, str], place: str, steps: int
) -> list[tuple[str, dict[str, list[str]]]]:
    """Return where the messages of a variant stand, each with its rows of buttons by language."""
    return [
        (where, {lang: _rows(form, f"{where}.{lang}") for lang in fields.LANGUAGES})
        for where in (fields.message(place, step) for step in range(1, steps + 1))
    ]


def _rows(form: Mapping[str, str], place: str) -> list[str]:
    """Return the rows of buttons of a text: those that are used, and at least one more."""
    names = [f"{place}.b{number}" for number in range(1, MOST_BUTTONS + 1)]
    used = [
        number
        for number, name in enumerate(names, 1)
        if form.get(f"{name}.title") or form.get(f"{name}.to")
    ]
    return names[: max(_BUTTONS, max(used, default=0) + 1)]


def _choices(
    form: Mapping[str, str], variants: Sequence[str], language: str
) -> dict[str, Sequence[tuple[str, str]]]:
    """Return what may be chosen in the selects of the form."""

    def worded(key: str, values: Sequence[str]) -> list[tuple[str, str]]:
        return [(value, say(f"compose.{key}.{value}", language)) for value in values]

    purposes = worded("purpose", fields.PURPOSES)
    if (own := form.get("purpose", "")) not in dict(purposes):
        purposes.append((own, own))
    names = [form.get(f"{place}.name", "") for place in variants]
    return {
        "purpose": purposes,
        "often": worded("often", fields.OFTEN),
        "weekday": worded("weekday", ("1", "2", "3", "4", "5", "6", "0")),
        "unit": worded("unit", fields.UNITS),
        "seconds": worded("unit", ("s", *fields.UNITS)),
        "otherwise": worded("otherwise", ("end", "skip")),
        "by": worded("by", tuple(Success)),
        "rank": [("", say("compose.rank.nobody", language)), *worded("rank", tuple(By))],
        "take": worded("take", ("top", "worth")),
        "wins": [("best", say("compose.wins.best", language)), *((name, name) for name in names)],
        "language": worded("language", ("en", "zh")),
    }


def _worded(wrong: Mapping[str, Wrong], language: str) -> dict[str, str]:
    return {
        name: say(f"compose.wrong.{one.word}", language, why=one.why)
        for name, one in wrong.items()
    }


def _title(visit: Visit) -> dict[str, Wrong]:
    is_good = 1 <= len(visit.form.get("name", "").strip()) <= 100
    return {} if is_good else {"name": Wrong("title")}


def _refused(error: FrontdeskError) -> dict[str, Wrong]:
    """Return what is told of a campaign that was not kept, and where."""
    if isinstance(error, NameTakenError):
        return {"name": Wrong("title_taken")}
    if isinstance(error, ChangedError):
        return {"form": Wrong("changed")}
    is_late = isinstance(error, ConflictError)
    return {"form": Wrong("under_way") if is_late else Wrong("as_said", str(error))}


@cache
def _zones() -> Sequence[str]:
    return sorted(available_timezones())


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0


_MOVES: Mapping[str, Callable[[fields.Fields, str], fields.Fields]] = {
    "variant": lambda form, _: moves.with_variant(form, MOST_VARIANTS),
    "step": lambda form, _: moves.with_step(form, MOST_STEPS),
    "remove": lambda form, place: moves.without(form, place, MOST_STEPS),
    "more": lambda form, _: form,
}


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return where campaigns are written."""
    desk = services.campaigns
    if desk is None or desk.trying is None:
        return []
    pages = ComposePages(desk, desk.trying, services, render)
    change = Deed.CAMPAIGN_CHANGE
    new, edit = f"{CAMPAIGNS}/new", f"{CAMPAIGNS}/{{number:int}}/edit"
    return [
        Route(new, gate.page(pages.begin, change), methods=["GET"]),
        Route(new, gate.action(pages.add, change), methods=["POST"]),
        Route(edit, gate.page(pages.edit, change), methods=["GET"]),
        Route(edit, gate.action(pages.change, change), methods=["POST"]),
        # Nothing is changed there.
        Route(f"{CAMPAIGNS}/look", gate.action(pages.look, change, noted=True), methods=["POST"]),
    ]
