"""What may not be sent to a contact, and why; agents add to it and lift it, with a reason."""

from http import HTTPStatus

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate
from console.problem import word_for
from console.render import Renderer, go
from console.visit import Visit
from desk.access.policy import Deed
from desk.contacts.service import Contacts, Profile
from desk.contacts.suppressing import MAIL, Suppressions, Word
from desk.conversations.desk_view import DeskView
from desk.errors import ConflictError, FrontdeskError, NotFoundError
from desk.tables.suppression import SuppressionReason

_AT = "/console/contacts/{id}/messages"
_LONGEST_WHY = 500
_EVERYWHERE = "*"


class OptOutPages:
    """One contact's list."""

    def __init__(
        self, contacts: Contacts, suppressions: Suppressions, view: DeskView, render: Renderer
    ) -> None:
        self._contacts = contacts
        self._suppressions = suppressions
        self._view = view
        self._render = render

    async def show(self, visit: Visit) -> Response:
        """Show what stands and what was lifted."""
        return await self._page(visit)

    async def suppress(self, visit: Visit) -> Response:
        """Add an agent's word."""
        profile, why = await self._contacts.find(visit.path("id")), _why(visit)
        if not why:
            return await self._page(visit, "problem.no_reason")
        word = Word(
            contact_id=profile.id,
            reason=SuppressionReason.BY_AGENT,
            by=visit.agent,
            channel=_channel(visit, profile),
            note=why,
        )
        await self._suppressions.suppress(word)
        return go(_at(profile.id))

    async def lift(self, visit: Visit) -> Response:
        """Lift what stands on a channel, or everything."""
        profile, why = await self._contacts.find(visit.path("id")), _why(visit)
        if not why:
            return await self._page(visit, "problem.no_reason")
        try:
            await self._suppressions.lift(
                profile.id, channel=_channel(visit, profile), by=visit.agent, note=why
            )
        except ConflictError:
            return await self._page(visit, "problem.everywhere", HTTPStatus.CONFLICT)
        except FrontdeskError as error:
            return await self._page(visit, word_for(error), error.status_code)
        return go(_at(profile.id))

    async def _page(
        self, visit: Visit, problem: str = "", status: int = HTTPStatus.UNPROCESSABLE_ENTITY
    ) -> Response:
        profile = await self._contacts.find(visit.path("id"))
        return self._render.page(
            visit,
            "contact_optout.html",
            status if problem else HTTPStatus.OK,
            profile=profile,
            person=await self._view.person(profile.id),
            optouts=await self._suppressions.of(profile.id),
            channels=_channels(profile),
            everywhere=_EVERYWHERE,
            problem=problem,
            longest=_LONGEST_WHY,
            waiting=await self._view.waiting(),
        )


def _channels(profile: Profile) -> tuple[str, ...]:
    mail = [MAIL] if profile.email else []
    return tuple(dict.fromkeys([*(one.channel for one in profile.identities), *mail]))


def _channel(visit: Visit, profile: Profile) -> str | None:
    """Return the channel of the form, None for every one of them."""
    asked = visit.form.get("channel", "")
    if asked == _EVERYWHERE:
        return None
    if asked not in _channels(profile):
        raise NotFoundError
    return asked


def _why(visit: Visit) -> str:
    return visit.form.get("why", "").strip()[:_LONGEST_WHY]


def _at(contact_id: str) -> str:
    return _AT.format(id=contact_id)


def routes(gate: Gate, pages: OptOutPages) -> list[BaseRoute]:
    """Return the addresses."""
    change = Deed.CONTACT_CHANGE
    return [
        Route(_AT, gate.page(pages.show, Deed.CONTACT_SEE), methods=["GET"]),
        Route(f"{_AT}/suppress", gate.action(pages.suppress, change), methods=["POST"]),
        Route(f"{_AT}/lift", gate.action(pages.lift, change), methods=["POST"]),
    ]
