"""People and endings: asking for a person, tickets so far, saying good-bye."""

from rasa_sdk.events import EventType, SlotSet

from actions.act import Act
from actions.heard import Heard
from actions.memory import ask, left
from actions.reading import shape
from actions.speaker import Speaker
from actions.wording import day, moment
from desk.tickets.model import EntryAuthor, EntryKind, Ticket


class AskForPerson(Act):
    """The customer wants a person: the truth about waiting, then the conversation changes hands."""

    NAME = "action_handoff"

    async def act(self, speaker: Speaker, heard: Heard) -> list[EventType]:
        """Say how long it may take and ask the desk to hand over."""
        if shape.is_language_wish(heard.text) and not shape.names_person(heard.text):
            # "Speak English please" asks to speak, but to nobody else.
            speaker.say("utter_language")
            return []
        outlook = await self.services.handoff.outlook(
            conversation_id=heard.conversation_id, language=heard.language
        )
        zone = self.services.policies.zone
        minutes = max(1, round(outlook.answer_within.total_seconds() / 60))
        if outlook.open_now:
            response = "utter_handoff_queue" if outlook.waiting else "utter_handoff_open"
            speaker.say(response, waiting=outlook.waiting, minutes=minutes)
        elif outlook.opens_at is not None:
            opens = moment(outlook.opens_at, heard.language, zone)
            speaker.say("utter_handoff_closed", opens=opens, minutes=minutes)
        else:
            speaker.say("utter_handoff_closed_for_long", minutes=minutes)
        speaker.command("handoff", reason="asked")
        return [*left(heard), SlotSet("pending", None)]


class Goodbye(Act):
    """The end of a conversation, and the question how it was."""

    NAME = "action_goodbye"

    async def act(self, speaker: Speaker, heard: Heard) -> list[EventType]:
        """Say good-bye, close the conversation, ask for a rating if it is time."""
        speaker.say("utter_goodbye")
        survey = await self.services.feedback.survey(
            conversation_id=heard.conversation_id, key=heard.key(self.NAME)
        )
        if survey:
            speaker.say("utter_survey")
        speaker.command("resolve")
        return [*left(heard), ask("score") if survey else SlotSet("pending", None)]


class TicketStatus(Act):
    """What became of a ticket, for its owner."""

    NAME = "action_ticket_status"

    async def act(self, speaker: Speaker, heard: Heard) -> list[EventType]:
        """Say its state and the last answer."""
        number = heard.value("ticket_number")
        tickets = self.services.tickets
        if number is None:
            ticket = await tickets.latest(conversation_id=heard.conversation_id)
        else:
            ticket = await tickets.for_owner(conversation_id=heard.conversation_id, number=number)
        if ticket is None:
            speaker.say("utter_no_tickets" if number is None else "utter_ticket_unknown")
        else:
            self._say(speaker, heard, ticket)
        return []

    def _say(self, speaker: Speaker, heard: Heard, ticket: Ticket) -> None:
        zone = self.services.policies.zone
        speaker.say(
            f"utter_ticket_{ticket.status}",
            ticket=ticket.number,
            about=ticket.title,
            opened=day(ticket.created_at, heard.language, zone),
        )
        said = [
            entry
            for entry in ticket.entries
            if entry.kind is EntryKind.COMMENT
            and entry.author is EntryAuthor.AGENT
            and entry.public
            and entry.text
        ]
        if said:
            at = day(said[-1].created_at, heard.language, zone)
            speaker.say("utter_ticket_comment", comment=said[-1].text or "", at=at)
