"""Offers: the list, one with whom it was shown to, and the form to write and change it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from analytics.offers.model import Draft, Offer
from analytics.offers.service import Offers
from console.gate import Gate
from console.render import Renderer, go
from console.services import ConsoleServices
from console.visit import Visit
from console.words import say
from desk.access.policy import Deed
from desk.errors import FrontdeskError, InvalidError

OFFERS = "/console/offers"
_PAGE = 50
_TEXTS = ("code", "title_en", "title_zh", "text_en", "text_zh")
_OPTIONAL = ("sku", "url")
_TIMES = ("starts_at", "ends_at")
_NUMBERS = ("segment_id", "most_shown", "most_taken")
_DIGITS = 9


class OfferPages:
    """Shows and changes offers."""

    def __init__(self, offers: Offers, services: ConsoleServices, render: Renderer) -> None:
        self._offers = offers
        self._services = services
        self._render = render

    async def list(self, visit: Visit) -> Response:
        """List the offers with their state and what came of them."""
        now = self._services.clock()
        offers = [(one, one.state(now)) for one in await self._offers.list()]
        return await self._page(visit, "offers.html", offers=offers)

    async def show(self, visit: Visit) -> Response:
        """Show an offer: what it says, to whom it was shown, and what they did."""
        number, before = visit.row_id("number"), _number(visit.query("before"))
        outcome = await self._offers.outcome(number)
        found = await self._offers.shown_to(number, before=before, limit=_PAGE + 1)
        return await self._page(
            visit,
            "offer.html",
            offer=outcome.offer,
            state=outcome.offer.state(self._services.clock()),
            always=outcome.always,
            whom=await self._whom(outcome.offer, visit.language),
            shown=found[:_PAGE],
            before=before,
            older=found[_PAGE - 1].id if len(found) > _PAGE else 0,
            said=visit.query("said"),
        )

    async def begin(self, visit: Visit) -> Response:
        """Show an empty form."""
        return await self._form(visit, {})

    async def edit(self, visit: Visit) -> Response:
        """Show an offer in the form."""
        found = await self._offers.get(visit.row_id("number"))
        form = {name: _written(value) for name, value in asdict(found).items()}
        return await self._form(visit, form, found.id)

    async def add(self, visit: Visit) -> Response:
        """Keep a new offer."""
        try:
            made = await self._offers.add(_draft(visit.form), by=visit.agent)
        except FrontdeskError as error:
            return await self._form(visit, visit.form, why=error)
        return go(f"{OFFERS}/{made.id}?said=saved")

    async def change(self, visit: Visit) -> Response:
        """Change an offer that is as it was when the form was opened."""
        number, edition = visit.row_id("number"), _number(visit.form.get("edition", ""))
        try:
            draft = _draft(visit.form)
            await self._offers.change(number, draft, edition=edition or 0, by=visit.agent)
        except FrontdeskError as error:
            return await self._form(visit, visit.form, number, why=error)
        return go(f"{OFFERS}/{number}?said=saved")

    async def stop(self, visit: Visit) -> Response:
        """Show it to nobody any more, or again."""
        number, stopped = visit.row_id("number"), visit.form.get("stopped") == "yes"
        await self._offers.stop(number, by=visit.agent, stopped=stopped)
        return go(f"{OFFERS}/{number}")

    async def _whom(self, offer: Offer, language: str) -> str:
        if offer.segment_id is None:
            return say("offers.everybody", language)
        names = dict(await self._segments())
        return names.get(str(offer.segment_id), say("offers.segment_gone", language))

    async def _segments(self) -> Sequence[tuple[str, str]]:
        segments = self._services.segments
        return [(str(one.id), one.name) for one in await segments.list()] if segments else []

    async def _form(
        self,
        visit: Visit,
        form: Mapping[str, str],
        number: int | None = None,
        why: FrontdeskError | None = None,
    ) -> Response:
        everybody = ("", say("offers.everybody", visit.language))
        segments = [everybody, *await self._segments()]
        chosen = form.get("segment_id", "")
        if chosen not in dict(segments):
            segments.append((chosen, say("offers.segment_gone", visit.language)))
        return await self._page(
            visit,
            "offer_form.html",
            why.status_code if why else HTTPStatus.OK,
            form=form,
            number=number,
            segments=segments,
            wrong=str(why) if why else "",
        )

    async def _page(
        self, visit: Visit, template: str, status: int = HTTPStatus.OK, **known: Any
    ) -> Response:
        waiting = await self._services.view.waiting()
        return self._render.page(visit, template, status, waiting=waiting, **known)


def _draft(form: Mapping[str, str]) -> Draft:
    found: dict[str, Any] = {name: form.get(name, "").strip() for name in _TEXTS}
    found |= {name: form.get(name, "").strip() or None for name in _OPTIONAL}
    found |= {name: _time(name, form.get(name, "").strip()) for name in _TIMES}
    found |= {name: _whole(name, form.get(name, "").strip()) for name in _NUMBERS}
    return Draft(**found)


def _time(name: str, text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except ValueError as error:
        raise InvalidError(f"{name}: write a time such as 2026-03-01T09:00") from error


def _whole(name: str, text: str) -> int | None:
    found = _number(text)
    if text and found is None:
        raise InvalidError(f"{name}: write a number, or nothing")
    return found


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def _written(value: object) -> str:
    """Return a value as it stands in a field."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    return "" if value is None else str(value)


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of offers; what is done to them is noted by the service."""
    if services.offers is None:
        return []
    pages = OfferPages(services.offers, services, render)
    see, change = Deed.OFFER_SEE, Deed.OFFER_CHANGE
    one = f"{OFFERS}/{{number:int}}"
    posts = {f"{OFFERS}/new": pages.add, f"{one}/edit": pages.change, f"{one}/stop": pages.stop}
    return [
        Route(OFFERS, gate.page(pages.list, see), methods=["GET"]),
        Route(f"{OFFERS}/new", gate.page(pages.begin, change), methods=["GET"]),
        Route(one, gate.page(pages.show, see), methods=["GET"]),
        Route(f"{one}/edit", gate.page(pages.edit, change), methods=["GET"]),
        *(
            Route(path, gate.action(page, change, noted=True), methods=["POST"])
            for path, page in posts.items()
        ),
    ]
