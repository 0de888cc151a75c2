"""A campaign once more: a new draft with the same plan and a name of its own."""

import re

from analytics.campaigns.model import Campaign
from analytics.campaigns.service import Campaigns
from desk.errors import ConflictError

_LONGEST = 100
_NUMBERS = range(2, 101)
_NUMBERED = re.compile(r" \(\d{1,3}\)$")


async def copied(campaigns: Campaigns, campaign_id: int, *, by: str) -> Campaign:
    """Copy a campaign under the first name that is free: ``Spring (2)``; nothing of it is sent before it is launched.

    Raises:
        ConflictError: there are so many copies that no name was found.
    """
    found = await campaigns.get(campaign_id)
    name = _NUMBERED.sub("", found.name)
    for number in _NUMBERS:
        try:
            return await campaigns.create(_named(name, number), found.plan, by=by)
        except ConflictError:  # that name is taken; the next one may be free
            continue
    raise ConflictError(f"There are too many copies of {name!r}; give one another name.")


def _named(name: str, number: int) -> str:
    ending = f" ({number})"
    return f"{name[: _LONGEST - len(ending)].rstrip()}{ending}"
