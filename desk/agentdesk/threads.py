"""What words in a thread do: go to the customer, stay here, or wait until their writer has said which."""

from dataclasses import asdict

from sqlalchemy import select

from desk.agentdesk import answers, codec, repository, ruling
from desk.agentdesk.doing import Doing, RefusedError
from desk.agentdesk.mirror import DeskMirror
from desk.agentdesk.port import Changed, Choice, Held, Retried, RootGone, Wrote
from desk.agentdesk.repository import ALIVE
from desk.agentdesk.rules import Rulebook, canned
from desk.agentdesk.ruling import Words, standing
from desk.conversations.mirror import from_desk
from desk.errors import InvalidError, NotFoundError
from desk.handoff.moves import Moves
from desk.message import Attachment
from desk.outbox import repository as outbox
from desk.tables.agent import HeldRow, HeldState
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow, Direction, Owner
from desk.tables.outbox import OutboxRow

_DONE = {
    HeldState.SENT: "These words were sent already.",
    HeldState.NOTED: "These words were kept as a note already.",
    HeldState.FORGOTTEN: "These words were taken back.",
}


class Threads:
    """Carries out what is said in threads."""

    def __init__(self, moves: Moves, mirror: DeskMirror, rules: Rulebook) -> None:
        self._moves = moves
        self._mirror = mirror
        self._rules = rules

    async def wrote(self, doing: Doing, deed: Wrote) -> None:
        """Send, keep or hold words; the same message again does nothing more."""
        talk = await doing.conversation(await repository.at(doing.session, deed.place))
        text, files = deed.text, deed.attachments
        if await repository.named(doing.session, deed.place.channel, deed.message):
            return
        known = await repository.held(doing.session, deed.place.channel, deed.message)
        if known is not None:
            if known.state is not HeldState.EARLY:
                return
            if known.text is None:
                known.state = HeldState.FORGOTTEN
                return
            text = known.text
        what = ruling.words(text, talk.owner, mine=doing.owns(talk))
        if what is Words.ASK:
            await self._hold(doing, deed, talk, text, known)
            return
        if known is not None:
            await doing.session.delete(known)
        if what is Words.NOTE:
            await self._note(doing, talk, deed.message, ruling.note(text) or "", files)
        else:
            await self._send(doing, talk, deed.message, text, files)

    async def _hold(
        self,
        doing: Doing,
        deed: Wrote,
        talk: ConversationRow,
        text: str,
        known: HeldRow | None,
    ) -> None:
        row = known or _held(doing, deed.message, talk)
        row.text, row.state = text, HeldState.HELD
        row.attachments = [asdict(file) | {"content": None} for file in deed.attachments]
        doing.session.add(row)
        await self._ask(doing, talk, deed.message)

    async def _ask(self, doing: Doing, talk: ConversationRow, message: str) -> None:
        why = standing(talk.owner, talk.agent, talk.owner_since, doing.now)
        await answers.ask(
            doing.session,
            doing.person,
            doing.place,
            message,
            f"{why} Your words were not sent.",
            key=doing.action.external_id,
            now=doing.now,
        )

    async def _send(
        self,
        doing: Doing,
        talk: ConversationRow,
        message: str,
        text: str,
        files: tuple[Attachment, ...],
    ) -> None:
        name = ruling.canned_name(text)
        words = text if name is None else await self._canned(doing, talk, name)
        kept = doing.fetched(files)
        with from_desk(doing.session):
            message_id = await self._moves.send(
                doing.session, talk, doing.agent.name, words, doing.now, kept
            )
        if name is not None:
            # What stands in the thread is a name; what the customer read is shown below it.
            await self._mirror.tell(
                doing.session, talk, f"Sent: {words}", key=f"canned:{message_id}", now=doing.now
            )
        await repository.name_message(
            doing.session, doing.place, message, message_id, from_desk=True
        )
        row = await doing.session.scalar(
            select(OutboxRow).where(OutboxRow.message_id == message_id)
        )
        if row is not None:
            await self._mirror.delivered(doing.session, talk, row, doing.now)

    async def _canned(self, doing: Doing, talk: ConversationRow, name: str) -> str:
        contact = await doing.session.get(ContactRow, talk.contact_id)
        found = canned(
            self._rules.rules,
            name,
            talk.language,
            agent=doing.agent.name,
            customer=(contact.name if contact else None) or "",
        )
        if found is None:
            names = ", ".join(f"!{one}" for one in self._rules.rules.replies) or "none"
            raise InvalidError(
                f"There is no prepared reply !{name}; nothing was sent. There are: {names}."
            )
        return found

    async def _note(
        self,
        doing: Doing,
        talk: ConversationRow,
        message: str,
        text: str,
        files: tuple[Attachment, ...],
    ) -> None:
        names = ", ".join(file.name for file in files)
        words = "\n".join(part for part in (text, f"[{names}]" if names else "") if part)
        with from_desk(doing.session):
            message_id = await self._moves.note(
                doing.session, talk, doing.agent.name, words, doing.now
            )
        await repository.name_message(
            doing.session, doing.place, message, message_id, from_desk=True
        )

    async def chose(self, doing: Doing, deed: Held) -> None:
        """Do with held words what their writer has chosen."""
        row = await repository.held(doing.session, deed.place.channel, deed.message)
        if row is None or row.state is HeldState.EARLY:
            raise NotFoundError("These words are not here any more.")
        if row.person != doing.person:
            raise RefusedError("Somebody else wrote these words.")
        if row.state is not HeldState.HELD:
            raise RefusedError(_DONE[row.state])
        talk = await doing.conversation(row.conversation_id)
        if deed.choice is Choice.FORGET:
            row.state = HeldState.FORGOTTEN
            return
        text = row.text or ""
        files = tuple(codec.file(one) for one in row.attachments)
        if deed.choice is Choice.NOTE:
            row.state = HeldState.NOTED
            await self._note(doing, talk, deed.message, ruling.note(text) or text, files)
            return
        if deed.choice is Choice.TAKE_OVER and not doing.owns(talk):
            if talk.owner is Owner.HUMAN:
                await self._ask(doing, talk, deed.message)
                return
            await self._moves.take(doing.session, talk, doing.agent.name, doing.now)
        row.state = HeldState.SENT
        await self._send(doing, talk, deed.message, text, files)

    async def changed(self, doing: Doing, deed: Changed) -> None:
        """Take note of a change; what the customer has cannot be changed, and who tried is told."""
        if deed.message == deed.place.thread:
            return
        talk = await doing.conversation(await repository.at(doing.session, deed.place))
        known = await repository.named(doing.session, deed.place.channel, deed.message)
        if known is None:
            await self._changed_before(doing, deed, talk)
            return
        message, written_here = known
        if not written_here:
            return
        what = "taken back" if deed.text is None else f"changed to: {deed.text}"
        if message.direction is Direction.NOTE:
            text = f"Note {what}"
        else:
            text = f"Sent message {what}"
            await self._mirror.tell(
                doing.session,
                talk,
                "This was sent already and cannot be changed there. The customer still has: "
                f"“{message.text[:300]}” Write a correction if one is needed.",
                key=f"changed:{doing.action.external_id}"[:160],
                now=doing.now,
            )
        with from_desk(doing.session):
            await self._moves.note(doing.session, talk, doing.agent.name, text, doing.now)

    async def _changed_before(self, doing: Doing, deed: Changed, talk: ConversationRow) -> None:
        """Change words that are held, or that are still to come: platforms tell things in any order."""
        row = await repository.held(doing.session, deed.place.channel, deed.message)
        if row is None:
            row = _held(doing, deed.message, talk)
            row.state = HeldState.EARLY
            doing.session.add(row)
        row.text = deed.text
        if row.state is HeldState.HELD and deed.text is None:
            row.state = HeldState.FORGOTTEN

    async def retried(self, doing: Doing, deed: Retried) -> None:
        """Send a failed message once more."""
        row = await doing.session.scalar(
            select(OutboxRow).where(OutboxRow.message_id == deed.message_id)
        )
        if row is None:
            raise NotFoundError("There is no such message.")
        talk = await doing.conversation(row.conversation_id)
        if not await outbox.replay(doing.session, row.id, doing.now):
            raise RefusedError(f"This message is {row.state} by now; nothing was done.")
        await self._mirror.tell(
            doing.session,
            talk,
            f"{doing.agent.name} sends it once more.",
            key=f"retry:{doing.action.external_id}"[:160],
            now=doing.now,
        )

    async def root_gone(self, doing: Doing, deed: RootGone) -> None:
        """Begin anew elsewhere with every conversation that was shown in a place which is gone."""
        for conversation_id in await repository.living_at(doing.session, deed.place):
            talk = await doing.conversation(conversation_id)
            thread = await repository.current(doing.session, conversation_id)
            if thread is None:
                continue
            if talk.owner not in ALIVE:
                thread.left_at = doing.now
                continue
            channel = thread.channel
            if not deed.place.thread:
                channel = await self._mirror.elsewhere(doing.session, talk, channel)
            await self._mirror.move(doing.session, talk, thread, channel, doing.now)


def _held(doing: Doing, message: str, talk: ConversationRow) -> HeldRow:
    return HeldRow(
        channel=doing.place.channel,
        message=message,
        conversation_id=talk.id,
        person=doing.person,
        attachments=[],
        created_at=doing.now,
    )
