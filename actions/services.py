"""What actions may call: the desk's services, given to them by the wiring."""

from dataclasses import dataclass
from typing import Protocol

from desk.clock import Clock
from desk.commerce.policies import Policies
from desk.commerce.service import Commerce
from desk.feedback.service import Feedback
from desk.handoff.service import Handoff
from desk.tickets.service import Tickets


class Consents(Protocol):
    """What a customer allows us to send."""

    async def set(self, *, conversation_id: str, purpose: str, granted: bool, key: str) -> None:
        """Record a consent or its withdrawal for the conversation's contact; ``purpose``: newsletter, marketing."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """The services, one instance of each for the whole process."""

    commerce: Commerce
    policies: Policies
    tickets: Tickets
    feedback: Feedback
    handoff: Handoff
    consents: Consents
    clock: Clock
