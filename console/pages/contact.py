"""Contacts: everybody, one with all that happened, merging, splitting, and undoing both."""

import re
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from analytics.insight.contact_ranking import RISKS, By
from analytics.insight.known import Insights
from console.gate import Gate
from console.pages import contacts_listed
from console.pages.insight import told
from console.problem import word_for
from console.render import Renderer, go
from console.shown import waited
from console.visit import Visit
from desk.access.policy import Deed
from desk.contacts.merge_model import TwoCustomersError
from desk.contacts.merging import Merging
from desk.contacts.service import Contacts, Profile
from desk.contacts.suppressing import Suppressions
from desk.contacts.timeline import Kind, Spot, Timeline
from desk.conversations.desk_view import DeskView
from desk.errors import ConflictError, FrontdeskError, InvalidError, NotFoundError

_ALL = "/console/contacts"
_AT = f"{_ALL}/{{id}}"
_ADDRESS = re.compile(r"/console/(contacts|conversations)/([0-9a-f]{32})\b")
_LONGEST_REFERENCE, _LONGEST_WHY = 300, 500
_NO_TIME = datetime.min.replace(tzinfo=UTC)
_WORDS: tuple[tuple[type[FrontdeskError], str], ...] = (
    (TwoCustomersError, "problem.two_customers"),
    (ConflictError, "problem.contact_changed"),
    (NotFoundError, "problem.contact_unknown"),
    (InvalidError, "problem.same_contact"),
)
_SHOWN: dict[str, tuple[Kind, ...]] = {
    "all": tuple(Kind),
    "messages": (Kind.MESSAGE,),
    "tickets": (Kind.TICKET,),
    "ratings": (Kind.RATING,),
    "orders": (Kind.ORDER,),
    "changes": (Kind.EVENT, Kind.MERGE, Kind.CONSENT),
}


