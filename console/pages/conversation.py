"""A conversation: read it, take it over, answer, note, give it back, resolve."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import quote

from starlette.responses import Response

from console.forms import LONGEST_TEXT
from console.pages.inbox import ORDER, InboxPages, Shown
from console.problem import word_for
from console.render import HEADERS, Renderer, go
from console.services import ConsoleServices
from console.visit import Visit
from desk.conversations.desk_model import Talk
from desk.errors import ConflictError, FrontdeskError, InvalidError
from desk.tables.conversation import Owner
from desk.tickets.words import shown_text

_MESSAGES, _MOST_MESSAGES = 100, 2_000
_ORDERS, _BESIDE = 3, 8
# A browser that sniffs, renders or frames a customer's file must still not run it as ours.
_FILE_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class ConversationPages:
    """Shows a conversation and does what an agent asks."""

    def __init__(self, services: ConsoleServices, render: Renderer, inbox: InboxPages) -> None:
        self._services = services
        self._render = render
        self._inbox = inbox

    async def show(self, visit: Visit) -> Response:
        """Show the conversation."""
        return await self._page(visit)

    async def live(self, visit: Visit) -> Response:
        """Say what changed in the conversation and beside it."""
        _, regions, waiting = await self._regions(visit)
        return self._render.live(visit, regions, waiting)

    async def take_over(self, visit: Visit) -> Response:
        """Take the conversation over."""
        return await self._do(
            visit, lambda id_: self._services.handoff.take_over(id_, agent=visit.agent)
        )

    async def release(self, visit: Visit) -> Response:
        """Give the conversation back to the assistant."""
        return await self._do(
            visit, lambda id_: self._services.handoff.release(id_, agent=visit.agent)
        )

    async def resolve(self, visit: Visit) -> Response:
        """Close the conversation as solved."""
        return await self._do(
            visit, lambda id_: self._services.handoff.resolve(id_, agent=visit.agent)
        )

    async def write(self, visit: Visit) -> Response:
        """Send a reply, or keep a note: as the form's mode says."""
        # Without a known mode nothing is sent: a note must never reach a customer by mistake.
        send = {"reply": self._reply, "note": self._note}.get(visit.form.get("mode", ""))
        if send is None:
            raise InvalidError("neither a reply nor a note")
        return await self._do(visit, lambda id_: send(id_, visit))

    async def file(self, visit: Visit) -> Response:
        """Give a customer's file as a download, never to be shown in the browser."""
        found = await self._services.view.file(visit.path("id"), visit.row_id("file"))
        plain = "".join(c if c.isprintable() and c not in '/\\"' else "_" for c in found.name)
        ascii_name = plain.encode("ascii", "replace").decode().replace("?", "_") or "file"
        disposition = f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(plain)}"
        headers = {**_FILE_HEADERS, "Content-Disposition": disposition}
        return Response(found.content, headers=headers, media_type="application/octet-stream")

    async def _reply(self, conversation_id: str, visit: Visit) -> None:
        text = _text(visit)
        await self._services.handoff.reply(conversation_id, agent=visit.agent, text=text)

    async def _note(self, conversation_id: str, visit: Visit) -> None:
        text = _text(visit)
        await self._services.handoff.note(conversation_id, agent=visit.agent, text=text)

    async def _do(self, visit: Visit, effect: Callable[[str], Awaitable[object]]) -> Response:
        conversation_id = visit.path("id")
        try:
            await effect(conversation_id)
        except (ConflictError, InvalidError) as error:
            # The page comes back with what is true now and with the words that were not sent.
            return await self._page(visit, error)
        return go(f"/console/conversations/{conversation_id}")

    async def _page(self, visit: Visit, error: FrontdeskError | None = None) -> Response:
        talk, regions, waiting = await self._regions(visit)
        return self._render.live_page(
            visit,
            "conversation.html",
            regions,
            error.status_code if error else HTTPStatus.OK,
            talk=talk,
            waiting=waiting,
            limit=self._limit(visit),
            problem=_problem(error, talk, visit.agent) if error else "",
        )

    def _limit(self, visit: Visit) -> int:
        return visit.number("limit", _MESSAGES, _MOST_MESSAGES)

    async def _regions(self, visit: Visit) -> tuple[Talk, dict[str, str], int]:
        view, limit = self._services.view, self._limit(visit)
        talk = await view.talk(visit.path("id"), limit=limit)
        customer = await self._services.commerce.verified(conversation_id=talk.line.id)
        orders = (
            await self._services.commerce.orders_of(customer_id=customer.id, limit=_ORDERS)
            if customer
            else []
        )
        beside = await view.inbox(dict.fromkeys(ORDER[:3], _BESIDE))
        mine = talk.line.owner is Owner.HUMAN and talk.line.agent == visit.agent
        known = {"talk": talk, "line": talk.line, "customer": customer, "mine": mine}
        more = min(limit * 2, _MOST_MESSAGES) if limit < _MOST_MESSAGES else 0
        draft = visit.form.get("text", "")
        mode = visit.form.get("mode", "reply" if mine else "note")
        regions = {
            "list": self._inbox.region(visit, beside, Shown(owner=None), talk.line.id),
            "head": self._render.region(visit, "_talk_head.html", **known),
            "thread": self._render.region(visit, "_thread.html", more=more, **known),
            "compose": self._render.region(
                visit,
                "_compose.html",
                draft=draft,
                mode=mode,
                longest=LONGEST_TEXT,
                **known,
            ),
            "side": self._render.region(visit, "_contact.html", orders=orders, **known),
        }
        return talk, regions, beside.counts[Owner.WAITING]


def _text(visit: Visit) -> str:
    text = shown_text(visit.form.get("text", ""))
    if not text:
        raise InvalidError("write something first")
    if len(text) > LONGEST_TEXT:
        raise InvalidError("too long")
    return text


def _problem(error: FrontdeskError, talk: Talk, agent: str) -> str:
    """Return the key of the words for a refusal, from the conversation as it is now."""
    if isinstance(error, InvalidError):
        return "problem.empty"
    if talk.line.owner is Owner.HUMAN and talk.line.agent != agent:
        return "problem.other_agent"
    if talk.line.owner is not Owner.HUMAN:
        return "problem.take_over_first"
    return word_for(error)
