"""What each kind of action does, in the transaction of its run. Nothing is sent here: rows are written."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.automation import texts
from desk.automation.actions import (
    CONTACT,
    Action,
    AddTags,
    Assign,
    Crm,
    Mail,
    NoteDown,
    RemoveTags,
    Reply,
    Set,
    SetField,
    Task,
    Webhook,
)
from desk.automation.facts import Subject
from desk.automation.fields import Facts, Value
from desk.automation.ports import Post, TicketDesk, Webhooks
from desk.automation.staff import Staff
from desk.commerce.proof import normalise_email
from desk.conversations.service import Conversations
from desk.errors import InvalidError, NotFoundError
from desk.events import Event
from desk.store.upsert import insert_new, save
from desk.tables.automation import ContactAttributeRow, TaskRow
from desk.tables.contact import ContactRow
from desk.tables.conversation import Author, ConversationRow
from desk.tables.ticket import TicketRow
from desk.tickets.numbers import ticket_number
from desk.tickets.words import one_line, shown_text

_LONGEST_REPLY = 4_000


@dataclass(frozen=True, kw_only=True)
class Doing:
    """A run at work."""

    session: AsyncSession
    run_id: int
    rule: str
    event: str
    event_id: int | None
    about: Subject
    facts: Facts
    now: datetime

    @property
    def ticket(self) -> TicketRow:
        """The ticket, or InvalidError when it is about none."""
        if self.about.ticket is None:
            raise InvalidError("this event is about no ticket")
        return self.about.ticket

    @property
    def number(self) -> str:
        """The ticket's number."""
        return ticket_number(self.ticket.id)

    @property
    def conversation(self) -> ConversationRow:
        """The conversation, or InvalidError when it is about none."""
        if self.about.conversation is None:
            raise InvalidError("this event is about no conversation")
        return self.about.conversation

    @property
    def contact(self) -> ContactRow:
        """The contact, or InvalidError when it is about nobody."""
        if self.about.contact is None:
            raise InvalidError("this event is about no contact")
        return self.about.contact

    @property
    def by(self) -> str:
        """Who does it, in histories."""
        return f"rule: {self.rule}"

    @property
    def language(self) -> str:
        """In which language the customer is written to."""
        talk = self.about.conversation
        return talk.language if talk else (self.contact.language or "en")

    def key(self, place: int) -> str:
        """Return a name for what one action does, the same at every try."""
        return f"automation:{self.run_id}:{place}"

    def fill(self, text: str, longest: int = _LONGEST_REPLY) -> str:
        """Return a text of the rule with its variables."""
        return texts.fill(text, self.facts)[:longest]


type Do = Callable[[Doing, Any, int], Awaitable[str]]


