"""Agents: list, one, and whether they are at work."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel

from console.api.door import Caller, Endpoint, Operation
from console.api.fields import Given, PageQuery, PathId, Shown, ShownPage, Word
from console.api.services import ApiServices
from desk.access import audit
from desk.access.policy import Deed, Principal
from desk.agentdesk.agents import change_status
from desk.errors import NotFoundError
from desk.tables.agent import AgentRow, AgentStatus


class AgentShown(Shown):
    """Somebody who answers customers."""

    id: str
    name: str
    email: str | None
    team: str | None
    status: AgentStatus
    status_since: datetime
    capacity: int
    skills: list[str]
    languages: list[str]
    regions: list[str]


class AgentQuery(PageQuery):
    """Which agents."""

    status: AgentStatus | None = None
    team: Word | None = None


class NewStatus(Given):
    """Whether an agent is at work."""

    status: AgentStatus


class AgentApi:
    """What programs do with agents."""

    def __init__(self, services: ApiServices) -> None:
        self._services = services

    def operations(self) -> Iterator[Operation]:
        """Return what there is."""
        reads: tuple[tuple[str, Endpoint, type[BaseModel]], ...] = (
            ("/agents", self.list_agents, ShownPage[AgentShown]),
            ("/agents/{id}", self.get_agent, AgentShown),
        )
        for path, endpoint, answer in reads:
            yield Operation(
                method="GET", path=path, endpoint=endpoint, deed=Deed.AGENT_SEE, answer=answer
            )
        yield Operation(
            method="PUT",
            path="/agents/{id}/status",
            endpoint=self.set_agent_status,
            deed=Deed.AGENT_STATUS,
            own=self._is_self,
            answer=AgentShown,
        )

    async def list_agents(self, asked: Annotated[AgentQuery, Query()]) -> ShownPage[AgentShown]:
        """List agents, those who have been here longest first."""
        page = await self._services.listing.agents(
            asked.wanted("status", "team"), after=asked.after, limit=asked.limit
        )
        items = [AgentShown.model_validate(row) for row in page.rows]
        return ShownPage(items=items, next=page.next)

    async def get_agent(self, id_: PathId) -> AgentShown:
        """Get an agent."""
        return AgentShown.model_validate(await self._services.listing.agent(id_))

    async def set_agent_status(self, id_: PathId, caller: Caller, given: NewStatus) -> AgentShown:
        """Say whether an agent is at work: an agent's token its own agent, a manager's everybody."""
        now = self._services.clock()
        async with self._services.database.write() as session:
            row = await session.get(AgentRow, id_)
            if row is None:
                raise NotFoundError(f"there is no agent {id_}")
            change_status(session, row, given.status, now)
            await audit.note(
                session,
                by=caller.name,
                deed=Deed.AGENT_STATUS,
                thing=f"agent:{id_}",
                detail={"status": given.status, "token": caller.id},
                now=now,
            )
        return AgentShown.model_validate(row)

    async def _is_self(self, request: Request, caller: Principal) -> bool:
        try:
            row = await self._services.listing.agent(request.path_params["id"])
        except NotFoundError:
            return False
        return row.name == caller.name
