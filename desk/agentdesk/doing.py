"""One thing that somebody did at the desk, with all that is needed to carry it out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from desk.agentdesk import answers
from desk.agentdesk.ingest import place_of
from desk.agentdesk.port import Action, Place
from desk.conversations.repository import locked
from desk.errors import ConflictError, NotFoundError
from desk.message import Attachment
from desk.tables.agent import AgentRow
from desk.tables.conversation import ConversationRow, Owner


class RefusedError(ConflictError):
    """This was not done."""


class FilesNeededError(Exception):
    """These files must be fetched before this can be done; nothing has been done yet."""

    def __init__(self, files: Sequence[Attachment]) -> None:
        super().__init__("files needed")
        self.files = tuple(files)


@dataclass(frozen=True, kw_only=True)
class Doing:
    """An action in its transaction. ``files`` are those that were fetched for it, by reference."""

    session: AsyncSession
    action: Action
    agent: AgentRow
    now: datetime
    files: Mapping[str, Attachment]

    @property
    def person(self) -> str:
        """Who did it, by the platform's id."""
        return self.action.person.external_id

    @property
    def place(self) -> Place:
        """Where it was done."""
        return place_of(self.action)

    def owns(self, conversation: ConversationRow) -> bool:
        """Say whether who did it has the conversation."""
        return conversation.owner is Owner.HUMAN and conversation.agent == self.agent.name

    async def conversation(self, conversation_id: str | None) -> ConversationRow:
        """Return a conversation, locked.

        Raises:
            NotFoundError: there is none.
        """
        found = await locked(self.session, conversation_id) if conversation_id else None
        if found is None:
            raise NotFoundError("There is no such conversation any more.")
        return found

    def fetched(self, files: Sequence[Attachment]) -> tuple[Attachment, ...]:
        """Return files as they were fetched and kept.

        Raises:
            FilesNeededError: some were not yet.
        """
        if any(file.reference not in self.files for file in files):
            raise FilesNeededError(files)
        return tuple(self.files[file.reference or ""] for file in files)

    async def whisper(self, text: str) -> None:
        """Tell who did it something."""
        await answers.whisper(
            self.session,
            self.person,
            self.place,
            text,
            key=self.action.external_id,
            now=self.now,
        )