class Doer:
    """Does what actions say; returns in words what was done. ``webhooks`` and ``post`` may be missing."""

    def __init__(
        self,
        *,
        tickets: TicketDesk,
        conversations: Conversations,
        staff: Staff,
        webhooks: Webhooks | None = None,
        post: Post | None = None,
    ) -> None:
        self._tickets = tickets
        self._conversations = conversations
        self._staff = staff
        self._webhooks = webhooks
        self._post = post
        self._deeds: dict[type[Any], Do] = {
            Assign: self._assign,
            Set: self._set,
            AddTags: self._tag,
            RemoveTags: self._untag,
            Reply: self._reply,
            NoteDown: self._note,
            Mail: self._mail,
            Webhook: self._webhook,
            Task: self._task,
            Crm: self._crm,
        }

    async def do(self, doing: Doing, action: Action, place: int) -> str:
        """Do one action, the ``place``-th of its rule; return what was done, in words.

        Raises:
            FrontdeskError: it cannot be done; the message says why.
        """
        return await self._deeds[type(action)](doing, action, place)

    async def _assign(self, doing: Doing, action: Assign, _: int) -> str:
        if action.agent and action.agent not in await self._staff.agents(doing.session):
            raise NotFoundError(f"there is no agent {action.agent!r}")
        await self._tickets.set_in(
            doing.session,
            number=doing.number,
            assignee=action.agent,
            by=doing.by,
            author="system",
        )
        return action.agent or "nobody"

    async def _set(self, doing: Doing, action: Set, _: int) -> str:
        if action.field is SetField.TEAM and action.value:
            teams = await self._staff.teams(doing.session)
            if action.value not in teams:
                raise NotFoundError(f"there is no team {action.value!r}")
        await self._tickets.set_in(
            doing.session,
            number=doing.number,
            by=doing.by,
            author="system",
            **cast(Any, {action.field.value: action.value}),
        )
        return f"{action.field}: {action.value or '-'}"

    async def _tag(self, doing: Doing, action: AddTags, _: int) -> str:
        await self._tickets.tag_in(
            doing.session, number=doing.number, add=action.tags, by=doing.by, author="system"
        )
        return ", ".join(action.tags)

    async def _untag(self, doing: Doing, action: RemoveTags, _: int) -> str:
        await self._tickets.tag_in(
            doing.session, number=doing.number, remove=action.tags, by=doing.by, author="system"
        )
        return ", ".join(action.tags)

    async def _reply(self, doing: Doing, action: Reply, _: int) -> str:
        text = doing.fill(action.zh if doing.language == "zh" else action.en)
        message_id = await self._conversations.say(
            doing.session, doing.conversation, text, author=Author.SYSTEM, now=doing.now
        )
        return f"message {message_id}"

    async def _note(self, doing: Doing, action: NoteDown, place: int) -> str:
        text = doing.fill(action.text)
        if doing.about.ticket is None:
            await self._conversations.note(
                doing.session,
                doing.conversation,
                text,
                author=Author.SYSTEM,
                author_name=doing.by,
                now=doing.now,
            )
            return "conversation"
        await self._tickets.comment_in(
            doing.session,
            number=doing.number,
            text=text,
            author="system",
            author_name=doing.by,
            public=False,
            key=doing.key(place),
        )
        return doing.number

    async def _mail(self, doing: Doing, action: Mail, _: int) -> str:
        if self._post is None:
            raise InvalidError("no mail channel is set up")
        own = action.to == CONTACT
        address = normalise_email((doing.contact.email if own else action.to) or "")
        if address is None:
            raise InvalidError("the contact has no e-mail address")
        await self._post.send(
            doing.session,
            address,
            subject=one_line(doing.fill(action.subject), longest=200),
            text=doing.fill(action.text),
            language=doing.language if own else "en",
        )
        return "contact" if own else address

    async def _webhook(self, doing: Doing, action: Webhook, _: int) -> str:
        if self._webhooks is None:
            raise InvalidError("there are no webhooks here")
        await self._webhooks.queue(
            doing.session, action.endpoint, "automation.triggered", _payload(doing)
        )
        return action.endpoint

    async def _task(self, doing: Doing, action: Task, place: int) -> str:
        title = one_line(doing.fill(action.title), longest=200) or action.title
        ticket, contact = doing.about.ticket, doing.about.contact
        assignee = action.assignee or (ticket.assignee if ticket else None)
        row = {
            "key": doing.key(place),
            "title": title,
            "ticket_id": ticket.id if ticket else None,
            "contact_id": contact.id if contact else None,
            "assignee": assignee,
            "due_at": doing.now + action.within,
            "created_at": doing.now,
            "by": doing.by[:128],
        }
        if await insert_new(doing.session, TaskRow, row, unique=("key",)):
            query = select(TaskRow.id).where(TaskRow.key == row["key"])
            data = {"task_id": await doing.session.scalar(query), "assignee": assignee}
            _log(doing, "task.opened", data | {"ticket_id": row["ticket_id"], "by": doing.by})
        return f"due {row['due_at']:%Y-%m-%d %H:%M} UTC"

    async def _crm(self, doing: Doing, action: Crm, _: int) -> str:
        value = shown_text(doing.fill(action.value, 1000))
        if action.field == "language":
            doing.contact.language = value
        else:
            row = {
                "contact_id": doing.contact.id,
                "key": action.field,
                "value": value,
                "updated_at": doing.now,
                "by": doing.by[:128],
            }
            await save(doing.session, ContactAttributeRow, [row], key=("contact_id", "key"))
        _log(doing, "contact.updated", {"fields": [action.field], "by": doing.by})
        return action.field


def _payload(doing: Doing) -> dict[str, Any]:
    """Return what a webhook is told: ids, figures and states, no words of customers."""
    ticket = doing.about.ticket
    return {
        "rule": doing.rule,
        "event": doing.event,
        "event_id": doing.event_id,
        "ticket": doing.number if ticket else None,
        "conversation_id": doing.about.conversation.id if doing.about.conversation else None,
        "contact_id": doing.about.contact.id if doing.about.contact else None,
        "facts": {name: _json(value) for name, value in _telling(doing.facts).items()},
    }


_WORDS = ("contact.name", "contact.email", "message.", "ticket.title", "ticket.description")


def _telling(known: Facts) -> Mapping[str, Value]:
    return {name: value for name, value in known.items() if not name.startswith(_WORDS)}


def _json(value: Value) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _log(doing: Doing, name: str, data: dict[str, Any]) -> None:
    contact, talk = doing.about.contact, doing.about.conversation
    events.append(
        doing.session,
        Event(
            name=name,
            occurred_at=doing.now,
            contact_id=contact.id if contact else None,
            conversation_id=talk.id if talk else None,
            data=data,
        ),
    )
