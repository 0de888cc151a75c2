"""What customers think: the list, its filters, and what is still to be followed up."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate
from console.render import Renderer
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed
from desk.feedback.kinds import SCALES, best
from desk.feedback.listing import Wanted
from desk.tables.feedback import FeedbackKind

FEEDBACK = "/console/feedback"
VIEWS = ("low", "open", "commented")
_PAGE = 50
_LONGEST = 128
_NAMES = ("show", "kind", "score", "agent", "channel", "since", "until")
_PLAIN_MOOD = 0.25
"""From this far from 0 on a comment sounds good or bad."""


class FeedbackPages:
    """Shows feedback."""

    def __init__(self, services: ConsoleServices, render: Renderer) -> None:
        self._services = services
        self._render = render

    async def list(self, visit: Visit) -> Response:
        """Show the newest answers, or those before one."""
        asked = {name: visit.query(name).strip()[:_LONGEST] for name in _NAMES}
        kept = {name: value for name, value in asked.items() if value}
        feedback = self._services.feedback
        wanted = _wanted(asked)
        before = _number(visit.query("before"))
        found = await feedback.list(replace(wanted, before=before, rules=feedback.rules()))
        return self._render.page(
            visit,
            "feedback.html",
            items=found.items,
            counts=found.counts,
            asked=asked,
            tabs=[("", _address(kept, show=""))] + [(v, _address(kept, show=v)) for v in VIEWS],
            scores=sorted({score for scale in SCALES.values() for score in scale}),
            kinds=tuple(FeedbackKind),
            best=best,
            agents=[row.name for row in await self._services.agents.list()],
            channels=await feedback.channels(),
            mood_of=mood_of,
            filtered=bool(kept),
            newest=_address(kept) if before else "",
            older=_address(kept, before=str(found.older)) if found.older else "",
            waiting=await self._services.view.waiting(),
        )


def mood_of(mood: float | None) -> str:
    """Return the word for how a comment sounds, empty when nobody has read it."""
    if mood is None:
        return ""
    return "good" if mood >= _PLAIN_MOOD else "bad" if mood <= -_PLAIN_MOOD else "neutral"


def _wanted(asked: dict[str, str]) -> Wanted:
    kind, until = asked["kind"], _day(asked["until"])
    return Wanted(
        kind=FeedbackKind(kind) if kind in tuple(FeedbackKind) else None,
        score=_number(asked["score"]),
        low=asked["show"] == "low",
        to_follow_up=asked["show"] == "open",
        commented=asked["show"] == "commented",
        agent=asked["agent"] or None,
        channel=asked["channel"] or None,
        since=_day(asked["since"]),
        until=until + timedelta(days=1) if until else None,
        limit=_PAGE,
    )


def _address(kept: dict[str, str], **more: str) -> str:
    query = urlencode({name: value for name, value in {**kept, **more}.items() if value})
    return f"{FEEDBACK}?{query}" if query else FEEDBACK


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _day(text: str) -> datetime | None:
    """Return the beginning of a day in UTC; None for what is no day."""
    try:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC) if day.year < 9999 else None
    except ValueError:
        return None


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of feedback."""
    pages = FeedbackPages(services, render)
    return [Route(FEEDBACK, gate.page(pages.list, Deed.FEEDBACK_SEE))]
