"""What customers and agents do, and what they see of it."""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from app.agents_desk import AgentsDesk
from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.agentdesk.memory import MemoryDesk
from desk.agentdesk.port import (
    Action,
    AskPost,
    Button,
    Card,
    Choice,
    Commanded,
    Deed,
    Held,
    LinePost,
    NoticePost,
    Person,
    Place,
    Pressed,
    TickPost,
    WhisperPost,
    Wrote,
)
from desk.clock import StoppedClock
from desk.message import Attachment
from desk.tables.agent import DeskActionRow, DeskPostRow, DeskThreadRow
from desk.tables.conversation import Author, ConversationRow
from tests.talk import conversation, rows, says, settle

KIM, LEE, STRANGER = (Person(external_id=one) for one in ("U1", "U2", "U9"))
_numbers = count(1)


@dataclass
class Floor:
    """A customer called ada on the memory channel, agents Kim and Lee at the memory desk."""

    desk: Desk
    platform: MemoryDesk
    memory: MemoryChannel
    clock: StoppedClock
    told: list[Action] = field(default_factory=list)

    @property
    def agents(self) -> AgentsDesk:
        """The agents' desk."""
        assert self.desk.agents_desk is not None
        return self.desk.agents_desk

    async def says(self, text: str, thread: str = "ada", **values: Any) -> None:
        """Let a customer write, and everything happen that follows."""
        await says(self.desk, text, thread, **values)
        await self.rest()

    async def rest(self, turns: int = 6) -> None:
        """Let everything happen that is due, and what is due soon after."""
        for _ in range(turns):
            while await self.agents.worker.step():
                pass
            await settle(self.desk)
            while await self.agents.relay.step():
                pass
            self.clock.advance(timedelta(seconds=1))

    async def passes(self, minutes: float) -> None:
        """Let time pass, and the clock look."""
        self.clock.advance(timedelta(minutes=minutes))
        await self.desk.handoff.expire()
        await self.rest()

    async def talk(self, thread: str = "ada") -> ConversationRow:
        """Return a customer's conversation."""
        return await conversation(self.desk, thread)

    async def place(self, thread: str = "ada") -> Place:
        """Return where a conversation is shown."""
        talk = await self.talk(thread)
        found = await rows(
            self.desk,
            DeskThreadRow,
            DeskThreadRow.conversation_id == talk.id,
            DeskThreadRow.left_at.is_(None),
        )
        assert len(found) == 1
        return Place(channel=found[0].channel, thread=found[0].thread or "")

    async def card(self, thread: str = "ada") -> Card:
        """Return a conversation's card as the platform shows it."""
        return self.platform.cards[await self.place(thread)]

    async def tell(self, person: Person, deed: Deed, place: Place | None = None) -> Action:
        """Let the platform tell of a deed, and everything happen that follows."""
        action = self.action(person, deed, place)
        await self.agents.ingest.accept([action])
        await self.rest()
        return action

    def action(self, person: Person, deed: Deed, place: Place | None = None) -> Action:
        """Return an action that was not told yet."""
        action = Action(
            external_id=f"a{next(_numbers)}",
            person=person,
            at=self.clock(),
            deed=deed,
            place=place or Place(channel="desk"),
        )
        self.told.append(action)
        return action

    async def presses(
        self, person: Person, button: Button, thread: str = "ada", **values: Any
    ) -> Action:
        """Let an agent press a button of the card as it is."""
        card = await self.card(thread)
        deed = Pressed(
            **{
                "button": button,
                "conversation_id": card.conversation_id,
                "epoch": card.epoch,
                **values,
            }
        )
        return await self.tell(person, deed, await self.place(thread))

    async def writes(
        self,
        person: Person,
        text: str,
        thread: str = "ada",
        attachments: tuple[Attachment, ...] = (),
    ) -> str:
        """Let an agent write in the thread; return what the platform calls the message."""
        message = f"w{next(_numbers)}"
        place = await self.place(thread)
        deed = Wrote(place=place, message=message, text=text, attachments=attachments)
        await self.tell(person, deed)
        return message

    async def chooses(self, person: Person, message: str, choice: Choice) -> None:
        """Let an agent say what their words are."""
        await self.tell(person, Held(place=await self.place(), message=message, choice=choice))

    async def commands(self, person: Person, word: str, argument: str = "") -> str:
        """Let an agent give a command; return the answer."""
        before = len(self.whispers(person))
        place = Place(channel="desk")
        await self.tell(person, Commanded(place=place, word=word, argument=argument), place)
        answers = self.whispers(person)[before:]
        assert len(answers) == 1
        return answers[0]

    def heard(self, author: Author | None = None) -> list[str]:
        """Return what was handed to the customer's platform."""
        return [m.text for m in self.memory.sent if author in (None, m.author)]

    def lines(self) -> list[str]:
        """Return the lines of all threads."""
        return [
            ("note " if one.post.internal else "")
            + f"{one.post.line.author}: {one.post.line.text}"
            for one in self.platform.shown
            if isinstance(one.post, LinePost)
        ]

    def notices(self) -> list[str]:
        """Return the notices of all threads."""
        return [p.post.text for p in self.platform.shown if isinstance(p.post, NoticePost)]

    def whispers(self, person: Person = KIM) -> list[str]:
        """Return what one person alone was told."""
        mine = [p.post for p in self.platform.shown if isinstance(p.post, WhisperPost)]
        return [post.text for post in mine if post.person == person.external_id]

    def asks(self, person: Person = KIM) -> list[AskPost]:
        """Return what one person was asked."""
        found = [p.post for p in self.platform.shown if isinstance(p.post, AskPost)]
        return [post for post in found if post.person == person.external_id]

    def ticks(self) -> list[tuple[str, str]]:
        """Return the marks in the order in which they were set."""
        marks = [p.post for p in self.platform.shown if isinstance(p.post, TickPost)]
        return [(post.message, post.tick) for post in marks]

    async def open_rows(self) -> list[Any]:
        """Return what is still to be done at the desk."""
        posts = await rows(
            self.desk, DeskPostRow, DeskPostRow.state.in_(["queued", "sending", "failed"])
        )
        actions = await rows(self.desk, DeskActionRow, DeskActionRow.state != "done")
        return [*posts, *actions]
