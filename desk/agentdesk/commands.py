"""``/frontdesk WORD``: answers for one person's eyes."""

from collections.abc import Awaitable, Callable

from sqlalchemy import select

from desk.agentdesk import repository
from desk.agentdesk.agents import change_status
from desk.agentdesk.cards import Cards
from desk.agentdesk.doing import Doing
from desk.agentdesk.port import Commanded
from desk.agentdesk.queue import spell
from desk.agentdesk.rules import Rulebook, canned
from desk.conversations.desk_view import DeskView
from desk.conversations.repository import locked
from desk.errors import NotFoundError
from desk.handoff import capacity
from desk.handoff.moves import Moves
from desk.tables.agent import AgentStatus
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow, Owner
from desk.tables.ticket import TicketRow
from desk.tickets.numbers import ticket_id

HELP = """queue – who waits, in order, and why
next – take over whoever waits first, if you have room
mine – your conversations
away – you are away; your conversations go back to the queue after a while
back – you are there again
find WORDS – conversations and tickets
open ID – call a conversation, or a ticket's (T-000123), to the desk
say [NAME] – the prepared replies; in your thread write !NAME to send one"""
_MOST = 15


class Commands:
    """Carries out commands."""

    def __init__(self, *, moves: Moves, cards: Cards, view: DeskView, rules: Rulebook) -> None:
        self._moves = moves
        self._cards = cards
        self._view = view
        self._rules = rules
        self._words: dict[str, Callable[[Doing, str], Awaitable[str]]] = {
            "queue": self._queue,
            "next": self._next,
            "mine": self._mine,
            "away": self._away,
            "back": self._back,
            "find": self._find,
            "open": self._open,
            "say": self._say,
        }

    async def obey(self, doing: Doing, deed: Commanded) -> None:
        """Answer a command; an unknown one is answered with the list of them."""
        ask = self._words.get(deed.word.lower())
        answer = await ask(doing, deed.argument.strip()) if ask else HELP
        await doing.whisper(answer)

    async def _queue(self, doing: Doing, _: str) -> str:
        rows, why = await self._cards.queue(doing.session, doing.now)
        lines = [
            f"{place}. {await self._name(doing, row)} ({row.channel}, {row.language}): {why[row.id]}"
            + (" – put off" if row.snoozed_until else "")
            for place, row in enumerate(rows[:_MOST], 1)
        ]
        more = [f"and {len(rows) - _MOST} more"] if len(rows) > _MOST else []
        return "\n".join([*lines, *more]) or "Nobody waits."

    async def _next(self, doing: Doing, _: str) -> str:
        load = await capacity.load(doing.session, doing.agent.name)
        if load is not None and load.is_full:
            return f"You have {load}; finish one first, or press Take over on a card."
        rows, why = await self._cards.queue(doing.session, doing.now)
        for row in rows:
            if row.snoozed_until is not None or row.team not in (None, doing.agent.team):
                continue
            await doing.session.refresh(row, with_for_update=True)
            if row.owner is not Owner.WAITING:
                continue  # somebody was faster
            await self._moves.take(doing.session, row, doing.agent.name, doing.now)
            return f"You have {await self._name(doing, row)} now ({why[row.id]})."
        return "Nobody waits for you."

    async def _mine(self, doing: Doing, _: str) -> str:
        rows = await repository.alive(doing.session, [Owner.HUMAN], agent=doing.agent.name)
        lines = [
            f"{await self._name(doing, row)} ({row.channel}): {row.id}"
            + (f", yours for {spell(doing.now - row.owner_since)}" if row.owner_since else "")
            for row in rows[:_MOST]
        ]
        head = f"You have {len(rows)}, of {doing.agent.capacity} at most."
        return "\n".join([head, *lines]) if rows else "You have no conversation."

    async def _away(self, doing: Doing, _: str) -> str:
        change_status(doing.session, doing.agent, AgentStatus.AWAY, doing.now)
        rows = await repository.alive(doing.session, [Owner.HUMAN], agent=doing.agent.name)
        if not rows:
            return "You are away."
        rules = self._rules.rules
        wait = spell(rules.remind_after + rules.return_after)
        return f"You are away. You have {len(rows)}; they go back to the queue in about {wait}."

    async def _back(self, doing: Doing, _: str) -> str:
        change_status(doing.session, doing.agent, AgentStatus.ONLINE, doing.now)
        return "Welcome back."

    async def _find(self, doing: Doing, argument: str) -> str:
        if not argument:
            return "Say what to look for: find WORDS"
        hits = await self._view.search(argument)
        lines = [
            f"{one.line.name or one.line.thread} ({one.line.channel}, {one.line.owner}): {one.line.id}"
            for one in hits.conversations[:_MOST]
        ]
        lines += [f"{one.number} {one.title} ({one.status})" for one in hits.tickets[:_MOST]]
        return "\n".join(lines) or "Nothing was found."

    async def _open(self, doing: Doing, argument: str) -> str:
        talk = await self._meant(doing, argument)
        if not await self._moves.ask(doing.session, talk, "agent", doing.now, by=doing.agent.name):
            return "It is at the desk already."
        return f"{await self._name(doing, talk)} is at the desk now."

    async def _say(self, doing: Doing, argument: str) -> str:
        rules = self._rules.rules
        if not argument:
            return "\n".join(f"!{name}" for name in rules.replies) or "No reply is prepared."
        texts = [
            canned(rules, argument, language, agent=doing.agent.name) for language in ("en", "zh")
        ]
        found = [text for text in texts if text is not None]
        return "\n\n".join(found) or f"There is no prepared reply {argument!r}."

    async def _meant(self, doing: Doing, argument: str) -> ConversationRow:
        """Return the conversation of an id, or of a ticket's number, locked."""
        number = ticket_id(argument) if argument else None
        wanted: str | None = argument.lower()
        if number is not None:
            wanted = await doing.session.scalar(
                select(TicketRow.conversation_id).where(TicketRow.id == number)
            )
        talk = await locked(doing.session, wanted or "")
        if talk is None:
            raise NotFoundError(f"There is no conversation {argument!r}; look with find.")
        return talk

    async def _name(self, doing: Doing, row: ConversationRow) -> str:
        contact = await doing.session.get(ContactRow, row.contact_id)
        return (contact.name if contact else None) or f"Customer {row.id[-6:]}"
