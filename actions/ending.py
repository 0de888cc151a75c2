"""Forms that ended without being filled."""

from actions.act import Speaker
from actions.heard import Heard

_SAYS = {"locked": "utter_match_locked", "stopped": "utter_stopped"}


def ended_early(speaker: Speaker, heard: Heard) -> bool:
    """Say why a form ended early, if it did for a reason that all forms share."""
    response = _SAYS.get(str(heard.slots.get("outcome")))
    if response is not None:
        speaker.say(response)
    return response is not None
