"""All actions, built with the services they call."""

from rasa_sdk.interfaces import Action

from actions.answer import Answer, Consent
from actions.forms import catalogue
from actions.forms.checks import (
    ValidateAddressForm,
    ValidateComplaintForm,
    ValidateFeedbackForm,
    ValidateOrderForm,
    ValidateRefundForm,
    ValidateTicketForm,
)
from actions.forms.form import Form
from actions.forms.validate import ValidateForm
from actions.goal import SetGoal, StopForm
from actions.lookup import Lookup
from actions.people import AskForPerson, Goodbye, TicketStatus
from actions.recommend import Recommend
from actions.services import Services
from actions.submit import (
    SubmitAddress,
    SubmitComplaint,
    SubmitFeedback,
    SubmitRefund,
    SubmitTicket,
)
from actions.talk import Affirm, Deny, Fallback, Inform

_ACTS = (
    Affirm, Answer, AskForPerson, Consent, Deny, Fallback, Goodbye, Inform, Lookup, Recommend, SetGoal, StopForm,
    SubmitAddress, SubmitComplaint, SubmitFeedback, SubmitRefund, SubmitTicket, TicketStatus,
)  # fmt: skip
_FORMS: tuple[tuple[type[ValidateForm], Form], ...] = (
    (ValidateOrderForm, catalogue.ORDER),
    (ValidateRefundForm, catalogue.REFUND),
    (ValidateComplaintForm, catalogue.COMPLAINT),
    (ValidateAddressForm, catalogue.ADDRESS),
    (ValidateTicketForm, catalogue.TICKET),
    (ValidateFeedbackForm, catalogue.FEEDBACK),
)


def build(services: Services) -> list[Action]:
    """Return one instance of every action that domain.yml names."""
    acts: list[Action] = [act(services) for act in _ACTS]
    return [*acts, *(validate(services, form) for validate, form in _FORMS)]