class ContactPages:
    """Shows contacts and lets an agent say who is who."""

    def __init__(
        self,
        contacts: Contacts,
        merging: Merging,
        timeline: Timeline,
        view: DeskView,
        render: Renderer,
        insights: Insights | None = None,
        suppressions: Suppressions | None = None,
    ) -> None:
        """Without ``insights`` nothing is said about value, needs and risk."""
        self._suppressions = suppressions
        self._insights = insights
        self._contacts = contacts
        self._merging = merging
        self._timeline = timeline
        self._view = view
        self._render = render

    async def list(self, visit: Visit) -> Response:
        """Show everybody, the newest first or by their figures, or who is looked for."""
        shown = await self._listed(visit)
        ids = [person.id for person in shown.people]
        return self._render.page(
            visit,
            "contacts.html",
            asked=shown.asked,
            people=shown.people,
            figures=await self._insights.figures(ids) if self._insights else {},
            has_figures=self._insights is not None,
            orders=("newest", *By),
            order=shown.order,
            risks=RISKS,
            risk=shown.risk,
            more=shown.more,
            newest=shown.newest,
            older=shown.older,
            waiting=await self._view.waiting(),
        )

    async def _listed(self, visit: Visit) -> contacts_listed.Listed:
        if self._insights is None:
            return await contacts_listed.newest(self._view, visit)
        return await contacts_listed.listed(self._view, self._insights, visit)

    async def show(self, visit: Visit) -> Response:
        """Show a contact; who was merged is who they are now."""
        profile = await self._contacts.find(visit.path("id"))
        if profile.id != visit.path("id"):
            return go(_at(profile.id))
        return await self._page(visit, profile)

    async def look(self, visit: Visit) -> Response:
        """Show what a merge would move, and ask."""
        profile = await self._contacts.find(visit.path("id"))
        wanted = visit.query("with").strip()[:_LONGEST_REFERENCE]
        try:
            other = await self._meant(wanted)
            preview = await self._merging.preview(profile.id, other.id)
        except ConflictError:
            return await self._page(visit, profile, "problem.contact_many", wanted)
        except FrontdeskError as error:
            return await self._page(visit, profile, _word(error), wanted)
        return await self._ask(
            visit, "contact_merge.html", profile=profile, other=other, preview=preview
        )

    async def merge(self, visit: Visit) -> Response:
        """Merge the contact of the form into this one."""
        form = visit.form
        return await self._do(
            visit,
            self._merging.merge(
                visit.path("id"),
                form.get("other", ""),
                by=visit.agent,
                why=_why(visit),
                forced=form.get("force") == "yes",
            ),
        )

    async def look_split(self, visit: Visit) -> Response:
        """Show what a split would take along, and ask."""
        profile = await self._contacts.find(visit.path("id"))
        wanted = visit.path("handle")
        handle = next((one for one in profile.identities if one.id == wanted), None)
        if handle is None:
            raise NotFoundError
        return await self._ask(visit, "contact_split.html", profile=profile, handle=handle)

    async def split(self, visit: Visit) -> Response:
        """Give the handle a contact of its own."""
        handle = visit.path("handle")
        return await self._do(visit, self._merging.split(handle, by=visit.agent, why=_why(visit)))

    async def undo(self, visit: Visit) -> Response:
        """Take a merge or split back."""
        return await self._do(visit, self._merging.undo(visit.row_id("number"), by=visit.agent))

    async def _do(self, visit: Visit, change: Awaitable[object]) -> Response:
        id_ = visit.path("id")
        try:
            await change
        except FrontdeskError as error:
            profile = await self._contacts.find(id_)
            return await self._page(visit, profile, _word(error), status=error.status_code)
        return go(_at(id_))

    async def _page(
        self,
        visit: Visit,
        profile: Profile,
        problem: str = "",
        wanted: str = "",
        status: int = 200,
    ) -> Response:
        kinds = visit.query("show") if visit.query("show") in _SHOWN else "all"
        before = _spot(visit.query("before"))
        moments, earlier = await self._timeline.of(profile.id, kinds=_SHOWN[kinds], before=before)
        return self._render.page(
            visit,
            "contact.html",
            status,
            profile=profile,
            person=await self._view.person(profile.id),
            known=await self._insights.of(profile.id) if self._insights else None,
            between=await self._insights.between(profile.id) if self._insights else None,
            told=lambda text: told(text, visit.language),
            lasting=lambda seconds: waited(
                _NO_TIME, _NO_TIME + timedelta(seconds=seconds), visit.language
            ),
            optouts=await self._suppressions.of(profile.id) if self._suppressions else None,
            moments=moments,
            kinds=kinds,
            choices=tuple(_SHOWN),
            earlier=f"?{urlencode({'show': kinds, 'before': _named(earlier)})}" if earlier else "",
            latest=f"?{urlencode({'show': kinds})}" if before else "",
            merges=await self._merging.list(contact_id=profile.id),
            problem=problem,
            wanted=wanted,
            waiting=await self._view.waiting(),
        )

    async def _ask(self, visit: Visit, template: str, **known: Any) -> Response:
        waiting = await self._view.waiting()
        return self._render.page(visit, template, waiting=waiting, longest=_LONGEST_WHY, **known)

    async def _meant(self, reference: str) -> Profile:
        """Return whom an e-mail, an id or the address of a page of ours means."""
        meant = _ADDRESS.search(reference)
        if meant is None:
            return await self._contacts.find(reference)
        ask = {"contacts": self._contacts.find, "conversations": self._contacts.of_conversation}
        return await ask[meant[1]](meant[2])


def _named(spot: Spot) -> str:
    return f"{spot.at.isoformat()}~{spot.kind}~{spot.id}"


def _spot(text: str) -> Spot | None:
    """Return the place that an address names; None for anything else."""
    moment, _, rest = text.partition("~")
    kind, _, id_ = rest.partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    fits = at.tzinfo and kind in tuple(Kind) and id_.isascii() and id_.isdigit() and len(id_) < 21
    return Spot(at=at.astimezone(UTC), kind=kind, id=id_) if fits else None


def _at(contact_id: str) -> str:
    return f"{_ALL}/{contact_id}"


def _why(visit: Visit) -> str | None:
    return visit.form.get("why", "").strip()[:_LONGEST_WHY] or None


def _word(error: FrontdeskError) -> str:
    return next((word for kind, word in _WORDS if isinstance(error, kind)), word_for(error))


def routes(gate: Gate, pages: ContactPages) -> list[BaseRoute]:
    """Return the addresses of contacts."""
    split, merge = f"{_AT}/split/{{handle}}", Deed.CONTACT_MERGE
    return [
        Route(_ALL, gate.page(pages.list, Deed.CONTACT_SEE)),
        Route(_AT, gate.page(pages.show, Deed.CONTACT_SEE)),
        Route(f"{_AT}/merge", gate.page(pages.look, merge), methods=["GET"]),
        Route(f"{_AT}/merge", gate.action(pages.merge, merge), methods=["POST"]),
        Route(split, gate.page(pages.look_split, merge), methods=["GET"]),
        Route(split, gate.action(pages.split, merge), methods=["POST"]),
        Route(f"{_AT}/undo/{{number:int}}", gate.action(pages.undo, merge), methods=["POST"]),
    ]
