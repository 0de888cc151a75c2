"""What all our actions share: a name, the services, and a message already read."""

from abc import abstractmethod
from typing import ClassVar

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.heard import Heard, read
from actions.meaning import meaning
from actions.services import Services
from actions.speaker import Speaker


class Act(Action):
    """An action: ``act`` says something and returns what changes in the conversation."""

    NAME: ClassVar[str]

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        """Return the name that domain.yml and the rules know."""
        return self.NAME

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Called by Rasa."""
        heard = read(tracker)
        meant = await meaning(self.services, heard)
        return await self.act(Speaker(dispatcher), heard) if meant is None else meant

    @abstractmethod
    async def act(self, speaker: Speaker, heard: Heard) -> list[EventType]:
        """Do it."""
