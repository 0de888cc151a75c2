"""Makes Rasa's turn cheaper at one visible place, without another behaviour.

Each piece is for one release of Rasa and is left out for any other; `FRONTDESK_RASA_AS_SHIPPED=1` leaves all out.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import rasa
from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction

MADE_FOR = "3.6.21"
SWITCH = "FRONTDESK_RASA_AS_SHIPPED"

logger = logging.getLogger(__name__)


def install(environment: Mapping[str, str]) -> bool:
    """Installs what is made for this release; says whether it did."""
    if environment.get(SWITCH, "0") not in ("", "0"):
        return False
    if rasa.__version__ != MADE_FOR:
        logger.warning(
            "Rasa %s runs as shipped: bot/runtime.py is for %s.", rasa.__version__, MADE_FOR
        )
        return False
    _keep_the_validator()
    return True


def _keep_the_validator() -> None:
    """Checks an action's answer with a validator made once.

    Rasa checks its own constant schema against the meta-schema at each action call, which was most of a turn
    (32 ms against 1.8 ms a call, measured side by side).
    """
    schema = RemoteAction.action_response_format_spec()
    validator = validator_for(schema)(schema)

    def validate(_: RemoteAction, result: Any) -> bool:
        error = best_match(validator.iter_errors(result))
        if error is not None:
            raise error
        return True

    RemoteAction._validate_action_result = validate
