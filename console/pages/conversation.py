"""A conversation: read it, take it over, answer, note, give it back, put it off, resolve."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.forms import LONGEST_TEXT
from console.gate import Gate
from console.live import Live
from console.pages.inbox import InboxPages
from console.pages.sign_in import inside
from console.pages.talk import SNOOZES, Talking
from console.problem import word_for
from console.render import HEADERS, Renderer, go
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.policy import Deed
from desk.conversations.answering import Answering, UnseenError
from desk.conversations.desk_model import Talk
from desk.errors import ConflictError, FrontdeskError, InvalidError, RetryableError
from desk.handoff.capacity import FullError
from desk.handoff.moves import Ending
from desk.media.policy import headers as file_headers
from desk.media.policy import refusal_of
from desk.media.service import RefusedFileError
from desk.media.sniff import UNKNOWN, sniff
from desk.message import Attachment
from desk.tables.agent import AgentStatus
from desk.tables.conversation import Outcome, Owner
from desk.tickets.words import one_of, shown_text

_AT = "/console/conversations/{id}"
_FILE_HEADERS = {"Cross-Origin-Resource-Policy": "same-origin"}


class NoteWithFileError(InvalidError):
    """A note has no files."""


class ConversationPages:
    """Shows a conversation and does what an agent asks."""

    def __init__(
        self, services: ConsoleServices, render: Renderer, inbox: InboxPages, live: Live | None
    ) -> None:
        self._services = services
        self._render = render
        self._talking = Talking(services, render, inbox, live)
        self._answering = Answering(services.handoff, services.clock)
        self._live = live

    async def show(self, visit: Visit) -> Response:
        """Show the conversation."""
        return await self._page(visit)

    async def live(self, visit: Visit) -> Response:
        """Say what changed in the conversation and beside it."""
        _, sight = await self._talking.sight(visit)
        return self._render.live(visit, sight.regions, sight.waiting)

    async def events(self, visit: Visit) -> Response:
        """Say what changes in the conversation and beside it, for as long as the page is open."""
        if self._live is None:
            return self._render.live(visit, {}, 0)
        return self._live.stream(
            visit, lambda all_: self._talking.look(visit, all_), about=visit.path("id")
        )

    async def typing(self, visit: Visit) -> Response:
        """Let the others see that somebody is typing."""
        if self._live is not None:
            talk = await self._services.view.talk(visit.path("id"), limit=1)
            await self._live.typing(visit, talk.line.id)
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=HEADERS)

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
        """Close the conversation, with how it ended and what it was about if the form says."""
        outcome = visit.form.get("outcome", "")
        ending = Ending(
            outcome=one_of(Outcome, outcome) if outcome else None, topic=visit.form.get("topic")
        )
        return await self._do(
            visit,
            lambda id_: self._answering.resolve(
                id_, agent=visit.agent, ending=ending, seen=_seen(visit)
            ),
        )

    async def transfer(self, visit: Visit) -> Response:
        """Give the conversation to another agent, who must be there, or to a team."""
        kind, _, name = visit.form.get("to", "").partition(":")
        if kind not in ("agent", "team") or not name:
            raise InvalidError("choose an agent or a team")
        if kind == "agent":
            await self._services.agents.free(name)
        to = {kind: name}
        return await self._do(
            visit, lambda id_: self._services.handoff.transfer(id_, by=visit.agent, **to)
        )

    async def snooze(self, visit: Visit) -> Response:
        """Put the conversation off."""
        minutes = visit.form.get("minutes", "")
        if minutes not in SNOOZES:
            raise InvalidError("choose a time")
        until = self._services.clock() + timedelta(minutes=int(minutes))
        return await self._do(
            visit,
            lambda id_: self._services.handoff.snooze(id_, agent=visit.agent, until=until),
        )

    async def status(self, visit: Visit) -> Response:
        """Say whether the agent is at work."""
        wanted = one_of(AgentStatus, visit.form.get("status", ""))
        await self._services.agents.set_status(visit.agent, wanted)
        return go(inside(visit.form.get("next", "")))

    async def write(self, visit: Visit) -> Response:
        """Send a reply, or keep a note: as the form's mode says."""
        # Without a known mode nothing is sent: a note must never reach a customer by mistake.
        send = {"reply": self._reply, "note": self._note}.get(visit.form.get("mode", ""))
        if send is None:
            raise InvalidError("neither a reply nor a note")
        return await self._do(visit, lambda id_: send(id_, visit))

    async def file(self, visit: Visit) -> Response:
        """Give a file: pictures to be shown, everything else to be saved and never shown."""
        found = await self._services.view.file(visit.path("id"), visit.row_id("file"))
        content = await self._services.media.content(found)
        # What it is, is looked at again: rows of before say what the customer claimed.
        given = file_headers(found.name, sniff(content))
        return Response(content, headers={**HEADERS, **_FILE_HEADERS, **given})

    async def _reply(self, conversation_id: str, visit: Visit) -> None:
        text = _text(visit, may_be_empty=bool(visit.files))
        posted = [
            Attachment(name=file.name, content_type=UNKNOWN, content=file.content)
            for file in visit.files
        ]
        files = await self._services.media.keep_all(posted)
        for file in files:
            if file.key is None:
                raise RefusedFileError(refusal_of(file.content_type), "this file is not accepted")
        await self._answering.reply(
            conversation_id, agent=visit.agent, text=text, attachments=files, seen=_seen(visit)
        )

    async def _note(self, conversation_id: str, visit: Visit) -> None:
        if visit.files:
            raise NoteWithFileError
        text = _text(visit)
        await self._services.handoff.note(conversation_id, agent=visit.agent, text=text)

    async def _do(self, visit: Visit, effect: Callable[[str], Awaitable[object]]) -> Response:
        conversation_id = visit.path("id")
        try:
            await effect(conversation_id)
        except (ConflictError, InvalidError, RetryableError) as error:
            # The page comes back with what is true now and with the words that were not sent.
            return await self._page(visit, error)
        return go(f"/console/conversations/{conversation_id}")

    async def _page(self, visit: Visit, error: FrontdeskError | None = None) -> Response:
        # What came in between is pointed out, and counts as seen from now on.
        new_from = _seen(visit) if isinstance(error, UnseenError) else None
        talk, sight = await self._talking.sight(visit, new_from)
        return self._render.live_page(
            visit,
            "conversation.html",
            sight.regions,
            error.status_code if error else HTTPStatus.OK,
            talk=talk,
            waiting=sight.waiting,
            limit=self._talking.limit(visit),
            problem=_problem(error, talk, visit.agent) if error else "",
            streams=self._live is not None,
        )


