"""What the console writes into the record: who saw whom, who did what, who was refused."""

from collections import OrderedDict
from datetime import datetime, timedelta

import structlog

from console.visit import Visit
from desk.access.audit import Audit
from desk.access.policy import Deed
from desk.clock import Clock

log = structlog.get_logger()

SEEN = frozenset({Deed.CONVERSATION_SEE, Deed.CONTACT_SEE, Deed.TICKET_SEE})
"""Whose pages show what somebody has told us."""
EXPORTED = frozenset({Deed.REPORT_EXPORT})
_AGAIN = timedelta(minutes=10)
_MOST = 20_000


class Trail:
    """Adds to the record. A page that refreshes is seen once in ten minutes, by one session, in one process."""

    def __init__(self, audit: Audit, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock
        self._noted: OrderedDict[tuple[int, str, str], datetime] = OrderedDict()

    async def saw(self, visit: Visit, deed: Deed) -> None:
        """Note that somebody was shown a page of one customer, or took something along."""
        of_one = deed in SEEN and visit.request.path_params
        if deed in EXPORTED or (of_one and self._is_new(visit, deed)):
            await self._add(visit, str(deed))

    async def did(self, visit: Visit, deed: Deed) -> None:
        """Note that somebody changed or sent something."""
        await self._add(visit, str(deed))

    async def refused(self, visit: Visit, deed: Deed) -> None:
        """Note that somebody wanted what their role does not allow."""
        log.info("console_not_allowed", deed=str(deed), role=str(visit.principal.role))
        if self._is_new(visit, deed, "refused"):
            await self._add(visit, "access.refused", wanted=str(deed))

    async def _add(self, visit: Visit, deed: str, **detail: str) -> None:
        thing, did = thing_of(visit.request.url.path)
        if did:
            detail["did"] = did
        await self._audit.add(by=visit.agent, deed=deed, thing=thing, detail=detail)

    def _is_new(self, visit: Visit, deed: Deed, what: str = "") -> bool:
        now, session = self._clock(), visit.session.id if visit.session else 0
        key = (session, f"{what}{deed}", thing_of(visit.request.url.path)[0])
        last = self._noted.get(key)
        if last is not None and timedelta() <= now - last < _AGAIN:
            return False
        self._noted[key] = now
        self._noted.move_to_end(key)
        if len(self._noted) > _MOST:
            self._noted.popitem(last=False)
        return True


def thing_of(path: str) -> tuple[str, str]:
    """Return what an address of the console is about, ``kind:id``, and what was done with it."""
    kind, _, rest = path.removeprefix("/console").strip("/").partition("/")
    id_, _, did = rest.partition("/")
    return (f"{kind.removesuffix('s')}:{id_}" if id_ else kind or "inbox"), did
