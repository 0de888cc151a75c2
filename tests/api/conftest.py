"""The API over the desk's real database, and programs with tokens of all kinds."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from analytics.campaigns.listing import CampaignListing
from app.wiring import Desk
from console.api.application import mount
from console.api.services import ApiServices
from desk.access.policy import Deed, Role
from desk.access.tokens import Tokens
from desk.agentdesk.agents import Agents
from desk.contacts.editing import ContactEditing
from desk.contacts.service import Contacts
from desk.listing.service import Listing
from desk.tickets.merging import TicketMerging
from tests.talk import conversation, says

HOST = "http://desk.example.com"


def api_services(desk: Desk, *, rate: str = "100000/minute") -> ApiServices:
    """Return what the API works with."""
    return ApiServices(
        database=desk.database,
        principal_of=Tokens(desk.database, desk.clock).principal_of,
        tickets=desk.tickets,
        ticket_merging=TicketMerging(desk.database, desk.clock),
        handoff=desk.handoff,
        contacts=Contacts(desk.database),
        editing=ContactEditing(desk.clock),
        agents=Agents(desk.database, desk.clock),
        listing=Listing(desk.database),
        media=desk.media,
        campaigns=desk.campaigns.campaigns,
        campaign_listing=CampaignListing(desk.database),
        estimates=desk.campaigns.estimates,
        results=desk.campaigns.results,
        offers=desk.offers.offers,
        recommender=desk.offers.recommender,
        clock=desk.clock,
        rate=rate,
    )


class Program(httpx.AsyncClient):
    """A program with a token."""

    async def ask(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """Return the answer's document after a look at its status."""
        answer = await self.request(method, f"/api/v1{path}", **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def refused(self, method: str, path: str, status: int, code: str, **more: Any) -> Any:
        """Return the problem of a request that is refused."""
        answer = await self.request(method, f"/api/v1{path}", **more)
        assert answer.headers["content-type"] == "application/problem+json"
        found = answer.json()
        assert (answer.status_code, found["status"], found["code"]) == (status, status, code), (
            found
        )
        assert found["detail"]
        return found


type Programs = Callable[..., Awaitable[Program]]


async def token_of(
    desk: Desk,
    *,
    name: str = "Mo",
    role: Role = Role.ADMIN,
    scopes: tuple[Deed, ...] | None = None,
) -> str:
    """Make a token; without scopes it has all of them."""
    _, text = await Tokens(desk.database, desk.clock).make(
        name=name,
        role=role,
        scopes=tuple(Deed) if scopes is None else scopes,
        expires_at=None,
        by="an administrator",
    )
    return text


@pytest.fixture
async def programs(desk: Desk) -> AsyncIterator[Programs]:
    """Return what makes programs with tokens, each on one API."""
    app = Starlette(routes=mount(api_services(desk)))
    opened = []

    async def make(**about: Any) -> Program:
        headers = {"Authorization": f"Bearer {await token_of(desk, **about)}"}
        program = Program(transport=httpx.ASGITransport(app=app), base_url=HOST, headers=headers)
        opened.append(program)
        return program

    yield make
    for program in opened:
        await program.aclose()


@pytest.fixture
async def mo(programs: Programs) -> Program:
    """Return the program of an administrator called Mo."""
    return await programs()


@pytest.fixture
async def talk(desk: Desk) -> str:
    """Return the id of a conversation in which a customer and the bot have spoken."""
    await says(desk, "hello")
    return (await conversation(desk)).id
