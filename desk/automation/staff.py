"""Who can be named in a rule: agents, teams, webhooks, and whether mails can be sent."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.tables.access import TeamRow
from desk.tables.agent import AgentRow
from desk.tables.webhook import WebhookRow


@dataclass(frozen=True, kw_only=True)
class Names:
    """Who is there at one moment. ``webhooks`` are names by id."""

    agents: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    webhooks: dict[str, str]
    has_mail: bool = False


class Staff:
    """Knows the names. ``teams`` gives those of the desk's rules file as they are now."""

    def __init__(self, *, teams: Callable[[], Collection[str]] = tuple, has_mail: bool) -> None:
        self._teams = teams
        self._has_mail = has_mail

    async def agents(self, session: AsyncSession) -> frozenset[str]:
        """Return the names of all agents."""
        return frozenset(await session.scalars(select(AgentRow.name)))

    async def teams(self, session: AsyncSession) -> frozenset[str]:
        """Return the names of all teams: of the file, of the console, and those that agents are in."""
        made = await session.scalars(select(TeamRow.name))
        used = await session.scalars(select(AgentRow.team).where(AgentRow.team.is_not(None)))
        return frozenset({*self._teams(), *made, *(one for one in used if one)})

    async def names(self, session: AsyncSession) -> Names:
        """Return everybody."""
        webhooks = await session.execute(select(WebhookRow.id, WebhookRow.name))
        return Names(
            agents=await self.agents(session),
            teams=await self.teams(session),
            webhooks={row[0]: row[1] for row in webhooks},
            has_mail=self._has_mail,
        )
