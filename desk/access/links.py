"""Links by which people choose a password: signed, good for some time, and for one use."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from desk.access.keys import Keys

INVITED = timedelta(days=7)
FORGOTTEN = timedelta(hours=24)
_FORM = re.compile(r"([0-9a-f]{32})\.([0-9]{1,9})\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})")
_PURPOSE = "link"


@dataclass(frozen=True, kw_only=True)
class Link:
    """What a link says: whose it is, and which one of theirs."""

    user_id: str
    number: int


def write(keys: Keys, link: Link, until: datetime) -> str:
    """Return a link's last part."""
    body = f"{link.user_id}.{link.number}.{int(until.timestamp())}"
    return f"{body}.{keys.sign(_PURPOSE, body)}"


def read(keys: Keys, text: str, now: datetime) -> Link | None:
    """Return what a link says; None when it is forged or too old."""
    form = _FORM.fullmatch(text)
    if form is None or not keys.is_signed(_PURPOSE, text.rpartition(".")[0], form[4]):
        return None
    if now >= datetime.fromtimestamp(int(form[3]), UTC):
        return None
    return Link(user_id=form[1], number=int(form[2]))
