"""Who the people on the desk are, and who of them may act."""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog

from channels.slack.client import SlackClient
from channels.slack.errors import asked
from desk.agentdesk.port import Person
from desk.clock import Clock
from desk.errors import RejectedError

log = structlog.get_logger()

_KNOWN = timedelta(minutes=10)
_MEMBERS = timedelta(minutes=1)
_MOST = 1_000
_PAGE = 200


class People:
    """Asks Slack, and remembers it for a while: names for ten minutes, who may act for one."""

    def __init__(
        self, client: SlackClient, clock: Clock, *, group: str, channels: Iterable[str]
    ) -> None:
        self._client = client
        self._clock = clock
        self._group = group
        self._channels = tuple(dict.fromkeys(channels))
        self._known: OrderedDict[str, tuple[datetime, Person]] = OrderedDict()
        self._members: tuple[datetime, frozenset[str]] | None = None

    async def person(self, external_id: str) -> Person:
        """Return who somebody is; the e-mail is there if the app may read it."""
        at, known = self._known.get(external_id, (None, None))
        if known is not None and at is not None and self._clock() - at < _KNOWN:
            return known
        answer = await asked(self._client.web.users_info(user=external_id))
        found = _person(answer["user"])
        self._known[external_id] = (self._clock(), found)
        self._known.move_to_end(external_id)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        return found

    async def may_act(self, external_id: str) -> bool:
        """Say whether somebody is in the user group or, without one, in one of the desk's channels."""
        if self._members is None or self._clock() - self._members[0] >= _MEMBERS:
            self._members = (self._clock(), frozenset(await self._ask()))
        return external_id in self._members[1]

    async def _ask(self) -> set[str]:
        if self._group:
            answer = await asked(self._client.web.usergroups_users_list(usergroup=self._group))
            return set(answer["users"])
        found: set[str] = set()
        for channel in self._channels:
            try:
                found |= set(await self._of(channel))
            except RejectedError as error:
                # One channel that is gone must not keep out the people of the others.
                log.warning("slack_desk_members_unknown", channel_id=channel, reason=str(error))
        return found

    async def _of(self, channel: str) -> list[str]:
        found: list[str] = []
        cursor: str | None = None
        while True:
            answer = await asked(
                self._client.web.conversations_members(channel=channel, limit=_PAGE, cursor=cursor)
            )
            found += answer["members"]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                return found


def _person(user: dict[str, Any]) -> Person:
    profile = user.get("profile") or {}
    names = (profile.get("display_name"), profile.get("real_name"), user.get("name"))
    return Person(
        external_id=str(user["id"]),
        name=str(next(filter(None, names), "")),
        email=profile.get("email") or None,
    )
