"""Forms that ended without being filled."""

from actions.heard import Heard
from actions.speaker import Speaker

_SAYS = {
    "locked": "utter_match_locked",
    "still_locked": "utter_match_still_locked",
    "stopped": "utter_stopped",
}


def with_ticket(outcome: str, ticket: str) -> str:
    """Return an outcome that names a ticket."""
    return f"{outcome} {ticket}"


def ended_early(speaker: Speaker, heard: Heard) -> bool:
    """Say why a form ended early, if it did for a reason that all forms share."""
    outcome, _, ticket = str(heard.slots.get("outcome")).partition(" ")
    response = _SAYS.get(outcome)
    if response is not None:
        speaker.say(response, ticket=ticket)
    return response is not None
