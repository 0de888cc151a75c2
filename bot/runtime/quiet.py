"""Does not prepare debug messages that nobody reads; Rasa copies states and events deeply for each of them."""

from __future__ import annotations

import copy
import logging
from typing import Any

import rasa.core.policies.memoization
import rasa.core.policies.rule_policy
import rasa.core.processor


class _Copy:
    """Stands for the module `copy` in modules that use it for debug messages alone."""

    copy = staticmethod(copy.copy)

    @staticmethod
    def deepcopy(thing: Any) -> Any:
        """The thing itself unless it will be written."""
        if logging.getLogger("rasa").isEnabledFor(logging.DEBUG):
            return copy.deepcopy(thing)
        return thing


def install() -> None:
    """Replaces `copy` in the processor and in two policies."""
    rasa.core.processor.copy = _Copy
    rasa.core.policies.memoization.copy = _Copy
    rasa.core.policies.rule_policy.copy = _Copy