def _seen(visit: Visit) -> int | None:
    """Return the last message that the form's page showed."""
    text = visit.form.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _text(visit: Visit, *, may_be_empty: bool = False) -> str:
    text = shown_text(visit.form.get("text", ""))
    if not text and not may_be_empty:
        raise InvalidError("write something first")
    if len(text) > LONGEST_TEXT:
        raise InvalidError("too long")
    return text


_WORDS: tuple[tuple[type[FrontdeskError], str], ...] = (
    (UnseenError, "problem.unseen"),
    (FullError, "problem.full"),
    (NoteWithFileError, "problem.file_in_note"),
    (InvalidError, "problem.empty"),
)


def _problem(error: FrontdeskError, talk: Talk, agent: str) -> str:
    """Return the key of the words for a refusal, from the conversation as it is now."""
    if isinstance(error, RefusedFileError):
        return f"problem.file_{error.refusal}"
    known = next((word for kind, word in _WORDS if isinstance(error, kind)), None)
    if known:
        return known
    if talk.line.owner is Owner.HUMAN and talk.line.agent != agent:
        return "problem.other_agent"
    if talk.line.owner is not Owner.HUMAN:
        return "problem.take_over_first"
    return word_for(error)


def routes(gate: Gate, pages: ConversationPages, *, largest: int) -> list[BaseRoute]:
    """Return the addresses of a conversation; ``largest`` is how many bytes of files a reply may have."""
    move = Deed.CONVERSATION_MOVE
    verbs = (
        ("take-over", pages.take_over),
        ("release", pages.release),
        ("resolve", pages.resolve),
        ("transfer", pages.transfer),
        ("snooze", pages.snooze),
    )
    answer = Deed.CONVERSATION_ANSWER
    return [
        Route(_AT, gate.page(pages.show, Deed.CONVERSATION_SEE)),
        Route(f"{_AT}/live", gate.live(pages.live, Deed.CONVERSATION_SEE)),
        Route(f"{_AT}/events", gate.live(pages.events, Deed.CONVERSATION_SEE)),
        Route(f"{_AT}/typing", gate.action(pages.typing, answer, noted=True), methods=["POST"]),
        Route(f"{_AT}/files/{{file:int}}", gate.page(pages.file, Deed.CONVERSATION_SEE)),
        Route(
            f"{_AT}/messages", gate.action(pages.write, answer, files=largest), methods=["POST"]
        ),
        *(Route(f"{_AT}/{verb}", gate.action(do, move), methods=["POST"]) for verb, do in verbs),
        Route("/console/status", gate.action(pages.status, answer), methods=["POST"]),
    ]
