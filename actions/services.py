"""What actions may call: the desk's services, given to them by the wiring."""

from dataclasses import dataclass

from analytics.offers.recommender import Recommender
from analytics.offers.service import Offers
from desk.clock import Clock
from desk.commerce.policies import Policies
from desk.commerce.service import Commerce
from desk.contacts.consents import Consents
from desk.contacts.opt_outs import OptOuts
from desk.feedback.service import Feedback
from desk.handoff.service import Handoff
from desk.tickets.service import Tickets


@dataclass(frozen=True, kw_only=True)
class Services:
    """The services, one instance of each for the whole process."""

    commerce: Commerce
    policies: Policies
    tickets: Tickets
    feedback: Feedback
    handoff: Handoff
    consents: Consents
    opt_outs: OptOuts
    offers: Offers
    recommender: Recommender
    clock: Clock
