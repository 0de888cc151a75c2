"""All calendars: those that people made, the shop's from its policies, the teams' from the desk's rules, and 24/7."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.access import audit
from desk.calendars.model import ALWAYS, Calendar, always
from desk.calendars.spec import CalendarSpec, read
from desk.clock import Clock
from desk.commerce.hours import Hours
from desk.errors import ConflictError, NotFoundError
from desk.store.database import Database
from desk.tables.sla import BusinessCalendarRow, SlaPolicyRow

log = structlog.get_logger()

SHOP = "shop"
TEAM = "team:"

type ShopHours = Callable[[], Hours]
type TeamHours = Callable[[], Mapping[str, Hours]]


@dataclass(frozen=True)
class Known:
    """Calendars by name as they are at one moment."""

    calendars: Mapping[str, Calendar] = field(default_factory=dict)

    def get(self, name: str) -> Calendar:
        """Return a calendar; the shop's in place of one that is gone, as a team may be from the rules."""
        found = self.calendars.get(name)
        if found is None:
            log.warning("calendar_gone", calendar=name)
        return found or self.calendars[SHOP]

    def __contains__(self, name: object) -> bool:
        return name in self.calendars

    def __iter__(self) -> Iterator[str]:
        return iter(self.calendars)


class Calendars:
    """Keeps calendars. ``shop`` and ``teams`` give the hours of files as they are now."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        shop: ShopHours,
        teams: TeamHours = dict,
    ) -> None:
        self._database = database
        self._clock = clock
        self._shop = shop
        self._teams = teams

    async def known(self, session: AsyncSession) -> Known:
        """Return every calendar."""
        rows = await session.scalars(select(BusinessCalendarRow))
        own = {row.name: spec_of(row).calendar() for row in rows}
        teams = {
            f"{TEAM}{name}": Calendar(name=f"{TEAM}{name}", hours=hours)
            for name, hours in self._teams().items()
        }
        built_in = {SHOP: Calendar(name=SHOP, hours=self._shop()), ALWAYS: always()}
        return Known({**own, **teams, **built_in})

    async def all(self) -> Known:
        """Return every calendar, in a transaction of its own."""
        async with self._database.read() as session:
            return await self.known(session)

    async def own(self) -> Sequence[CalendarSpec]:
        """Return the calendars that people made, by name."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(BusinessCalendarRow).order_by(BusinessCalendarRow.name)
            )
            return [spec_of(row) for row in rows]

    async def spec(self, name: str) -> CalendarSpec:
        """Return a calendar that people made, or raise NotFoundError."""
        async with self._database.read() as session:
            return spec_of(await _row(session, name))

    async def save(self, given: Mapping[str, Any], *, by: str, new: bool) -> CalendarSpec:
        """Keep a calendar; clocks that are computed from now on go by it.

        Raises:
            InvalidError: it is wrong, or always closed.
            ConflictError: a new one has the name of another.
        """
        spec, now = read(given), self._clock()
        values = _values(spec) | {"updated_at": now, "by": by}
        async with self._database.write() as session:
            row = await session.get(BusinessCalendarRow, spec.name)
            if new and (row is not None or spec.name in (SHOP, ALWAYS, "new")):
                raise ConflictError(f"there is a calendar {spec.name!r} already")
            if row is None:
                session.add(BusinessCalendarRow(**values))
            else:
                for name, value in values.items():
                    setattr(row, name, value)
            await audit.note(
                session,
                by=by,
                deed="sla.change",
                thing=f"calendar:{spec.name}",
                detail={"zone": spec.zone},
                now=now,
            )
        return spec

    async def delete(self, name: str, *, by: str) -> None:
        """Forget a calendar.

        Raises:
            ConflictError: a policy goes by it.
        """
        async with self._database.write() as session:
            row = await _row(session, name)
            policies = await session.scalars(select(SlaPolicyRow))
            users = [p.name for p in policies if name in _calendars_of(p)]
            if users:
                raise ConflictError(f"these policies go by it: {', '.join(users)}")
            await session.delete(row)
            await audit.note(
                session,
                by=by,
                deed="sla.change",
                thing=f"calendar:{name}",
                detail={"deleted": True},
                now=self._clock(),
            )


def _calendars_of(policy: SlaPolicyRow) -> set[str]:
    return {target["calendar"] for target in policy.targets.values()}


def spec_of(row: BusinessCalendarRow) -> CalendarSpec:
    """Return a row as people write it."""
    return read(
        {
            "name": row.name,
            "zone": row.zone,
            "week": row.week,
            "country": row.country,
            "subdivision": row.subdivision,
            "days": row.days,
        }
    )


def _values(spec: CalendarSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "zone": spec.zone,
        "week": spec.week_text(),
        "country": spec.country or None,
        "subdivision": spec.subdivision or None,
        "days": spec.days_text(),
    }


async def _row(session: AsyncSession, name: str) -> BusinessCalendarRow:
    row = await session.get(BusinessCalendarRow, name)
    if row is None:
        raise NotFoundError(f"There is no calendar {name[:64]!r}.")
    return row
