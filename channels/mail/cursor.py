"""How far a mailbox was read."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Self

_MARGIN = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """The last UID read in a mailbox of this UIDVALIDITY; ``seen_at`` is when the newest mail read came in.

    The first poll ever sets ``since``: older mails were never ours to answer. After the server has numbered its mails
    anew, those up to the UID ``until`` are looked at again if they came in after ``since``; the core knows which of
    them it had.
    """

    uidvalidity: int
    uid: int
    seen_at: datetime
    since: datetime
    until: int = 0

    @classmethod
    def first(cls, uidvalidity: int, uidnext: int, now: datetime) -> Self:
        """Return where to begin in a mailbox that is new to us: after all that is in it."""
        now = now.replace(microsecond=0)  # a server's times are whole seconds
        return cls(uidvalidity=uidvalidity, uid=uidnext - 1, seen_at=now, since=now)

    def at(self, uidvalidity: int, uidnext: int) -> "Cursor":
        """Return the cursor for a mailbox as it is now; from the start if its UIDs are not those that we know.

        UIDs that went backwards (a mailbox from a backup) are as new as those of another UIDVALIDITY.
        """
        if uidvalidity == self.uidvalidity and uidnext > self.uid:
            return self
        return Cursor(
            uidvalidity=uidvalidity,
            uid=0,
            seen_at=self.seen_at,
            since=max(self.since, self.seen_at - _MARGIN),
            until=uidnext - 1,
        )

    def takes(self, uid: int, received_at: datetime) -> bool:
        """Return whether a mail is to be read, or too old to be looked at again."""
        return uid > self.until or received_at >= self.since

    def after(self, uid: int, newest: datetime | None) -> "Cursor":
        """Return the cursor after a mail was read, or passed over."""
        return replace(self, uid=uid, seen_at=max(self.seen_at, newest or self.seen_at))

    def dumps(self) -> str:
        """Return the cursor as text."""
        return json.dumps(asdict(self), default=datetime.isoformat)

    @classmethod
    def loads(cls, text: str) -> Self:
        """Return the cursor that was dumped."""
        found = json.loads(text)
        times = {name: datetime.fromisoformat(found[name]) for name in ("seen_at", "since")}
        return cls(**(found | times))
