"""What the console needs from the rest, handed over once."""

from dataclasses import dataclass

from desk.clock import Clock
from desk.commerce.service import Commerce
from desk.conversations.desk_view import DeskView
from desk.dead_letters import DeadLetters
from desk.feedback.service import Feedback
from desk.handoff.service import Handoff
from desk.tickets.service import Tickets


@dataclass(frozen=True, kw_only=True)
class ConsoleServices:
    """The console's collaborators.

    ``token`` opens the console, ``secret`` signs its sessions; ``public_url`` is how people reach it from
    outside, where a proxy hides that from us.
    """

    view: DeskView
    handoff: Handoff
    tickets: Tickets
    feedback: Feedback
    commerce: Commerce
    dead_letters: DeadLetters
    clock: Clock
    token: str
    secret: str
    public_url: str | None = None
